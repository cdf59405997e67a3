"""Proof: what is recorded holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from tracer import views
from tracer.addresses import Address, At, Everywhere, Selector, parse_anywhere
from tracer.debugger.debugger import Debugger
from tracer.errors import AddressError, ExpectationError
from tracer.i18n import _, ngettext
from tracer.run import live
from tracer.tape import Record

from ..grammar.address_suggestions import addresses
from ..grammar.parameters import Kind
from ..registry import command
from ..results.reasons import parameter_at
from ..results.result import Results, answer

if TYPE_CHECKING:
    from tracer.verify import Check


GRADIENTS = "grad"
"""What is said in place of an address for the gradients of the cursor's step."""

Proven = Annotated[
    Address | Everywhere | str,
    Kind(f"ADDRESS|{GRADIENTS}", lambda text: text if text == GRADIENTS else parse_anywhere(text), addresses),
]


class Subject(NamedTuple):
    """Records of a step that are checked, or the cells that selectors leave of each."""

    records: Sequence[Record]
    selectors: tuple[Selector, ...] = ()


@command("verify", group="reason")
def verify(debugger: Debugger, address: Proven | None = None) -> Results:
    """Check that what is shown is right.

    Derivations are worked out in double precision and compared with what was recorded, rows of softmax must add up to
    1, hidden keys must have exactly 0, labels must be the tokens that were read, and a step made with a cache must
    agree with one made without. ADDRESS is a record, some cells of it, several records (* and **), a step (@2) or every
    step computed so far (@*); without it, the cursor's step is checked. Of many cells some are derived, the same ones
    each time. A script ends with status 3 where something does not hold.

    verify grad is for the gradients that backward recorded in the cursor's step: some cells of each, by which the
    number changes as it should when the cell is moved by ±h and the rest is computed again, all of that in float64.
    Where it has a corner there, as ReLU at 0, the slopes on both sides differ, and the cell is named and left out.

    (tx) verify
    (tx) verify dec.0.cross.weights
    (tx) verify dec.0.ffn.norm[0, 3]
    (tx) verify @*
    (tx) set target i love you
    (tx) goto @1
    (tx) backward sum(loss)
    (tx) verify grad
    """
    if isinstance(address, str):
        yield from _gradients(debugger)
        return
    from tracer.verify import together
    from tracer.verify import verify as verified

    named = address.address if isinstance(address, Everywhere) else address
    run = live(debugger.here.run_of(named or Address()), "verify")
    parts, scopes = [], []
    for subject in _subjects(debugger, address):
        parts.append(verified(run, *subject))
        scopes.append(_scope(subject))
    checks = [check for check in together(parts) if check.checked or check.failures]
    scope = _in_words(scopes)

    def data() -> Any:
        return {"scope": scope, "checks": [asdict(check) for check in checks]}

    yield answer("verify", data, lambda: views.checks.checks_view(checks, title=scope))
    _insist(checks)


def _gradients(debugger: Debugger) -> Results:
    """The gradients of the cursor's step, compared."""
    from tracer.central import verify_gradients

    found = verify_gradients(live(debugger.run, "verify"), debugger.cursor.step)

    def data() -> Any:
        checks = [asdict(check) for check in found.checks]
        return {"scope": GRADIENTS, "of": found.of, "checks": checks, "h": sorted(found.steps), "kinks": found.kinks}

    yield answer("verify", data, lambda: views.checks.gradients_view(found, step=debugger.cursor.step))
    _insist(found.checks)


def _insist(checks: Sequence[Check]) -> None:
    """Raise `ExpectationError` where a check does not hold."""
    failures = [failure for check in checks for failure in check.failures]
    if failures:
        text = ngettext("{n} thing does not hold: {first}", "{n} things do not hold, first: {first}", len(failures))
        raise ExpectationError(text.format(n=len(failures), first=failures[0]))


def _subjects(debugger: Debugger, address: Address | Everywhere | None) -> Iterator[Subject]:
    """What is checked, a step at a time; of every step, those that have the address."""
    if not isinstance(address, Everywhere):
        yield _subject(debugger, address or Address(step=debugger.cursor.step))
        return
    failures = [AddressError(_("no step is computed yet; token goes through the next one"))]
    numbers = debugger.here.run_of(address.address).numbers
    for number in numbers:
        try:
            subject = _subject(debugger, replace(address.address, step=number))
        except AddressError as error:
            failures.append(error)
        else:
            yield subject
    if len(failures) > len(numbers):
        raise failures[-1]


def _subject(debugger: Debugger, address: Address) -> Subject:
    if not address.path and address.record is None:
        return Subject(debugger.here.run_of(address).at(At(debugger.here.step_of(address), address.beam)).records)
    if parameter_at(debugger, address) is not None:
        raise AddressError(
            _("{address} is a parameter: it was read from a file, and nothing computed it").format(address=address)
        )
    return Subject(debugger.here.matches(address), address.selectors)


class Scope(NamedTuple):
    """How many records of a pass were checked; ``address`` is that of the first, with its selectors."""

    address: Address
    records: int


def _scope(subject: Subject) -> Scope:
    first = subject.records[0]
    return Scope(replace(Address.of(first.address, first.at), selectors=subject.selectors), len(subject.records))


def _in_words(scopes: Sequence[Scope]) -> str:
    """What was checked."""
    first, last, count = scopes[0], scopes[-1], sum(scope.records for scope in scopes)
    if count == 1:
        return str(first.address)
    begun, ended = first.address.at, last.address.at
    if first is last:
        return _("step @{n}: {count} records").format(n=str(begun).removeprefix("@"), count=count)
    return _("steps {first} to {last}: {count} records").format(first=begun, last=ended, count=count)
