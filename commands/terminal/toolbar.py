"""The line at the bottom of the screen: model, step and token, address, breakpoints."""

from __future__ import annotations

from tracer.i18n import _, ngettext
from tracer.views.tokens import quoted

from ..session import Session


def standing(session: Session) -> str:
    """Where the session stands, in a line."""
    stops = sum(1 for _stop in session.stops)
    count = ngettext("{n} breakpoint", "{n} breakpoints", stops).format(n=stops) if stops else ""
    named = f"r{session.number}" if len(session.runs) > 1 else ""
    return _joined(session.run.card.name, named, *_place(session, _token(session)), count)


def place(session: Session) -> str:
    """Where its cursor stands."""
    return _joined(*_place(session))


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


def _place(session: Session, token: str = "") -> list[str]:
    record = session.here.record
    return [_("not started")] if record is None else [f"@{record.step}", token, f"#{record.index} {record.address}"]


def _token(session: Session) -> str:
    token = session.here.token if session.here.record else None
    return "" if token is None else _("token {n} {piece}").format(n=session.cursor.step, piece=quoted(token))
