"""Attribution patching: what an edit would do at every place, told from one way back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..addresses import GRADIENT, Address
from ..dataclass import dataclass
from ..debugger.acts import Builder
from ..debugger.cursor import Cursor
from ..debugger.expressions import compile_expression
from ..debugger.locations import Here
from ..edits import Applied, Call, Edit, applied, placed
from ..errors import InputError
from ..gradients import objective
from ..i18n import N_, _
from ..run import Run, live
from ..stack import Ragged
from ..sweeps import KL, Sweep, begun, from_program
from ..tape import Tape
from ..tensor import Tensor
from ..trace import Trace
from .method import Trust, method
from .ranks import rank_correlation
from .tokens import tapes


@dataclass(eq=False)
class Patched:
    """A sweep and an estimate of each of its effects; the exact ones are there as far as `Sweep.steps` has come."""

    sweep: Sweep
    estimates: Sequence[float]

    @property
    def agreement(self) -> float:
        """Spearman's ρ of the estimates and the exact effects, as far as these are there."""
        return rank_correlation(self.estimates[: len(self.sweep.values)], self.sweep.effects)

    @property
    def table(self) -> Tensor:
        """The estimates, [layer or place, head or position, …]."""
        return self.sweep.places.table(self.estimates)

    @property
    def shown(self) -> Sequence[float]:
        """The estimates, as parts of what lies between two runs where effects are to be seen so."""
        sweep = self.sweep
        span = sweep.clean - sweep.base if sweep.is_normalised else 1.0
        return [estimate / span for estimate in self.estimates]


class Estimates(Ragged):
    """Estimated effects, [layer or place, …]; ``exact`` are those measured, ``agreement`` Spearman's ρ of the two."""

    __slots__ = ("agreement", "exact")

    def __init__(self, found: Patched) -> None:
        super().__init__(found.table.array, found.table.dims)
        self.exact, self.agreement = found.sweep.places.table(found.sweep.effects), found.agreement


@method(
    formula="Σ (ã − a) · ∂E/∂a",
    latex=r"\sum (\tilde a - a) \cdot \frac{\partial E}{\partial a}",
    reference="Nanda 2023, Attribution Patching; Kramár et al. 2024, §2.1",
    trust=Trust.PATH,
    leaves_out=N_(
        "how E bends between a and ã: where softmax is saturated an estimate may be 0 and the effect large; "
        "the exact effects beside it are those of one place at a time"
    ),
)
def atp(sweep: Sweep) -> Patched:
    """An estimate of what the edit of each place in a sweep adds to the measure, a being what its run has.

    Raises:
        InputError: the measure is kl, or an edit puts in what is not finite.
        ExpressionError: the measure has no derivative.
    """
    if sweep.measure.text == KL:
        raise InputError(_("kl is 0 in the run itself and has no slope there; measure a logit or a logit_diff"))
    run, step = live(sweep.run, atp.name), sweep.here.step
    tape = run.gradients_of(step, objective(compile_expression(sweep.measure.text), sweep.here))
    return Patched(sweep, [_estimate(sweep, tape, tapes(run, step), place) for place in sweep.places.addresses])


def _estimate(sweep: Sweep, gradients: Tape, here: Sequence[Tape], place: Address) -> float:
    """What the edits of a place would add."""
    total = 0.0
    for path, one in (found for edit in sweep.build(place) for found in _applied(edit, here)):
        before, after = one.before.astype(np.float64), one.after.astype(np.float64)
        delta = np.where(before == after, 0.0, after - before)
        if not np.isfinite(delta).all():
            told = _("{act} puts in what is not finite at {place}, of which no slope tells anything; sweep measures it")
            raise InputError(told.format(act=sweep.act, place=place))
        gradient = gradients.there(GRADIENT + path)
        if gradient is not None:
            total += float((delta * gradient.output.array[one.where]).sum())
    return total


def _applied(edit: Edit, here: Sequence[Tape]) -> Iterator[tuple[str, Applied]]:
    """What an edit does in each pass, by the path of the record."""
    _first, found = placed(edit, here, here)
    for tape in here:
        for record in tape.records[: tape.turn]:
            if record.address in found.paths and found.holds(tape.at):
                beside = {path: tape.find(path).output for path in found.value.beside}
                for one in applied([found.within(beside)], Call.of(record), record.output):
                    yield record.address, one


def estimated(here: Here, act: str | Builder, over: Sequence[str], measure: str, at: Address | None = None) -> Patched:
    """A sweep with estimates, of which nothing exact is done; where a step was made with a cache, it is made again.

    Raises as `tracer.sweeps.sweep` and `atp` do.
    """
    run = live(here.run, atp.name)
    step = max(here.step, *run.begins.values()) if at is None or at.step is None else at.step
    bare = run.without_cache(step)
    runs = {number: _bare(other, step) if _names(act, number) else other for number, other in here.runs.items()}
    there = replace(here, run=bare, cursor=Cursor(step, bare.step(step).turn), runs=runs)
    return atp(begun(bare, act, over, measure, there, at))


def _names(act: str | Builder, number: int) -> bool:
    """Whether an act, as it is written, takes from a run."""
    return isinstance(act, str) and re.search(rf"(?<!\w)r{number}(?!\d)", act) is not None


def _bare(run: Trace, step: int) -> Trace:
    """Another run without a cache, as far as it goes."""
    return run.without_cache(min(step, run.decode().computed)) if isinstance(run, Run) and run.cached else run


def patching(
    run: Run, act: str | Builder, *over: str, measure: str, at: int | str | None = None, source: Trace | None = None
) -> Estimates:
    """What an edit would add to a measure at every place that some globs stand for, beside what it adds.

    The arguments are those of `tracer.sweep`, but for measures without a slope. Raises as `estimated` does.
    """
    named, here, where = from_program(run, act, at, source)
    found = estimated(here, named, over, measure, where)
    for _done in found.sweep.steps():
        pass
    return Estimates(found)
