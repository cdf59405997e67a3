"""What differs between two runs: their outputs token by token, and what was recorded, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from .addresses import GRADIENT, UnknownAddressError
from .beside import change, matched, taken
from .divergence import divergence, log_probabilities
from .errors import AddressError, InputError
from .i18n import _
from .namedtuple import NamedTuple
from .record_difference import RecordDifference, differing, only_in_a, only_in_b
from .scored import given
from .subsequence import Pair, beside
from .tape import Record
from .tensor import Tensor
from .trace import Trace


class Said(NamedTuple):
    """A token of an output, and where the logits lie that speak of it: in which step, at which position."""

    step: int
    position: int
    id: int
    piece: str


class StepDifference(NamedTuple):
    """A token of each of two outputs, A's and B's, of which one may have none there.

    ``kl`` is KL(A‖B), in bits, of what the two steps say of the next token; ``logprob_a`` and ``logprob_b`` are the log
    probabilities of A's token in both.
    """

    step_a: int | None
    step_b: int | None
    token_a: str | None
    token_b: str | None
    kl: float | None = None
    logprob_a: float | None = None
    logprob_b: float | None = None

    @property
    def is_same(self) -> bool:
        """Whether both have the same token."""
        return self.token_a == self.token_b


class Diff:
    """Two runs beside each other, A and B, under their ``names``.

    Both are performed to their ends once they are asked about. Records are read a pair at a time, and none is kept.
    """

    def __init__(self, a: Trace, b: Trace, names: tuple[str, str] = ("a", "b")) -> None:
        self.a = a
        self.b = b
        self.names = names

    def __repr__(self) -> str:
        return f"<Diff of {self.a!r} and {self.b!r}>"

    @cached_property
    def steps(self) -> Sequence[StepDifference]:
        """The tokens of both outputs, in order: those of a longest common subsequence together, the rest side by side.

        Nothing where a given output is not known by its tokens.

        Raises:
            InputError: the runs are of models that have no vocabulary in common.
        """
        ours, theirs = list(_said(self.a)), list(_said(self.b))
        if any(trace.teacher_forced and not said for trace, said in ((self.a, ours), (self.b, theirs))):
            return []
        pairs = beside([said.piece for said in ours], [said.piece for said in theirs])
        return [self._step(None if i is None else ours[i], None if j is None else theirs[j]) for i, j in pairs]

    @property
    def parting(self) -> StepDifference | None:
        """The first step whose token is another in both; None where the outputs are the same."""
        return next((step for step in self.steps if not step.is_same), None)

    @property
    def meeting(self) -> StepDifference | None:
        """The first step after that whose token is the same again, if there is one."""
        steps = iter(self.steps)
        parted = any(not step.is_same for step in steps)
        return next((step for step in steps if step.is_same), None) if parted else None

    @property
    def records(self) -> Iterator[RecordDifference]:
        """The records of the steps in which the outputs part, or of the last ones; as `records_of` has them."""
        return self.records_of(*self.place)

    @property
    def place(self) -> tuple[int, int]:
        """The numbers of the steps in which the outputs part; of the last that stand beside each other if they don't.

        Raises:
            InputError: none do.
        """
        both = [(a, b) for a, b in self.places if a is not None and b is not None]
        if not both:
            raise InputError(_("no step of {a} stands beside one of {b}").format(a=self.names[0], b=self.names[1]))
        parted = self.parting and (self.parting.step_a, self.parting.step_b)
        return next((place for place in both if place == parted), both[-1])

    @property
    def places(self) -> Sequence[Pair]:
        """The numbers of the steps beside each other, in order, None where one has none: @0 first, then by tokens."""
        found = [(step.step_a, step.step_b) for step in self.steps]
        both = [(n, n) for n in self.a.numbers if n in self.b.numbers]
        return list(dict.fromkeys([*(pair for pair in both if pair == (0, 0)), *(found or both)]))

    def beside(self, number: int, side: int = 0) -> tuple[int, int] | None:
        """The place at which a step of A stands, or one of B (side 1); None where none stands beside it."""
        both = ((a, b) for a, b in self.places if a is not None and b is not None)
        return next((place for place in both if place[side] == number), None)

    def records_of(self, a: int, b: int) -> Iterator[RecordDifference]:
        """The records of a step of A and one of B, first to last; a record that only one of them has is there, too.

        Gradients are where both have them: who asked for those of one run has changed nothing in it.
        """
        ours, theirs = self.a.step(a).records, self.b.step(b).records
        for i, j in beside([record.address for record in ours], [record.address for record in theirs]):
            yield from _between(None if i is None else ours[i], None if j is None else theirs[j])

    def change(self, path: str, a: int, b: int) -> Tensor:
        """What is added to the tensor that a step of A has at a path to come to that of B.

        Raises:
            AddressError: one of them has nothing there.
            InputError: their axes don't match.
        """
        here, there = self._output(0, path, a), self._output(1, path, b)
        met = matched(here, there)
        if met is None:
            raise InputError(self._unlike(here, there))
        return change(*map(taken, (here, there), met))

    def _output(self, side: int, path: str, number: int) -> Tensor:
        try:
            return (self.a, self.b)[side].step(number).find(path).output
        except UnknownAddressError:
            other, name = self.names[1 - side], self.names[side]
            raise AddressError(
                _("{path} is recorded in {other} only, not in {name}").format(path=path, other=other, name=name)
            ) from None

    def _step(self, ours: Said | None, theirs: Said | None) -> StepDifference:
        beside = StepDifference(
            ours and ours.step, theirs and theirs.step, ours and ours.piece, theirs and theirs.piece
        )
        if ours is None:
            return beside
        here = _logits(self.a, ours)
        if here is None:
            return beside
        p = log_probabilities(here.array)
        there = None if theirs is None else _logits(self.b, theirs)
        if there is None:
            return beside._replace(logprob_a=float(p[ours.id]))
        if here.shape != there.shape:
            raise InputError(self._unlike(here, there))
        q = log_probabilities(there.array)
        return beside._replace(kl=divergence(p, q), logprob_a=float(p[ours.id]), logprob_b=float(q[ours.id]))

    def _unlike(self, here: Tensor, there: Tensor) -> str:
        """What to say of two tensors whose axes don't match."""
        a, b = self.names
        told = _("{path} is {here} in {a} and {there} in {b}, and these axes don't match")
        return told.format(path=here.path, here=here.header, a=a, there=there.header, b=b)


def diff(a: Trace, b: Trace) -> Diff:
    """Two runs beside each other: ``steps`` has their tokens, ``records`` what was recorded where they part."""
    return Diff(a, b)


def _between(ours: Record | None, theirs: Record | None) -> Iterator[RecordDifference]:
    if ours and theirs and ours.address == theirs.address:
        yield differing(ours, theirs)
        return
    if ours and not ours.address.startswith(GRADIENT):
        yield only_in_a(ours)
    if theirs and not theirs.address.startswith(GRADIENT):
        yield only_in_b(theirs)


def _said(trace: Trace) -> Iterator[Said]:
    """The tokens of an output: those that were chosen, or those that were given and scored."""
    while trace.goes_on:
        trace.step(trace.computed + 1)
    if not trace.teacher_forced:
        yield from (Said(token.step, -1, token.id, token.piece) for token in trace.tokens)
        return
    number = trace.computed
    for position, token in given(trace.step(number)):
        yield Said(number, position, token, trace.card.piece(token, "target"))


def _logits(trace: Trace, said: Said) -> Tensor | None:
    """[vocab]: what a run says of a token of its output, and of all others; None where that was not kept."""
    record = trace.step(said.step).there("logits")
    return None if record is None else record.output.cut((said.position, slice(None)))
