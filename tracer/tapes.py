"""The tapes that runs keep: as many as fit a budget; the others are performed again, the same, when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from itertools import count
from weakref import ReferenceType, finalize, ref

from .addresses import At
from .passes import Pass
from .tape import Tape
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
        self._kept[owner, tape.at] = tape
        self.held += tape.nbytes
        while self.held > self.budget and len(self._kept) > 1:
            self.held -= self._kept.popitem(last=False)[1].nbytes

    def drop_all(self, owner: int) -> None:
        """Drop the tapes of an owner."""
        for place in self.places(owner):
            self.held -= self._kept.pop((owner, place)).nbytes


def _drop_all(shelf: ReferenceType[Shelf], owner: int) -> None:
    there = shelf()
    if there is not None:
        there.drop_all(owner)


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
        self._again: tuple[tuple[At, str], Tape] = (At(-1), ""), Tape(-1)

    @property
    def places(self) -> list[At]:
        """Whose tapes are there, the one touched last at the end."""
        return self._shelf.places(self._owner)

    def begun(self, wanted: Pass) -> Tape:
        """A fresh tape; once it has filled half the budget, its further outputs are left to be recomputed."""
        known = None if self.earlier is None else self.earlier.there(wanted.place)
        return wanted.tape(known=known, room=self._shelf.budget / 2, recompute=partial(self._recomputed, wanted))

    def of(self, wanted: Pass) -> Tape:
        """The sealed tape of a pass, kept or performed again."""
        found = self.there(wanted.place)
        if found is None and self.earlier is not None and wanted.place.number < self.since:
            return self.earlier.of(wanted)
        if found is None:
            found = self.begun(wanted)
            self._perform(wanted, found)
            self.keep(found)
        return found

    def there(self, place: At) -> Tape | None:
        """The tape of a place, if it is kept."""
        if self.earlier is not None and place.number < self.since:
            return self.earlier.there(place)
        return self._shelf.find(self._owner, place)

    def keep(self, tape: Tape) -> None:
        """Seal a tape and take it in."""
        tape.seal()
        self._shelf.keep(self._owner, tape)

    def _recomputed(self, wanted: Pass, path: str) -> Array:
        """An output that was not kept, from a pass that keeps the module around it; the last such pass is kept."""
        module, dot, _name = path.rpartition(".")
        again = wanted.place, module + dot or path
        if again != self._again[0]:
            tape = wanted.tape(room=0, recompute=partial(self._recomputed, wanted), within=again[1])
            self._perform(wanted, tape)
            self._again = again, tape
        return self._again[1].find(path).output.array
