"""What was checked, how much of it, and the largest difference found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..document import BOLD, Block, Paragraph, Span
from ..i18n import _
from ..verify import Check
from .numbers import magnitude
from .page import Page
from .table import Column, Remark, table
from .view import line, view

MOST = 10
"""So many failures are listed of one kind."""


@view
def checks_view(page: Page, checks: Sequence[Check], *, title: str) -> Iterator[Block]:
    """A line for each check, and the first of its failures in words."""
    yield Paragraph([Span(title, BOLD)])
    columns = [
        Column(_("check"), [check.name for check in checks], "<"),
        Column(_("of"), [check.unit for check in checks], "<"),
        Column(_("checked"), [str(check.checked) for check in checks]),
        Column(_("largest difference"), [magnitude(check.largest) for check in checks]),
    ]
    yield table(columns, [Remark(_verdict(check)) for check in checks], goes_on=True)
    for check in checks:
        for failure in check.failures[:MOST]:
            yield line(failure, page, BOLD, indent=4)


def _verdict(check: Check) -> str:
    if check.failures:
        return _("does not hold ({n})").format(n=len(check.failures))
    return _("holds; at {address}").format(address=check.at) if check.at else _("holds")
