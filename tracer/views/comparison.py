"""A checkpoint beside the results of another implementation, an address a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..addresses import written
from ..compare import Comparison
from ..document import Block
from ..i18n import _, ngettext, spoken
from ..reference.checks import Check
from .below import sentence
from .numbers import magnitude
from .page import Page
from .table import Column, Remark, table
from .view import View, line, remark, view


@view
def comparison_view(page: Page, comparison: Comparison, follow: str) -> Iterator[Block]:
    """For each address its largest difference and the one allowed; then what was not compared, where a difference is
    first beyond the noise and why, what was taken to be so, and the counts.

    ``follow`` is the command that goes to the first difference.
    """
    checks = list(comparison.worst.values())
    columns = [
        Column(_("address"), [check.address for check in checks], "<"),
        Column(_("largest difference"), [magnitude(check.largest) for check in checks]),
        Column(_("allowed"), [_allowance(check) for check in checks], spare=1),
    ]
    yield table(columns, [Remark(_verdict(check)) for check in checks], indent=0)
    if left_out := comparison.left_out:
        yield remark(_("without an address here: {names}").format(names=", ".join(left_out)), page)
    yield from (line(told, page) for told in _told(comparison, follow))
    yield remark(_counts(checks), page)


def _told(comparison: Comparison, follow: str) -> Iterator[str]:
    """What there is to say of the differences, and of what was taken to be so."""
    yield from _first(comparison.beyond)
    if comparison.beyond:
        yield _("to go there, in a run of the same ids: {command}").format(command=follow)
    yield from _reasons(comparison.beyond)
    yield from (_("note: {what}").format(what=spoken(note)) for note in comparison.notes)


def first_view(beyond: Sequence[Check]) -> View | None:
    """Where the first of the differences that are too large is largest, or why it is; None where there is none."""
    told = [*_first(beyond), *_reasons(beyond[:1])]
    return sentence("; ".join(told)) if told else None


def _verdict(check: Check) -> str:
    if check.holds:
        return _("ok")
    is_plain = check.row is None and check.address.endswith(check.name)
    return _("BEYOND") if is_plain else _("BEYOND: {name}").format(name=check.called)


def _allowance(check: Check) -> str:
    """What is allowed, and how the numbers are stored where that is part of it."""
    return f"{magnitude(check.allowed)} ({check.stored})" if check.stored else magnitude(check.allowed)


def _first(beyond: Sequence[Check]) -> Iterator[str]:
    """Where the first of the differences that are too large is largest, if it is that of a cell."""
    for check in beyond[:1]:
        if check.cell:
            cell = written(check.path, check.at, check.cell.place)
            told = _("first beyond the noise: {cell} is {here} here and {there} there")
            digits = _digits(check.cell.relative)
            yield told.format(cell=cell, here=f"{check.cell.here:.{digits}g}", there=f"{check.cell.there:.{digits}g}")


def _digits(share: float) -> int:
    """How many digits show a difference that is such a share of two numbers: 6, or up to 9 for a small one."""
    return next((n for n in range(6, 9) if share * 10 ** (n - 2) >= 1), 9)


def _reasons(beyond: Sequence[Check]) -> Iterator[str]:
    """What there is to say of the differences that are too large."""
    for check in beyond:
        if check.why:
            yield f"{check.called}: {spoken(check.why)}"


def _counts(checks: Sequence[Check]) -> str:
    beyond = sum(not check.holds for check in checks)
    compared = ngettext("{n} address compared", "{n} addresses compared", len(checks)).format(n=len(checks))
    return _("{compared}: {ok} ok, {beyond} beyond the noise").format(
        compared=compared, ok=len(checks) - beyond, beyond=beyond
    )
