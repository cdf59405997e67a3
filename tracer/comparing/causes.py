"""Mistakes tried, one after the other, on what led to a difference: those that account for it are its causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..dataclass import dataclass
from ..edits import Call, edit
from ..errors import TraceError
from ..i18n import _
from ..mistakes import Mistake, Restated
from ..mistakes.mistake import EVERYWHERE
from ..mistakes.precision import ROUND, Precision
from ..ops.attention import is_hidden
from ..run import Run
from ..tape import Record
from ..tensor import Tensor
from ..work import work
from .agreement import Agreement
from .contrast import Contrast, contrast
from .held import NONE, Held
from .matching import Match
from .rounding import UNITS, seen
from .segments import Altered, Key, Segment, Sources

STORED = {"bf16": "BF16", "f16": "F16"}
"""Types by the names that mistakes of precision have for them."""

MANY, MUCH = 5000, 1e10
"""So many operations, and multiplications, it takes at most to try a mistake in one place after the other."""

FAR = 2.0**14
"""So many roundings of the largest number can't be all of a difference, whatever it comes of."""


class Cause(NamedTuple):
    """A mistake that explains a difference: the address where it was made, and the largest difference then and now.

    ``contrast`` is what it does otherwise there, where that can be said in a line.
    """

    mistake: Mistake
    address: str
    before: float
    after: float
    contrast: Contrast | None = None

    @property
    def otherwise(self) -> str:
        """What is otherwise there, ``here eps = 1e-05; there 1e-06``; nothing where it takes more than a line."""
        return self.contrast.told if self.contrast else ""


@dataclass(frozen=True, eq=False)
class Scene:
    """A tensor that differs, and the ``segment`` that leads to it from what agrees."""

    agreement: Agreement
    match: Match
    key: Key
    segment: Segment

    @cached_property
    def computed(self) -> Tensor:
        """What comes of the segment here."""
        return self.segment.result

    @cached_property
    def before(self) -> Held:
        """How far theirs is from that."""
        return self.agreement.against(self.match, self.computed.array, NONE)

    @property
    def theirs(self) -> Tensor | None:
        """Theirs, with what is computed here where padding stands; None where the dump has not every number."""
        if not self.match.is_whole:
            return None
        kept = self.agreement.kept(self.match.record)
        return self.computed.replaced(np.where(kept, self.match.theirs, self.computed.array))

    def against(self, segment: Segment, unit: float) -> Held | None:
        """Theirs against what comes of another segment, with what rounding may do there; None for another shape."""
        output = segment.result
        if output.shape != self.computed.shape:
            return None
        found = self.agreement.against(self.match, output.array, NONE)
        finite = np.abs(output.array[np.isfinite(output.array) & ~is_hidden(output.array)])
        if found.largest > FAR * unit * max(1.0, float(finite.max(initial=0.0))):
            return found
        kept = self.agreement.kept(self.match.record)
        return self.agreement.against(self.match, output.array, seen(segment, output, kept, unit))

    def restated(self, mistake: Restated) -> Segment | None:
        """The same stretch of a model with another configuration; None where there is none."""
        run = self.agreement.run
        try:
            other = replace(run, model=mistake.changed(run.model, edit(EVERYWHERE, mistake)))
        except TraceError:
            return None
        sources = Sources(_performed(other, run))
        return sources.segment(self.key, self.segment.given) if self.key in sources.records else None

    def contrast(self, mistake: Mistake, record: Record) -> Contrast | None:
        """What a mistake does otherwise where it is made."""
        if isinstance(mistake, Restated):
            config = self.agreement.run.model.config
            settings = ((key, getattr(config, key), value) for key, value in mistake.settings(config).items())
            return next((Contrast(*one) for one in settings), None)
        here = Call.of(record)
        there = mistake.wrong(here)
        return contrast(here, there) if there else None


def _performed(run: Run, like: Run) -> Run:
    """A run with the steps that another has."""
    for number in like.numbers:
        run.step(number)
    return run


def tried(scene: Scene, mistakes: Iterable[Mistake]) -> tuple[list[Cause], Mapping[str, float]]:
    """The mistakes that account for a difference, and for all that could be made there the largest difference left."""
    causes, left = list[Cause](), dict[str, float]()
    for mistake in work([*mistakes], _("mistakes tried")):
        found = [(record, held) for record, held in _trials(scene, mistake) if held is not None]
        if found:
            left[str(mistake)] = min(held.largest for _record, held in found)
            fits = [pair for pair in found if pair[1].holds and pair[1].largest < scene.before.largest / 2]
            causes += [_cause(scene, mistake, record, held) for record, held in fits[-1:]]
    return sorted(causes, key=lambda cause: cause.after), dict(sorted(left.items(), key=lambda pair: pair[1]))


def _cause(scene: Scene, mistake: Mistake, record: Record, held: Held) -> Cause:
    told = scene.contrast(mistake, record)
    return Cause(mistake, record.output.address, scene.before.largest, held.largest, told)


def _trials(scene: Scene, mistake: Mistake) -> Iterator[tuple[Record, Held | None]]:
    """A mistake made wherever it can be, then in one place alone; with the first, and how far theirs is from that."""
    for record, segment in _made(scene, mistake):
        yield record, scene.against(segment, _unit(scene, mistake))


def _unit(scene: Scene, mistake: Mistake) -> float:
    """How much one rounding is: of numbers with no more digits than a mistake leaves, one of those."""
    if isinstance(mistake, Precision) and scene.match.is_whole:
        theirs = scene.match.theirs
        if np.array_equal(ROUND[mistake.variant](theirs), theirs, equal_nan=True):
            return UNITS[STORED[mistake.variant]]
    return scene.agreement.unit


def _made(scene: Scene, mistake: Mistake) -> Iterator[tuple[Record, Segment]]:
    if isinstance(mistake, Restated):
        if (segment := scene.restated(mistake)) is not None:
            yield scene.match.record, segment
        return
    segment = scene.segment
    places = {key: record for key, record in segment.keyed if mistake.wrong(Call.of(record)) is not None}
    is_little = len(places) * segment.cost <= MUCH and len(places) * len(segment.records) <= MANY
    alone = [{key} for key in reversed(places)] if is_little and len(places) > 1 else []
    for made in [{*places}, *alone] if places else []:
        first = next(record for key, record in places.items() if key in made)
        yield first, Altered(segment.records, segment.given, segment, made, mistake.wrong)
