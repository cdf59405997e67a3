"""The tapes that runs keep: as many as fit a budget; the others are performed again, the same, when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any
from weakref import ReferenceType, WeakValueDictionary, finalize, ref

from .addresses import GRADIENT, VIA, At
from .namedtuple import NamedTuple
from .passes import Pass
from .tape import Dropped, Tape
from .tensor import Array, Tensor

AGAIN = 2
"""Tapes of passes performed again that are kept at least."""


class Shelf:
    """Where the tapes of one run or of several stand, those touched longest ago dropped first.

    Beside them stand those of passes that were performed again for what others had dropped, one of an owner.
    ``budget`` is in bytes of outputs; ``held`` are those that are there.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._kept: OrderedDict[tuple[int, At], Tape] = OrderedDict()
        self._again: OrderedDict[int, Tape] = OrderedDict()
        self._owners = count()

    def owner(self, whose: object) -> int:
        """A number for whose tapes are to stand here; they are dropped with it."""
        number = next(self._owners)
        finalize(whose, _drop_all, ref(self), number).atexit = False
        return number

    def places(self, owner: int) -> list[At]:
        """Which tapes of an owner are there, the one touched last at the end."""
        return [place for number, place in list(self._kept) if number == owner]

    def find(self, owner: int, place: At) -> Tape | None:
        """A tape, if it is there."""
        tape = self._kept.get((owner, place))
        if tape is not None:
            self._kept.move_to_end((owner, place))
        return tape

    def keep(self, owner: int, tape: Tape) -> None:
        """Take in a tape; one at least is kept, however large."""
        self._put(self._kept, (owner, tape.at), tape)

    def again(self, owner: int) -> Tape | None:
        """The tape of an owner's pass that was performed again, if it is there."""
        return self._again.get(owner)

    def keep_again(self, owner: int, tape: Tape) -> None:
        """Take in the tape of a pass that was performed again; two at least are kept, as two runs are compared."""
        self._put(self._again, owner, tape)

    def drop_again(self, owner: int) -> None:
        """Drop the tape of an owner's pass that was performed again."""
        self._drop(self._again, owner)

    def _put(self, kept: OrderedDict[Any, Tape], key: Hashable, tape: Tape) -> None:
        self._drop(kept, key)
        kept[key] = tape
        self.held += tape.nbytes
        for one, least in ((self._again, AGAIN), (self._kept, 1)):
            while self.held > self.budget and len(one) > least:
                self._drop(one, next(iter(one)))

    def drop_all(self, owner: int) -> None:
        """Drop the tapes of an owner, and count what is left."""
        self._drop(self._again, owner)
        for place in self.places(owner):
            self._drop(self._kept, (owner, place))
        self.held = sum(tape.nbytes for tape in [*self._kept.values(), *self._again.values()])

    def _drop(self, kept: OrderedDict[Any, Tape], key: Hashable) -> None:
        """Drop a tape if it is there; what goes with it may drop others meanwhile, and is counted before it does."""
        if (tape := kept.pop(key, None)) is not None:
            self.held -= tape.nbytes


def _drop_all(shelf: ReferenceType[Shelf], owner: int) -> None:
    there = shelf()
    if there is not None:
        there.drop_all(owner)


class Way(NamedTuple):
    """A way back from a pass through those that it took something from, ``behind`` it in order.

    ``append`` puts the gradients on its tape, given the tapes of all of them, the pass's own last, with every output.
    """

    append: Callable[[Tape, Sequence[Tape]], None]
    behind: tuple[Pass, ...]


class Again:
    """What is asked for of a pass that is performed again, and goes a ``way`` back from there, if any: all in use."""

    def __init__(self, place: At, way: Way | None) -> None:
        self._place, self._way = place, way
        self._in_use: WeakValueDictionary[str, Array] = WeakValueDictionary()

    def is_of(self, place: At, way: Way | None) -> bool:
        """Whether it is this pass with this way back."""
        return self._place == place and self._way is way

    def find(self, path: str, tape: Tape | None) -> Array | None:
        """The numbers at a path, in use, or on a tape of the pass that keeps them."""
        found = self._in_use.get(path)
        record = tape.there(path) if tape is not None and found is None else None
        if record is not None and not isinstance(record.output, Dropped):
            found = self._in_use[path] = record.output.array
        return found


class EnoughError(Exception):
    """All that a pass is performed again for has been."""


class Around:
    """What is kept of a pass that is performed again for one output: that, and of its module what there is room for.

    What comes before it in the module has half of the room. The pass ends with the module where ``ends`` says so.
    ``nbytes`` are those that are kept.
    """

    def __init__(self, path: str, room: float, *, ends: bool) -> None:
        self._path, self._room, self._ends = path, room, ends
        self._module = _module(path)
        self._is_found = False
        self.nbytes = 0

    def __call__(self, output: Tensor, nbytes: int) -> bool:
        """Whether an output is kept, with which there are so many bytes; raises `EnoughError` at the end."""
        if self._ends and self._is_found and not output.path.startswith(self._module):
            raise EnoughError
        self._is_found = self._is_found or output.path == self._path
        is_kept = output.path == self._path or (_module(output.path) == self._module and nbytes <= self._room_now)
        self.nbytes = nbytes if is_kept else self.nbytes
        return is_kept

    @property
    def _room_now(self) -> float:
        return self._room if self._is_found else self._room / 2


class Tapes:
    """The tapes of a run, by place; ``perform`` makes the tape of a pass.

    Those of places before ``since`` are ``earlier`` ones, of the run that this is a branch of; from the others of that
    run, as far as they are there, is taken what is the same.
    """

    def __init__(self, shelf: Shelf, perform: Callable[[Pass, Tape], object]) -> None:
        self.earlier: Tapes | None = None
        self.since = 0
        self._shelf = shelf
        self._perform = perform
        self._owner = shelf.owner(self)
        self._ways: dict[At, Way] = {}
        self._again = Again(At(-1), None)

    @property
    def places(self) -> list[At]:
        """Whose tapes are there, the one touched last at the end."""
        return self._shelf.places(self._owner)

    def begun(self, wanted: Pass) -> Tape:
        """A fresh tape; once it has filled half the budget, its further outputs are left to be recomputed."""
        known = None if self.earlier is None else self.earlier.there(wanted.place)
        return wanted.tape(known=known, room=self._shelf.budget / 2, recompute=partial(self._recomputed, wanted, None))

    def of(self, wanted: Pass) -> Tape:
        """The sealed tape of a pass, kept or performed again."""
        found = self.there(wanted.place)
        if found is None and self.earlier is not None and wanted.place.number < self.since:
            return self.earlier.of(wanted)
        if found is None:
            found = self._made(wanted)
            self.keep(found)
        return found

    def _made(self, wanted: Pass) -> Tape:
        """The tape of a pass, performed, with the gradients that are to be on it."""
        tape, way = self.begun(wanted), self._ways.get(wanted.place)
        self._perform(wanted, tape)
        return tape if way is None else self._with_gradients(wanted, tape, way)

    def record_gradients(self, wanted: Pass, way: Way) -> Tape:
        """The tape of a pass, from now on with its gradients, in place of others that it may have had."""
        if self.earlier is not None and wanted.place.number < self.since:
            return self.earlier.record_gradients(wanted, way)
        tape = self.gradients_of(wanted, way)
        self._ways[wanted.place] = way
        self.keep(tape)
        return tape

    def gradients_of(self, wanted: Pass, way: Way) -> Tape:
        """A tape of a pass with its gradients, which is kept nowhere."""
        return self._with_gradients(wanted, self.of(wanted), way)

    def _with_gradients(self, wanted: Pass, made: Tape, way: Way) -> Tape:
        tape = made.continued(self._shelf.budget / 2, partial(self._recomputed, wanted, way))
        self._append(wanted, tape, way)
        return tape

    def there(self, place: At) -> Tape | None:
        """The tape of a place, if it is kept."""
        if self.earlier is not None and place.number < self.since:
            return self.earlier.there(place)
        return self._shelf.find(self._owner, place)

    def keep(self, tape: Tape) -> None:
        """Seal a tape and take it in."""
        tape.seal()
        self._shelf.keep(self._owner, tape)

    def _recomputed(self, wanted: Pass, way: Way | None, path: str) -> Array:
        """An output that was not kept, from a pass that keeps some of what is around it; the last such pass is kept."""
        way = way if path.startswith(GRADIENT) else None
        if not self._again.is_of(wanted.place, way):
            self._again = Again(wanted.place, way)
            self._shelf.drop_again(self._owner)
        found = self._again.find(path, self._shelf.again(self._owner))
        return self._performed_for(wanted, way, path) if found is None else found

    def _performed_for(self, wanted: Pass, way: Way | None, path: str) -> Array:
        """An output, from its pass performed again."""
        self._shelf.drop_again(self._owner)
        around = Around(path, self._shelf.budget / 2, ends=way is None)
        tape = wanted.tape(room=0, recompute=partial(self._recomputed, wanted, way), retains=around)
        with suppress(EnoughError):
            self._perform(wanted, tape)
        if way is not None:
            self._append(wanted, tape, way)
        tape.kept, tape.nbytes = {}, around.nbytes
        self._shelf.keep_again(self._owner, tape)
        found = self._again.find(path, tape)
        assert found is not None
        return found

    def _append(self, wanted: Pass, tape: Tape, way: Way) -> None:
        """Put the gradients of a way back on the tape of a pass."""
        kept = [*map(self.of, way.behind), tape]
        whole = [self._whole(one, there) for one, there in zip((*way.behind, wanted), kept, strict=True)]
        tape.behind = {there.at: there for there, all_of in zip(kept, whole, strict=True) if all_of is not there}
        way.append(tape, whole)
        tape.behind = {}

    def _whole(self, wanted: Pass, tape: Tape) -> Tape:
        """A tape of a pass with every output: the one there is, or another that is performed for it."""
        if not any(isinstance(record.output, Dropped) for record in tape.forward):
            return tape
        whole = wanted.tape()
        self._perform(wanted, whole)
        return whole


def _module(path: str) -> str:
    """What the paths in the module of a record begin with, or in that of what it is the gradient of."""
    of = path.removeprefix(GRADIENT).partition(VIA)[0]
    module, dot, _name = of.rpartition(".")
    return GRADIENT * path.startswith(GRADIENT) + module + dot
