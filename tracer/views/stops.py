"""Breakpoints and their like: what was set, which of them was met, and what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from ..debugger.expressions import Several, Value
from ..debugger.stops import Arisen, Changed, Failed, Finding, Holds, Met, Point, Unbalanced
from ..document import BOLD, Block
from ..i18n import N_, _, ngettext, spoken
from ..tape import Record
from ..tensor import Tensor
from .below import sentence
from .heading import summary
from .numbers import Notation
from .page import Page
from .records import listing
from .table import Column, Remark, table
from .tokens import shown
from .view import View, line, view

_MOST = 8
"""So many cells of a value are shown one by one."""


@view
def arrived(page: Page, met: Sequence[Met], records: Sequence[Record], current: int) -> Iterator[Block]:
    """What was met, and a few records around the one at which it was: ``current`` is its index."""
    for one in met:
        headline = _("{point}, hit {hits}: {found}").format(
            point=_title(one.point), hits=one.hits, found=_found(one, page)
        )
        yield line(shown(headline), page, BOLD)
        for finding in one.findings:
            yield from _details(finding, page)
    yield from listing(records, current).blocks(page)


@view
def overview(_page: Page, points: Sequence[Point]) -> Iterator[Block]:
    """A line for each, with its hits and what is to be done there."""
    columns = [
        Column(_("number"), [str(point.number) for point in points]),
        Column(_("kind"), [_kind(point) for point in points], "<", spare=1),
        Column(_("hits"), [str(point.hits) for point in points]),
    ]
    yield table(columns, [Remark(shown(_wanted(point))) for point in points], indent=0)


def described(point: Point) -> View:
    """``Breakpoint 1: decoder.0.cross_attn.weights if max(weights[h0]) > .5``."""
    return sentence(shown(f"{_title(point)}: {_wanted(point)}"))


def _title(point: Point) -> str:
    words = {
        "breakpoint": _("Temporary breakpoint {n}") if point.temporary else _("Breakpoint {n}"),
        "watchpoint": _("Watchpoint {n}"),
        "catch": _("Catchpoint {n}"),
    }
    return words[point.trigger.kind].format(n=point.number)


def _kind(point: Point) -> str:
    words = {"breakpoint": _("breakpoint"), "watchpoint": _("watchpoint"), "catch": _("catchpoint")}
    return _("temporary") if point.temporary else words[point.trigger.kind]


def _wanted(point: Point) -> str:
    """What was asked for, and how it stands with it."""
    notes = [] if point.enabled else [_("disabled")]
    if point.to_ignore:
        n = point.to_ignore
        notes.append(ngettext("ignores the next hit", "ignores the next {n} hits", n).format(n=n))
    if point.commands:
        lines = (line.strip() for command in point.commands for line in command.split("\n"))
        notes.append(_("then: {commands}").format(commands="; ".join(lines)))
    return "   ".join([str(point), *(f"({note})" for note in notes)])


def _found(met: Met, page: Page) -> str:
    """What was found, in the words of the finding that says most."""
    told = [_told(met, finding, page) for finding in met.findings]
    return _("; ").join(filter(None, told)) or str(met.point.trigger)


def _told(met: Met, finding: Finding, page: Page) -> str:
    match finding:
        case Holds(text, sides, signs):
            return _compared(sides, signs, page) or text
        case Arisen(what, count, size, parameter) if parameter is not None:
            told = ngettext(
                "{n} of {size} cells is {what}: the parameter {cell} is {what} in the file",
                "{n} of {size} cells are {what}: the parameter {cell} is {what} in the file",
                count,
            )
            return told.format(n=count, size=size, what=what, cell=parameter)
        case Arisen(what, count, size):
            told = ngettext(
                "{n} of {size} cells is {what}, and none of what went in",
                "{n} of {size} cells are {what}, and none of what went in",
                count,
            )
            return told.format(n=count, size=size, what=what)
        case Unbalanced(index, total):
            row = f"[{', '.join(map(str, index))}]" if index else ""
            return _("row {row} sums to {sum}").format(row=row, sum=_value(total, page)).replace("  ", " ")
        case Failed(problem):
            return _("{wanted} can't be worked out here: {problem}").format(wanted=met.point, problem=problem)
        case Changed():
            return str(met.point.trigger)


def _compared(sides: Sequence[Any], signs: Sequence[str], page: Page) -> str:
    """``max(weights[h0]) = 0.592 > .5``."""
    texts = (text if value is None else f"{text} = {_value(value, page)}" for text, value in sides)
    return " ".join(part for pair in zip_longest(texts, signs) for part in pair if part)


def _details(finding: Finding, page: Page) -> Iterator[Block]:
    """What a finding has to say below the headline."""
    if isinstance(finding, Changed):
        for name, value, step in ((N_("old"), finding.old, finding.step - 1), (N_("new"), finding.new, finding.step)):
            yield line(f"{spoken(name)}  @{step}  {shown(_value(value, page))}", page, indent=2)


def _value(value: Value, page: Page) -> str:
    """A value in a few words: numbers one by one where they are few, else shape and range."""
    if isinstance(value, Several):
        return ", ".join(_value(part, page) for part in value.values[:_MOST])
    if isinstance(value, Tensor):
        return _tensor(value, page)
    return Notation(page).precisely(value) if isinstance(value, float) else str(value)


def _tensor(tensor: Tensor, page: Page) -> str:
    array = tensor.array
    numbers = Notation(page, None if array.dtype.kind == "f" else 0)
    if array.size <= _MOST and array.ndim == 1:
        return f"[{', '.join(map(numbers, array.tolist()))}]"
    return "  ".join([tensor.header, *summary(tensor.statistics(), 2, page)])
