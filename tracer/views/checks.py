"""What was checked, how much of it, and the largest difference found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..central import LEAST, Verified
from ..document import BOLD, Block, Paragraph, Span
from ..i18n import _, ngettext
from ..verify import Check
from .numbers import magnitude
from .page import Page
from .table import Column, Remark, table
from .view import line, remark, view

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


@view
def gradients_view(page: Page, found: Verified, *, step: int) -> Iterator[Block]:
    """The same of gradients against central differences, and how these were taken."""
    title = _("gradients of {of} in @{n}, against central differences of the forward pass").format(of=found.of, n=step)
    yield from checks_view(found.checks, title=title).blocks(page)
    told = _("(E(x + h) − E(x − h)) / 2h with h = {steps}, times |x| where that is above 1, all in float64")
    yield remark(told.format(steps=_("; ").join(f"{h:.0e}" for h in sorted(found.steps))), page)
    yield remark(_("a difference is a share of the gradient's largest cell, or of {least}").format(least=LEAST), page)
    if found.kinks:
        told = ngettext(
            "at {n} cell the slopes on both sides differ, and it is left out: {cells}",
            "at {n} cells the slopes on both sides differ, and they are left out: {cells}",
            len(found.kinks),
        )
        yield remark(told.format(n=len(found.kinks), cells=", ".join(found.kinks[:MOST])), page)


def _verdict(check: Check) -> str:
    if check.failures:
        return _("does not hold ({n})").format(n=len(check.failures))
    return _("holds; at {address}").format(address=check.at) if check.at else _("holds")
