"""The sizes of what is weighed."""

from __future__ import annotations

import numpy as np

from ..i18n import N_
from ..trace import Trace
from .attention import Attention
from .flow import FLOW, Flow, Measured, averaged, measured
from .method import Trust, method


@method(
    family=FLOW,
    formula="‖Σ_h α_ij f_h(x_j)‖, f(x) = (x W_V + b_V) W_O",
    latex=r"\Bigl\lVert \sum_h \alpha^h_{ij} f^h(x_j) \Bigr\rVert, \quad f(x) = (x W_V + b_V) W_O",
    reference="Kobayashi et al. 2020, arXiv 2004.10102",
    trust=Trust.NORM,
    leaves_out=N_(
        "where the vectors point, so that large ones may cancel each other; residual connections and feed-forwards; in "
        "higher layers keys are no longer the tokens they stand under"
    ),
)
def norms(trace: Trace, step: int, layer: int | None = None) -> Flow:
    """How large a vector each query takes of each key, all heads together; the mean over the layers, or of one.

    Raises as `weights`, and:
        AddressError: the parameters were not kept.
    """
    stack = measured(trace, step, sizes)
    return stack.flow(averaged(stack, layer), step, layer, are_shares=False)


def sizes(attention: Attention) -> Measured:
    """[query, key]: the Euclidean norm of what a query takes of a key."""
    return Measured(np.concatenate([np.linalg.norm(vectors, axis=-1) for vectors in attention.vectors()]).T)
