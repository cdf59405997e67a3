"""What flows from the tokens that a model reads to each place of its output: a share or a size for each pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import ngettext
from ..tensor import Array, Axis, Tensor
from ..trace import Trace
from .attention import Attention, attentions

FLOW = "flow"
"""The family of the methods that yield a `Flow`."""


class Measured(NamedTuple):
    """What an attention takes of each key [query, key]; of the query itself too, in a last column, where it may.

    ``gap`` is how far the parts that were measured are from adding up to what was recorded, as a part of the largest
    cell, where they should. It is rounding, unless something was edited on the way.
    """

    rows: Array
    gap: float | None = None


Measure = Callable[[Attention], Measured]


@dataclass(frozen=True, eq=False)
class Flow:
    """[query, key]: a row for each token that the last stack has read up to a step, the first ``sources`` keys those
    of the source, the others those of the stack's own text.

    ``layer`` is the one that was asked for, None for all of them. ``are_shares`` says that the numbers are from 0 to 1.
    ``gap`` is the largest of all that was measured.
    """

    table: Tensor
    sources: int
    step: int
    layer: int | None = None
    are_shares: bool = True
    gap: float | None = None

    @property
    def of_source(self) -> Array:
        """What comes of all of the source together [query]."""
        found: Array = self.table.array[:, : self.sources].sum(1)
        return found

    @property
    def is_split(self) -> bool:
        """Whether source and own text share what there is, rather than each having all of it."""
        return self.are_shares and not np.allclose(self.of_source, 1)

    @property
    def source(self) -> Tensor:
        """The columns of the source."""
        return self._columns(slice(None, self.sources))

    @property
    def own(self) -> Tensor:
        """The columns of the stack's own text."""
        return self._columns(slice(self.sources, None))

    def _columns(self, where: slice) -> Tensor:
        rows, keys = self.table.dims
        labels, numbers = keys.labels, keys.numbers
        part = Axis("key", None if labels is None else labels[where], None if numbers is None else numbers[where])
        return Tensor(self.table.array[:, where], (rows, part))


@dataclass(frozen=True, eq=False)
class Stack:
    """What was measured of each layer of a stack: of self-attention, and of cross-attention where there is one.

    ``text`` and ``source`` are the axes of their keys. Rows are those of all queries up to a step. ``gap`` is the
    largest of `Measured`; ``encoder`` is what the source comes from, where that was measured too.
    """

    own: Sequence[Array]
    across: Sequence[Array]
    text: Axis
    source: Axis | None
    sources: int
    gap: float | None = None
    encoder: Stack | None = None

    def upto(self, layer: int | None) -> Stack:
        """The first layers, up to one; raises `InputError` where there is no such layer."""
        if layer is None:
            return self
        if layer >= len(self.own):
            told = ngettext(
                "there is no layer {n}; the only one is 0", "there is no layer {n}; the last is {last}", len(self.own)
            )
            raise InputError(told.format(n=layer, last=len(self.own) - 1))
        return replace(self, own=self.own[: layer + 1], across=self.across[: layer + 1])

    def flow(self, table: Array, step: int, layer: int | None, **how: Any) -> Flow:
        """A table [query, source and own text] with its labels."""
        axes = [axis for axis in (self.source, self.text) if axis is not None]
        labels = [_labels(axis, n) for axis, n in zip(axes, [self.sources, len(table)][-len(axes) :], strict=True)]
        numbers = [number for part in labels for number in range(len(part))]
        keys = Axis("key", [label for part in labels for label in part], numbers)
        queries = Axis("query", labels[-1])
        return Flow(Tensor(table, (queries, keys)), self.sources, step, layer, gap=self.gap, **how)


def measured(trace: Trace, step: int, measure: Measure) -> Stack:
    """What an attention takes of each key, for all attentions of a step; those of earlier steps have earlier rows.

    Raises:
        AddressError: there is no such step, or it has no weights.
    """
    found: dict[str, list[Measured]] = {}
    number, here = step, attentions(trace.step(step))
    last = here
    while True:
        with np.errstate(all="ignore"):
            for attention in here:
                found.setdefault(attention.scope, []).insert(0, measure(attention))
        if _first_query(here) == 0:
            break
        number -= 1
        here = attentions(trace.step(number))
    return _stack([(attention, _stacked(found[attention.scope])) for attention in last])


def measured_throughout(trace: Trace, step: int, measure: Measure) -> Stack:
    """The same, with the encoder that the stack looks at, where there is one."""
    stack = measured(trace, step, measure)
    if not stack.sources:
        return stack
    encoder = measured(trace, trace.begins["source"], measure)
    return replace(stack, encoder=encoder, gap=_largest([stack.gap, encoder.gap]))


def of_outputs(trace: Trace, flow: Flow) -> Flow:
    """The rows at which a token of the output came out, each under that token; of an encoder alone, all as they are."""
    if not (trace.chooses or trace.teacher_forced):
        return flow
    read = list(trace.pieces.values())[-1]
    first = len(read) - len(trace.tokens) if trace.tokens else 1
    out = read[first : len(flow.table.array) + 1]
    queries = Axis("output", out, range(first, first + len(out)))
    rows = flow.table.array[first - 1 : first - 1 + len(out)]
    return replace(flow, table=Tensor(rows, (queries, flow.table.dims[1])))


def averaged(stack: Stack, layer: int | None) -> Array:
    """[query, source and own text]: the mean over layers, or one of them."""
    upto = stack.upto(layer)
    n = len(upto.own)
    chosen = range(n) if layer is None else [layer]
    found: Array = np.mean([_side_by_side(upto, i) for i in chosen], 0)
    return found


def rolled(stack: Stack, layer: int | None) -> Array:
    """[query, source and own text]: shares multiplied through the layers, up to one, and through those of an encoder.

    Rows of a layer add up to 1, and so do these. Of cross-attention, what comes of the query itself is what
    self-attention below has made it of.
    """
    upto, n, m = stack.upto(layer), len(stack.own[0]), stack.sources
    encoder = np.zeros((0, 0)) if stack.encoder is None else rolled(stack.encoder, None)
    found: Array = np.concatenate([np.zeros((n, m)), np.eye(n)], 1)
    for i, own in enumerate(upto.own):
        found = own @ found
        if m:
            across = upto.across[i]
            found = across[:, -1:] * found
            found[:, :m] += across[:, :-1] @ encoder
    return found


def _first_query(here: Sequence[Attention]) -> int:
    """The place of the first query of a step among all that was read."""
    return next((attention.start for attention in here if not attention.is_across), 0)


def _stacked(parts: Sequence[Measured]) -> Measured:
    """Rows of several steps below each other, those of earlier ones with nothing of later keys."""
    width = parts[-1].rows.shape[1]
    rows = [np.pad(part.rows, ((0, 0), (0, width - part.rows.shape[1]))) for part in parts]
    return Measured(np.concatenate(rows), _largest([part.gap for part in parts]))


def _stack(found: Sequence[tuple[Attention, Measured]]) -> Stack:
    own = [part.rows for attention, part in found if not attention.is_across]
    across = [part.rows for attention, part in found if attention.is_across]
    text = next(attention for attention, _part in found if not attention.is_across).weights.output.dims[2]
    looked_at = next((attention.weights.output for attention, _part in found if attention.is_across), None)
    source, sources = (None, 0) if looked_at is None else (looked_at.dims[2], looked_at.shape[2])
    return Stack(own, across, text, source, sources, _largest([part.gap for _attention, part in found]))


def _largest(gaps: Sequence[float | None]) -> float | None:
    """The largest of those that there are; NaN where one is."""
    known = [gap for gap in gaps if gap is not None]
    return float(np.max(known)) if known else None


def _side_by_side(stack: Stack, i: int) -> Array:
    """What one layer takes of the source and of its own text; what cross-attention takes of the query is its own."""
    if not stack.sources:
        return stack.own[i]
    own, across = stack.own[i], stack.across[i]
    if across.shape[1] > stack.sources:
        own = own + np.diag(across[:, -1])
    return np.concatenate([across[:, : stack.sources], own], 1)


def _labels(axis: Axis, n: int) -> list[str]:
    return [str(place) for place in range(n)] if axis.labels is None else list(axis.labels[:n])
