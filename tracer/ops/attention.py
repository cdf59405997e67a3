"""Scaled dot-product attention (Vaswani et al. 2017, §3.2.1), one operation a line of its formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Node, Number, dot
from ..i18n import _
from ..tensor import Axis, Tensor
from .operation import Operation

if TYPE_CHECKING:
    from ..decoding.cache import Rows
    from ..tape import Record


class Mask(Operation):
    """-> [query, key]: 0 where the query may look, −∞ where it may not.

    Two rules hide a key: it is padding, or (causal) it comes after the query. ``past`` is the number of keys before
    the first query under the causal rule, and None without it.
    """

    formula = "0 where visible, −∞ where hidden"
    latex = r"M_{ij} = 0 \text{ if } j \text{ is visible from } i, \text{ else } -\infty"
    reference = "Vaswani et al. 2017, §3.2.3"

    def forward(
        self, *, query: Axis, key: Axis, shape: tuple[int, int], past: int | None, padding: Sequence[int], dtype: type
    ) -> Tensor:
        mask = np.zeros(shape, dtype)
        if past is not None and shape[0] > 1:
            mask[np.arange(shape[1]) > np.arange(shape[0])[:, None] + past] = -np.inf
        if padding:
            mask[:, list(padding)] = -np.inf
        return Tensor(mask, (query, key))

    def derive(
        self,
        index: tuple[int, ...],
        *,
        query: Axis,
        key: Axis,
        shape: tuple[int, int],
        past: int | None,
        padding: Sequence[int],
        dtype: type,
    ) -> Node:
        i, j = index
        if j in padding:
            return Number(-math.inf, "−∞", _("key {j} is padding").format(j=j))
        if past is not None and j > i + past:
            reason = _("hidden by the causal mask: key {j} > query {i}").format(j=j, i=i + past)
            return Number(-math.inf, "−∞", reason)
        return Number(0.0, "0", _("key {j} is visible").format(j=j))

    def note(self, record: Record) -> str:
        rule = _("padding only") if record.parameters["past"] is None else _("causal")
        hidden = int(np.isneginf(record.output.array).sum())
        return _("{rule}: {n} hidden").format(rule=rule, n=hidden) if hidden else _("{rule}: nothing hidden").format(rule=rule)


class Scores(Operation):
    """[head, query, d_k], [head, key, d_k] -> [head, query, key]."""

    formula = "q kᵀ / √d_k"
    latex = r"\frac{Q K^{\top}}{\sqrt{d_k}}"
    reference = "Vaswani et al. 2017, eq. 1"

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        scores = np.matmul(q.array, k.array.transpose(0, 2, 1))
        scores /= math.sqrt(q.shape[2])
        return Tensor(scores, (q.dims[0], q.dims[1], k.dims[1]))

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor) -> Node:
        head, query, key = index
        return dot(q.row(head, query), k.row(head, key)) / Number(math.sqrt(q.shape[2]), "√d_k")


class Masked(Operation):
    """[head, query, key] + [query, key] -> [head, query, key]."""

    formula = "scores + mask"
    latex = r"\frac{Q K^{\top}}{\sqrt{d_k}} + M"
    reference = "Vaswani et al. 2017, §3.2.3"

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        return Tensor(scores.array + mask.array, scores.dims)

    def derive(self, index: tuple[int, ...], scores: Tensor, mask: Tensor) -> Node:
        return scores.leaf(*index) + mask.leaf(*index[1:])


class Weigh(Operation):
    """[head, query, key], [head, key, d_k] -> [head, query, d_k]."""

    formula = "weights · V"
    latex = r"\mathrm{softmax}\!\left(\cdot\right) V"
    reference = "Vaswani et al. 2017, eq. 1"

    def forward(self, weights: Tensor, v: Tensor) -> Tensor:
        return Tensor(np.matmul(weights.array, v.array), (weights.dims[0], weights.dims[1], v.dims[2]))

    def derive(self, index: tuple[int, ...], weights: Tensor, v: Tensor) -> Node:
        head, query, d = index
        return dot(weights.row(head, query), (v.leaf(head, key, d) for key in range(v.shape[1])))


class Append(Operation):
    """[head, key, d_k] of this step -> [head, key, d_k] of all steps so far: the key/value cache."""

    formula = "past rows, then the new ones"
    latex = r"[K_{\mathrm{past}}; K_{\mathrm{new}}]"
    reference = "Shazeer 2019, §2.4 (incremental multi-head attention)"
    shares = True

    def forward(self, new: Tensor, *, rows: Rows, past: int) -> Tensor:
        return rows.extended(new, past)

    def derive(self, index: tuple[int, ...], new: Tensor, *, rows: Rows, past: int) -> Node:
        head, key, d = index
        return rows.leaf(new, past, head, key, d)


class Cached(Operation):
    """Keys or values of the encoder's memory, projected in the first step and kept."""

    formula = "as in step 1"
    latex = r"K^{(1)}"
    reference = "Shazeer 2019, §2.4 (incremental multi-head attention)"
    shares = True

    def forward(self, first: Tensor) -> Tensor:
        return Tensor(first.array, first.dims)

    def derive(self, index: tuple[int, ...], first: Tensor) -> Node:
        return first.leaf(*index)


mask = Mask()
scores = Scores()
masked = Masked()
weigh = Weigh()
append = Append()
cached = Cached()
