"""The sizes of what is weighed, with the residual connection and the norm after it."""

from __future__ import annotations

import numpy as np

from ..i18n import N_
from ..trace import Trace
from .attention import Attention
from .flow import FLOW, Flow, Measured, averaged, measured
from .method import Trust, method
from .sublayer import sublayer


@method(
    family=FLOW,
    formula="‖L(Σ_h α_ij f_h(x_j) + [i=j] x_i)‖",
    latex=r"\Bigl\lVert L\Bigl(\sum_h \alpha^h_{ij} f^h(x_j) + [i = j]\, x_i\Bigr) \Bigr\rVert",
    reference="Kobayashi et al. 2021, arXiv 2109.07152",
    trust=Trust.NORM,
    leaves_out=N_(
        "where the vectors point, so that large ones may cancel each other, and the feed-forwards; L is the norm after "
        "the sum with its σ as it was here; in higher layers keys are no longer the tokens they stand under"
    ),
)
def norms_residual(trace: Trace, step: int, layer: int | None = None) -> Flow:
    """As `norms`, with what a query brings itself; that stands under its own token, of cross-attention too."""
    stack = measured(trace, step, sizes)
    return stack.flow(averaged(stack, layer), step, layer, are_shares=False)


def sizes(attention: Attention) -> Measured:
    """[query, key], and across with the query itself in a last column: the Euclidean norm of each part of the sum."""
    return sublayer(attention).measured(lambda parts: np.linalg.norm(parts, axis=-1))
