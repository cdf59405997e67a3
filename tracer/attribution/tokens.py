"""What scores of tokens are of: a number over one step, the records that it is computed from, and a place to start."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..addresses import GRADIENT, Address
from ..alignment import TOKENS
from ..backward import Objective
from ..dataclass import dataclass
from ..debugger.cursor import Cursor
from ..debugger.expressions import Expression
from ..debugger.expressions.values import described, everything
from ..debugger.locations import Here
from ..edits import Edit, edit
from ..errors import InputError
from ..gradients import objective
from ..i18n import Message, _
from ..models.text import Side
from ..run import Run
from ..tape import Record, Tape
from ..tensor import Array, Axis
from .layers import STACKS

EMBEDDED = "embed.tokens"
"""What a stack looks up for its tokens."""
ZERO, PAD = "0", "pad"


class Place(NamedTuple):
    """A record with an axis of tokens, ``axis`` by number, and the side that these are on."""

    record: Record
    axis: int
    side: Side

    @property
    def tokens(self) -> Axis:
        """The axis."""
        return self.record.output.dims[self.axis]

    @property
    def length(self) -> int:
        """How many tokens there are."""
        return self.record.output.shape[self.axis]

    def by_token(self, array: Array) -> Array:
        """Numbers of the record's shape, added up for each token."""
        sums: Array = array.sum(tuple(n for n in range(array.ndim) if n != self.axis))
        return sums

    def only(self, token: int) -> tuple[slice | int, ...]:
        """Where the numbers of a token are."""
        return (slice(None),) * self.axis + (token,)


class Scored(NamedTuple):
    """A score for each token of each place, [token] in double precision; nan where a method has none.

    ``difference`` is what they should come to, where a method knows that; ``remarks`` say what would mislead.
    """

    scores: Sequence[Array]
    difference: float | None = None
    remarks: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """A number over a step, and places whose tokens it is to be attributed to.

    ``here`` is the end of that step, in a run where nothing is kept from pass to pass. ``steps`` are those of a path;
    ``baseline`` is what it begins with, or what stands in place of a token, `ZERO`, `PAD` or what a method does by
    itself.
    """

    expression: Expression
    here: Here
    run: Run
    places: tuple[Place, ...]
    steps: int
    baseline: str | None

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.here.step

    @property
    def tapes(self) -> list[Tape]:
        """The tapes that the number is computed from: the encoder's, where there is one, and that of the step."""
        return tapes(self.run, self.step)

    @cached_property
    def inputs(self) -> list[Array]:
        """What is recorded at the places, in double precision."""
        return [place.record.output.array.astype(np.float64) for place in self.places]

    @cached_property
    def origins(self) -> list[Array]:
        """What the places have where no token says anything; raises `InputError` where there is no such thing."""
        return [
            _padded(self.run, place.record) if self.baseline == PAD else np.zeros(x.shape)
            for place, x in zip(self.places, self.inputs, strict=True)
        ]

    @property
    def spans(self) -> list[Array]:
        """How far the places are from there."""
        return [x - x0 for x, x0 in zip(self.inputs, self.origins, strict=True)]

    @cached_property
    def objective(self) -> Objective:
        """The number and its slopes, as they are in the run; raises as `tracer.gradients.objective` does."""
        return objective(self.expression, self.here)

    @cached_property
    def value(self) -> float:
        """The number as it is."""
        return self.value_in(self.run)

    @cached_property
    def origin(self) -> Run:
        """The run where no token says anything."""
        return self.along(0.0)

    @property
    def difference(self) -> float:
        """How much larger the number is than where no token says anything."""
        return self.value - self.value_in(self.origin)

    def along(self, part: float) -> Run:
        """The run so far on the straight way from there: 0 is the baseline, 1 the run itself."""
        return self.having([x0 + part * d for x0, d in zip(self.origins, self.spans, strict=True)])

    def having(self, arrays: Sequence[Array]) -> Run:
        """The run with other numbers at the places."""
        put = zip(self.places, arrays, strict=True)
        return self.edited(edit(Address.of(place.record.address, place.record.at), array) for place, array in put)

    def edited(self, edits: Iterable[Edit]) -> Run:
        """The run with some edits, and the same tokens before the step."""
        return self.run.replayed(*edits, at=self.step)

    def value_in(self, run: Run) -> float:
        """The number in such a run; raises `InputError` where it is none."""
        return value(self.expression, replace(self.here, run=run))

    def slopes(self, run: Run) -> list[Array]:
        """How the number changes with what such a run has at the places, in double precision.

        Raises:
            InputError: it depends on none of them.
            ExpressionError: it has no derivative.
        """
        tape = run.gradients_of(self.step, objective(self.expression, replace(self.here, run=run)))
        found = [tape.there(GRADIENT + place.record.address) for place in self.places]
        if not any(found):
            told = _("{text} does not depend on {places}; attribute it to a record that comes before what it reads")
            places = ", ".join(place.record.output.address for place in self.places)
            raise InputError(told.format(text=self.expression.text, places=places))
        return [
            np.zeros(x.shape) if record is None else record.output.array.astype(np.float64)
            for record, x in zip(found, self.inputs, strict=True)
        ]


def tapes(run: Run, step: int) -> list[Tape]:
    """The tapes that a step of a run without a cache is computed from."""
    return [run.step(number) for number in ([run.first, step] if step > run.first == 0 else [step])]


def value(expression: Expression, here: Here) -> float:
    """An expression that comes to one number; raises `InputError` where it does not."""
    found = expression.evaluate(here)
    numbers = everything(found)
    if numbers.size != 1 or numbers.dtype.kind not in "biuf":
        told = _("what is attributed is one number, and {text} is {what}; wrap it in sum(…), mean(…) or the like")
        raise InputError(told.format(text=expression.text, what=described([found])))
    return float(numbers.item())


def whole(run: Run, here: Here, expression: Expression, step: int) -> tuple[Run, Here]:
    """The run without a cache, and the end of a step in it.

    Raises:
        InputError: an expression is another number there, since it speaks of the rows that the step itself computed.
    """
    bare = run.without_cache(step)
    there = replace(here, run=bare, cursor=Cursor(step, bare.step(step).turn), frame=0)
    if bare is not run:
        cached = value(expression, replace(there, run=run, cursor=Cursor(step, run.step(step).turn)))
        again = value(expression, there)
        near = float(np.sqrt(np.finfo(run.card.dtype).eps))
        if math.isfinite(cached) and not math.isclose(cached, again, rel_tol=near, abs_tol=near):
            told = _(
                "{text} is {cached:.6g} in the step as it was made, with a cache, and {again:.6g} where all that it "
                "depends on is computed again; count positions from the end (logits[-1, …]), or set cache off"
            )
            raise InputError(told.format(text=expression.text, cached=cached, again=again))
    return bare, there


def places(run: Run, here: Here, at: Address | None) -> tuple[Place, ...]:
    """The places whose tokens are meant: those along a record, or those that each stack looks up.

    Raises:
        AddressError: nothing is recorded there.
        InputError: it is in another run or step, has no axis of tokens, or holds no finite numbers.
    """
    if at is not None:
        return (_place(run, here.find(_checked(at)), here.step),)
    found = [tape.there(f"{stack}.{EMBEDDED}") for tape in tapes(run, here.step) for stack in STACKS]
    return tuple(_place(run, record, here.step) for record in found if record is not None)


def _checked(at: Address) -> Address:
    if at.run is not None or at.beam is not None or at.selectors:
        told = _("tokens are those along a whole record of this run; leave r, a hypothesis and selectors out of {at}")
        raise InputError(told.format(at=at))
    return at


def _place(run: Run, record: Record, step: int) -> Place:
    output = record.output
    axes = {axis.name: n for n, axis in enumerate(output.dims)}
    axis = next((axes[name] for name in reversed(TOKENS) if name in axes), None)
    if record.step not in (step, run.first if run.first == 0 else step):
        told = _("{address} lies in another step than @{n}, whose number is attributed")
        raise InputError(told.format(address=output.address, n=step))
    if axis is None:
        told = _("{address} {axes} has no axis of tokens (position, query or key); name a record that has one")
        raise InputError(told.format(address=output.address, axes=output.header))
    if output.dtype.kind != "f" or not np.isfinite(output.array).all():
        told = _("{address} is not made of finite numbers, so that there is no way to it from a baseline")
        raise InputError(told.format(address=output.address))
    return Place(record, axis, run.read_along(record, output.dims[axis]).side)


def _padded(run: Run, record: Record) -> Array:
    """What a record would be if every token were padding."""
    model, ids = run.model, record.parameters.get("ids")
    pad = model.rules.pad_id if model.facts.pad_id is None else model.facts.pad_id
    if pad is None:
        raise InputError(_("{name} has no token for padding; take baseline 0").format(name=model.name))
    if ids is None:
        told = _("{address} looks up no tokens, so that it has no baseline pad; take baseline 0")
        raise InputError(told.format(address=record.output.address))
    settings = {**record.parameters, "ids": [pad] * len(ids)}
    return record.op.forward(*record.inputs, **settings).array.astype(np.float64)
