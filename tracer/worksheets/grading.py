"""Answers to a worksheet, graded: right, right by the learner's own earlier numbers, or wrong, and by which slip."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal, NamedTuple

from ..arithmetic import Leaf
from ..edits import Call
from ..errors import TraceError
from ..i18n import N_, Message, spoken
from ..mistakes import names
from ..nearness import is_near
from ..operation import Trait
from ..tape import Record
from ..trace import Trace
from .sheet import Blank, Sheet, operands
from .working import Index, worked

Verdict = Literal["right", "follows", "wrong", "missing"]
PASSED = 0.8
"""The share of blanks that must count."""
TRIVIAL = (0.0, 1.0, -1.0)
"""What anybody may write down, by whatever slip or by none."""

OPPOSITE = N_("the sign is the wrong way round")
TURNED = N_("row and column are exchanged: this is the number of the cell across the diagonal")
SAMPLE = N_("σ² was taken over n − 1; LayerNorm takes the mean of the squares, over n")
UNDIVIDED = N_("this is eˣ alone; it is still to be divided by the sum of its row")


class Mark(NamedTuple):
    """What became of a blank: ``given`` is None where there was no answer, ``slip`` what a wrong one comes of."""

    blank: Blank
    given: float | None
    verdict: Verdict
    slip: Message | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts as right."""
        return self.verdict in ("right", "follows")


def grade(sheet: Sheet, answers: Mapping[int, float]) -> list[Mark]:
    """What becomes of every blank; what rests on a wrong answer counts if it follows from that."""
    return [_mark(sheet, blank, answers) for blank in sheet.blanks]


def share(marks: Sequence[Mark]) -> float:
    """The share of the blanks that count."""
    return sum(mark.counts for mark in marks) / len(marks)


def _mark(sheet: Sheet, blank: Blank, answers: Mapping[int, float]) -> Mark:
    given = answers.get(blank.number)
    if given is None:
        return Mark(blank, None, "missing")
    if is_near(given, blank.value, blank.within):
        return Mark(blank, given, "right")
    if not blank.is_token and is_near(given, from_own(sheet, blank, answers), blank.within):
        are_right = all(is_near(answers[one.number], one.value, one.within) for one in _answered(sheet, blank, answers))
        return Mark(blank, given, "right" if are_right else "follows")
    return Mark(blank, given, "wrong", slip_of(sheet.run, blank, given))


def _answered(sheet: Sheet, blank: Blank, answers: Mapping[int, float]) -> Iterator[Blank]:
    return (one for one in operands(sheet, blank) if one.number in answers)


def from_own(sheet: Sheet, blank: Blank, answers: Mapping[int, float]) -> float:
    """What a blank comes to from what is printed, and from the answers to the blanks that it rests on."""

    def known(leaf: Leaf) -> float:
        behind = sheet.blank_of(leaf)
        own = None if behind is None else answers.get(behind.number)
        return sheet.printed(leaf) if own is None else own

    return worked(blank.record, blank.place, known)


def slip_of(run: Trace, blank: Blank, given: float) -> Message | None:
    """The usual slip that a wrong answer comes of; None where it is that of none."""
    return next((told for value, told in slips(run, blank) if is_near(given, value, blank.within)), None)


def slips(run: Trace, blank: Blank) -> Iterator[tuple[float, Message]]:
    """What comes of the usual slips at a blank, of those that an answer can be told by.

    What comes of one is neither right, nor trivial, nor near to what comes of another.
    """
    made = chain(_by_hand(blank.record, blank.place), _in_code(run, blank.record, blank.place))
    known = [(value, told) for value, told in made if math.isfinite(value)]
    for value, told in known:
        others = (other for other, sentence in known if sentence != told)
        if not any(is_near(value, other, 2 * blank.within) for other in (blank.value, *TRIVIAL, *others)):
            yield value, told


def _by_hand(record: Record, index: Index) -> Iterator[tuple[float, Message]]:
    """What comes of slips that people make on paper."""
    value, array = float(record.output.array[index]), record.output.array
    if record.has(Trait.NORM):
        bias = record.parameters.get("bias")
        shift, n = 0.0 if bias is None else float(bias.array[index[-1]]), array.shape[-1]
        yield (value - shift) * math.sqrt((n - 1) / n) + shift, SAMPLE
    if record.has(Trait.DISTRIBUTION):
        yield math.exp(min(50.0, float(record.inputs[0].array[index]))), UNDIVIDED
    yield -value, OPPOSITE
    if len(index) > 1 and index[-1] < array.shape[-2] and index[-2] < array.shape[-1]:
        yield float(array[(*index[:-2], index[-1], index[-2])]), TURNED


def _in_code(run: Trace, record: Record, index: Index) -> Iterator[tuple[float, Message]]:
    """What comes of the mistakes of the catalogue, made here."""
    for one in names().values():
        try:
            call = replace(one, parameters=run.parameters).wrong(Call.of(record))
            array = None if call is None else call.output().array
        except TraceError:
            continue
        if array is not None and array.shape == record.output.array.shape:
            yield float(array[index]), one.sentence


def told(slip: Message | None) -> str:
    """A slip in words; nothing where there is none."""
    return "" if slip is None else spoken(slip)
