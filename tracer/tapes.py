"""The tapes that a run keeps: as many as fit its budget; the others are performed again, the same, when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from .addresses import At
from .passes import Pass
from .tape import Tape
from .tensor import Array


class Tapes:
    """Tapes by place, those touched longest ago dropped first.

    ``budget`` is in bytes of outputs; ``perform`` makes the tape of a pass.
    """

    def __init__(self, budget: int, perform: Callable[[Pass, Tape], object]) -> None:
        self.budget = budget
        self.held = 0
        self._perform = perform
        self._kept: OrderedDict[At, Tape] = OrderedDict()
        self._again: tuple[tuple[At, str], Tape] = (At(-1), ""), Tape(-1)

    @property
    def places(self) -> list[At]:
        """Whose tapes are there, the one touched last at the end."""
        return list(self._kept)

    def begun(self, wanted: Pass) -> Tape:
        """A fresh tape; once it has filled half the budget, its further outputs are left to be recomputed."""
        return wanted.tape(room=self.budget / 2, recompute=partial(self._recomputed, wanted))

    def of(self, wanted: Pass) -> Tape:
        """The sealed tape of a pass, kept or performed again."""
        if wanted.place not in self._kept:
            tape = self.begun(wanted)
            self._perform(wanted, tape)
            self.keep(tape)
        self._kept.move_to_end(wanted.place)
        return self._kept[wanted.place]

    def keep(self, tape: Tape) -> None:
        """Take in a sealed tape; one at least is kept, however large."""
        tape.seal()
        self._kept[tape.at] = tape
        self.held += tape.nbytes
        while self.held > self.budget and len(self._kept) > 1:
            self.held -= self._kept.popitem(last=False)[1].nbytes

    def _recomputed(self, wanted: Pass, path: str) -> Array:
        """An output that was not kept, from a pass that keeps the module around it; the last such pass is kept."""
        module, dot, _name = path.rpartition(".")
        again = wanted.place, module + dot or path
        if again != self._again[0]:
            tape = wanted.tape(room=0, recompute=partial(self._recomputed, wanted), within=again[1])
            self._perform(wanted, tape)
            self._again = again, tape
        return self._again[1].find(path).output.array
