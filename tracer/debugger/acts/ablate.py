"""``ablate``: without what a head, a sublayer or a layer contributes."""

from __future__ import annotations

from collections.abc import Iterator

from ...addresses import At
from ...domains import meant
from ...edits import Average, Beside, Constant, Value, edit
from ...run import live
from ...stream import additions
from ...trace import Trace
from ..locations import Here
from .act import Act, Builder
from .patch import FROM, patch

ZERO, MEAN = "zero", "mean"
OUTPUT = "output"
"""What a sublayer and a layer hand on."""


class Ablate(Act):
    """Puts 0 in its place, the mean over all positions, or what another run has; of a layer its input in place of 0."""

    name = "ablate"
    takes = f"[zero|mean|{patch.takes}]"
    of_module = OUTPUT

    def reading(self, options: str, here: Here) -> Builder:
        if options.partition(" ")[0] == FROM:
            return patch.reading(options, here)
        if meant(options or ZERO, (ZERO, MEAN)) == ZERO:
            return lambda place: [edit(place, nothing(here.run, place.path))]
        return lambda place: [edit(place, average(here.run, here.step))]


ablate = Ablate()


def nothing(run: Trace, path: str) -> Value:
    """What a record has where its module contributes nothing: 0, and what a layer hands on is what it is given."""
    given = _given(run, path)
    return Constant(0.0) if given is None else Beside(given)


def average(run: Trace, last: int) -> Value:
    """The mean over all positions that a run has read, up to a step."""
    return Average(run, sorted(_each_once(run, last)))


def _given(run: Trace, path: str) -> str | None:
    """What a layer reads, by path; None of what is no layer."""
    scope, _dot, name = path.rpartition(".")
    for number in run.begins.values():
        tape = run.step(number)
        if name == OUTPUT and path in tape.addresses and tape.find(path).address != path:
            return next((record.inputs[0].path for record in additions(tape, scope)), None)
    return None


def _each_once(run: Trace, last: int) -> Iterator[At]:
    """Passes that have between them every position of each text once."""
    first: dict[str, int] = {}
    for number in reversed(range(run.first, last + 1)):
        here = live(run, "ablate").pass_at(At(number))
        if first.get(here.kind) != 0:
            first[here.kind] = here.start
            yield here.place
