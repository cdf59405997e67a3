"""The line at the bottom of the screen: model, step and token, address, breakpoints."""

from __future__ import annotations

from tracer.i18n import _, ngettext
from tracer.views.tokens import quoted

from ..sitting import Sitting


def standing(sitting: Sitting) -> str:
    """Where the session stands, in a line."""
    stops = sum(1 for _stop in sitting.stops)
    count = ngettext("{n} breakpoint", "{n} breakpoints", stops).format(n=stops) if stops else ""
    named = f"r{sitting.number}" if len(sitting.runs) > 1 else ""
    return _joined(sitting.run.card.name, named, *_place(sitting, _token(sitting)), count)


def place(sitting: Sitting) -> str:
    """Where its cursor stands."""
    return _joined(*_place(sitting))


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


def _place(sitting: Sitting, token: str = "") -> list[str]:
    record = sitting.here.record
    return [_("not started")] if record is None else [f"@{record.step}", token, f"#{record.index} {record.address}"]


def _token(sitting: Sitting) -> str:
    token = sitting.here.token if sitting.here.record else None
    return "" if token is None else _("token {n} {piece}").format(n=sitting.cursor.step, piece=quoted(token))
