"""Which record each tensor of a dump is of, and how it lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from math import prod

import numpy as np

from ..dataclass import dataclass
from ..dumps.dump import Entry
from ..dumps.evidence import Evidence, Printed, Values
from ..i18n import N_, Message
from ..tape import Record
from ..tensor import Array, Tensor
from .given import Pass
from .held import NONE, Held, held
from .layouts import Layout, layouts
from .meaning import find

LIKE = 0.9
"""The cosine from which on a tensor is taken to be ours in an unusual layout."""

CLEARLY = 0.01
"""An unusual layout is taken where what differs then is less than this share of what differs otherwise."""


@dataclass(frozen=True, eq=False)
class Match:
    """A tensor of a dump and the record that it is of; ``evidence`` is that of the row of the pass.

    Without a ``layout`` the shape is none that the record can have. ``likeliest`` is the record that the name would be
    of if it did not agree with another.
    """

    entry: Entry
    record: Record
    evidence: Evidence
    layout: Layout | None
    likeliest: Record

    @property
    def is_usual(self) -> bool:
        """Whether nothing is unusual about how it lies there."""
        return self.layout is not None and not self.layout.note

    @property
    def is_whole(self) -> bool:
        """Whether it has every number of the record, exactly."""
        is_there = self.layout is not None and self.layout.is_whole and isinstance(self.evidence, Values)
        return is_there and self.record.output.array.dtype.kind == "f"

    @cached_property
    def theirs(self) -> Array:
        """Their numbers in our axes: [as the part]."""
        assert self.layout is not None
        assert isinstance(self.evidence, Values)
        return self.layout.ours(self.evidence.read())

    def shapes(self) -> Message:
        """That two shapes differ, and whether one is the other in another order."""
        tensor, theirs = self.record.output, self.evidence.shape
        is_turned = sorted(n for n in theirs if n > 1) == sorted(n for n in tensor.shape if n > 1)
        told = (
            N_("the shapes differ: {theirs} there, {here} here, in another order")
            if is_turned
            else N_("the shapes differ: {theirs} there, {here} here")
        )
        return told.format(theirs=f"[{', '.join(map(str, theirs))}]", here=tensor.header)


def matched(
    entries: Sequence[Entry],
    known: Mapping[str, Sequence[Record]],
    given: Pass,
    named: Mapping[str, str],
    *,
    usual_alone: bool = False,
) -> Iterator[Match]:
    """Those of some entries that are of records; ``named`` are names that somebody else has given them.

    With ``usual_alone`` nothing is turned over, or put in another order.
    """
    for entry in entries:
        records, call = find(named.get(entry.name, entry.meaning), known)
        if not records or _is_other(entry.evidence, records[0].output):
            continue
        if not has_rows(entry.evidence, given, one_for_all=not usual_alone):
            yield Match(entry, records[0], entry.evidence, None, records[0])
        elif (evidence := row_of(entry.evidence, given)) is not None:
            yield _best(entry, evidence, records, call, usual_alone=usual_alone)


def _is_other(evidence: Evidence, tensor: Tensor) -> bool:
    """Whether it is but one number, or of truth values or whole numbers where ours are floating ones."""
    is_whole = evidence.dtype.startswith(("BOOL", "I", "U")) and tensor.array.dtype.kind == "f"
    return is_whole or prod(evidence.shape) == 1 < prod(tensor.shape)


def _best(entry: Entry, evidence: Evidence, records: Sequence[Record], call: int, *, usual_alone: bool) -> Match:
    """The record and the layout that suit: the first of the usual ones, or of all one that agrees clearly better."""
    asked = records[call:] or records[-1:]
    places = ((record, layout) for record in asked for layout in layouts(evidence.shape, record.output))
    found = [
        Match(entry, record, evidence, layout, asked[0])
        for record, layout in places
        if usual_alone <= (not layout.note)
    ]
    usual, unusual = ([one for one in found if one.is_usual is way] for way in (True, False))
    if usual:
        return _clearly(_clearly(usual[0], usual), unusual)
    like = [one for one in unusual if _is_like(one)]
    return min(like, key=_size, default=Match(entry, asked[0], evidence, None, asked[0]))


def _clearly(first: Match, others: Sequence[Match]) -> Match:
    """One of others that agrees clearly better than the first; else that."""
    if all(other is first for other in others) or not _size(first):
        return first
    best = min(others, key=_size)
    return best if _size(best) < CLEARLY * _size(first) else first


def _size(match: Match) -> float:
    """How far theirs is from ours in that layout."""
    return _held(match).largest


def _is_like(match: Match) -> bool:
    """Whether theirs goes the way of ours in that layout."""
    cosine = _held(match).cosine
    return cosine is None or cosine > LIKE


def _held(match: Match) -> Held:
    assert match.layout is not None
    array = match.record.output.array
    return held(match.evidence, match.layout, array, np.ones((1,) * array.ndim, bool), NONE)


def has_rows(evidence: Evidence, given: Pass, *, one_for_all: bool) -> bool:
    """Whether a tensor has as many rows as there are texts, or ``one_for_all``; of one text it need not have any."""
    return given.rows == 1 or evidence.shape[:1] == (given.rows,) or (one_for_all and evidence.shape[:1] == (1,))


def row_of(evidence: Evidence, given: Pass) -> Evidence | None:
    """What there is of the row of a batch; None where nothing can be told of it alone."""
    if isinstance(evidence, Values):
        shape = evidence.shape if given.rows == 1 else evidence.shape[1:]
        return replace(evidence, shape=shape, read=cache(partial(_row, evidence, given)))
    if given.rows == 1:
        return evidence
    shape = evidence.shape[1:]
    if isinstance(evidence, Printed):
        here = evidence.places[:, 0] == (given.row if evidence.shape[0] > 1 else 0)
        cut = {"places": evidence.places[here][:, 1:], "values": evidence.values[here], "half": evidence.half[here]}
        return replace(evidence, shape=shape, total=None, **cut)
    return None


def _row(evidence: Values, given: Pass) -> Array:
    """The row of an array that is of a pass, or the one for all of them; all of it where there is one text."""
    array = evidence.read()
    if given.rows == 1:
        return array
    row: Array = array[given.row if len(array) > 1 else 0]
    return row
