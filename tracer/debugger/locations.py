"""What an address means from where the cursor stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from itertools import count, takewhile
from typing import Any

from ..addresses import Address, At, UnknownAddressError, matching
from ..dataclass import dataclass
from ..errors import AddressError, SelectorError
from ..i18n import _
from ..tape import Record, Tape
from ..tensor import Parameter, Tensor
from ..trace import Trace
from ..work import work
from .cursor import Cursor
from .earlier import Earlier
from .history import History
from .runs import no_run


def performed(run: Trace, number: float) -> bool:
    """Whether a run has a step of this number; what comes before it, and the step itself, is performed for it."""
    if run.computed < number:
        missing = takewhile(lambda step: step <= number and run.goes_on, count(run.computed + 1))
        total = int(number) - run.computed if number < math.inf else 0
        for step in work(missing, _("steps"), total):
            run.step(step)
    return number <= run.computed


@dataclass(frozen=True)
class Here:
    """A place in a run, from which shortened addresses are looked up outwards and expressions are evaluated.

    ``frame`` counts the scopes between the record and the one to begin with; ``history`` has the values printed so far.
    ``runs`` are those that addresses may name, by number.
    """

    run: Trace
    cursor: Cursor
    frame: int = field(default=0, kw_only=True)
    history: History = field(default_factory=History, kw_only=True, compare=False)
    runs: Mapping[int, Trace] = field(default_factory=dict, kw_only=True, compare=False)

    @property
    def record(self) -> Record | None:
        """The record under the cursor, None before the first one."""
        return self.run.step(self.cursor.step).records[self.cursor.index - 1] if self.cursor.index else None

    @property
    def scope(self) -> str:
        """The modules around the record, as a dotted path; without the innermost ``frame`` of them."""
        return ".".join(self.record.address.split(".")[: -1 - self.frame]) if self.record else ""

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.cursor.step

    @property
    def token(self) -> str | None:
        """The piece that the step yields, None for the encoder's pass and where the output is given."""
        return next((token.piece for token in self.run.tokens if token.step == self.step), None)

    @property
    def text(self) -> str:
        """The output up to the record, the token of a step only where that is done; all of an output that was given."""
        seen = self.step if self.cursor.index >= self.run.step(self.step).turn else self.step - 1
        chosen = [token.text for token in self.run.tokens if token.step <= seen]
        return chosen[-1] if chosen else self.run.text if self.run.teacher_forced else ""

    def earlier(self, wanted: Earlier) -> Any:
        """A value that was printed, cut by selectors; raises as `History.find` and `Tensor.select` do."""
        value = self.history.find(wanted)
        if not wanted.selectors:
            return value
        if not isinstance(value, Tensor):
            raise SelectorError(_("{name} is no tensor; leave the selectors out").format(name=wanted.text))
        return value.select(wanted.selectors)

    def every_step(self, address: Address) -> Sequence[int]:
        """The numbers of all steps of the run that an address names, which is performed to its end."""
        run = self.run_of(address)
        while not run.ended:
            run.step(run.computed + 1)
        return range(run.first, run.computed + 1)

    def lookup(self, address: Address) -> list[Tensor]:
        """The tensors at an address, cut by its selectors; several only for globs. Raises as `operands` does."""
        return [_cut(tensor, address) for tensor in self.operands(address).values()]

    def operands(self, address: Address) -> dict[str, Tensor]:
        """The outputs or the parameters that an address stands for, by their own names; several only for globs.

        Raises:
            AddressError: it stands for neither; or as `find` does.
        """
        if (exact := self._exact(address)) is not None:
            return {address.path: exact}
        try:
            return {record.output.address: record.output for record in self.recorded(address)}
        except AddressError:
            if trained := self.parameters(address):
                return dict(trained)
            raise

    def recorded(self, address: Address) -> Sequence[Record]:
        """As `matches`, for where a parameter may have been meant as well."""
        try:
            return self.matches(address)
        except UnknownAddressError as error:
            raise UnknownAddressError(error.path, [*error.known, *self.run.parameters.names]) from None

    def parameters(self, address: Address) -> dict[str, Parameter]:
        """The parameters that an address stands for, by name: in full, or shortened where nothing recorded is meant.

        Raises:
            AddressError: it stands for several, and has no ``*``; or there is no such run.
        """
        if (exact := self._exact(address)) is not None:
            return {address.path: exact}
        if address.step is not None or not address.path or self._is_recorded(address):
            return {}
        return self.run_of(address).parameters.find(address.path)

    def _exact(self, address: Address) -> Parameter | None:
        """The parameter whose full name an address is."""
        return self.run_of(address).parameters.get(address.path) if address.step is None else None

    def _is_recorded(self, address: Address) -> bool:
        try:
            return bool(self.matches(address))
        except AddressError:
            return False

    def find(self, address: Address) -> Record:
        """The record at an address; without a step it lies in the cursor's, or in @0 for a path in the encoder.

        Raises:
            AddressError: nothing stands there, or several records do; or there is no such run.
        """
        number, run = self.step_of(address), self.run_of(address)
        tape = run.at(At(number, address.beam))
        try:
            return tape.resolve(_within_step(address), self.scope)
        except AddressError as error:
            hint = self._hint(address, tape)
            if not hint:
                raise
            raise AddressError(f"{error}{hint}") from None

    def _hint(self, address: Address, tape: Tape) -> str:
        """What an address may have been meant for that does not stand for a record of a step."""
        if address.step is None and tape.number == 0 and self.places(address, 1):
            return _(" (the decoder's passes begin at @1: write @1:{path})").format(path=_within_step(address))
        if address.path == "loss" and not self.run_of(address).teacher_forced:
            return _(" (it is recorded in a run whose output is given: set target TEXT)")
        if address.path and self.run_of(address).parameters.find(address.path):
            return _(" (that is a parameter, which lies in no step: p {path} shows it)").format(path=address.path)
        return ""

    def matches(self, address: Address) -> Sequence[Record]:
        """Every record that an address stands for, several only if it has globs; raises as `find` does for none."""
        if not address.is_glob or address.beam is not None:
            return [self.find(address)]
        number = self.step_of(address)
        tape = self.run_of(address).step(number)
        records = [tape.records[place.index - 1] for place in self.places(address, number)]
        if not records:
            hint = "" if "**" in address.path else _("; * is one segment of a path, ** any number")
            raise AddressError(
                _("nothing in step @{n} matches {path}{hint}").format(n=number, path=address.path, hint=hint)
            )
        return records

    def places(self, address: Address, number: int) -> list[Cursor]:
        """Where an address stands in a step, in order; nowhere if the step does not come."""
        run = self.run_of(address)
        if not performed(run, number):
            return []
        tape = run.step(number)
        if address.record is not None:
            return [Cursor(number, address.record)] if 1 <= address.record <= len(tape) else []
        paths = matching(address.path, tape.addresses, self.scope)
        return sorted({Cursor(number, tape.find(path).index) for path in paths})

    def run_of(self, address: Address) -> Trace:
        """The run in which an address lies.

        Raises:
            AddressError: there is no run of that number.
        """
        if address.run is None:
            return self.run
        runs = self.runs or {0: self.run}
        if address.run not in runs:
            raise AddressError(no_run(address.run, runs))
        return runs[address.run]

    def step_of(self, address: Address) -> int:
        """The number of the step in which an address lies; raises as `run_of` does."""
        run = self.run_of(address)
        if address.step is not None:
            return address.step
        inside_encoder = address.path and "encoder".startswith(address.path.partition(".")[0])
        return 0 if inside_encoder and run.first == 0 else self.cursor.step


def _cut(tensor: Tensor, address: Address) -> Tensor:
    """What an address leaves of a tensor; of several, the one that it does not fit is named."""
    try:
        return tensor.select(address.selectors)
    except SelectorError as error:
        if not address.is_glob:
            raise
        raise SelectorError(f"{tensor.address}: {error}") from None


def _within_step(address: Address) -> Address:
    return replace(address, run=None, step=None, beam=None, selectors=())
