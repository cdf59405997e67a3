"""The tapes that runs keep: as many as fit a budget; the others are performed again, the same, when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import NamedTuple
from weakref import ReferenceType, finalize, ref

from .addresses import GRADIENT, VIA, At
from .passes import Pass
from .tape import Dropped, Tape
from .tensor import Array


class Shelf:
    """Where the tapes of one run or of several stand, those touched longest ago dropped first.

    ``budget`` is in bytes of outputs; ``held`` are those that are there.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._kept: OrderedDict[tuple[int, At], Tape] = OrderedDict()
        self._owners = count()

    def owner(self, whose: object) -> int:
        """A number for whose tapes are to stand here; they are dropped with it."""
        number = next(self._owners)
        finalize(whose, _drop_all, ref(self), number).atexit = False
        return number

    def places(self, owner: int) -> list[At]:
        """Which tapes of an owner are there, the one touched last at the end."""
        return [place for number, place in self._kept if number == owner]

    def find(self, owner: int, place: At) -> Tape | None:
        """A tape, if it is there."""
        tape = self._kept.get((owner, place))
        if tape is not None:
            self._kept.move_to_end((owner, place))
        return tape

    def keep(self, owner: int, tape: Tape) -> None:
        """Take in a tape; one at least is kept, however large."""
        self._drop(owner, tape.at)
        self._kept[owner, tape.at] = tape
        self.held += tape.nbytes
        while self.held > self.budget and len(self._kept) > 1:
            self.held -= self._kept.popitem(last=False)[1].nbytes

    def drop_all(self, owner: int) -> None:
        """Drop the tapes of an owner."""
        for place in self.places(owner):
            self._drop(owner, place)

    def _drop(self, owner: int, place: At) -> None:
        if (tape := self._kept.pop((owner, place), None)) is not None:
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


class Again(NamedTuple):
    """A pass that was performed again for what is ``within`` a module, and went a ``way`` back from there, if any."""

    place: At
    within: tuple[str, ...]
    way: Way | None
    tape: Tape

    def has(self, place: At, within: tuple[str, ...], way: Way | None) -> bool:
        """Whether it has what is asked for."""
        return self.place == place and self.within == within and (way is None or way is self.way)


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
        self._again = Again(At(-1), (), None, Tape(-1))

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
        """An output that was not kept, from a pass that keeps the module around it; the last such pass is kept."""
        within = _around(path)
        if not self._again.has(wanted.place, within, way):
            tape = wanted.tape(room=0, recompute=partial(self._recomputed, wanted, way), within=within)
            self._perform(wanted, tape)
            if way is not None:
                self._append(wanted, tape, way)
            self._again = Again(wanted.place, within, way, tape)
        return self._again.tape.find(path).output.array

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


def _around(path: str) -> tuple[str, ...]:
    """What the paths in the module of a record, or of what it is the gradient of, begin with; and their gradients'."""
    of = path.removeprefix(GRADIENT).partition(VIA)[0]
    module, dot, _name = of.rpartition(".")
    return module + dot or of, GRADIENT + (module + dot or of)
