"""Gradients of a run as a program asks for them: by the address or the name of what they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .addresses import GRADIENT
from .backward import Objective
from .debugger.cursor import Cursor
from .debugger.expressions import Expression, compile_expression
from .debugger.expressions.slopes import valued
from .debugger.expressions.values import everything
from .debugger.locations import Here
from .namedtuple import NamedTuple
from .parameters import Named
from .run import Run
from .tape import Tape
from .tensor import Tensor
from .trace import Trace


class Asked(NamedTuple):
    """An expression over a step, asked of a run and, of other runs with such a step, again; raises as `slopes` does."""

    expression: Expression
    here: Here

    @classmethod
    def at(cls, here: Here, expression: Expression) -> Asked:
        """Of the step of a place, with what was printed until then."""
        return cls(expression, replace(here, frame=0, history=here.history.copied()))

    def value(self, run: Trace) -> float:
        """What it comes to in a run; raises `AddressError` where that has no such step."""
        return float(everything(self.expression.evaluate(self._there(run))).item())

    def objective(self, run: Trace) -> Objective:
        """What it comes to in a run, and how that changes with what it reads; raises as `value`."""
        value, found = valued(self.expression, self._there(run))
        return Objective(self.expression.text, value, found, self)

    def _there(self, run: Trace) -> Here:
        number, called = self.here.step, self.here.run.number
        runs = {} if called is None else {called: run}
        return replace(self.here, run=run, cursor=Cursor(number, run.step(number).turn), runs=runs)


def objective(expression: Expression, here: Here) -> Objective:
    """An expression over a step, and how it changes with what it reads; raises as `slopes` does."""
    return Asked.at(here, expression).objective(here.run)


def gradients(run: Run, number: int, text: str) -> Gradients:
    """The gradients of an expression over a step, which is computed; raises as `objective` does."""
    found = asked(run, number, text).objective(run)
    return Gradients(found, run.gradients_of(number, found), run.parameters)


def asked(run: Run, number: int, text: str) -> Asked:
    """An expression over a step, which is computed; raises `AddressError` where there is no such step."""
    run.step(number)
    return Asked(compile_expression(text), Here(run, Cursor(number, 0)))


class Gradients(Mapping[str, Tensor]):
    """The gradients of an expression, which are the last records of a tape, by what they are of.

    That is an address, which may be shortened and have selectors, or the name of one of the ``parameters``.
    """

    def __init__(self, objective: Objective, tape: Tape, parameters: Named) -> None:
        self.objective, self.tape, self.parameters = objective, tape, parameters
        self._names = [name.removeprefix(GRADIENT) for name in tape.addresses if name.startswith(GRADIENT)]

    @property
    def records(self) -> range:
        """Their numbers among the records of the tape."""
        return range(self.tape.turn + 1, len(self.tape) + 1)

    @property
    def trained(self) -> int:
        """How many of them are those of parameters."""
        return sum(self.tape.there(GRADIENT + name) is not None for name in self.parameters.stored)

    @property
    def through_cache(self) -> bool:
        """Whether they stop at what earlier steps left."""
        return self.tape.past is not None and self.tape.past.length > 0

    def __getitem__(self, name: str) -> Tensor:
        """The gradient of what a name stands for; raises `AddressError` where there is none, or several."""
        if (record := self.tape.there(GRADIENT + name)) is not None:
            return record.output
        return self.tape[GRADIENT + name.removeprefix(GRADIENT)]

    def __contains__(self, name: object) -> bool:
        return self.tape.there(f"{GRADIENT}{name}") is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
