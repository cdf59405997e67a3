"""What was checked, how much of it, and the largest difference found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..document import Block, Paragraph, Span
from ..i18n import _
from ..verify import Check
from .composite import Composite
from .page import BOLD, Page, Sentence, View
from .table import Column, Remark, Table

MOST = 10
"""So many failures are listed of one kind."""


@dataclass(frozen=True)
class ChecksView(Composite):
    """See `checks_view`."""

    checks: Sequence[Check]
    title: str

    def parts(self, page: Page) -> Iterator[View | Block]:
        yield Paragraph([Span(self.title, BOLD)])
        columns = [
            Column(_("check"), [check.name for check in self.checks], "<"),
            Column(_("of"), [check.unit for check in self.checks], "<", spare=2),
            Column(_("checked"), [str(check.checked) for check in self.checks], spare=1),
            Column(_("largest difference"), [_size(check.largest) for check in self.checks]),
        ]
        yield Table(columns, [Remark(self._verdict(check)) for check in self.checks])
        for check in self.checks:
            for failure in check.failures[:MOST]:
                yield Sentence(failure, BOLD, indent=4)

    def _verdict(self, check: Check) -> str:
        if check.failures:
            return _("does not hold ({n})").format(n=len(check.failures))
        return _("holds; at {address}").format(address=check.at) if check.at else _("holds")


def checks_view(checks: Sequence[Check], *, title: str) -> ChecksView:
    """A line for each check, and the first of its failures in words."""
    return ChecksView(checks, title)


def _size(difference: float) -> str:
    return f"{difference:.1e}" if difference else "0"
