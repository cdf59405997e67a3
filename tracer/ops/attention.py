"""Scaled dot-product attention (Vaswani et al. 2017, §3.2.1), one operation a line of its formula."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..arithmetic import Node, Noted, Number, dot, total
from ..i18n import N_, _, ngettext, spoken
from ..operation import Flow, Operation, Trait, Written, to
from ..past import Rows
from ..tensor import Array, Axis, Tensor
from .gradients.attention import key_gradient, new_rows_gradient, query_gradient, value_gradient, weights_gradient
from .gradients.linear import pass_on

if TYPE_CHECKING:
    from ..tape import Record


LOWEST = float(np.finfo(np.float32).min)
"""Beside it every score vanishes."""


class Mask(Operation):
    """-> [query, key]: 0 where the query may look, −∞ where it may not.

    Three rules hide a key: it is padding; (causal) it comes after the query; (sliding window) it lies ``window`` or
    more places before the query. ``past`` is the number of keys before the first query under the causal rule, and
    None without it. A query that may look nowhere has `LOWEST` in place of −∞, so that its weights are equal and no
    nan: that is what transformers' own arithmetic yields.
    """

    formula = N_("0 where visible, −∞ where hidden")
    latex = N_("{value} if {key} is visible from {query}, else {never}").typeset(
        value="M_{ij} = 0", key="j", query="i", never=r"-\infty"
    )
    reference = N_("Vaswani et al. 2017, §3.2.3; Beltagy et al. 2020, §3.1 (sliding window)")
    constant = N_("a mask depends on no number that the model computes")
    traits = Trait.MASK

    def forward(
        self,
        *,
        query: Axis,
        key: Axis,
        shape: tuple[int, int],
        past: int | None,
        window: int | None,
        padding: Sequence[int],
        dtype: type[np.floating[Any]],
    ) -> Tensor:
        mask = np.zeros(shape, dtype)
        if past is not None and (shape[0] > 1 or window is not None):
            behind = np.arange(shape[0])[:, None] + past - np.arange(shape[1])
            mask[(behind < 0) | (behind >= (window or shape[1] + past))] = -np.inf
        if padding:
            mask[:, list(padding)] = -np.inf
            mask[np.isneginf(mask).all(1)] = LOWEST
        return Tensor(mask, (query, key))

    def derive(
        self,
        index: tuple[int, ...],
        *,
        query: Axis,
        key: Axis,
        shape: tuple[int, int],
        past: int | None,
        window: int | None,
        padding: Sequence[int],
        dtype: type[np.floating[Any]],
    ) -> Node:
        i, j = index[0] + (past or 0), index[1]
        is_causal, reach = past is not None, None if past is None else window
        reason = _hiding(i, j, is_causal=is_causal, window=reach, padding=padding)
        if reason and _is_blind(i, shape[1], is_causal=is_causal, window=reach, padding=padding):
            told = _("{reason}; query {i} sees no key: the lowest float32 in place of −∞ makes all its weights equal")
            return Noted(Number(LOWEST), told.format(reason=reason, i=i))
        if reason:
            return Noted(Number(-math.inf), reason)
        rules = _("; ").join(_passed(i, j, is_causal=is_causal, window=reach))
        return Noted(Number(0.0), _("key {j} is visible ({rules})").format(j=j, rules=rules))

    def rules(self, record: Record) -> dict[str, Array]:
        """What each rule that applies hides by itself: True where it does, [query, key]."""
        return self.hiding(record.parameters)

    def hiding(self, given: Mapping[str, Any]) -> dict[str, Array]:
        """What each rule hides by itself, of the parameters of a mask."""
        causal = self._hides({**given, "window": None, "padding": ()})
        found: dict[str, Array] = {N_("padding"): self._hides({**given, "past": None})}
        if given["past"] is not None:
            found[N_("causal")] = causal
        if given["window"] is not None:
            found[N_("window")] = self._hides({**given, "padding": ()}) & ~causal
        return found

    def _hides(self, parameters: Mapping[str, Any]) -> Array:
        return is_hidden(self.forward(**parameters).array)

    def note(self, record: Record) -> str:
        is_causal = record.parameters["past"] is not None
        counts = {spoken(rule): int(hidden.sum()) for rule, hidden in self.rules(record).items()}
        if not any(counts.values()):
            return _("{rule}: nothing hidden").format(rule=_("causal") if is_causal else _("padding only"))
        told = (_("{rule}: {n}").format(rule=rule, n=n) for rule, n in counts.items() if n)
        return _("{rules} hidden").format(rules=_(", ").join(told)) + blind_queries(is_hidden(record.output.array))


def is_hidden(values: Array) -> Array:
    """Where values of a mask, or scores after it, are of keys that may not be looked at."""
    found: Array = values <= LOWEST
    return found


def blind_queries(hides: Array) -> str:
    """What to say, after a semicolon, of the queries from which every key is hidden [query, key]; nothing of none."""
    n = int(hides.all(1).sum())
    told = ngettext("; {n} query sees no key: equal weights", "; {n} queries see no key: equal weights", n)
    return told.format(n=n) if n else ""


def _is_blind(i: int, keys: int, *, is_causal: bool, window: int | None, padding: Sequence[int]) -> bool:
    """Whether query i sees none of so many keys."""
    first = 0 if window is None else max(0, i - window + 1)
    return {*range(first, i + 1 if is_causal else keys)} <= {*padding}


def _hiding(i: int, j: int, *, is_causal: bool, window: int | None, padding: Sequence[int]) -> str:
    """The rule that hides key j from query i, both as positions in the whole text; nothing if none does."""
    if j in padding:
        return _("hidden: key {j} is padding").format(j=j)
    if is_causal and j > i:
        return _("hidden by the causal mask: key {j} > query {i}").format(j=j, i=i)
    if window is not None and i - j >= window:
        told = _("hidden by the window of {n}: key {j} is {far} before query {i}")
        return told.format(n=window, j=j, i=i, far=i - j)
    return ""


def _passed(i: int, j: int, *, is_causal: bool, window: int | None) -> Iterator[str]:
    """What each rule that applies says of key j, which query i sees."""
    yield _("no padding")
    if is_causal:
        yield _("causal: key {j} ≤ query {i}").format(j=j, i=i)
    if window is not None:
        yield _("window: {i} − {j} = {far} < {n}").format(i=i, j=j, far=i - j, n=window)


def _serving(head: int, q: Tensor, k: Tensor) -> int:
    """The head of k [head or kv_head, …] that serves a head of q [head, …]."""
    return head * k.shape[0] // q.shape[0]


def _shared(node: Node, head: int, q: Tensor, k: Tensor) -> Node:
    """With the head of k that serves a head of q, where it serves several."""
    heads, groups = q.shape[0], k.shape[0]
    if heads == groups:
        return node
    told = _("head {head} has {kv_head} {serving}: each of the {groups} serves {n} heads that stand together")
    serving = _serving(head, q, k)
    return Noted(
        node, told.format(head=head, kv_head=k.dims[0].name, serving=serving, groups=groups, n=heads // groups)
    )


def _product(index: tuple[int, ...], q: Tensor, k: Tensor) -> Node:
    """q · k of one query and one key of a head."""
    head, query, key = index
    return dot(q=q.row(head, query), k=k.row(_serving(head, q, k), key))


def of_scores(dy: Tensor, q: Tensor, k: Tensor, by: float = 1.0, symbol: str = "") -> Iterator[Flow]:
    """To the queries and the keys of a product of both, times a number."""
    yield to(q, query_gradient, dy, k, by=by, symbol=symbol)
    yield to(k, key_gradient, dy, q, by=by, symbol=symbol, axes=k.dims, groups=k.shape[0])


class Products(Operation):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key], without scaling.

    Where there are fewer key heads than query heads, each serves a group of queries that stand together.
    """

    formula = "q kᵀ"
    latex = r"Q K^{\top}"
    reference = N_("Luong et al. 2015, eq. 8 (dot); Raffel et al. 2020, §2.1 (no √d_k)")

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        keys = k.array.transpose(0, 2, 1)
        heads, groups = q.shape[0], k.shape[0]
        if heads == groups:
            product = np.matmul(q.array, keys)
        else:
            grouped = q.array.reshape(groups, heads // groups * q.shape[1], -1)
            product = np.matmul(grouped, keys).reshape(heads, q.shape[1], -1)
        return Tensor(product, (q.dims[0], q.dims[1], k.dims[1]))

    def backward(self, dy: Tensor, y: Tensor, q: Tensor, k: Tensor) -> Iterator[Flow]:
        return of_scores(dy, q, k)

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor) -> Node:
        return _shared(_product(index, q, k), index[0], q, k)


class Scores(Products):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key], grouped as in `Products`."""

    formula = "q kᵀ / √d_k"
    latex = r"\frac{Q K^{\top}}{\sqrt{d_k}}"
    reference = N_("Vaswani et al. 2017, eq. 1; Ainslie et al. 2023 (grouped keys)")

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        product = super().forward(q, k)
        product.array /= math.sqrt(q.shape[2])
        return product

    def backward(self, dy: Tensor, y: Tensor, q: Tensor, k: Tensor) -> Iterator[Flow]:
        return of_scores(dy, q, k, q.shape[2] ** -0.5, "1/√d_k")

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor) -> Node:
        scaled = _product(index, q, k) / Number(math.sqrt(q.shape[2]), "√d_k")
        return _shared(scaled, index[0], q, k)


class LayerScores(Operation):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key], over ℓ, the number of the layer from 1.

    Without ``rooted`` there is no √d_k.
    """

    formula = "q kᵀ / (√d_k · ℓ)"
    latex = r"\frac{Q K^{\top}}{\sqrt{d_k} \cdot \ell}"
    reference = N_("Karamcheti et al. 2021, Mistral (scores over the number of the layer, for GPT-2)")

    def forward(self, q: Tensor, k: Tensor, *, layer: int, rooted: bool) -> Tensor:
        product = products.forward(q, k)
        product.array /= layer * (math.sqrt(q.shape[2]) if rooted else 1)
        return product

    def backward(self, dy: Tensor, y: Tensor, q: Tensor, k: Tensor, *, layer: int, rooted: bool) -> Iterator[Flow]:
        divisor = layer * (math.sqrt(q.shape[2]) if rooted else 1)
        return of_scores(dy, q, k, 1 / divisor, "1/(√d_k · ℓ)" if rooted else "1/ℓ")

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor, *, layer: int, rooted: bool) -> Node:
        number = Number(float(layer), "ℓ")
        divisor = Number(math.sqrt(q.shape[2]), "√d_k") * number if rooted else number
        told = _("ℓ = {number}: decoder.{index} is layer {number}, counted from 1")
        divided = Noted(_product(index, q, k) / divisor, told.format(number=layer, index=layer - 1))
        return _shared(divided, index[0], q, k)

    def written(self, record: Record) -> Written:
        if record.parameters["rooted"]:
            return super().written(record)
        return Written("q kᵀ / ℓ", r"\frac{Q K^{\top}}{\ell}")


class TimesScores(Operation, scale="s"):
    """[head, query, d_k], [head or kv_head, key, d_k] -> [head, query, key], times a number that the file states."""

    formula = "q kᵀ · s"
    latex = r"Q K^{\top} \cdot s"
    reference = N_("Yang et al. 2021, §8.1 (1/d in place of 1/√d); the scale is a setting of the checkpoint")

    def forward(self, q: Tensor, k: Tensor, *, scale: float) -> Tensor:
        product = products.forward(q, k)
        product.array *= product.array.dtype.type(scale)
        return product

    def backward(self, dy: Tensor, y: Tensor, q: Tensor, k: Tensor, *, scale: float) -> Iterator[Flow]:
        return of_scores(dy, q, k, scale, "s")

    def derive(self, index: tuple[int, ...], q: Tensor, k: Tensor, *, scale: float) -> Node:
        return _shared(_product(index, q, k) * Number(scale, "s"), index[0], q, k)


class Masked(Operation):
    """[head, query, key] + [query, key] -> [head, query, key]; a position bias [head, query, key] may be added too."""

    formula = "scores + mask"
    latex = r"\mathrm{scores} + M"
    reference = "Vaswani et al. 2017, §3.2.3"

    def forward(self, scores: Tensor, mask: Tensor, *bias: Tensor) -> Tensor:
        summed = scores.array + mask.array
        for tensor in bias:
            summed += tensor.array
        return Tensor(summed, scores.dims)

    def backward(self, dy: Tensor, y: Tensor, scores: Tensor, mask: Tensor, *bias: Tensor) -> Iterator[Flow]:
        return (to(term, pass_on, dy, like=term.dims) for term in (scores, *bias))

    def derive(self, index: tuple[int, ...], scores: Tensor, mask: Tensor, *bias: Tensor) -> Node:
        return total((scores.leaf(*index), mask.leaf(*index[1:]), *(tensor.leaf(*index) for tensor in bias)))

    def written(self, record: Record) -> Written:
        if len(record.inputs) < 3:
            return super().written(record)
        return Written(f"{self.formula} + bias", rf"{self.latex} + B")


class Weigh(Operation):
    """[head, query, key], [head or kv_head, key, d_k] -> [head, query, d_k], grouped as in `Products`."""

    formula = "weights · V"
    latex = r"\mathrm{softmax}\!\left(\cdot\right) V"
    reference = "Vaswani et al. 2017, eq. 1"

    def forward(self, weights: Tensor, v: Tensor) -> Tensor:
        heads, groups = weights.shape[0], v.shape[0]
        if heads == groups:
            mixed = np.matmul(weights.array, v.array)
        else:
            grouped = weights.array.reshape(groups, heads // groups * weights.shape[1], -1)
            mixed = np.matmul(grouped, v.array).reshape(heads, weights.shape[1], -1)
        return Tensor(mixed, (weights.dims[0], weights.dims[1], v.dims[2]))

    def backward(self, dy: Tensor, y: Tensor, weights: Tensor, v: Tensor) -> Iterator[Flow]:
        yield to(weights, weights_gradient, dy, v)
        yield to(v, value_gradient, weights, dy, axes=v.dims, groups=v.shape[0])

    def derive(self, index: tuple[int, ...], weights: Tensor, v: Tensor) -> Node:
        head, query, d = index
        product = dot(w=weights.row(head, query), v=v.column(_serving(head, weights, v), d))
        return _shared(product, head, weights, v)


class Append(Operation):
    """[head, key, d_k] of this step -> [head, key, d_k] of all steps so far: the key/value cache."""

    formula = N_("past rows, then the new ones")
    latex = r"[K_{\mathrm{past}}; K_{\mathrm{new}}]"
    reference = N_("Shazeer 2019, §2.4 (incremental multi-head attention)")
    shares = True

    def forward(self, *rows: Tensor, labels: Sequence[str], capacity: int) -> Tensor:
        *past, new = rows
        return Rows.after(cast("Rows", past[0]) if past else None, new, labels, capacity)

    def backward(self, dy: Tensor, y: Tensor, *rows: Tensor, labels: Sequence[str], capacity: int) -> Iterator[Flow]:
        *past, new = rows
        yield to(new, new_rows_gradient, dy, first=past[0].shape[1] if past else 0, axes=new.dims)

    def derive(self, index: tuple[int, ...], *rows: Tensor, labels: Sequence[str], capacity: int) -> Node:
        *past, new = rows
        head, key, d = index
        length = past[0].shape[1] if past else 0
        return new.leaf(head, key - length, d) if key >= length else past[0].made(head, key, d)

    def operands(self, record: Record) -> Iterator[tuple[str, Tensor]]:
        """The rows of the pass before, where there was one, and the new ones."""
        return zip(("past", "new")[-len(record.inputs) :], record.inputs, strict=True)


class Cached(Operation):
    """Keys or values of the encoder's memory, projected in the first step and kept."""

    formula = N_("as in step 1")
    latex = r"K^{(1)}"
    reference = N_("Shazeer 2019, §2.4 (incremental multi-head attention)")
    shares = True

    def forward(self, first: Tensor) -> Tensor:
        return Tensor(first.array, first.dims)

    def backward(self, dy: Tensor, y: Tensor, first: Tensor) -> Iterator[Flow]:
        yield to(first, pass_on, dy, like=first.dims)

    def derive(self, index: tuple[int, ...], first: Tensor) -> Node:
        return first.leaf(*index)


mask = Mask()
products = Products()
scores = Scores()
layer_scores = LayerScores()
times_scores = TimesScores()
masked = Masked()
weigh = Weigh()
append = Append()
cached = Cached()
