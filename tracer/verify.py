"""What is recorded, checked against itself, without trusting the way in which it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from functools import reduce
from itertools import product
from random import Random

import numpy as np

from .addresses import GRADIENT, Selector, written
from .arithmetic import magnitude
from .dataclass import dataclass
from .derive import Derivation, derive, record_of
from .differences import farthest
from .i18n import _
from .operation import Trait
from .ops.attention import is_hidden
from .pieces import token_of
from .run import Run
from .tape import Dropped, Record, Tape
from .tensor import Array, Axis
from .unhidden import unhidden
from .work import work

EVERY = 64
"""Of a record with no more cells than this, every cell is derived."""

SAMPLE = 24
"""Of a larger one, so many, drawn by its address: the same ones each time."""

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Of an expression, as a share of its value or of the sum of its terms' sizes, whichever is larger."""

DRIFT = {"float32": 1e-4, "float64": 1e-10}
"""Of a whole pass with a cache against one without, as a share of a record's largest value, or of 1."""

TINY = float(np.finfo(np.float32).tiny)
"""What is smaller than this is held in fewer digits than a float32 has."""

Index = tuple[int, ...]


@dataclass
class Check:
    """One kind of check: how many things were checked, the largest difference and where, and what did not hold."""

    name: str
    unit: str
    checked: int = 0
    largest: float = 0.0
    at: str = ""
    failures: list[str] = field(default_factory=list)

    def see(self, difference: float, at: str, allowed: float, failure: str) -> None:
        """Take in one difference, and what to say if it is more than is allowed; nan is larger than anything."""
        self.checked += 1
        difference = math.inf if math.isnan(difference) else difference
        if difference > self.largest:
            self.largest, self.at = difference, at
        if difference > allowed:
            self.failures.append(failure)

    def and_of(self, other: Check) -> Check:
        """This check and the same one of something else."""
        worst = max(self, other, key=lambda check: check.largest)
        failures = [*self.failures, *other.failures]
        return Check(self.name, self.unit, self.checked + other.checked, worst.largest, worst.at, failures)


@np.errstate(all="ignore")
def verify(run: Run, records: Sequence[Record], selectors: Sequence[Selector] = ()) -> list[Check]:
    """Check some records of a run, or the cells that selectors leave of each; of a whole step, its cached pass too.

    Every check is there whether or not it found anything to do. What is not finite is checked as it is recorded, and no
    warning of NumPy's.

    Raises:
        SelectorError: the selectors don't fit a record.
    """
    steps = {place: run.at(place) for place in {record.at for record in records}}
    whole = [tape for tape in steps.values() if {record.index for record in records} >= {*range(1, len(tape) + 1)}]
    return [
        derivations(run, records, selectors),
        performed_again(records),
        rows_of_distributions(records, TOLERANCE[run.model.dtype], selectors),
        hidden_keys(records, selectors),
        labels(run, records),
        cached(run, [tape for tape in whole if tape.past is not None and tape.beam is None and not run.edits]),
    ]


def together(parts: Iterable[Sequence[Check]]) -> list[Check]:
    """The checks of several subjects, those of a kind as one."""
    return [reduce(Check.and_of, same) for same in zip(*parts, strict=True)]


def derivations(run: Run, records: Sequence[Record], selectors: Sequence[Selector] = ()) -> Check:
    """Each cell's arithmetic, in double precision, against the recorded value, and its operands against theirs."""
    check, allowed = Check(_("derivation"), _("cells")), TOLERANCE[run.model.dtype]
    for record in work(records, check.name):
        leeway, in_use = _leeway(run, record), [tensor.array for tensor in (record.output, *record.inputs)]
        for cell in cells(record, selectors):
            derivation = derive(record, cell)
            _see(check, derivation, allowed)
            check.failures += _misled(run, derivation, leeway)
        in_use.clear()
    return check


def cells(record: Record, selectors: Sequence[Selector] = ()) -> list[Index]:
    """The cells of a record that are derived, of those that selectors leave: all if they are few, else some."""
    places = _places(record, selectors)
    if math.prod(map(len, places)) <= EVERY:
        return list(product(*places))
    random = Random(record.output.address)
    return [tuple(map(random.choice, places)) for _cell in range(SAMPLE)]


def _places(record: Record, selectors: Sequence[Selector]) -> list[range]:
    """What selectors leave of each axis."""
    axes = zip(record.output.locate(selectors), record.output.shape, strict=True)
    return [range(n)[where] if isinstance(where, slice) else range(where, where + 1) for where, n in axes]


def performed_again(records: Sequence[Record]) -> Check:
    """Each operation run once more on its recorded inputs: every cell must come out as it was recorded."""
    check = Check(_("performed again"), _("records"))
    for record in work(records, check.name):
        if not (record.op.shares or _is_deferred(record)):
            again = record.again()
            difference, where = _largest(record.output.array, again)
            at = _cell(record, where)
            check.see(difference, at, 0.0, _("{cell} is not what its operation yields").format(cell=at))
    return check


def _is_deferred(record: Record) -> bool:
    """Whether it is a gradient of which no numbers are kept: each time that they are asked for it is performed."""
    return record.address.startswith(GRADIENT) and isinstance(record.output, Dropped)


def rows_of_distributions(records: Sequence[Record], allowed: float, selectors: Sequence[Selector] = ()) -> Check:
    """The rows of every distribution add up to 1, those that selectors leave a cell of; where edits put none."""
    check = Check(_("softmax adds up to 1"), _("rows"))
    for record in work(records, check.name):
        if record.has(Trait.DISTRIBUTION) and not record.edits:
            sums = record.output.array.sum(-1, dtype=np.float64)
            for row in product(*_places(record, selectors)[:-1]):
                at, total = _cell(record, row), float(sums[row])
                sentence = _("{row} adds up to {total}, not 1").format(row=at, total=total)
                check.see(abs(total - 1), at, allowed, sentence)
    return check


def hidden_keys(records: Sequence[Record], selectors: Sequence[Selector] = ()) -> Check:
    """What has −∞ before softmax has exactly 0 after it, unless edits put something else."""
    check = Check(_("hidden is exactly 0"), _("cells"))
    for record in work(records, check.name):
        if record.has(Trait.DISTRIBUTION) and not record.edits:
            places = np.ix_(*_places(record, selectors))
            hidden = np.zeros(record.output.shape, bool)
            hidden[places] = np.isneginf(record.inputs[0].array)[places]
            for cell in map(tuple, np.argwhere(hidden).tolist()):
                at, value = _cell(record, cell), float(record.output.array[cell])
                sentence = _("{cell} is hidden, and has {value}, not 0").format(cell=at, value=value)
                check.see(abs(value), at, 0.0, sentence)
    return check


def labels(run: Run, records: Sequence[Record]) -> Check:
    """The labels along every axis of tokens are the pieces of the ids that were read there."""
    check = Check(_("labels"), _("axes"))
    for record in work(records, check.name):
        for axis, length in zip(record.output.dims, record.output.shape, strict=True):
            if axis.labels is not None:
                is_right = list(map(token_of, axis.labels)) in _pieces(run, record, axis, length)
                sentence = _("axis {axis} of {address} is not labelled with the tokens that were read")
                at = record.output.address
                check.see(0.0 if is_right else math.inf, at, 0.0, sentence.format(axis=axis.name, address=at))
    return check


def cached(run: Run, tapes: Sequence[Tape]) -> Check:
    """Every operation of a step made with a cache, against the same one in a pass over all positions.

    With edits these are two passes: cells that are one row in one are many in the other.
    """
    check = Check(_("cached against uncached"), _("records"))
    for tape in work(tapes, check.name):
        afresh = _uncached(run, tape)
        for record in tape:
            if record.address in afresh.addresses and afresh.find(record.address).op is record.op:
                _compare(check, record, _but_for_padding(run, record, afresh[record.address].array), run.model.dtype)
    return check


def _compare(check: Check, record: Record, other: Array, dtype: str) -> None:
    """A record against other numbers, as a share of the largest of them, or of 1."""
    scale = np.max(np.abs(other), initial=1.0, where=np.isfinite(other) & ~is_hidden(other))
    difference, where = _largest(record.output.array, other)
    at = _cell(record, where)
    sentence = _("{cell} is not what it is without a cache").format(cell=at)
    check.see(difference / float(scale), at, DRIFT[dtype], sentence)


def _see(check: Check, derivation: Derivation, allowed: float) -> None:
    value, result = derivation.value, derivation.expression.evaluate()
    size = max(magnitude(derivation.expression), TINY)
    sentence = _("{cell} is recorded as {value}, and its derivation comes to {result}")
    at = _cell(derivation.record, derivation.index)
    check.see(_share(value, result, size), at, allowed, sentence.format(cell=at, value=value, result=result))


def _share(value: float, result: float, size: float) -> float:
    """A difference as a share of the value or of the size of its terms."""
    if value == result or (math.isnan(value) and math.isnan(result)):
        return 0.0
    return abs(value - result) / max(abs(value), size)


def _leeway(run: Run, record: Record) -> float:
    """How far an operand may be from what stands at its address: not at all, except in the pass of a hypothesis.

    That has no cache. Where the search had one, what it had added up before is from a pass with a cache.
    """
    return DRIFT[run.model.dtype] if run.cached and record.at.beam is not None else 0.0


def _misled(run: Run, derivation: Derivation, leeway: float) -> Iterator[str]:
    """The operands that are not what stands at their address."""
    for leaf in derivation.operands:
        record = record_of(run, leaf)
        if record is not None and _share(float(record.output.array[leaf.index]), leaf.value, TINY) > leeway:
            yield _("{cell} took {value} from {operand}, where something else stands").format(
                cell=_cell(derivation.record, derivation.index), value=leaf.value, operand=leaf
            )


def _largest(recorded: Array, other: Array) -> tuple[float, Index]:
    """The largest difference between two arrays, and where; infinite where they have not the same shape."""
    if recorded.shape != other.shape:
        return math.inf, ()
    found = farthest(recorded, other)
    return (0.0, ()) if found is None else (found.size, found.place)


def _cell(record: Record, index: Sequence[int]) -> str:
    return written(record.address, record.at, index)


def _pieces(run: Run, record: Record, axis: Axis, length: int) -> list[list[str]]:
    """The pieces that an axis of a record must be labelled with; of a vocabulary, those of one side or the other."""
    if axis.name == "vocab":
        sides = run.model.texts.sides if record.address.startswith(GRADIENT) else ("target",)
        return [[run.model.piece(i, side) for i in range(length)] for side in sides]
    text, of = run.read_along(record, axis), run.subject(record)
    start = of.parameters.get("start") if of.has(Trait.LOSS) else len(text) - length
    return [[run.model.piece(i, text.side) for i in text.ids[start : start + length]]]  # type: ignore[operator]


def _uncached(run: Run, made: Tape) -> Tape:
    """A step's pass once more, over all positions."""
    wanted = replace(run.pass_at(made.at), start=0, past=None)
    tape = wanted.tape()
    run.logits(wanted, tape)
    return tape


def _but_for_padding(run: Run, record: Record, array: Array) -> Array:
    """Of an array over all positions, those that a record of some has; at hidden places, what it has itself."""
    other, recorded = _last_places(record, array), record.output.array
    if other.shape != recorded.shape:
        return other
    return np.where(unhidden(run, record), other, recorded)


def _last_places(record: Record, array: Array) -> Array:
    """Of an array over all positions, those that a record of some has."""
    shape = record.output.shape
    if array.ndim != len(shape):
        return array
    cuts = [slice(full - n, None) if n < full else slice(None) for n, full in zip(shape, array.shape, strict=True)]
    return array[tuple(cuts)]
