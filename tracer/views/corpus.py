"""What a survey of a corpus comes to: means by head, layer and class of token, as bars, and sentences at both ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from ..corpus.classes import CLASSES
from ..corpus.summary import EDITED, EFFECT, UNEDITED, End, Mean, Section, Summary
from ..document import DIM, Bar, Bars, Block, Paragraph, Span, Table
from ..i18n import N_, _, ngettext, spoken
from .heading import Heading
from .numbers import Notation, legible
from .page import Page
from .table import Column, Remark, table
from .tokens import shown
from .view import line, remark, view

Opening = Callable[[Section, End], str]
"""The command that opens a sentence in the shell."""
_RUNS = {UNEDITED: N_("mean"), EDITED: N_("mean with the edit"), EFFECT: N_("effect of the edit")}
_CUT = 40
"""signs of a sentence in a table"""
FEW, MANY = 3, 10
"""Sentences at each end that are seen in a terminal and on a page, where there is room for a command beside each."""


@view
def summary_view(page: Page, summary: Summary, opening: Opening, *, ends: int) -> Iterator[Block]:
    """Each expression with its means and as many sentences as are wanted at each end; at last what failed."""
    told = ngettext("{n} sentence", "{n} sentences", summary.sentences).format(n=summary.sentences)
    yield line(told if not summary.silent else _silent(told, summary.silent), page)
    for section in summary.sections:
        yield from _section(section, page, opening, ends)
    yield from _failed(summary, page)


def _silent(told: str, n: int) -> str:
    silent = ngettext("{n} of them gave no answer", "{n} of them gave no answers", n).format(n=n)
    return f"{told}, {silent}"


def _section(section: Section, page: Page, opening: Opening, ends: int) -> Iterator[Block]:
    yield Heading(section.name).above([shown(section.text)], page)
    for of in dict.fromkeys(mean.of for mean in section.means):
        yield from _means(spoken(_RUNS[of]), [mean for mean in section.means if mean.of == of], page)
    if len(section.classes) > 1:
        yield from _classes(section, page)
    yield from _ends(_("smallest means"), section, section.least[:ends], page, opening)
    yield from _ends(_("largest means"), section, section.most[:ends], page, opening)


def _means(title: str, means: Sequence[Mean], page: Page) -> Iterator[Block]:
    """The largest, as many as the page has rows for, with their intervals, spread and number."""
    there = means[: page.rows]
    number = Notation(legible(page, [mean.mean for mean in there]))
    names = [_called(mean) for mean in there]
    bars = [
        Bar(name, number(mean.mean), mean.mean, mean.low, mean.high) for name, mean in zip(names, there, strict=True)
    ]
    told = _table(title, names, there, number, page)
    yield Bars(title, bars, told) if len(there) > 1 else told
    if rest := len(means) - len(there):
        yield remark(_("… {n} more").format(n=rest), page, indent=2)


def _called(mean: Mean) -> str:
    """``layer 0 head 2``; what has an address by that alone."""
    return " ".join(place if axis == "place" else f"{axis} {place}" for axis, place in mean.meaning.places)


def _table(title: str, names: Sequence[str], means: Sequence[Mean], number: Notation, page: Page) -> Table:
    quantiles = ("min", "25 %", "50 %", "75 %", "max")
    intervals = [page.text(_interval(mean, number)) for mean in means]
    columns = [
        Column(title, names, "<"),
        Column(_("mean"), [number(mean.mean) for mean in means]),
        *([Column(_("95 %"), intervals, spare=1)] if any(intervals) else []),
        Column(_("deviation"), [number(mean.std) for mean in means], spare=2),
        *(Column(name, [number(mean.quantiles[n]) for mean in means], spare=3) for n, name in enumerate(quantiles)),
        Column("n", [str(mean.n) for mean in means], spare=4),
    ]
    largest = max((abs(mean.mean) for mean in means if math.isfinite(mean.mean)), default=0.0) or 1.0
    shares = (abs(mean.mean) / largest if math.isfinite(mean.mean) else 0.0 for mean in means)
    return table(columns, [Remark(share=share) for share in shares] if len(means) > 1 else [])


def _interval(mean: Mean, number: Notation) -> str:
    return f"{number(mean.low)} … {number(mean.high)}" if math.isfinite(mean.low) else ""


def _classes(section: Section, page: Page) -> Iterator[Block]:
    means = list(section.classes.values())
    number = Notation(legible(page, [mean.mean for mean in means]))
    yield _table(
        _("by class of the token read"), [spoken(CLASSES[name]) for name in section.classes], means, number, page
    )


def _ends(title: str, section: Section, ends: Sequence[End], page: Page, opening: Opening) -> Iterator[Block]:
    """Sentences, and the command that opens the first of them; where there is room, that of each."""
    if not ends:
        return
    number = Notation(legible(page, [end.mean for end in ends]))
    opened = [shown(opening(section, end)) for end in ends]
    columns = [
        Column(title, [str(end.sentence) for end in ends]),
        Column(_("mean"), [number(end.mean) for end in ends]),
        Column(_("sentence"), [_short(end.text, page) for end in ends], "<", spare=1, free="end"),
    ]
    yield table([*columns, Column(_("opened by"), opened, "<", spare=2)] if len(ends) > FEW else columns)
    if len(ends) <= FEW:
        yield Paragraph([Span(opened[0], DIM)], indent=4)


def _short(text: str, page: Page) -> str:
    told = shown(text)
    return told if len(told) <= _CUT else f"{told[: _CUT - 1]}{page.glyphs.more}"


def _failed(summary: Summary, page: Page) -> Iterator[Block]:
    if not summary.failed:
        return
    told = ngettext("{n} row has an error", "{n} rows have an error", summary.failed)
    yield line(told.format(n=summary.failed), page)
    for error, n in summary.errors.items():
        yield line(f"{n} × {shown(error)}", page, indent=2)
