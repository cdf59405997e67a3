"""A worksheet: tables with boxes to fill in, and its key, in which they are filled and worked out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from ..derive import Derivation
from ..document import BOLD, CODE, DIM, Beside, Block, Cell, Column, Lines, Paragraph, Span, Table, blank
from ..i18n import _
from ..tensor import Axis
from ..worksheets.sheet import Blank, Part, Sheet, places_of
from ..worksheets.working import Index
from .derivation import derivation_view
from .numbers import Notation
from .page import Page
from .prose import prose
from .tokens import label, place_label, shown
from .view import View, view
from .written import formula

Filled = Mapping[int, str]
"""What stands in boxes, by their numbers."""
EMPTY: Filled = {}
WHOLE = 1e-4
"""A number that is no further than this from a whole one is written as that."""


def number_of(value: float, decimals: int, page: Page) -> str:
    """A number as a worksheet has it: whole ones without a point."""
    if value in (float("inf"), float("-inf")):
        return page.text("∞" if value > 0 else "−∞")
    text = f"{value:.{0 if _is_whole(value) else decimals}f}"
    return text.removeprefix("-") if not float(text) else text


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and abs(value - round(value)) < WHOLE


class Plain(Notation):
    """Numbers of an argument as a worksheet has them: whole ones without a point."""

    def precisely(self, value: float) -> str:
        """See `Notation`."""
        return f"{value:.0f}" if _is_whole(value) else super().precisely(value)


@view
def sheet_view(page: Page, sheet: Sheet, filled: Filled = EMPTY) -> Iterator[Block]:
    """The parts of a sheet, what a record is made of beside it; boxes are empty but for those that are ``filled``."""
    for _number, parts in groupby(enumerate(sheet.parts), lambda part: _group(sheet, part[0])):
        yield Beside([list(_part(sheet, part, filled, page)) for _place, part in parts])


def _group(sheet: Sheet, place: int) -> int:
    """The place of the record that a part stands beside."""
    return next((n for n in range(place, len(sheet.parts)) if sheet.parts[n].record is not None), len(sheet.parts))


@view
def part_view(page: Page, sheet: Sheet, part: Part, filled: Filled = EMPTY) -> Iterator[Block]:
    """A part of a sheet."""
    yield from _part(sheet, part, filled, page)


def _part(sheet: Sheet, part: Part, filled: Filled, page: Page) -> Iterator[Block]:
    head = [Span(part.tensor.address, BOLD)]
    yield Paragraph([*head, formula(part.record)] if part.record else head, gap=2)
    if part.is_cropped:
        yield Paragraph([Span(page.text(_cropped(part)), DIM)])
    for first in _tables(part):
        name = f"{part.tensor.axes[0]} {first[0]}" if first and part.tensor.shape[0] > 1 else ""
        if name:
            yield Paragraph([Span(name, DIM)])
        yield _table(sheet, part, first, filled, page)


def _cropped(part: Part) -> str:
    """Which places of which axes are shown, of those that are cut."""
    axes = zip(part.tensor.dims, part.shown, part.tensor.shape, strict=True)
    told = _("{axis}: {shown} of {n}")
    return _("; ").join(
        told.format(axis=axis.name, shown=_places(axis, places), n=n) for axis, places, n in axes if len(places) < n
    )


def _places(axis: Axis, places: Sequence[int]) -> str:
    numbers = [axis.number(place) for place in places]
    is_run = numbers == list(range(numbers[0], numbers[-1] + 1))
    return f"{numbers[0]}–{numbers[-1]}" if is_run and len(numbers) > 1 else ", ".join(map(str, numbers))


def _tables(part: Part) -> Iterator[Index]:
    """The places on the axes before the last two, one a table."""
    before = part.shown[:-2]
    yield from ((place,) for place in before[0]) if before else [()]


def _table(sheet: Sheet, part: Part, first: Index, filled: Filled, page: Page) -> Table:
    tensor, shown = part.tensor, part.shown[len(first) :]
    if not shown:
        return Table([Column(align="<"), Column()], [[Cell(Span("")), _cell(sheet, part, (), filled, page)]])
    columns, rows = tensor.dims[-1], tensor.dims[-2] if len(shown) > 1 else None
    heads = [_corner(rows, columns), *(Column(str(columns.number(n)), label(columns, n)) for n in shown[-1])]
    places: Iterable[Index] = [(n,) for n in shown[0]] if rows is not None else [()]
    body = [
        [
            Cell(Span(place_label(rows, row[0]) if rows is not None else "", DIM)),
            *(_cell(sheet, part, (*first, *row, n), filled, page) for n in shown[-1]),
        ]
        for row in places
    ]
    return Table(heads, body, goes_on=True)


def _corner(rows: Axis | None, columns: Axis) -> Column:
    is_named = rows is not None and (columns.labels is not None or rows.labels is None)
    return Column(columns.name, rows.name if rows is not None and is_named else "", "<")


def _cell(sheet: Sheet, part: Part, index: Index, filled: Filled, page: Page) -> Cell:
    number = sheet.number(part, index)
    if number is None:
        return Cell(Span(_written(part, index, sheet.decimals, page)))
    return Cell(Span(filled[number], BOLD) if number in filled else blank(number))


def _written(part: Part, index: Index, decimals: int, page: Page) -> str:
    value = float(part.tensor.array[index])
    is_whole = part.tensor.array.dtype.kind in "iu"
    return f"{value:.0f}" if is_whole else number_of(value, places_of(part.tensor, decimals), page)


@view
def introduction(page: Page, sheet: Sheet, first_line: str) -> Iterator[Block]:
    """What is to be done, and how it is graded."""
    told = _(
        "Work out every numbered box from what is printed, and round to {decimals} decimals; where a box stands twice, "
        "it is the same number. All numbers come from a run of a real model: {model}, which reads {source}."
    )
    source = shown(sheet.run.source_text)
    text = told.format(decimals=sheet.decimals, model=sheet.run.card.name, source=source)
    yield Paragraph([Span(page.text(text))], gap=0)
    graded = _(
        "To have it graded, write a file that begins with the line below, then a line for each answer, its number "
        "first (12 0.73), and run: tx-trace worksheet --grade FILE"
    )
    yield Paragraph([Span(page.text(graded))], gap=0)
    yield Lines([[Span(f"    {first_line}", CODE)]])


def key_of(sheet: Sheet, answers: Filled) -> View:
    """How every box is worked out."""
    return _key(sheet, answers)


@view
def _key(page: Page, sheet: Sheet, answers: Filled) -> Iterator[Block]:
    heading = _("Key")
    yield from prose(f"## {heading}").blocks(page)
    told = _("An answer counts within the tolerance: it allows for the rounding of what is printed.")
    yield Paragraph([Span(page.text(told), DIM)], gap=0)
    for one in sheet.blanks:
        head = f"{one.number}   {answers[one.number]}{tolerance(one)}"
        yield Paragraph([Span(page.text(head), BOLD)])
        yield from derived(one.derivation, sheet.decimals).blocks(page)


def tolerance(one: Blank) -> str:
    """How far an answer may be off."""
    return f" ± {one.within:g}" if one.within else ""


def derived(derivation: Derivation, decimals: int) -> View:
    """How a cell is worked out, in numbers as a worksheet has them."""
    return derivation_view(derivation, decimals=decimals)
