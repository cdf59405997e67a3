"""A checkpoint beside what another implementation computed from it: every tensor, the first difference, its cause."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from ..addresses import written
from ..comparing.causes import Cause
from ..comparing.check import Check
from ..comparing.comparison import Comparison
from ..comparing.proposals import Proposal, grouped
from ..comparing.verdict import Other, Verdict
from ..document import BOLD, Block, Cell, Lines, Span, Table
from ..i18n import _, ngettext, spoken
from ..tensor import Tensor
from .below import sentence
from .numbers import Notation, magnitude
from .page import DECIMALS, Page
from .table import Column, table
from .tokens import shown
from .view import View, line, remark, view

MOST_NAMED = 12
"""Names of tensors that were not compared are shown up to so many."""

MOST_DECIMALS = 9

ACROSS = 7
"""Cells that stand beside each other around the one that differs most, on either side three."""


@view
def comparison_view(page: Page, comparison: Comparison, follow: str) -> Iterator[Block]:
    """For each address its largest difference and the one allowed; what was not compared; then where the two part
    first, what explains it, what was taken to be so, and the counts.

    ``follow`` is the command that goes to the first difference, if there is one.
    """
    checks = list(comparison.worst.values())
    yield _table(page, checks)
    yield from _unmatched(page, comparison)
    if comparison.verdict:
        yield from _verdict(page, comparison.verdict, follow)
    yield from _all_reasons(page, list(_reasons(comparison.beyond)))
    yield from _proposed(page, comparison.proposals)
    yield from (line(_("note: {what}").format(what=shown(spoken(note))), page) for note in comparison.notes)
    yield remark(counts(checks), page)


def _table(page: Page, checks: Sequence[Check]) -> Block:
    columns = [
        Column(_("address"), [check.address for check in checks], "<"),
        Column(_("largest difference"), [_size(check.largest, page) for check in checks]),
        Column(_("relative"), [_size(check.relative, page) for check in checks], spare=4),
        Column(_("cosine"), [_cosine(check) for check in checks], spare=5),
        Column(_("allowed"), [_allowance(check) for check in checks], spare=1),
        Column(_("compared"), [_evidence(check) for check in checks], spare=2),
        Column("", [_word(check) for check in checks], "<"),
        *_names(checks),
    ]
    return _marked(table(columns, indent=0), checks)


def _names(checks: Sequence[Check]) -> Iterator[Column]:
    """The names that tensors have there, unless all of them are the addresses."""
    names = [shown(check.called) if _is_named(check) else "" for check in checks]
    if any(names):
        yield Column(_("name there"), names, "<", spare=3, free="start")


def _is_named(check: Check) -> bool:
    """Whether a tensor has a name there that is not its address."""
    return not check.address.endswith(check.called)


def _marked(found: Table, checks: Sequence[Check]) -> Table:
    """The same with what differs of its own in bold."""
    rows = [
        [Cell(Span(cell.content[0], BOLD), cell.share) for cell in row] if check.state == "adds" else row
        for row, check in zip(found.rows, checks, strict=True)
    ]
    return found._replace(rows=rows)


def _size(size: float, page: Page) -> str:
    return magnitude(size) if math.isfinite(size) else Notation(page)(size)


def _cosine(check: Check) -> str:
    cosine = check.ours.cosine
    return "" if cosine is None else f"{cosine:.6f}"


def _allowance(check: Check) -> str:
    """What is allowed, and how the numbers are stored where that is part of it."""
    return f"{magnitude(check.allowed)} ({check.stored})" if check.stored else magnitude(check.allowed)


def _evidence(check: Check) -> str:
    """How many cells could be held against ours, and by what, where it is not by every number."""
    part = str(check.compared) if check.compared == check.cells else f"{check.compared}/{check.cells}"
    kinds = {"text": _("printed"), "statistics": _("statistics"), "hash": _("hash")}
    return f"{part} {kinds[check.evidence]}" if check.evidence in kinds else part


def _word(check: Check) -> str:
    """What became of it."""
    if not check.holds:
        told = _("BEYOND") if check.state == "adds" else _("inherited")
        return _("{told}, on the whole").format(told=told) if check.largest <= check.allowed else told
    if not check.is_exact:
        return _("as printed")
    turned = spoken(check.layout)
    return _("ok, {how}").format(how=turned) if turned else _("ok")


def _unmatched(page: Page, comparison: Comparison) -> Iterator[Block]:
    """The tensors that were not compared."""
    names = [shown(entry.name) for entry in comparison.unmatched]
    if names:
        further = len(names) - MOST_NAMED
        more = ngettext(" and {n} more", " and {n} more", further).format(n=further) if further > 0 else ""
        told = _("not compared, no address is known for: {names}{more}")
        yield remark(told.format(names=", ".join(names[:MOST_NAMED]), more=more), page)


def _proposed(page: Page, proposals: Sequence[Proposal]) -> Iterator[Block]:
    """What tensors without an address look like by their numbers, as a file of names would have it."""
    if proposals:
        least = min(abs(proposal.correlation) for proposal in proposals)
        told = _("by their numbers (correlation {least} at least), as lines of a file for --map:")
        yield line(told.format(least=f"{least:.3f}"), page)
        yield Lines([[Span(f"  {shown(told)}")] for told in grouped(proposals)])


def first_view(beyond: Sequence[Check]) -> View | None:
    """Where the first of the differences that are too large is largest, or why it is; None where there is none."""
    told = [*_first(beyond[:1]), *_reasons(beyond[:1])]
    return sentence(_("; ").join(told)) if told else None


def _verdict(page: Page, verdict: Verdict, follow: str) -> Iterator[Block]:
    """The first difference, the mistake behind it, and what is known where there is none."""
    yield line(_("first difference: {address}").format(address=verdict.address), page, BOLD)
    yield from (line(told, page, indent=2) for told in [*_between(verdict), *_first([verdict.check])])
    yield from _beside(page, verdict)
    yield from (line(told, page, BOLD if n == 0 else "", 2 * bool(n)) for n, told in enumerate(_causes(verdict)))
    yield from (line(told, page) for told in _others(verdict.others))
    if follow:
        yield line(_("to go there:"), page)
        yield Lines([[Span(f"  {shown(follow)}")]])


def _first(beyond: Sequence[Check]) -> Iterator[str]:
    """Where a difference is largest, if it is that of a cell."""
    for check in beyond:
        cell = check.own.cell or check.ours.cell
        if cell and not check.own.figure:
            told = _("{cell} is {here} here and {there} there{name}")
            digits, at = _digits(cell.relative), written(check.path, check.at, cell.place)
            here, there = (f"{value:.{digits}g}" for value in (cell.here, cell.there))
            yield told.format(cell=at, here=here, there=there, name=_there(check))
        elif check.own.figure and cell:
            told = _("{address}: its {figure} is {here} here and {there} there")
            yield told.format(
                address=check.address, figure=check.own.figure, here=f"{cell.here:.6g}", there=f"{cell.there:.6g}"
            )


def _there(check: Check) -> str:
    """The name that it has there, where that is another one."""
    return f" ({shown(check.called)})" if _is_named(check) else ""


def _digits(share: float) -> int:
    """How many digits show a difference that is such a share of two numbers: 6, or up to 9 for a small one."""
    return next((n for n in range(6, 9) if share * 10 ** (n - 2) >= 1), 9)


def _between(verdict: Verdict) -> Iterator[str]:
    """Which operations may be the ones, where the dump has not every tensor on the way."""
    if len(verdict.suspects) > 1:
        told = _("one of {n} operations, from {first} to {last}: the dump has the result of the last one only")
        yield told.format(n=len(verdict.suspects), first=verdict.suspects[0], last=verdict.suspects[-1])


def _causes(verdict: Verdict) -> Iterator[str]:
    """The mistakes that explain it, with what is left of the difference; else what is known of it."""
    for cause in verdict.causes:
        told = _("{mistake} at {address} explains it: largest difference {before} → {after}")
        yield told.format(
            mistake=cause.mistake,
            address=cause.address,
            before=magnitude(cause.before),
            after=magnitude(cause.after),
        )
        yield spoken(cause.mistake.sentence)
        if cause.otherwise:
            yield cause.otherwise
        yield _("look at: {where}").format(where=spoken(cause.mistake.hint))
        yield _("the same here: {command}").format(
            command=f"mistake {cause.mistake} at {_where(cause, verdict.others)}"
        )
    if not verdict.causes and verdict.left:
        tried = len(verdict.left)
        told = ngettext(
            "cause unknown: {n} mistake of the catalogue was tried, and it does not explain it",
            "cause unknown: {n} mistakes of the catalogue were tried, and none explains it",
            tried,
        )
        yield told.format(n=tried)
        yield from (_("what is known: {what}").format(what=spoken(what)) for what in verdict.known)


def _where(cause: Cause, others: Sequence[Other]) -> str:
    """Where a mistake was made: at the address that it explains, or in what holds all that it explains."""
    places = [cause.address, *(other.address for other in others if str(other.mistake) == str(cause.mistake))]
    segments = [place.split(".") for place in places]
    shared = takewhile(lambda several: len(set(several)) == 1, zip(*segments, strict=False))
    return ".".join(several[0] for several in shared) or cause.address


def _others(others: Sequence[Other]) -> Iterator[str]:
    """The further tensors that differ of their own, by what explains them."""
    for name, group in groupby(sorted(others, key=_explained), key=_explained):
        places = ", ".join(other.address for other in group)
        told = (
            _("also differs of its own, explained by {mistake}: {places}")
            if name
            else _("also differs of its own: {places}")
        )
        yield told.format(mistake=name, places=places)


def _explained(other: Other) -> str:
    return str(other.mistake) if other.mistake else ""


def _beside(page: Page, verdict: Verdict) -> Iterator[Block]:
    """The cells around the one that differs most, theirs and ours one below the other."""
    pair = verdict.beside
    cell = verdict.check.own.cell
    if pair is None or cell is None or not cell.place:
        return
    here, there = pair
    *row, place = cell.place
    start = max(0, min(place - ACROSS // 2, here.shape[-1] - ACROSS))
    places = range(start, min(start + ACROSS, here.shape[-1]))
    cells = [[float(tensor.array[(*row, n)]) for n in places] for tensor in (here, there)]
    number = Notation(page, _decimals(verdict.check.own.largest))
    names = [_("ours, from their inputs"), _("theirs"), _("difference")]
    rows = [*cells, [b - a for a, b in zip(*cells, strict=True)]]
    texts = [[number(value) for value in cells] for cells in rows]
    columns = [Column(written(here.path, here.at, row), names, "<")]
    below = zip(places, zip(*texts, strict=True), strict=True)
    columns += [Column(_label(here, n), column, spare=abs(n - place)) for n, column in below]
    yield table(columns)


def _decimals(largest: float) -> int:
    """So many that the largest difference has two digits."""
    return min(MOST_DECIMALS, max(DECIMALS, 1 - math.floor(math.log10(largest)))) if 0 < largest < 1 else DECIMALS


def _label(tensor: Tensor, place: int) -> str:
    """The number of a place along the last axis, and its token where it has one."""
    labels = tensor.dims[-1].labels
    return f"{place} {shown(labels[place])}" if labels is not None else str(place)


def _reasons(beyond: Sequence[Check]) -> Iterator[str]:
    """What there is to say of the differences that are too large."""
    for check in beyond:
        if check.why:
            yield f"{shown(check.called)}: {spoken(check.why)}"


def _all_reasons(page: Page, told: Sequence[str]) -> Iterator[Block]:
    """The same, up to so many."""
    yield from (line(reason, page) for reason in told[:MOST_NAMED])
    if further := len(told[MOST_NAMED:]):
        more = ngettext("… {n} more of the kind", "… {n} more of the kind", further)
        yield remark(more.format(n=further), page)


def counts(checks: Sequence[Check]) -> str:
    """How many addresses agree, and how many do not, of their own or by what they come of."""
    adds, inherits = (sum(check.state == state for check in checks) for state in ("adds", "inherits"))
    compared = ngettext("{n} address compared", "{n} addresses compared", len(checks)).format(n=len(checks))
    told = _("{compared}: {ok} ok, {beyond} beyond the noise")
    if inherits:
        told = _("{compared}: {ok} ok, {beyond} beyond the noise, {inherits} by what they come of")
    return told.format(compared=compared, ok=len(checks) - adds - inherits, beyond=adds, inherits=inherits)
