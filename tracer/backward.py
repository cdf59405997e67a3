"""The way back: from an expression over one step to the gradients of what it was computed from, each of them recorded.

A gradient stands at the address of what it is of, behind ``grad.``; that of a parameter at its name in the file. Where
something was used several times, each use has a record of its own, and their sum another.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .addresses import GRADIENT, VIA, At
from .edits import Applied, Call, ThroughEdit
from .namedtuple import NamedTuple
from .operation import Flow, to
from .ops.gradients.ends import cut, gathered, only, seed
from .ops.gradients.linear import together
from .parameters import Named
from .tape import Record, Tape, trained
from .tensor import Array, Located, Parameter, Tensor

if TYPE_CHECKING:
    from .gradients import Asked

COMPUTED = ".computed"
"""Stands behind the path of a gradient of what an edit has replaced."""

_OTHER_STEP = re.compile(r"step(\d+)\.")

Place = tuple[At | None, str]
"""The pass of a record, and its path."""


class Slope(NamedTuple):
    """How an expression changes with every cell of a recorded tensor: ∂E/∂x, in its shape."""

    record: Tensor
    array: Array


class Objective(NamedTuple):
    """An expression that comes to one number, and how that changes with what it reads.

    ``asked`` has it asked of other runs.
    """

    text: str
    value: float
    slopes: Sequence[Slope]
    asked: Asked | None = None


class Part(NamedTuple):
    """A call, and the cells that have come of it unless a later one has: those at ``where`` along the first axes."""

    call: Call
    where: Located


class Use(NamedTuple):
    """What something was used for, and the gradient that comes back from there."""

    user: str
    flow: Flow


def backward(tape: Tape, forward: Sequence[Tape], objective: Objective, parameters: Named) -> None:
    """Append the gradients of an expression to a tape, as `Backward` does."""
    Backward(tape, forward, parameters).perform(objective)


class Backward:
    """Appends gradients to a tape, in reverse order of the passes ``forward``, of which the tape's own is the last.

    Outputs of these are all there, whether or not the tape has kept them. ``parameters`` are those of the model.
    """

    def __init__(self, tape: Tape, forward: Sequence[Tape], parameters: Named) -> None:
        self._tape, self._parameters = tape, parameters
        self._records = [record for one in forward for record in one.forward]
        self._parts = [calls_of(record) for record in self._records]
        self._aliases = [(one.at, name, path) for one in forward for name, path in one.second_names]
        self._uses: dict[Place, list[Use]] = defaultdict(list)
        self._trained: dict[str, list[Use]] = defaultdict(list)

    @np.errstate(all="ignore")
    def perform(self, objective: Objective) -> None:
        """Record the gradients of an expression, first where it reads, last those of what stood first."""
        for slope in objective.slopes:
            numbers = Tensor(slope.array.astype(slope.record.dtype), slope.record.dims)
            self._expect(to(slope.record, seed, of=objective.text, slope=numbers), "expression")
        complete = self._first_uses()
        for record, parts in zip(reversed(self._records), reversed(self._parts), strict=True):
            place = record.at, record.address
            if place in self._uses:
                self._go_through(record, parts)
            for name in complete.get(place, ()):
                if name in self._trained:
                    self._arrive_at(name)
        self._name_again()

    def _first_uses(self) -> Mapping[Place, Sequence[str]]:
        """The parameters whose first use each record is, behind which nothing is added to their gradients."""
        first: dict[str, Place] = {}
        for record, parts in zip(self._records, self._parts, strict=True):
            for part in parts:
                for _name, parameter in trained(part.call.parameters):
                    first.setdefault(parameter.path, (record.at, record.address))
        found: dict[Place, list[str]] = defaultdict(list)
        for name, place in first.items():
            found[place].append(name)
        return found

    def _expect(self, flow: Flow, user: str) -> None:
        """Take note of a gradient on its way."""
        target = flow.target
        found = self._trained[target.path] if isinstance(target, Parameter) else self._uses[target.at, target.path]
        found.append(Use(user, flow))

    def _go_through(self, record: Record, parts: Sequence[Part]) -> None:
        """Record the gradient of a record's output, and what goes back from there."""
        gradient = self._put_in(record, self._arrived(record))
        for call, of_part in self._computed(parts, gradient):
            for flow in call.op.backward(of_part, record.output, *call.inputs, **call.parameters):
                self._expect(flow, record.address)

    def _arrived(self, record: Record) -> Tensor:
        """The gradient of a record's output, from all that it was used for."""
        name, uses = self._name(record.at, record.address), self._uses[record.at, record.address]
        if len(uses) == 1:
            return self._record(name, uses[0].flow)
        parts = [self._record(part, use.flow) for part, use in _named_apart(name, uses)]
        return self._tape(together, name, *parts)

    def _put_in(self, record: Record, gradient: Tensor) -> Tensor:
        """The gradient of what was computed, where edits have put something in the place of cells."""
        for one in reversed(record.edits):
            if one.call is None and not one.edit.value.follows:
                gradient = self._before(record, one, gradient)
        return gradient

    def _before(self, record: Record, one: Applied, gradient: Tensor) -> Tensor:
        name = gradient.path + COMPUTED
        if one.edit.value.goes_back:
            return self._tape(ThroughEdit(one, record.output), name, gradient)
        return self._tape(cut, name, gradient, where=[one.where])

    def _computed(self, parts: Sequence[Part], gradient: Tensor) -> Iterator[tuple[Call, Tensor]]:
        """The calls that cells of a record have come of, each with the gradient of those cells."""
        if len(parts) == 1:
            yield parts[0].call, gradient
            return
        for n, (call, where) in enumerate(parts, 1):
            later = [one.where for one in parts[n:]]
            yield call, self._tape(only, f"{gradient.path}{COMPUTED}.{n}", gradient, where=where, but=later)

    def _record(self, name: str, flow: Flow) -> Tensor:
        return self._tape(flow.op, name, *flow.inputs, **flow.settings)

    def _name(self, at: At | None, path: str) -> str:
        """What the gradient of something is called; of another pass of the decoder, by its step."""
        is_apart = at is not None and at.number not in (0, self._tape.number)
        return f"{GRADIENT}step{at.number}.{path}" if is_apart and at is not None else GRADIENT + path

    def _arrive_at(self, parameter: str) -> None:
        """Record the gradient of a parameter; its numbers are worked out when they are asked for."""
        name, uses = GRADIENT + parameter, self._trained[parameter]
        whole = self._parameters.get(parameter)
        if whole is None or (len(uses) == 1 and _is_whole(uses[0].flow.target, whole)):
            self._defer(name, uses[0].flow)
            return
        parts = [self._defer(part, use.flow) for part, use in _named_apart(name, uses)]
        places = [_trained(use.flow.target).place for use in uses]
        self._tape.defer(gathered, name, whole, *parts, places=places, axes=whole.dims, shape=whole.shape)

    def _defer(self, name: str, flow: Flow) -> Tensor:
        return self._tape.defer(flow.op, name, _as_stored(flow.target), *flow.inputs, **flow.settings)

    def _name_again(self) -> None:
        """Give gradients the further names of what they are of."""
        for at, name, path in self._aliases:
            gradient = self._tape.there(self._name(at, path))
            if gradient is not None:
                self._tape.alias(self._name(at, name), gradient.output)
        for name, path in self._parameters.other_names.items():
            if (gradient := self._tape.there(GRADIENT + path)) is not None:
                self._tape.alias(GRADIENT + name, gradient.output)


def subject(record: Record) -> tuple[At, str]:
    """The pass and the path of what a record is the gradient of; its own where it is none."""
    if not record.address.startswith(GRADIENT):
        return record.at, record.address
    path = record.address.removeprefix(GRADIENT).partition(VIA)[0].partition(COMPUTED)[0]
    if path.startswith("encoder."):
        return At(0), path
    other = _OTHER_STEP.match(path)
    return (At(int(other[1])), path[other.end() :]) if other else (record.at, path)


def calls_of(record: Record) -> list[Part]:
    """What the cells of a record have come of: its operation, and others that edits put in the place of that."""
    parts = [Part(Call.of(record), ())]
    for one in record.edits:
        if one.call is not None:
            is_all = one.before.shape == record.output.shape
            parts = [*([] if is_all else parts), Part(one.call, () if is_all else one.where)]
    return parts


def _is_whole(parameter: Tensor, whole: Parameter) -> bool:
    """Whether a trained tensor is all of a parameter, and has its axes."""
    return len(parameter.shape) == len(whole.shape) and math.prod(parameter.shape) == math.prod(whole.shape)


def _as_stored(target: Tensor) -> Tensor:
    """A part of a parameter with its axes as the file has them; only their names and lengths are looked at."""
    parameter = _trained(target)
    return parameter.turned if parameter.transposed else parameter


def _trained(target: Tensor) -> Parameter:
    assert isinstance(target, Parameter)
    return target


def _named_apart(name: str, uses: Iterable[Use]) -> Iterator[tuple[str, Use]]:
    """Each use of something under a name of its own."""
    seen: dict[str, int] = defaultdict(int)
    for use in uses:
        seen[use.user] += 1
        nth = f".{seen[use.user]}" if seen[use.user] > 1 else ""
        yield f"{name}{VIA}{use.user}{nth}", use
