"""ALTI, and ALTI+ where there is an encoder: how near each part of a sum comes to the sum, through all layers."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..i18n import N_
from ..tensor import Array
from ..trace import Trace
from .attention import Attention
from .flow import FLOW, Flow, Measured, measured_throughout, rolled
from .method import Trust, method
from .sublayer import sublayer


@method(
    family=FLOW,
    formula="c_ij ∝ max(0, ‖y_i‖₁ − ‖y_i − T_i(x_j)‖₁), T_i(x_j) = L(Σ_h α_ij f_h(x_j) + [i=j] x_i)",
    latex=r"c_{ij} \propto \max\bigl(0, \lVert y_i \rVert_1 - \lVert y_i - T_i(x_j) \rVert_1\bigr), \quad "
    r"T_i(x_j) = L\Bigl(\sum_h \alpha^h_{ij} f^h(x_j) + [i = j]\, x_i\Bigr)",
    reference=N_("Ferrando et al. 2022, arXiv 2203.04212 (ALTI) and 2205.11631 (ALTI+: source and target prefix)"),
    trust=Trust.PATH,
    leaves_out=N_(
        "what points away from the sum, which counts as nothing, and the feed-forwards, taken to leave every share as "
        "it is; L is the norm after the sum with its σ as it was here; no particular output token is asked about"
    ),
)
def alti(trace: Trace, step: int, layer: int | None = None) -> Flow:
    """Shares of all tokens in the output of the last layer, or of one; every row adds up to 1. Raises as `norms`."""
    stack = measured_throughout(trace, step, shares)
    return stack.flow(rolled(stack, layer), step, layer)


def shares(attention: Attention) -> Measured:
    """The shares c [query, key] in one sublayer, across with that of the query itself in a last column.

    A query whose sum no part comes near is its own: all of it came by the residual connection.
    """
    split = sublayer(attention)
    found, gap = split.measured(partial(nearness, split.output))
    near = np.maximum(0.0, found)
    if (lost := near.sum(1) == 0).any():
        queries = np.flatnonzero(lost)
        near[queries, -1 if attention.is_across else queries + attention.start] = 1.0
    return Measured(near / near.sum(1, keepdims=True), gap)


def nearness(y: Array, parts: Array) -> Array:
    """[key, query]: by how much each part brings the sum nearer than nothing does, in the Manhattan norm."""
    found: Array = np.abs(y).sum(-1) - np.abs(y - parts).sum(-1)
    return found
