"""Attention rollout: weights multiplied through the layers, half of each row left to the residual connection."""

from __future__ import annotations

import numpy as np

from ..i18n import N_
from ..trace import Trace
from .attention import Attention
from .flow import FLOW, Flow, Measured, measured_throughout, rolled
from .method import Trust, method


@method(
    family=FLOW,
    formula="R_l = (A_l + I) / 2 · R_{l−1}",
    latex=r"R_l = \tfrac{1}{2} (A_l + I) \, R_{l-1}",
    reference=N_("Abnar & Zuidema 2020, arXiv 2005.00928; through cross-attention in the same manner"),
    trust=Trust.WEIGHT,
    leaves_out=N_("what is weighed, and the feed-forwards; every residual connection is taken to carry half"),
)
def rollout(trace: Trace, step: int, layer: int | None = None) -> Flow:
    """Shares of all tokens in the output of the last layer, or of one; every row adds up to 1. Raises as `weights`."""
    stack = measured_throughout(trace, step, halved)
    return stack.flow(rolled(stack, layer), step, layer)


def halved(attention: Attention) -> Measured:
    """The weights and the query itself, half each: [query, key], and across with the query in a last column."""
    mean = attention.mean / 2
    if attention.is_across:
        return Measured(np.concatenate([mean, np.full((len(mean), 1), 0.5)], 1))
    queries = np.arange(len(mean))
    mean[queries, queries + attention.start] += 0.5
    return Measured(mean)
