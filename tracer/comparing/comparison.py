"""A checkpoint against what another implementation computed from it, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from math import prod
from typing import Literal

from ..dataclass import dataclass
from ..decoding.settings import Settings
from ..dumps.dump import Dump, Entry
from ..dumps.evidence import Values
from ..i18n import N_, Message, _
from ..model import Model
from ..models.texts import Given
from ..reading import check_positions, check_segments
from ..run import Run
from ..tensor import Array
from ..work import work
from .agreement import Agreement
from .causes import STORED
from .check import Check
from .decoded import DECODED, Facts, decoded, settings
from .given import BATCH, Pass, checked, is_of, name_of, passes, readings
from .mapping import Mapping as Names
from .matching import matched
from .meaning import Known, find
from .names import known
from .proposals import MOST, Proposal, proposals
from .remarks import is_context, left_aside, misread, misspelt, nothing, silent, unused
from .rounding import UNITS
from .verdict import Verdict, verdict

Computed = Literal["float32", "bf16", "f16"]
"""What another implementation may compute in."""

ROUNDED: Mapping[str, str] = {"float32": "F32", **STORED}

MOST_PROPOSED = 64
"""Of so many tensors without a name that is known, the records are looked for that they look like."""


@dataclass
class Comparison:
    """Every tensor of a dump that has an address here, in the order of the computation, and those that have none.

    ``silent`` are those that have one, and nothing that could be held against ours; ``proposals`` are the records that
    those without look like, by their numbers.
    ``notes`` are what was taken to be so, as the dump does not say, and what was left aside; ``known`` are the names
    that results may have. ``agreement`` is of the first pass in which something differs, or of the first; ``rounded``
    is the type whose fewer digits are all that differs there.
    """

    dump: Dump
    agreement: Agreement = field(repr=False)
    checks: list[Check] = field(default_factory=list)
    unmatched: list[Entry] = field(default_factory=list)
    silent: list[Entry] = field(default_factory=list)
    proposals: Sequence[Proposal] = ()
    notes: list[Message] = field(default_factory=list)
    known: Sequence[str] = field(default=(), repr=False)
    rounded: str | None = None
    verdict: Verdict | None = None

    @property
    def beyond(self) -> list[Check]:
        """Of `worst`, the checks that do not hold, in the order of the computation."""
        return [check for check in self.worst.values() if not check.holds]

    @property
    def worst(self) -> dict[str, Check]:
        """For each address, the check that comes off worst."""
        found: dict[str, Check] = {}
        for check in self.checks:
            if check.address not in found or _is_worse(check, found[check.address]):
                found[check.address] = check
        return found

    @property
    def first(self) -> str | None:
        """The address of the first operation that differs; None where none does."""
        return self.verdict.first if self.verdict else None

    @property
    def cause(self) -> str | None:
        """The mistake that explains it, by its name; ``"unknown"`` where none does, None where nothing differs."""
        return self.verdict.cause if self.verdict else None


def _is_worse(check: Check, other: Check) -> bool:
    return (not check.holds, check.largest) > (not other.holds, other.largest)


def compare(
    model: Model,
    dump: Dump,
    *,
    stated: Given | None = None,
    otherwise: Given | None = None,
    names: Names | None = None,
    computed: Computed | None = None,
    strict: bool = False,
) -> Comparison:
    """Compute what a dump was computed from, and compare; ``stated`` and ``otherwise`` as in `passes`.

    ``computed`` is what the other implementation computes in, where that is not to be told by how its numbers are
    stored. A ``strict`` comparison takes every tensor to be computed in float32, turns none of them over, and believes
    what stands in a JSON file beside the dump.

    Raises:
        InputError: nobody says what went in, or the model can't take it, or there is nothing to compare.
    """
    if stated is not None and stated.positions is not None and not (model.texts.takes_positions and not stated.source):
        check_positions(model, stated.positions, stated.source)
    if stated is not None and stated.segments is not None:
        check_segments(model, stated.segments, stated.source)
    comparing = _Comparing(model, dump, names or Names(), "float32" if strict else computed, strict=strict)
    found = [comparing.as_it_agrees(given) for given in comparing.passes(stated, otherwise)]
    first = next((one for one in found if one.beyond), found[0])
    comparison = replace(first, checks=[check for one in found for check in one.checks])
    comparison.notes = list(dict.fromkeys(note for one in found for note in one.notes))
    comparing.leave(comparison)
    if not comparison.checks:
        raise nothing(dump.path, comparison.unmatched, comparison.silent, comparison.proposals, comparison.known)
    if not strict and (error := misread(comparison.checks)):
        raise error
    comparison.notes += comparing.remarks(comparison, stated)
    comparison.verdict = verdict(comparison.checks, comparison.agreement, comparison.rounded)
    return comparison


class _Comparing:
    """A model and a dump, of which one pass after the other is compared."""

    def __init__(self, model: Model, dump: Dump, names: Names, computed: Computed | None, *, strict: bool) -> None:
        self._model, self._dump, self._names, self._strict = model, dump, names, strict
        self._dtype = ROUNDED[computed] if computed else None
        self._facts = Facts(dump.path) if strict else None
        named = ((entry.name, names.of(entry.name)) for entry in dump.entries)
        self._named = {name: ours for name, ours in named if ours is not None}
        self._places: Known = {}

    def passes(self, stated: Given | None, otherwise: Given | None) -> list[Pass]:
        """What went in, if the model takes it; raises as `passes` and `checked`."""
        return [checked(self._model, one) for one in passes(self._dump, stated, otherwise, self._named)]

    def as_it_agrees(self, given: Pass) -> Comparison:
        """One pass, as it is; or as the first of the other ways to read it has it, if that agrees and this does not."""
        first, *others = readings(self._model, given)
        usual = self._compared(first, self._dtype)
        if not usual.beyond:
            return usual
        for other in others:
            found = self._compared(other, self._dtype)
            if not found.beyond:
                found.notes += other.assumed
                return found
        return usual if self._dtype else self._as_rounded(first, usual)

    def _as_rounded(self, given: Pass, usual: Comparison) -> Comparison:
        """The same judged by fewer digits, where no number of theirs has more; as it was, if that is all there is."""
        kind = usual.agreement.rounded
        if kind is None:
            return usual
        found = self._compared(given, STORED[kind])
        if not found.beyond:
            usual.rounded = kind
            told = N_("judged by the rounding of {kind}, as --computed {kind} does, everything agrees")
            usual.notes.append(told.format(kind=kind))
            return usual
        told = N_("every number is one of {kind}: rounding is judged by that, though they are stored as float32")
        found.notes.append(told.format(kind=kind))
        return found

    def _compared(self, given: Pass, dtype: str | None) -> Comparison:
        """Every tensor of the dump that is of a pass; ``dtype`` as in `Agreement`."""
        run = forced(self._model, given)
        places = self._places = known(run)
        entries = [one for one in self._dump.entries if is_of(one, given)]
        shortened = [one._replace(means=one.meaning.removeprefix(given.prefix)) for one in entries]
        matches = matched(shortened, places, given, self._named, usual_alone=self._strict)
        agreement = Agreement(run, matches, given, self._facts.noise if self._facts else 0.0, dtype)
        comparison = Comparison(self._dump, agreement, known=[*places])
        comparison.checks += [*agreement.checks(), *decoded(self._model, self._dump, given, self._facts)]
        comparison.notes += agreement.remarks()
        if any(text.hidden for text in run.texts):
            comparison.notes.append(N_("what stands at the places of padding is not compared"))
        source = run.texts[0]
        if comparison.beyond and source.side == "source" and len(source.hidden) == len(source):
            told = N_(
                "{ids}: the source is padding alone; it is weighed alike here and by eager attention, not by others"
            )
            comparison.notes.append(told.format(ids=given.name))
        return comparison

    def leave(self, comparison: Comparison) -> None:
        """Take in what was not compared: with a name that is known, or with none, and what that looks like."""
        compared = {check.name for check in comparison.checks}
        left = [one for one in self._dump.entries if one.name not in compared and not is_context(one)]
        comparison.unmatched = [one for one in left if not self._is_known(one)]
        comparison.silent = [one for one in left if self._is_known(one)]
        records = list(comparison.agreement.sources.records.values())
        comparison.proposals = list(proposals(_measured(comparison.unmatched), records))

    def _is_known(self, entry: Entry) -> bool:
        """Whether a tensor has the name of a record, or of ids, of a pass that was compared."""
        short = entry.meaning.removeprefix(BATCH)
        is_decoded = name_of(entry).removeprefix(BATCH) in DECODED
        return is_decoded or bool(find(self._named.get(entry.name, short), self._places)[0])

    def remarks(self, comparison: Comparison, stated: Given | None) -> Iterator[Message]:
        """What there is to say beside the figures."""
        yield from self._dump.notes
        if stated is not None and stated.source and _are_others(stated, passes(self._dump, None, stated, self._named)):
            yield N_("the dump holds other ids than those stated; the stated ones were taken")
        yield from left_aside(self._dump.entries, self._model, comparison.agreement.of)
        yield from silent(comparison.silent)
        yield from misspelt(comparison.unmatched, comparison.proposals, comparison.known)
        yield from unused(self._names, self._named, comparison.unmatched)


def _are_others(stated: Given, found: Sequence[Pass]) -> bool:
    return all(list(one.source) != list(stated.source) for one in found)


def _measured(entries: Iterable[Entry]) -> Iterator[tuple[str, Array]]:
    """Those of some tensors that records may be looked for: of which every number is there, and a floating one."""
    exact = (
        (entry.name, entry.evidence)
        for entry in entries
        if isinstance(entry.evidence, Values) and entry.evidence.dtype in UNITS and prod(entry.evidence.shape) <= MOST
    )
    first = [pair for pair, _n in zip(exact, range(MOST_PROPOSED), strict=False)]
    for name, evidence in work(first, _("names looked for")):
        yield name, evidence.read()


def forced(model: Model, given: Pass) -> Run:
    """One pass over what went in; of the encoder alone, where the decoder was given nothing."""
    run = Run(
        model,
        given.source,
        target_ids=given.target,
        mask=given.mask,
        positions=given.positions,
        target_mask=given.target_mask,
        segments=given.segments,
    )
    if given.target is None:
        run.step(0)
        return run
    return run.decode()


def begun(comparison: Comparison, check: Check) -> tuple[Pass, Settings | None]:
    """What went into the pass that a check is of; with the settings of the decoding, where it is one of ids."""
    assert check.given is not None
    if check.is_record:
        return check.given, None
    return replace(check.given, target=None, target_mask=None), settings(check.path, Facts(comparison.dump.path))
