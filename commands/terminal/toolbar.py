"""The line at the bottom of the screen: model, step and token, address, breakpoints."""

from __future__ import annotations

from tracer.i18n import _, ngettext
from tracer.render.tokens import quoted

from ..sitting import Sitting


def standing(sitting: Sitting) -> str:
    """Where the session stands, in a line."""
    stops = sum(1 for _stop in sitting.stops)
    count = ngettext("{n} breakpoint", "{n} breakpoints", stops).format(n=stops) if stops else ""
    return "  ".join(part for part in (sitting.run.model.name, *_place(sitting), count) if part)


def _place(sitting: Sitting) -> list[str]:
    record = sitting.here.record
    if record is None:
        return [_("not started")]
    token = sitting.here.token
    piece = _("token {n} {piece}").format(n=record.step, piece=quoted(token)) if token is not None else ""
    return [f"@{record.step}", piece, f"#{record.index} {record.address}"]
