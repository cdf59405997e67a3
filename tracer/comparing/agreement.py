"""The tensors of a dump against the records of a run: which agree, which add to a difference, and which inherit one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from ..addresses import At
from ..derive import derive
from ..differences import sizes
from ..dumps.evidence import Values
from ..i18n import N_, Message, _
from ..mistakes.precision import ROUND
from ..ops.attention import is_hidden
from ..run import Run
from ..tape import Record
from ..tensor import Array, Tensor
from ..unhidden import unhidden
from ..work import work
from .check import Check, State
from .given import Pass
from .held import FEW, NOTHING, STORED, Held, Noise, apart, distances, held, shown
from .layouts import Layout
from .matching import Match
from .rounding import SAFETY, UNITS, from_the_beginning, least, seen
from .segments import Key, Segment, Sources, key_of

OF_KEYS = ("mask", "masked", "weights")
"""Records that say of every key whether it is looked at, be it padding or not."""

MUCH = 1 << 24
"""multiplications; what costs more is not performed again with other roundings if one accounts for every difference"""


class Agreement:
    """The matches of a pass, held against its records one after the other.

    ``unit`` is how much one rounding of theirs is, as a share of a number: that of the type which most are stored in,
    unless ``dtype`` says what they were computed in. ``noise`` is how far rounding took the logits
    of the other implementation, as far as that is known. ``given`` are the records of which the dump has every number.
    What ``agrees`` is known as far as there are `checks`, and what of it is ``sure``.
    """

    def __init__(
        self, run: Run, matches: Iterable[Match], given: Pass, noise: float = 0.0, dtype: str | None = None
    ) -> None:
        self.run, self.sources, self.of = run, Sources(run), given
        keyed = ((self.key(match.record), match) for match in matches)
        self.matches = sorted(keyed, key=lambda pair: self.sources.place(pair[0]))
        self.unit = UNITS[dtype] if dtype else _unit(match for _key, match in self.matches)
        self._noise = noise
        self.given: dict[Key, Tensor] = {}
        for key, match in self.matches:
            if match.is_whole:
                self.given.setdefault(key, self._put(match))
        self.agrees: dict[Key, bool] = {}
        self.sure = set[Key]()
        self._tainted: set[Key] = set()

    def _put(self, match: Match) -> Tensor:
        """Their numbers in place of ours; where padding stands, and where both hide a key, ours."""
        ours, kept = match.record.output, self.kept(match.record)
        theirs = shown(ours.array, match.theirs)
        theirs = theirs if kept.all() else np.where(kept, theirs, ours.array)
        return ours.replaced(theirs.astype(ours.array.dtype, copy=False))

    def remarks(self) -> Iterator[Message]:
        """What was taken for something else than its name would have it, as it agrees with that."""
        for _key, match in self.matches:
            if match.record is not match.likeliest:
                told = N_(
                    "{name}: taken for {address}, with which it agrees, rather than {usual}, as its name would have it"
                )
                address, usual = match.record.output.address, match.likeliest.output.address
                yield told.format(name=match.entry.name, address=address, usual=usual)
        if self.unit > UNITS["F32"]:
            told = N_("judged by the rounding of {type}: what changes numbers by less than {share} is not seen")
            kinds = {unit: kind for kind, unit in UNITS.items()}
            yield told.format(type=kinds[self.unit], share=f"{100 * SAFETY * self.unit:.1g} %")

    def key(self, record: Record) -> Key:
        """A record's place among the others."""
        assert record.output.at is not None
        return record.output.at, record.output.path

    @property
    def rounded(self) -> str | None:
        """The type of fewer digits that every number of theirs is one of, if there is one; they are stored as more."""
        whole = [match.theirs for _key, match in self.matches if match.is_whole and match.evidence.dtype == "F32"]
        if not any(np.count_nonzero(np.isfinite(theirs) & (theirs != np.rint(theirs))) >= FEW for theirs in whole):
            return None
        kinds = (kind for kind, round_to in ROUND.items() if all(_is(theirs, round_to) for theirs in whole))
        return next(kinds, None)

    @property
    def numbers(self) -> Mapping[At, Mapping[str, Array]]:
        """What the dump has every number of, in our axes, by pass and path."""
        found: dict[At, dict[str, Array]] = {}
        for (at, path), match in self.matches:
            if match.is_whole:
                found.setdefault(at, {}).setdefault(path, match.theirs)
        return found

    def kept(self, record: Record) -> Array:
        """False for cells that stand for padding: [as the record, or 1 along an axis]."""
        return unhidden(self.run, record, keys=record.address.rpartition(".")[2] not in OF_KEYS)

    def checks(self) -> Iterator[Check]:
        """Every tensor, in the order of the computation."""
        waiting = dict[Key, list[Match]]()
        for key, match in self.matches:
            waiting.setdefault(key, []).append(match)
        for key, output in work(self.sources.replayed(self.given), _("compared"), len(self.sources.records)):
            record = self.sources.records[key]
            found = [check for match in waiting.get(key, ()) if (check := self._checked(match, key, output))]
            judged = [check for check in found if check.compared]
            if judged:
                self.agrees[key] = all(check.holds for check in judged)
            if any(check.is_sure for check in judged):
                self.sure.add(key)
            if any(not check.holds for check in judged) or not self._tainted.isdisjoint(self.sources.of(record)):
                self._tainted.add(key)
            yield from found

    def _checked(self, match: Match, key: Key, output: Tensor) -> Check | None:
        record, layout = match.record, match.layout
        whole = Check(match.entry.name, record.address, record.at, "adds", NOTHING, given=self.of)
        if layout is None:
            return replace(whole, ours=Held(np.inf, 0.0, 0), why=match.shapes())
        check = replace(
            whole,
            evidence=match.evidence.kind,
            cells=int(np.prod(match.evidence.shape)),
            stored=match.evidence.dtype if match.evidence.dtype in STORED else "",
            layout=layout.note,
        )
        segment = self.sources.segment(key, self.given)
        own = self.held(match, segment, output)
        if not own.cells:
            return None
        ours = self.against(match, record.output.array, Noise(own.allowed))
        return self._judged(check, match, output, segment, own, ours)

    def _judged(self, check: Check, match: Match, output: Tensor, segment: Segment, own: Held, ours: Held) -> Check:
        """The same with what became of it."""
        record = match.record
        if own.holds and (ours.holds or self._tainted.isdisjoint(self.sources.of(record))):
            carried = 0.0 if ours.holds else _carried(record.output.array, output.array)
            return replace(check, state="agrees", own=own, ours=ours._replace(allowed=own.allowed + carried))
        ours = self.against(match, record.output.array, self._anywhere(segment.last))
        state: State = "agrees" if ours.holds else "inherits" if own.holds or self._may_inherit(segment) else "adds"
        why = "" if ours.holds else self._why(match, record, ours.allowed)
        return replace(check, state=state, own=own, ours=ours, why=why)

    def _may_inherit(self, segment: Segment) -> bool:
        """Whether something that it comes of differs, and the dump has not all numbers of that to begin from."""
        keys = (key_of(record.output) for record in segment.records[:-1])
        return any(self.agrees.get(key) is False for key in keys if key)

    def held(self, match: Match, segment: Segment, output: Tensor) -> Held:
        """A match against what comes of its segment, with what rounding may do there."""
        kept, floor = self.kept(match.record), self._floor(match.record)
        if not self.given:
            return self.against(match, output.array, self._anywhere(segment.last))
        surely = least(segment, output, kept, self.unit).or_at_least(floor)
        found = self.against(match, output.array, surely)
        if found.holds or not found.cells or (segment.cost > MUCH and found.largest <= found.allowed):
            return found._replace(spread=min(found.spread, 1.0))
        return self.against(match, output.array, seen(segment, output, kept, self.unit).or_at_least(floor))

    def _floor(self, record: Record) -> float:
        return self._noise if record.address == "logits" else 0.0

    def against(self, match: Match, array: Array, noise: Noise) -> Held:
        """A match against an array in the axes of its record; ``noise`` is what rounding may do."""
        assert match.layout is not None
        kept = self.kept(match.record)
        if isinstance(match.evidence, Values):
            share = STORED.get(match.evidence.dtype, 0.0)
            return apart(match.theirs, match.layout, array, kept, noise, share)
        return held(match.evidence, match.layout, array, kept, noise)

    def _anywhere(self, record: Record) -> Noise:
        """What rounding may do to a record from the beginning of the computation on."""
        return self._noises[self.key(record)].or_at_least(self._floor(record))

    @cached_property
    def _noises(self) -> Mapping[Key, Noise]:
        """The same of every record that is compared."""
        wanted = {key: self.kept(match.record) for key, match in self.matches if match.layout is not None}
        return from_the_beginning(self.sources, wanted, self.unit)

    def _why(self, match: Match, record: Record, allowed: float) -> str:
        """That a key is hidden on one side alone, where that makes weights differ."""
        if not _is_weight(record) or not isinstance(match.evidence, Values) or match.layout is None:
            return ""
        return _looked_at(self.run, record, match.layout, match.theirs, allowed)


def _is(theirs: Array, round_to: Callable[[Array], Array]) -> bool:
    return np.array_equal(round_to(theirs), theirs, equal_nan=True)


def _carried(here: Array, there: Array) -> float:
    """How far what comes of their numbers is from ours, which is how far they may be apart without adding anything."""
    most = float(distances(here, there).max(initial=0.0))
    return most if math.isfinite(most) else 0.0


def _is_weight(record: Record) -> bool:
    return record.address.endswith("_attn.weights")


def _unit(matches: Iterable[Match]) -> float:
    """How much one rounding is in the type that most tensors of floating numbers are stored in."""
    kinds = [match.evidence.dtype for match in matches if match.evidence.dtype in UNITS]
    return UNITS[max(sorted(set(kinds)), key=kinds.count)] if kinds else UNITS["F32"]


def _looked_at(run: Run, record: Record, layout: Layout, theirs: Array, allowed: float) -> str:
    mask = run[record.step].tape.find(f"{record.scope}.mask")
    ours = record.output.array[layout.where]
    differs = sizes(ours, theirs) > allowed
    hides = is_hidden(mask.output.array)[layout.where[1:]]
    for query, key in np.argwhere((differs & hides & (theirs > 0)).any(0))[:1]:
        reason = derive(mask, (query + (layout.where[1].start or 0), key)).note
        return N_("key {key} is looked at there, and here {reason}").format(key=key, reason=reason)
    for _query, key in np.argwhere((differs & ~hides & (theirs == 0)).any(0))[:1]:
        return N_("key {key} is hidden there, and looked at here").format(key=key)
    return ""
