"""Where two implementations part, and what explains it."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from ..dataclass import dataclass
from ..i18n import Message
from ..mistakes import Mistake, mistake, names
from ..tensor import Tensor
from .agreement import Agreement
from .causes import Cause, Scene, tried
from .check import Check
from .clues import clues
from .matching import Match
from .segments import Key

UNKNOWN = "unknown"
"""The cause where no mistake of the catalogue explains a difference."""


MOST_OTHERS = 12
"""Of so many further tensors that differ of their own, the mistakes are looked for."""


class Other(NamedTuple):
    """A further tensor that differs of its own, by its address, and the mistake that explains it, if one does."""

    address: str
    mistake: Mistake | None


@dataclass(frozen=True)
class Verdict:
    """The first ``check`` that differs of its own, and the ``causes`` that explain it, the likeliest first.

    ``suspects`` are the addresses of the operations that may be the ones: the last of them is of the check, and what
    the first of them comes of agrees. ``left`` has for every mistake that was tried the largest difference that it
    leaves; ``known`` is what there is to say of the difference where none explains it. The ``others`` are those after
    it that add to the difference. ``scene`` is what led to it.
    """

    check: Check
    suspects: Sequence[str]
    causes: Sequence[Cause]
    left: Mapping[str, float]
    known: Sequence[Message] = ()
    others: Sequence[Other] = ()
    scene: Scene | None = field(default=None, repr=False)

    @property
    def beside(self) -> tuple[Tensor, Tensor] | None:
        """What comes of their inputs here, and theirs, where the dump has every number of it."""
        if self.scene is None or self.scene.theirs is None:
            return None
        return self.scene.computed, self.scene.theirs

    @property
    def address(self) -> str:
        """The address of the first operation that differs, with the pass."""
        return self.causes[0].address if self.causes else self.check.address

    @property
    def first(self) -> str:
        """The same without the pass, which its stack says."""
        return self.address.rpartition(":")[2]

    @property
    def cause(self) -> str:
        """The mistake that explains it, by its key in the catalogue."""
        return self.causes[0].mistake.name if self.causes else UNKNOWN


def verdict(checks: Sequence[Check], agreement: Agreement, rounded: str | None = None) -> Verdict | None:
    """Where a pass first differs, and why; None where nothing does. ``rounded`` as in `Comparison`.

    Mistakes are tried on what the first operation that differs was given there; where the dump has not that, on ours.
    """
    adding = [check for check in checks if check.state == "adds" and check.given is agreement.of and check.is_record]
    scenes = [(check, scene) for check in adding if (scene := _scene(agreement, check)) is not None]
    if not scenes:
        odd = [check for check in checks if not check.holds]
        return _of_shape(odd[0]) if odd else None
    check, scene = scenes[0]
    if rounded:
        return _rounded(check, scene, mistake(f"precision {rounded}"))
    scene, causes, left = _explained(agreement, check, scene)
    before = next(check for check in checks if not check.holds)
    if not causes and not before.compared:
        return _of_shape(before)
    again = [cause.mistake for cause in causes]
    others = {other.key: other for _check, other in scenes[1:] if other.key != scene.key}
    further = [_other(other, again) for other in list(others.values())[:MOST_OTHERS]]
    suspects = [record.output.address for record in scene.segment.records]
    return Verdict(check, suspects, causes, left, _known(scene, causes), further, scene)


def _of_shape(check: Check) -> Verdict:
    """That a tensor is of another shape, or other ids were decoded."""
    return Verdict(check, [check.address], [], {})


def _other(scene: Scene, again: Sequence[Mistake]) -> Other:
    """What explains a further difference: one of the mistakes that explain the first, or another."""
    causes = tried(scene, again)[0] or tried(scene, _every(scene.agreement))[0]
    found = causes[0] if causes else None
    return Other(found.address if found else scene.match.record.output.address, found and found.mistake)


def _rounded(check: Check, scene: Scene, fewer: Mistake) -> Verdict:
    """That nothing but fewer digits makes a difference, here and after."""
    causes, left = tried(scene, [fewer])
    suspects = [record.output.address for record in scene.segment.records]
    known = causes or [Cause(fewer, suspects[0], scene.before.largest, left[str(fewer)])]
    return Verdict(check, suspects, known, left, scene=scene)


def _explained(agreement: Agreement, check: Check, scene: Scene) -> tuple[Scene, list[Cause], Mapping[str, float]]:
    """The causes of a difference, and what each mistake leaves of it.

    Where none is found, they are tried once more on a longer stretch, which begins at what surely agrees: the same
    figures may be of other numbers, or of the same in another order.
    """
    every = _every(agreement)
    causes, left = tried(scene, every)
    longer = None if causes else _scene(agreement, check, agreement.sure)
    if longer is None or len(longer.segment.records) == len(scene.segment.records):
        return scene, causes, left
    found, left_there = tried(longer, every)
    return (longer, found, left_there) if found else (scene, causes, left)


def _known(scene: Scene, causes: Sequence[Cause]) -> Sequence[Message]:
    """What there is to say of a difference that nothing explains."""
    if causes or not scene.match.is_whole:
        return []
    return clues(scene.computed, scene.match.theirs, scene.agreement.kept(scene.match.record))


def _every(agreement: Agreement) -> Sequence[Mistake]:
    """The catalogue, for the model that was compared."""
    return [mistake(name, agreement.run.model.named) for name in names()]


def _scene(agreement: Agreement, check: Check, among: Container[Key] | None = None) -> Scene | None:
    """What a difference comes of: from what the dump has every number of, or what agrees, to the tensor.

    It is enough that something agrees, or it must be ``among`` some records.
    """
    found = ((key, match) for key, match in agreement.matches if _is_of(check, match))
    key, match = next(found)
    if match.layout is None:
        return None
    ends = {there for there in _agreeing(agreement, key) if among is None or there in among}
    segment = agreement.sources.segment(key, agreement.given, ends)
    return Scene(agreement, match, key, segment)


def _is_of(check: Check, match: Match) -> bool:
    return match.entry.name == check.name and match.record.address == check.path


def _agreeing(agreement: Agreement, key: Key) -> Collection[Key]:
    return {there for there, agrees in agreement.agrees.items() if agrees and there != key}
