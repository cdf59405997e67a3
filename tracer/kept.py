"""What is kept of passes: their records as far as they are there, and what to say of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from .addresses import Address, At, UnknownAddressError, matching
from .errors import AddressError
from .i18n import _
from .tape import Record, Tape
from .tensor import Array, Axis, Tensor


def numbers_not_kept(address: str) -> AddressError:
    """What is said of a record that a trace does not have."""
    return AddressError(_("{address} was not kept with this trace").format(address=address))


class Absent(Tensor):
    """A tensor of which only the axes are there; whoever asks for its numbers is told so."""

    __slots__ = ("_refused", "_shape")

    def __init__(
        self,
        shape: tuple[int, ...],
        dims: tuple[Axis, ...],
        path: str,
        at: At,
        refused: Callable[[str], AddressError] = numbers_not_kept,
    ) -> None:
        self.dims = dims
        self.path = path
        self.at = at
        self._shape = shape
        self._refused = refused

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def array(self) -> Array:  # type: ignore[override]
        """There are no numbers; raises `AddressError`."""
        raise self.refused()

    def refused(self) -> AddressError:
        """What there is to say of its numbers."""
        return self._refused(self.address)


class SecondName(NamedTuple):
    """A second name of the record at a path, and how many records were made before it was given."""

    name: str
    path: str
    after: int


def second_names(tape: Tape, kept: Collection[str]) -> list[SecondName]:
    """The second names on a tape, in order, where those of its records are kept that stand at some paths."""
    before = [0, *accumulate(int(record.address in kept) for record in tape)]
    names = tape.names if isinstance(tape, KeptTape) else list(_given(tape))
    return [name._replace(after=before[name.after]) for name in names]


def _given(tape: Tape) -> Iterator[SecondName]:
    made = 0
    for address in tape.addresses:
        path = tape.find(address).address
        made += path == address
        if path != address:
            yield SecondName(address, path, made)


class KeptTape(Tape):
    """Records that are there already; ``absent`` are the outputs of those that are not, by path."""

    def __init__(
        self, at: At, records: Sequence[Record], absent: Mapping[str, Absent], names: Sequence[SecondName] = ()
    ) -> None:
        super().__init__(*at)
        self.absent = dict(absent)
        self.names = names
        for place, record in enumerate(records):
            self._places[record.address] = place
            self.records.append(record)
            self._name(name for name in names if name.after == place + 1)
        self._name(name for name in names if not 0 < name.after <= len(records))

    def _name(self, names: Iterable[SecondName]) -> None:
        for name, path, _after in names:
            if path in self._places:
                self._places[name] = self._places[path]
            else:
                self.absent[name] = self.absent[path]

    def find(self, path: str) -> Record:
        if path in self.absent:
            raise self.absent[path].refused()
        return super().find(path)

    def resolve(self, address: Address, scope: str = "") -> Record:
        try:
            return super().resolve(address, scope)
        except UnknownAddressError:
            self._refuse(address, scope)
            raise

    def _refuse(self, address: Address, scope: str) -> None:
        """Say so where an address stands for what is not there."""
        for path in matching(address.path, self.absent, scope):
            raise self.absent[path].refused() from None
