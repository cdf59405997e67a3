"""A checkpoint beside the results of another implementation, an address a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..addresses import written
from ..compare import Comparison
from ..i18n import _, ngettext, spoken
from ..reference.checks import Check
from .composite import Composite
from .page import DIM, Page, Sentence, View
from .table import Column, Remark, Table


@dataclass(frozen=True)
class ComparisonView(Composite):
    """See `comparison_view`."""

    comparison: Comparison
    follow: str

    def parts(self, page: Page) -> Iterator[View]:
        checks = list(self.comparison.worst.values())
        columns = [
            Column(_("address"), [check.address for check in checks], "<"),
            Column(_("largest difference"), [_size(check.largest) for check in checks]),
            Column(_("allowed"), [_allowance(check) for check in checks]),
        ]
        yield Table(columns, [Remark(_verdict(check)) for check in checks], indent=0)
        if left_out := self.comparison.left_out:
            text = _("without an address here: {names}").format(names=", ".join(left_out))
            yield Sentence(text, DIM)
        yield from map(Sentence, _first(self.comparison.beyond))
        if self.comparison.beyond:
            yield Sentence(_("to go there, in a run of the same ids: {command}").format(command=self.follow))
        yield from map(Sentence, _reasons(self.comparison.beyond))
        yield from (Sentence(_("note: {what}").format(what=spoken(note))) for note in self.comparison.notes)
        yield Sentence(_counts(checks), DIM)


def comparison_view(comparison: Comparison, follow: str) -> ComparisonView:
    """For each address its largest difference and the one allowed; then what was not compared, where a difference is
    first beyond the noise and why, what was taken to be so, and the counts.

    ``follow`` is the command that goes to the first difference.
    """
    return ComparisonView(comparison, follow)


def first_view(beyond: Sequence[Check]) -> Sentence | None:
    """Where the first of the differences that are too large is largest, or why it is; None where there is none."""
    told = [*_first(beyond), *_reasons(beyond[:1])]
    return Sentence("; ".join(told)) if told else None


def _verdict(check: Check) -> str:
    if check.holds:
        return _("ok")
    is_plain = check.row is None and check.address.endswith(check.name)
    return _("BEYOND") if is_plain else _("BEYOND: {name}").format(name=check.called)


def _allowance(check: Check) -> str:
    """What is allowed, and how the numbers are stored where that is part of it."""
    return f"{_size(check.allowed)} ({check.stored})" if check.stored else _size(check.allowed)


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


def _size(difference: float) -> str:
    return f"{difference:.1e}" if difference else "0"
