"""The parameters of a checkpoint, each accounted for before any is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from functools import cached_property
from itertools import zip_longest

from ..arithmetic import Leaf
from ..dataclass import dataclass
from ..decisions import PARAMETERS, Decisions
from ..errors import InputError
from ..i18n import N_, Message, _
from ..listed import and_more
from ..models.layout import Layout
from ..tensor import Parameter
from .checkpoint import Checkpoint
from .memory import Reading, set_aside
from .stored import DType, Made, Stored


@dataclass(frozen=True)
class Contents:
    """The ``tensors`` that a layout has places for, under its names, and why the others are ``ignored``."""

    layout: Layout
    tensors: Mapping[str, Stored]
    ignored: Mapping[str, Message]

    def read(self, dtype: DType, reading: Reading) -> dict[str, Parameter]:
        """The parameters, as numbers of ``dtype``; they are read on first use, and ``reading`` is told how that goes.

        Raises:
            InputError: the machine has too little memory.
        """
        rooms = set_aside(self.tensors, dtype, reading, self.layout.orders(self.tensors))
        return {
            name: self.layout.parameter(name, stored.name, rooms[name].array, rooms[name])
            for name, stored in self.tensors.items()
        }

    def made(self, cell: Leaf) -> Made | None:
        """How a cell of a parameter is made of what its file holds; None where it stands there as it is."""
        stored = self._by_name.get(cell.path)
        return None if stored is None else stored.made(cell.index)

    @cached_property
    def _by_name(self) -> Mapping[str, Stored]:
        """The tensors under the names that their files have for them."""
        return {stored.name: stored for stored in self.tensors.values()}

    def tell(self, parameters: Mapping[str, Parameter], decisions: Decisions) -> None:
        """Say which tensors were taken for which parameters, and where the numbers are, as what."""
        self.layout.tell(parameters, decisions)
        decisions.take(PARAMETERS, numbers_told(self.tensors.values()))


Spare = Callable[[Stored, Stored], Message | None]
"""Why the second of two tensors that may be one is not needed, None if it is."""


def copied(first: Stored, other: Stored) -> Message | None:
    """As the numbers have it, which are read as far as they agree."""
    return N_("a copy of {name}").format(name=first.name) if first.holds_the_same_as(other) else None


def may_be_a_copy(first: Stored, _other: Stored) -> Message:
    """As the shape has it: no number is read."""
    told = N_("taken for a copy of {name}; whether the two are equal is checked when the model opens")
    return told.format(name=first.name)


def account(checkpoint: Checkpoint, layout: Layout, spare: Spare = copied) -> Contents:
    """Every tensor of ``layout``, checked against the files: none missing, none left over, every shape as expected.

    ``spare`` tells the tensors of the files that are there more than once.

    Raises:
        InputError: naming the tensor, and both shapes where they differ.
    """
    found = _named(checkpoint.tensors.values(), layout)
    layout = layout.fitting(found)
    ignored = {name: why for name in found if name not in layout.slots and (why := layout.reason(found[name].name))}
    _account(checkpoint, layout, found.keys() - ignored.keys())
    used = {name: found[name] for name in layout.slots if name in found}
    for name, stored in used.items():
        _check(stored, layout.slots[name].shape, layout.sizes_by_default)
    copies = _copies(layout, used, spare)
    used = {name: stored for name, stored in used.items() if name not in copies}
    ignored |= copies
    return Contents(layout, used, {found[name].name: why for name, why in ignored.items()})


def numbers_told(tensors: Collection[Stored]) -> Message:
    """How many numbers there are, in which files, and stored as which types, the most frequent first."""
    files = sorted({stored.file.path.name for stored in tensors})
    types = Counter(stored.dtype for stored in tensors)
    several = N_("{n:,} numbers in {count} files, {first} and so on, stored as {types}")
    told = several if len(files) > 1 else N_("{n:,} numbers in {first}, stored as {types}")
    named = ", ".join(kind for kind, _count in types.most_common())
    return told.format(n=sum(stored.size for stored in tensors), count=len(files), first=files[0], types=named)


def _copies(layout: Layout, used: Mapping[str, Stored], spare: Spare) -> Mapping[str, Message]:
    """The tensors that are there more than once, each with the reason why it is not the one that is read."""
    found: dict[str, Message] = {}
    for shared in layout.shares:
        first = shared.first(used)
        for name in shared.others(used):
            if why := spare(used[first], used[name]):
                found[name] = why
    return found


def _named(tensors: Iterable[Stored], layout: Layout) -> Mapping[str, Stored]:
    """The tensors under the names that the layout has for them."""
    found: dict[str, Stored] = {}
    for stored in tensors:
        other = found.setdefault(layout.named(stored.name), stored)
        if other is not stored:
            raise stored.file.error(
                _("tensors {first} and {second} are the same parameter").format(first=other.name, second=stored.name)
            )
    return found


def _account(checkpoint: Checkpoint, layout: Layout, found: Set[str]) -> None:
    for names, message in (
        (layout.missing(found), _("{path}: tensor {name} is missing{more}")),
        (layout.surplus(found), _("{path}: tensor {name} is unknown to this architecture{more}")),
    ):
        if names:
            more = and_more(len(names) - 1) + _unstated(layout.layers_by_default)
            raise InputError(message.format(path=checkpoint.listing, name=min(names), more=more))


def _unstated(by_default: Mapping[str, int]) -> str:
    """Which values are what they are by default, as nothing is stated."""
    told = _("; config.json does not state {keys}")
    keys = ", ".join(_("{key} ({value} by default)").format(key=key, value=value) for key, value in by_default.items())
    return told.format(keys=keys) if keys else ""


def _check(stored: Stored, expected: tuple[int, ...], by_default: Mapping[str, int]) -> None:
    if stored.shape != expected:
        odd = [size for size, found in zip_longest(expected, stored.shape) if size is not None and size != found]
        guilty = {key: value for key, value in by_default.items() if any(size % value == 0 for size in odd)}
        told = (
            _("tensor {name} is {found}; expected {expected}{keys}")
            if guilty
            else _("tensor {name} is {found}, and config.json says {expected}")
        )
        values = {"name": stored.name, "found": list(stored.shape), "expected": list(expected)}
        raise stored.file.error(told.format(**values, keys=_unstated(guilty)))
    if not stored.is_float:
        raise stored.file.error(
            _("tensor {name} is of type {dtype}; expected floating numbers").format(
                name=stored.name, dtype=stored.dtype
            )
        )
