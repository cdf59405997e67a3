"""A performed step as the stops look at it: every shortened address in it is matched once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...addresses import Address, matching, resolve
from ...dataclass import dataclass
from ...errors import AddressError
from ...namedtuple import NamedTuple
from ...tape import Record, Tape
from ...trace import Trace
from ..cursor import Cursor
from ..history import History
from ..locations import Here


class Layout:
    """The addresses of one kind of step, and what shortened ones stand for among them."""

    def __init__(self, tape: Tape) -> None:
        self._indices = {address: tape.find(address).index for address in tape.addresses}
        self._found: dict[tuple[str, str], tuple[int, ...]] = {}
        self._trained: dict[Address, bool] = {}

    def indices(self, path: str, scope: str = "") -> tuple[int, ...]:
        """The records that a path stands for, looked up outwards from a scope; none where it is ambiguous."""
        key = (path, scope)
        if key not in self._found:
            self._found[key] = tuple(sorted({self._indices[name] for name in self._names(*key)}))
        return self._found[key]

    def is_trained(self, address: Address, here: Here) -> bool:
        """Whether an address is that of a parameter, and of nothing recorded in any scope."""
        if address not in self._trained:
            recorded = matching(f"**.{address.path}", self._indices) if address.path else []
            self._trained[address] = not recorded and bool(here.parameters(address))
        return self._trained[address]

    def _names(self, path: str, scope: str) -> Sequence[str]:
        names = matching(path, self._indices, scope)
        if not names or Address(path).is_glob:
            return names
        try:
            return (resolve(path, tuple(self._indices), scope),)
        except AddressError:
            return ()


class Layouts:
    """The layouts met so far; steps of one kind share theirs.

    ``history`` are the values printed, ``runs`` those that addresses may name.
    """

    def __init__(self, history: History, runs: Mapping[int, Trace] = MappingProxyType({})) -> None:
        self._known: dict[Sequence[str], Layout] = {}
        self.history = history
        self.runs = runs

    def sealed(self, run: Trace, number: int) -> Sealed:
        """A step of a run, which is performed for it; raises as `Trace.step` does."""
        tape = run.step(number)
        addresses = tape.addresses
        if addresses not in self._known:
            self._known[addresses] = Layout(tape)
        return Sealed(run, tape, self._known[addresses], self)


class Sealed(NamedTuple):
    """A performed step of a run."""

    run: Trace
    tape: Tape
    layout: Layout
    layouts: Layouts

    @property
    def number(self) -> int:
        """The number of the step."""
        return self.tape.number

    @property
    def last(self) -> int:
        """The index of its last record."""
        return len(self.tape)

    @property
    def before(self) -> Sealed:
        """The step before it; raises `AddressError` where it is the first."""
        return self.layouts.sealed(self.run, self.number - 1)

    def at(self, index: int) -> Tested:
        """The place of one of its records."""
        return Tested(self.run, Cursor(self.number, index), self, history=self.layouts.history, runs=self.layouts.runs)

    def indices(self, address: Address, scope: str = "") -> Sequence[int]:
        """The records of this step that an address stands for, whichever step it names."""
        if address.record is None:
            return self.layout.indices(address.path, scope)
        return (address.record,) if 1 <= address.record <= self.last else ()

    def inside(self, addresses: Sequence[Address]) -> tuple[Address, ...] | None:
        """Those addresses that lie in this step; None if one lies in a later one. Parameters lie in none."""
        here = self.at(self.last)
        addresses = [address for address in addresses if not self.layout.is_trained(address, here)]
        numbers = [here.step_of(address) for address in addresses]
        if any(number > self.number for number in numbers):
            return None
        return tuple(address for address, n in zip(addresses, numbers, strict=True) if n == self.number)


@dataclass(frozen=True)
class Tested(Here):
    """A record at which it is tested whether to stop. What it looks up is what any `Here` would find there."""

    sealed: Sealed

    @property
    def record(self) -> Record:
        """The record being tested."""
        return self.sealed.tape.records[self.cursor.index - 1]

    def find(self, address: Address) -> Record:
        """The record at an address; raises as `Here.find` does."""
        return self._matched(address)[0] if self._is_inside(address) else super().find(address)

    def matches(self, address: Address) -> Sequence[Record]:
        """Every record that an address stands for; raises as `Here.matches` does."""
        return self._matched(address) if self._is_inside(address) else super().matches(address)

    def ahead(self, addresses: Sequence[Address]) -> Address | None:
        """The first of some addresses that stands for what is still to come, and does not name it by its whole path."""
        return next((each for each in addresses if self._indices(each) and not self._performed(each)), None)

    def whole_path(self, address: Address) -> str:
        """The full name of the first record that an address stands for in this step."""
        return self.sealed.tape.records[self._indices(address)[0] - 1].address

    def _matched(self, address: Address) -> list[Record]:
        return [self.sealed.tape.records[i - 1] for i in self._performed(address)]

    def _is_inside(self, address: Address) -> bool:
        """Whether a path stands for something in this very step."""
        return bool(self._performed(address))

    def _performed(self, address: Address) -> Sequence[int]:
        """The records of this step that an address stands for; by a name looked up from here, those so far."""
        found = self._indices(address)
        is_whole = found == self.sealed.layout.indices(address.path)
        return found if is_whole else [index for index in found if index <= self.cursor.index]

    def _indices(self, address: Address) -> Sequence[int]:
        is_elsewhere = self.run_of(address) is not self.run or self.step_of(address) != self.sealed.number
        if address.record is not None or is_elsewhere:
            return ()
        return self.sealed.layout.indices(address.path, self.scope)
