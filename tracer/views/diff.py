"""Two runs beside each other: their tokens, the records of a step, and the numbers of one of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from ..diffs import Diff, StepDifference
from ..document import BOLD, Block, Paragraph, Span, Table
from ..i18n import _
from ..record_difference import RecordDifference
from ..tensor import Axis, Tensor
from ..window import Hidden, Shown, window
from .below import scientific
from .grid import left_out
from .numbers import Notation, legible, magnitude
from .page import Page
from .table import NOTHING, Column, Remark, table
from .tensors import tensor_view
from .tokens import quoted, shown
from .view import View, line, remark, view
from .words import bound

SMALL = 0.01
"""A tensor in which nothing differs by more is written with powers of ten."""
DIGITS = 6
"""Those of a number in the cell where two records differ most."""

Row = tuple[str, str, str, str, str, str]


@view
def tokens_view(page: Page, diff: Diff) -> Iterator[Block]:
    """Both texts, and a line for each of their tokens with what the two runs say there; where they part and meet.

    Of more lines than the page has, those in the middle are left out, save that where they part first.
    """
    steps, (a, b) = diff.steps, diff.names
    yield from (_text(name, run.text) for name, run in zip(diff.names, (diff.a, diff.b), strict=True))
    if not steps:
        yield remark(_("neither run has a token that was chosen or scored"), page)
        return
    parting = next((n for n, step in enumerate(steps) if not step.is_same), -1)
    lines, words = list(_lines(steps, page)), list(_turns(steps))
    places = window(len(steps), page.rows, [parting])
    here, there, kl, ours, theirs = zip(*(_shown(lines, place, page) for place in places), strict=True)
    columns = [
        Column(a, here, "<", free="end"),
        Column(b, there, "<", free="end"),
        Column(_("KL"), kl),
        Column(_("log p, {run}").format(run=a), ours, spare=1),
        Column(_("log p, {run}").format(run=b), theirs, spare=1),
    ]
    yield table(columns, [Remark() if isinstance(place, Hidden) else words[place] for place in places])
    told = _("KL({a}‖{b}) in bits, of what is said of the next token; log p is that of the token of {a} in both")
    yield remark(told.format(a=a, b=b), page)
    if parting < 0:
        yield line(_("both say the same"), page)


@view
def records_view(
    page: Page, diff: Diff, place: tuple[int, int], records: Sequence[RecordDifference]
) -> Iterator[Block]:
    """The records of two steps, a line each with the cell in which they differ most; those that are equal in one."""
    (a, b), (here, there) = diff.names, place
    differing, n = sum(not record.is_equal for record in records), len(records)
    told = (
        _("{a} beside {b}: {n} of {all} records differ") if differing else _("{a} beside {b}: {all} records, all equal")
    )
    yield line(told.format(a=f"{a}@{here}", b=f"{b}@{there}", n=differing, all=n), page, BOLD)
    if differing:
        yield _table(page, diff, place, records)
    if any(record.is_aligned for record in records):
        yield remark(_("where one has more tokens along an axis than the other, they met by their labels"), page)


def _table(page: Page, diff: Diff, place: tuple[int, int], records: Sequence[RecordDifference]) -> Table:
    rows, remarks = [], []
    for is_equal, group in groupby(records, lambda record: record.is_equal):
        found = list(group)
        is_folded = is_equal and len(found) > 1
        rows += (
            [_folded(len(found), page)]
            if is_folded
            else [_row(record, _axes(diff, place, record), page) for record in found]
        )
        remarks += [NOTHING] if is_folded else [_remark(record, diff.names) for record in found]
    address, largest, relative, cell, ours, theirs = zip(*rows, strict=True)
    columns = [
        Column(_("record"), address, "<"),
        Column(_("largest"), largest),
        Column(_("relative"), relative, spare=2),
        Column(_("at"), cell, "<", spare=3),
        Column(diff.names[0], ours, spare=1),
        Column(diff.names[1], theirs, spare=1),
    ]
    return table(columns, remarks)


def change_view(change: Tensor, title: str) -> View:
    """What is added to each cell of a tensor to come to that of another run, on a scale of its own."""
    found = tensor_view(change, title=title)
    largest = max(map(abs, change.statistics()[:2]))
    return scientific(found) if 0 < largest < SMALL else found


def _text(name: str, text: str) -> Paragraph:
    return Paragraph([Span(name, BOLD), Span(shown(text))])


def _lines(steps: Sequence[StepDifference], page: Page) -> Iterator[Sequence[str]]:
    """The tokens of each, with their numbers in both outputs, and what the runs say there."""
    said = [(step.kl, step.logprob_a, step.logprob_b) for step in steps]
    written = [_notation(column, page) for column in zip(*said, strict=True)]
    ours, theirs = _counted([step.token_a for step in steps]), _counted([step.token_b for step in steps])
    for here, there, values in zip(ours, theirs, said, strict=True):
        told = zip(written, values, strict=True)
        yield here, there, *("" if value is None else number(value) for number, value in told)


def _notation(column: Sequence[float | None], page: Page) -> Notation:
    return Notation(legible(page, [value for value in column if value is not None]))


def _counted(tokens: Sequence[str | None]) -> Iterator[str]:
    digits, n = len(str(len(tokens))), 0
    for token in tokens:
        n += token is not None
        yield "" if token is None else f"{n:>{digits}} {quoted(token)}"


def _shown(lines: Sequence[Sequence[str]], place: Shown, page: Page) -> Sequence[str]:
    return (left_out(place, page), "", "", "", "") if isinstance(place, Hidden) else lines[place]


def _turns(steps: Sequence[StepDifference]) -> Iterator[Remark]:
    """What is to be said where two outputs part, and where they meet."""
    words = {(True, False): _("they part here"), (False, True): _("they meet again")}
    for pair in pairwise([True, *(step.is_same for step in steps)]):
        yield Remark(bound(words.get(pair, "")))


def _folded(n: int, page: Page) -> Row:
    return page.text(_("… {n} equal").format(n=n)), "", "", "", "", ""


def _axes(diff: Diff, place: tuple[int, int], record: RecordDifference) -> Sequence[Axis]:
    """Where the ids lie that a record is in both runs; nothing of what is no choice."""
    if record.a is None or record.b is None:
        return []
    sides = zip((diff.a, diff.b), place, (record.a, record.b), strict=True)
    both = [run.step(number).records[seen.index - 1] for run, number, seen in sides]
    return [one.inputs[0].dims[-1] for one in both] if all(one.op.chooses and one.inputs for one in both) else []


def _row(record: RecordDifference, axes: Sequence[Axis], page: Page) -> Row:
    if record.most is None:
        return record.path, "", "", "", "", ""
    most = record.most
    cell = f"[{','.join(map(str, most.place))}]" if most.place else ""
    if axes:
        ours, theirs = map(_piece, axes, (most.here, most.there))
        return record.path, "", "", cell, ours, theirs
    sizes = _size(most.size, page), _size(most.relative, page)
    return record.path, *sizes, cell, _value(most.here, page), _value(most.there, page)


def _piece(axis: Axis, value: float) -> str:
    """The token at a place, or the place where tokens are not known."""
    return quoted(axis.labels[int(value)]) if axis.labels is not None else str(axis.number(int(value)))


def _size(size: float, page: Page) -> str:
    return magnitude(size) if math.isfinite(size) else Notation(page)(size)


def _value(value: float, page: Page) -> str:
    return f"{value:.{DIGITS}g}" if math.isfinite(value) else Notation(page)(value)


def _remark(record: RecordDifference, names: tuple[str, str]) -> Remark:
    """What keeps a record from being held against the other run's."""
    if record.most is not None:
        return NOTHING
    seen = [(name, side) for name, side in zip(names, (record.a, record.b), strict=True) if side is not None]
    if len(seen) == 1:
        return Remark(_("only in {run}").format(run=seen[0][0]))
    return Remark(_("; ").join(f"{name} {side.header}" for name, side in seen))
