"""Mistakes in comparing queries and keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..arithmetic import Node, Number
from ..edits import Call
from ..i18n import N_
from ..operation import Flow
from ..ops.attention import LayerScores, Products, Scores, Weigh, of_scores, products, scores
from ..tensor import Tensor
from .mistake import Mistake
from .reordered import Reordered


class ScaledTwice(Scores):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key], over √d_k once more."""

    formula = "q kᵀ / √d_k / √d_k"
    latex = r"\frac{Q K^{\top}}{\sqrt{d_k}\,\sqrt{d_k}}"

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        product = super().forward(q, k)
        product.array /= math.sqrt(q.shape[2])
        return product

    def backward(self, dy: Tensor, y: Tensor, q: Tensor, k: Tensor) -> Iterator[Flow]:
        return of_scores(dy, q, k, 1 / q.shape[2], "1/d_k")

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor) -> Node:
        return super().derive(index, q, k) / Number(math.sqrt(q.shape[2]), "√d_k")


scaled_twice = ScaledTwice()


class NoScale(Mistake):
    """Scores as they are, in place of over √d_k."""

    sentence = N_("the scores are not divided by √d_k")
    where = N_("scores = q @ k.transpose(-1, -2): is / math.sqrt(d_k) there, or a scale handed to the kernel?")
    needs = N_("scores over √d_k")

    def wrong(self, call: Call) -> Call | None:
        if isinstance(call.op, LayerScores):
            return call.having(rooted=False) if call.parameters["rooted"] else None
        return call.with_op(products) if isinstance(call.op, Scores) else None


class ExtraScale(Mistake):
    """Scores over √d_k where the model has none, or twice."""

    sentence = N_("the scores are divided by √d_k once too often")
    where = N_("a kernel that scales by itself (scaled_dot_product_attention) after q was scaled; T5 has none")
    needs = N_("scores of queries and keys")

    def wrong(self, call: Call) -> Call | None:
        if isinstance(call.op, LayerScores):
            return None if call.parameters["rooted"] else call.having(rooted=True)
        if isinstance(call.op, Scores):
            return call.with_op(scaled_twice)
        return call.with_op(scores) if isinstance(call.op, Products) else None


class KvTiling(Mistake):
    """Grouped keys and values laid out head after head (k₀ k₁ k₀ k₁) in place of each for its group (k₀ k₀ k₁ k₁)."""

    sentence = N_("each head looks at the keys and values of another group")
    where = N_("k.repeat(1, n, 1) tiles; grouped heads need repeat_interleave(n, dim=head)")
    needs = N_("attention with fewer heads of keys than of queries")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Products | LayerScores | Weigh):
            return None
        ours, theirs = call.inputs
        heads, groups = ours.shape[0], theirs.shape[0]
        if groups in (1, heads):
            return None
        return call.with_op(call.op, ours, Reordered(theirs, 0, _tiled(heads, groups)))


def _tiled(heads: int, groups: int) -> Sequence[int]:
    return [head % groups for head in range(heads)]


no_scale = NoScale()
extra_scale = ExtraScale()
kv_tiling = KvTiling()
