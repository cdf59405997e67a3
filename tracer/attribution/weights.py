"""Attention weights as they are."""

from __future__ import annotations

from ..i18n import N_
from ..trace import Trace
from .attention import Attention
from .flow import FLOW, Flow, Measured, averaged, measured
from .method import Trust, method


@method(
    family=FLOW,
    formula="Σ_l Σ_h α_ij / (L · H)",
    latex=r"\frac{1}{L H} \sum_l \sum_h \alpha^{l,h}_{ij}",
    reference="Bahdanau et al. 2015; Jain & Wallace 2019; Wiegreffe & Pinter 2019",
    trust=Trust.WEIGHT,
    leaves_out=N_(
        "what is weighed: a large weight on a small vector moves little; in higher layers keys are no longer the "
        "tokens they stand under; source and target add up to 1 each, whichever matters more"
    ),
)
def weights(trace: Trace, step: int, layer: int | None = None) -> Flow:
    """The mean of the weights over the heads, and over the layers or of one; the source's and the text's own.

    Raises:
        AddressError: there is no such step, or no weights in it.
        InputError: there is no such layer.
    """
    stack = measured(trace, step, means)
    return stack.flow(averaged(stack, layer), step, layer)


def means(attention: Attention) -> Measured:
    """[query, key]: the mean of all heads."""
    return Measured(attention.mean)
