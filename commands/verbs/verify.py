"""Proof: what is recorded holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tracer.addresses import Address
from tracer.debugger.session import Session
from tracer.errors import AddressError, ExpectationError
from tracer.i18n import _, ngettext
from tracer.tape import Record

from ..grammar.parameters import Where
from ..registry import command
from ..showing.reasons import parameter_at
from ..showing.results import Results, View, answer


@command("verify", group="reason")
def verify(session: Session, address: Where | None = None) -> Results:
    """Check that what is shown is right.

    Derivations are worked out in double precision and compared with what was recorded, rows of softmax must add up to
    1, hidden keys must have exactly 0, labels must be the tokens that were read, and a step made with a cache must
    agree with one made without. ADDRESS is a record, one cell of it, several records (* and **) or a step (@2); without
    it, the cursor's step is checked. Of large tensors some cells are derived, the same ones each time. A script ends
    with status 3 where something does not hold.

    (tx) verify
    (tx) verify dec.0.cross.weights
    (tx) verify dec.0.ffn.norm[0, 3]
    """
    from tracer.verify import verify as verified

    records, index = _subject(session, address)
    checks = [check for check in verified(session.run, records, index) if check.checked or check.failures]
    scope = _scope(records)

    def data() -> Any:
        return {"scope": scope, "checks": [asdict(check) for check in checks]}

    def view() -> View:
        from tracer.render.checks import checks_view

        return checks_view(checks, title=scope)

    yield answer("verify", data, view)
    failures = [failure for check in checks for failure in check.failures]
    if failures:
        text = ngettext("{n} thing does not hold: {first}", "{n} things do not hold, first: {first}", len(failures))
        raise ExpectationError(text.format(n=len(failures), first=failures[0]))


def _subject(session: Session, address: Address | None) -> tuple[Sequence[Record], tuple[int, ...] | None]:
    """The records to check, and the one cell of the only one if it is so."""
    if address is None or not (address.path or address.record):
        place = f"@{session.cursor.step}" if address is None or address.step is None else str(address)
        return session.run.at(place).records, None
    if parameter_at(session, address) is not None:
        raise AddressError(
            _("{address} is a parameter: it was read from a file, and nothing computed it").format(address=address)
        )
    records = session.here.matches(address)
    if not address.selectors or len(records) > 1:
        return records, None
    places = records[0].output.locate(address.selectors)
    index = tuple(place for place in places if isinstance(place, int))
    return records, index if len(index) == len(places) else None


def _scope(records: Sequence[Record]) -> str:
    """What is checked, in words."""
    if len(records) == 1:
        return records[0].output.address
    place = records[0].output.address.partition(":")[0]
    return _("step @{n}: {count} records").format(n=place.removeprefix("@"), count=len(records))
