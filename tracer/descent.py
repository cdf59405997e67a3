"""Training, a step at a time: the parameters of a model moved against the gradients of a number, in a branch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .addresses import GRADIENT, Address, At
from .arithmetic import Foreign, Leaf, Named, Node, Number, sqrt, total
from .checkpoints.memory import machine_memory
from .checkpoints.stored import Made
from .dataclass import dataclass
from .domains import Above, Whole, meant
from .edits import Edit, OfModel
from .errors import InputError, TraceError
from .gradients import Asked
from .i18n import N_, Message, _, ngettext, spoken
from .namedtuple import NamedTuple
from .run import Run
from .tensor import Array, Parameter
from .work import work

if TYPE_CHECKING:
    from .backward import Objective
    from .model import Model
    from .parameters import Named as Trained
    from .tape import Tape

RATE, TIMES = Above("RATE", 0, 10**6), Whole("N", 1, 1_000_000)
Move = Callable[..., tuple[Array, "Moments | None"]]
"""From a parameter, its gradient and what is kept of it to what follows of both."""


class Moments(NamedTuple):
    """What Adam keeps of a parameter: how often it was moved, and running means of its gradient and of its square."""

    times: int
    mean: Array
    square: Array


class Rule:
    """How a parameter p is moved, by its gradient g and a rate η."""

    name: ClassVar[str]
    formula: ClassVar[Message]
    copies: ClassVar[int] = 1
    """How many numbers are kept of each that is moved."""

    def moved(self, p: Array, g: Array, rate: float, kept: Moments | None) -> tuple[Array, Moments | None]:
        """The parameter afterwards, and what is kept for the next time, of which ``kept`` is what was so before."""
        raise NotImplementedError

    def derive(self, p: Node, g: Node, rate: Number, kept: Moments | None, index: tuple[int, ...]) -> Node:
        """The arithmetic of a cell of that."""
        raise NotImplementedError


class Sgd(Rule):
    """Against the gradient. Source: Robbins & Monro 1951."""

    name = "SGD"
    formula = N_("p − η · g")

    def moved(self, p: Array, g: Array, rate: float, kept: Moments | None) -> tuple[Array, None]:
        return p - rate * g, None

    def derive(self, p: Node, g: Node, rate: Number, kept: Moments | None, index: tuple[int, ...]) -> Node:
        return p - rate * g


class Adam(Rule):
    """By running means of gradients over the root of those of their squares, neither biased towards 0.

    Source: Kingma & Ba 2015, algorithm 1, with the constants given there.
    """

    name = "Adam"
    formula = N_(
        "p − η · m̂ / (√v̂ + ε), where m̂ is (β₁m + (1 − β₁)g) / (1 − β₁ᵗ), and v̂ is (β₂v + (1 − β₂)g²) / (1 − β₂ᵗ)"
    )
    copies = 3
    first, second, epsilon = 0.9, 0.999, 1e-8

    def moved(self, p: Array, g: Array, rate: float, kept: Moments | None) -> tuple[Array, Moments]:
        before, m, v = kept or (0, np.zeros_like(p), np.zeros_like(p))
        m, v = self.first * m + (1 - self.first) * g, self.second * v + (1 - self.second) * g * g
        t = before + 1
        root = np.sqrt(v / (1 - self.second**t)) + self.epsilon
        return p - rate * (m / (1 - self.first**t)) / root, Moments(t, m, v)

    def derive(self, p: Node, g: Node, rate: Number, kept: Moments | None, index: tuple[int, ...]) -> Node:
        t, before = (1, (0.0, 0.0)) if kept is None else (kept.times + 1, (kept.mean[index], kept.square[index]))
        m, v = (Number(float(each), symbol) for each, symbol in zip(before, ("m", "v"), strict=True))
        mean = self._unbiased(self._running(self.first, "β₁", m, g), self.first, t)
        square = self._unbiased(self._running(self.second, "β₂", v, g**2), self.second, t)
        return p - rate * Named("m̂", mean) / (sqrt(Named("v̂", square)) + Number(self.epsilon, "ε"))

    @staticmethod
    def _running(decay: float, symbol: str, before: Node, new: Node) -> Node:
        share = Number(decay, symbol)
        return share * before + (Number(1.0) - share) * new

    @staticmethod
    def _unbiased(mean: Node, decay: float, t: int) -> Node:
        return mean / (Number(1.0) - Number(decay) ** t)


RULES: Mapping[str, Rule] = {rule.name: rule for rule in (Sgd(), Adam())}


def rule_named(text: str) -> Rule:
    """The rule of a name, or of the beginning of one, in any case; raises `InputError` where there is none."""
    known = {name.lower(): rule for name, rule in RULES.items()}
    return known[meant(text.lower(), known)]


class Example(NamedTuple):
    """An expression, what it comes to in a run, and how that changes, whose gradients parameters are moved against."""

    run: Run
    objective: Objective

    @classmethod
    def of(cls, run: Run, asked: Asked) -> Example:
        """An expression in a run, with the gradients that are there already, if they are its; raises as `Asked`."""
        there = run.objective(asked.here.step)
        return cls(run, there if there is not None and there.asked is asked else asked.objective(run))

    @property
    def asked(self) -> Asked:
        """What is asked of the run."""
        assert self.objective.asked is not None
        return self.objective.asked

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.asked.here.step

    @property
    def tape(self) -> Tape:
        """The tape of the step with the gradients: the run's own, where they were asked for there, or another."""
        is_there = self.run.objective(self.step) is self.objective
        return self.run.step(self.step) if is_there else self.run.gradients_of(self.step, self.objective)

    def having(self, model: Model) -> Example:
        """The same of another model, in a run that nobody else has, which keeps the gradients as far as it has room."""
        if model is self.run.model:
            return self
        run = self.run.of(model)
        other = Example(run, self.asked.objective(run))
        run.record_gradients(self.step, other.objective)
        return other

    def gradient(self, cell: Leaf) -> Foreign:
        """That of a parameter's cell."""
        path = GRADIENT + cell.path
        record = self.tape.there(path)
        found = 0.0 if record is None else float(record.output.array[cell.index])
        return Foreign(path, cell.index, found, At(self.step), self.run)


@dataclass(frozen=True, eq=False)
class Descended(OfModel):
    """Parameters moved against the gradients of an expression, or against the sum of those of several.

    ``examples`` are these, with the runs that they were worked out in; where there were several ``times``, the last.
    ``parameters`` are those that were moved, by their names in the model; ``moments`` are what is kept of them, by
    their paths in the file, and ``kept`` what was so before. ``length`` is that of all their gradients together, ‖g‖.
    The sum of the expressions was ``start`` at first, and is ``after`` now, None where one has no value any more.
    """

    lasts = True

    examples: Sequence[Example]
    rate: float
    rule: Rule
    times: int
    start: float
    parameters: Mapping[str, Parameter]
    kept: Mapping[str, Moments]
    moments: Mapping[str, Moments]
    length: float
    after: float | None = None

    def changed(self, model: Model, edit: Edit) -> Model:
        kind = model.architecture.dtype
        return model.having({name: _as(kind, parameter) for name, parameter in self.parameters.items()})

    def changes(self, parameters: Trained, edit: Edit, path: str) -> bool:
        return any(parameter.path == path for parameter in self.parameters.values())

    def count(self, before: Model, after: Model, edit: Edit) -> str:
        count = sum(p.array.size for p in self.parameters.values())
        told = ngettext(
            "{n} trained number moved, in {k} parameters, by gradients of ‖g‖ = {length:.5g}; {size} in memory",
            "{n} trained numbers moved, in {k} parameters, by gradients of ‖g‖ = {length:.5g}; {size} in memory",
            count,
        )
        return told.format(n=count, k=len(self.parameters), length=self.length, size=_size(self.bytes))

    @property
    def bytes(self) -> int:
        """What is kept in memory for it, beside what the run before it has."""
        return _held(self.rule, self.times, sum(p.array.nbytes for p in self.parameters.values()))

    def told(self, address: str) -> str:
        after = _("not there") if self.after is None else f"{self.after:.6g}"
        return f"{self}: {self._of} {self.start:.6g} → {after}"

    @property
    def _of(self) -> str:
        """What was made smaller."""
        return " + ".join(dict.fromkeys(each.objective.text for each in self.examples)) + self._runs

    @property
    def _runs(self) -> str:
        n = len(self.examples)
        return _(" of {n} runs").format(n=n) if n > 1 else ""

    def __str__(self) -> str:
        times = f" times {self.times}" if self.times > 1 else ""
        return f"descend {self.rate:g} {self.rule.name}{times}"

    def made(self, cell: Leaf) -> Made:
        """How a cell of a moved parameter has come about, the last time; the gradients are worked out for it again."""
        p, gradients = self._before(cell), [each.gradient(cell) for each in self.examples]
        g = total(gradients) if len(gradients) > 1 else gradients[0]
        expression = self.rule.derive(p, g, Number(self.rate, "η"), self.kept.get(cell.path), cell.index)
        slopes = " + ".join(f"{each} = {each.value:.6g}" for each in gradients)
        place = _("p is {p} = {before:.6g}; g is {slopes}").format(p=p, before=p.value, slopes=slopes)
        return Made(spoken(self.rule.formula), expression, place)

    def _before(self, cell: Leaf) -> Foreign:
        """The cell as it was."""
        run = self.examples[0].run
        parameter = run.parameters.get(cell.path)
        assert parameter is not None
        return Foreign(cell.path, cell.index, float(parameter.array[cell.index]), None, run)


def descended(
    run: Run, asked: Asked, rate: float, how: str | Rule, times: int = 1, beside: Sequence[Example] = ()
) -> Run:
    """A branch whose parameters are moved against the gradients of an expression over a step.

    Those of other expressions ``beside`` it, over other runs, of which the model is as in this one, are added to them.
    Another time, they are those that the moved parameters have.

    Raises:
        InputError: the rate is no number above 0, there is no such way, no parameter has a gradient, or one would no
            longer be finite.
        AddressError: there is no such step.
    """
    rule = how if isinstance(how, Rule) else rule_named(how)
    _check(run.model, rate, rule, times)
    given = [Example.of(run, asked), *(_apart(run, one) for one in beside)]
    model, moments, values = run.model, moments_of(run), []
    for _time in work(range(times), _("updates")):
        examples, kept = [one.having(model) for one in given], moments
        values.append(sum(one.objective.value for one in examples))
        parameters, moments, length = _moved(model, examples, partial(rule.moved, rate=rate), kept)
        model = model.having(parameters)
    value = Descended(examples, rate, rule, times, values[0], parameters, kept, moments, length)
    found = [(one.run.of(model), one.asked) for one in given]
    return found[0][0].adopted(run, Edit(Address("**"), replace(value, after=_value(found))))


def example(run: Run, number: int) -> Example:
    """The expression whose gradients a step of a run has, in that; raises `InputError` where it has none."""
    objective = run.objective(number)
    if objective is None or objective.asked is None:
        told = _("r{run}@{n} has no gradients to go by; backward E records those of a number: backward sum(loss)")
        raise InputError(told.format(run=run.number, n=number))
    return Example(run, objective)


def moments_of(run: Run) -> Mapping[str, Moments]:
    """What is kept of each parameter by the descents that a run stems from, by its path in the file."""
    kept: dict[str, Moments] = {}
    for edit in run.edits:
        kept |= edit.value.moments if isinstance(edit.value, Descended) else {}
    return kept


def _apart(run: Run, beside: Example) -> Example:
    """Another run than the first, of the same checkpoint; raises `InputError` where it is not."""
    if beside.run is run:
        raise InputError(_("r{n} is the current run, which is counted already; leave it out").format(n=run.number))
    if beside.run.model.contents is not run.model.contents:
        raise InputError(_("r{n} is a run of another checkpoint; leave it out").format(n=beside.run.number))
    return beside


def _check(model: Model, rate: float, rule: Rule, times: int) -> None:
    if rate not in RATE:
        raise InputError(_("the rate is {rate}; expected {expected}").format(rate=rate, expected=RATE.expected))
    if times not in TIMES:
        raise InputError(_("times is {times}; expected {expected}").format(times=times, expected=TIMES.expected))
    needed = _held(rule, times, sum(math.prod(p.shape) * p.dtype.itemsize for p in model.parameters.values()))
    if needed > machine_memory():
        told = _("other parameters need {size}, which is more memory than there is")
        raise InputError(told.format(size=_size(needed)))


def _held(rule: Rule, times: int, size: int) -> int:
    """What is kept of parameters of a size: what comes of them, and, of several times, what stood before the last."""
    return rule.copies * min(times, 2) * size


def _value(examples: Iterable[tuple[Run, Asked]]) -> float | None:
    """What expressions come to in their runs, added up; None where there is no such step, or record in it."""
    try:
        return sum(asked.value(run) for run, asked in examples)
    except TraceError:
        return None


@np.errstate(all="ignore")
def _moved(
    model: Model, examples: Sequence[Example], move: Move, kept: Mapping[str, Moments]
) -> tuple[Mapping[str, Parameter], Mapping[str, Moments], float]:
    """The parameters that have a gradient, moved, by name in the model, what is kept of all, by path, and ‖g‖."""
    tapes = [one.tape for one in examples]
    found: dict[str, Parameter] = {}
    moments, squares = dict(kept), 0.0
    for name, parameter in model.parameters.items():
        path, gradient = parameter.path, _gradient(tapes, parameter.path)
        if gradient is not None:
            squares += float(np.sum(np.square(gradient, dtype=np.float64)))
            array, left = move(parameter.stored.array, gradient, kept=kept.get(path))
            found[name] = _with(parameter, _finite(array, path).T if parameter.transposed else _finite(array, path))
            moments |= {} if left is None else {path: left}
    if not found:
        raise InputError(_("no parameter has a gradient: the number does not depend on any"))
    return found, moments, math.sqrt(squares)


def _gradient(tapes: Iterable[Tape], path: str) -> Array | None:
    """That of a parameter on tapes, added up; None where it has none."""
    found = [record.output.array for tape in tapes if (record := tape.there(GRADIENT + path)) is not None]
    return reduce(np.add, found) if found else None


def _finite(array: Array, path: str) -> Array:
    if not np.isfinite(array).all():
        told = _("{name} would no longer be finite; a smaller rate may help, and p {gradient} shows its gradient")
        raise InputError(told.format(name=path, gradient=GRADIENT + path))
    array.setflags(write=False)
    return array


def _with(parameter: Parameter, array: Array) -> Parameter:
    """A whole parameter with other numbers, which lie as those of the model do."""
    return Parameter(array, parameter.dims, parameter.path, transposed=parameter.transposed)


def _as(kind: type[np.floating[Any]], parameter: Parameter) -> Parameter:
    """The same in numbers of a type."""
    return parameter if parameter.dtype == kind else _with(parameter, parameter.array.astype(kind))


def _size(count: int) -> str:
    """``30.5 kB``."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
