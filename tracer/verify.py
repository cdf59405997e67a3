"""What is recorded, checked against itself, without trusting the way in which it was computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from functools import reduce
from itertools import product
from random import Random
from typing import Any

import numpy as np

from .addresses import GRADIENT, Selector, written
from .arithmetic import magnitude
from .dataclass import dataclass
from .derive import Derivation, derive, record_of
from .differences import farthest
from .i18n import _
from .operation import Operation, Trait
from .ops.attention import is_hidden
from .pieces import token_of
from .run import Run
from .tape import Dropped, Record, Tape, Untraced
from .tensor import AT_ONCE, Array, Axis, Tensor
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

    def see_all(self, differences: Array, allowed: float, told: Callable[[Index], tuple[str, str]]) -> None:
        """Take in many differences; of the largest and those not allowed, ``told`` says where and what."""
        found = np.asarray(np.nan_to_num(differences, nan=np.inf, posinf=np.inf))
        places = {*map(tuple, np.argwhere(found > allowed).tolist())}
        if found.any():
            places.add(tuple(map(int, np.unravel_index(found.argmax(), found.shape))))
        for place in sorted(places):
            at, failure = told(place)
            self.see(float(found[place]), at, allowed, failure)
        self.checked += found.size - len(places)

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
    checks = Checks(run, selectors)
    for record in work(records, _("records")):
        in_use = [tensor.array for tensor in (*record.inputs, record.output)]
        checks.see(record)
        in_use.clear()
    steps = {place: run.at(place) for place in {record.at for record in records}}
    whole = [tape for tape in steps.values() if {record.index for record in records} >= {*range(1, len(tape) + 1)}]
    with_cache = [tape for tape in whole if tape.past is not None and tape.beam is None and not run.edits]
    return [*checks.checks, cached(run, with_cache)]


class Checks:
    """The checks that look at a record at a time, so that no more outputs are in use at once than one is made of."""

    def __init__(self, run: Run, selectors: Sequence[Selector] = ()) -> None:
        self._run, self._selectors = run, selectors
        self._derivations = Check(_("derivation"), _("cells"))
        self._again = Check(_("performed again"), _("records"))
        self._rows = Check(_("softmax adds up to 1"), _("rows"))
        self._hidden = Check(_("hidden is exactly 0"), _("cells"))
        self._labels = Check(_("labels"), _("axes"))

    @property
    def checks(self) -> list[Check]:
        """What they have found."""
        return [self._derivations, self._again, self._rows, self._hidden, self._labels]

    def see(self, record: Record) -> None:
        """Check a record."""
        see_derivations(self._derivations, self._run, record, self._selectors)
        see_performed_again(self._again, record)
        if record.has(Trait.DISTRIBUTION) and not record.edits:
            see_rows(self._rows, record, TOLERANCE[self._run.model.dtype], self._selectors)
            see_hidden_keys(self._hidden, record, self._selectors)
        see_labels(self._labels, self._run, record)


def together(parts: Iterable[Sequence[Check]]) -> list[Check]:
    """The checks of several subjects, those of a kind as one."""
    return [reduce(Check.and_of, same) for same in zip(*parts, strict=True)]


def see_derivations(check: Check, run: Run, record: Record, selectors: Sequence[Selector] = ()) -> None:
    """Each cell's arithmetic, in double precision, against the recorded value, and its operands against theirs."""
    leeway, allowed = _leeway(run, record), TOLERANCE[run.model.dtype]
    for cell in cells(record, selectors):
        derivation = derive(record, cell)
        _see(check, derivation, allowed)
        check.failures += _misled(run, derivation, leeway)


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


def see_performed_again(check: Check, record: Record) -> None:
    """An operation run once more on its recorded inputs: every cell must come out as it was recorded."""
    if not (record.op.shares or _is_deferred(record)):
        difference, where = _largest(record.output.array, record.again())
        at = _cell(record, where)
        check.see(difference, at, 0.0, _("{cell} is not what its operation yields").format(cell=at))


def _is_deferred(record: Record) -> bool:
    """Whether it is a gradient of which no numbers are kept: each time that they are asked for it is performed."""
    return record.address.startswith(GRADIENT) and isinstance(record.output, Dropped)


def see_rows(check: Check, record: Record, allowed: float, selectors: Sequence[Selector] = ()) -> None:
    """The rows of a distribution add up to 1, those that selectors leave a cell of."""
    places = _places(record, selectors)[:-1]
    sums = np.asarray(record.output.array.sum(-1, dtype=np.float64))[_cut(places)]

    def told(row: Index) -> tuple[str, str]:
        at = _cell(record, _placed(row, places))
        return at, _("{row} adds up to {total}, not 1").format(row=at, total=float(sums[row]))

    check.see_all(np.abs(sums - 1), allowed, told)


def see_hidden_keys(check: Check, record: Record, selectors: Sequence[Selector] = ()) -> None:
    """What has −∞ before softmax has exactly 0 after it."""
    places = _places(record, selectors)
    hidden, values = (tensor.array[_cut(places)] for tensor in (record.inputs[0], record.output))
    wrong = np.argwhere(np.isneginf(hidden) & (values != 0))
    for place in map(tuple, wrong.tolist()):
        at, value = _cell(record, _placed(place, places)), float(values[place])
        check.see(abs(value), at, 0.0, _("{cell} is hidden, and has {value}, not 0").format(cell=at, value=value))
    check.checked += int(np.isneginf(hidden).sum()) - len(wrong)


def _cut(places: Sequence[range]) -> tuple[slice, ...]:
    """The same places of each axis, as what an array is cut by."""
    return tuple(slice(along.start, along.stop, along.step) for along in places)


def _placed(index: Index, places: Sequence[range]) -> Index:
    """A place among those that were cut out, as one in the whole."""
    return tuple(along[i] for along, i in zip(places, index, strict=True))


def see_labels(check: Check, run: Run, record: Record) -> None:
    """The labels along every axis of tokens are the pieces of the ids that were read there."""
    for axis, length in zip(record.output.dims, record.output.shape, strict=True):
        if axis.labels is not None:
            is_right = list(map(token_of, axis.labels)) in _pieces(run, record, axis, length)
            sentence = _("axis {axis} of {address} is not labelled with the tokens that were read")
            at = record.output.address
            check.see(0.0 if is_right else math.inf, at, 0.0, sentence.format(axis=axis.name, address=at))


def cached(run: Run, tapes: Sequence[Tape]) -> Check:
    """Every operation of a step made with a cache, against the same one in a pass over all positions.

    With edits these are two passes: cells that are one row in one are many in the other.
    """
    check = Check(_("cached against uncached"), _("records"))
    for tape in work(tapes, check.name):
        _compare_with_uncached(check, run, tape)
    return check


def _compare_with_uncached(check: Check, run: Run, tape: Tape) -> None:
    """A step's pass once more, over all positions, each output as it comes against the one that was recorded."""
    wanted = replace(run.pass_at(tape.at), start=0, past=None)

    def see(op: Operation, output: Tensor) -> None:
        record = tape.there(output.path)
        if record is not None and record.op is op:
            _compare(check, record, _but_for_padding(run, record, output.array), run.model.dtype)

    run.logits(wanted, Seen(*wanted.place, see=see))


class Seen(Untraced):
    """A tape that keeps nothing; what comes of every operation is seen."""

    def __init__(self, number: int, beam: int | None, see: Callable[[Operation, Tensor], None]) -> None:
        super().__init__(number, beam)
        self._see = see

    def __call__(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = super().__call__(op, name, *inputs, **parameters)
        self._see(op, output)
        return output


def _compare(check: Check, record: Record, other: Array, dtype: str) -> None:
    """A record against other numbers, as a share of the largest of them, or of 1."""
    scale = max([1.0, *map(_size, _parts(other))])
    difference, where = _largest(record.output.array, other)
    at = _cell(record, where)
    sentence = _("{cell} is not what it is without a cache").format(cell=at)
    check.see(difference / scale, at, DRIFT[dtype], sentence)


def _parts(array: Array) -> Iterator[Array]:
    """An array, some cells at a time."""
    flat = array.reshape(-1)
    return (flat[start : start + AT_ONCE] for start in range(0, flat.size, AT_ONCE))


def _size(part: Array) -> float:
    """The largest size of numbers that are neither hidden nor infinite."""
    return float(np.max(np.abs(part), initial=0.0, where=np.isfinite(part) & ~is_hidden(part)))


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


def _but_for_padding(run: Run, record: Record, array: Array) -> Array:
    """Of an array over all positions, those that a record of some has; at hidden places, what it has itself."""
    other, recorded = _last_places(record, array), record.output.array
    counts = unhidden(run, record)
    if other.shape != recorded.shape or counts.all():
        return other
    return np.where(counts, other, recorded)


def _last_places(record: Record, array: Array) -> Array:
    """Of an array over all positions, those that a record of some has."""
    shape = record.output.shape
    if array.ndim != len(shape):
        return array
    cuts = [slice(full - n, None) if n < full else slice(None) for n, full in zip(shape, array.shape, strict=True)]
    return array[tuple(cuts)]
