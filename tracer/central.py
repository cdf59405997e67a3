"""Gradients checked against central differences of the forward pass, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from functools import partial
from random import Random
from typing import NamedTuple

import numpy as np

from .addresses import GRADIENT, VIA, Address, Index, written
from .backward import COMPUTED, subject
from .dataclass import dataclass
from .edits import Constant, Edit, changed, is_of_model
from .errors import InputError
from .gradients import Asked
from .i18n import _
from .model import Model
from .run import Run
from .tape import Record
from .tensor import Array, Parameter, Tensor
from .verify import Check
from .work import work

CELLS = 3
"""So many of each gradient are compared, drawn by its address: the same ones each time."""

STEPS = (1e-5, 1e-4, 1e-3)
"""What h is, times the size of the cell or 1: the next one where the differences by the last are too coarse."""

ALLOWED, LEAST = 1e-6, 1e-4
"""Of a difference, as a share of the gradient's largest cell, or of this, times the value of the expression or 1."""

NEAR = 1e-3
"""Where the slope on one side comes so near to the gradient and that on the other does not, there is a kink."""

Place = tuple[int, ...]
Moved = Callable[[float], float]
"""What the expression comes to where something is added to a cell."""


@dataclass
class Verified:
    """What has come of it: the checks, the ``steps`` h that were used, and the cells at which there is a ``kink``."""

    of: str
    checks: Sequence[Check]
    steps: set[float] = field(default_factory=set)
    kinks: list[str] = field(default_factory=list)


class Cell(NamedTuple):
    """A cell with its gradient, what the expression comes to where it is moved, and how large gradients are there."""

    called: str
    value: float
    gradient: float
    moved: Moved
    scale: float

    @classmethod
    def of(cls, gradient: Record, place: Place, called: str, value: float, moved: Moved) -> Cell:
        """The cell of which a gradient has the one at a place."""
        array = gradient.output.array
        return cls(called, value, float(array[place]), moved, float(np.max(np.abs(array))))


@np.errstate(all="ignore")
def verify_gradients(run: Run, number: int) -> Verified:
    """Some cells of the gradients that a step has, compared; of a float32 model, both as float64 computes them.

    What earlier steps left in a cache counts as given, as it does for the gradients.

    Raises:
        InputError: the step has no gradients, or there is too little memory.
    """
    asked = _asked(run, number)
    wide = _in_double(run, number)
    objective = asked.objective(wide)
    found = Verified(objective.text, [Check(_("records"), _("cells")), Check(_("parameters"), _("cells"))])
    tape = wide.gradients_of(number, objective)
    gradients = [record for record in tape.records[tape.turn :] if not _is_part(record)]
    trained = {parameter.path: name for name, parameter in wide.model.parameters.items()}
    for record in work(gradients, _("gradients")):
        name = trained.get(record.address.removeprefix(GRADIENT))
        cells = _recorded(wide, asked, record) if name is None else _trained(wide, asked, record, name)
        for cell in cells:
            _see(found, found.checks[name is not None], cell, objective.value)
    return found


def _asked(run: Run, number: int) -> Asked:
    objective = run.objective(number)
    if objective is None or objective.asked is None:
        told = _("@{n} has no gradients to check; backward E records those of a number, e.g. backward sum(loss)")
        raise InputError(told.format(n=number))
    return objective.asked


def _in_double(run: Run, number: int) -> Run:
    """The run, or the same in float64, of the model read again, with the edits and the tokens of this one."""
    if run.model.dtype == "float64":
        return run
    model: Model = changed(run.unedited.model.computing_in("float64"), filter(is_of_model, run.edits))
    return run.over(model, number)


def _is_part(record: Record) -> bool:
    """Whether it is a contribution to a gradient rather than one."""
    return VIA in record.address or record.address.endswith(COMPUTED)


def _drawn(gradient: Tensor, of: Array) -> Iterator[Place]:
    """The cells of a gradient that are looked at: of those whose own number can be moved, being finite."""
    places = np.flatnonzero(np.isfinite(of)).tolist()
    for flat in sorted(Random(gradient.address).sample(places, min(CELLS, len(places)))):
        yield tuple(map(int, np.unravel_index(flat, of.shape)))


def _recorded(run: Run, asked: Asked, record: Record) -> Iterator[Cell]:
    """Cells of the gradient of something recorded: on a branch each is edited."""
    at, path = subject(record)
    there = run.step(at.number).find(path).output.array
    for place in _drawn(record.output, there):
        address, value = Address(path, at.number, selectors=tuple(map(Index, place))), float(there[place])
        yield Cell.of(record, place, written(path, at, place), value, partial(_edited, run, asked, address, value))


def _edited(run: Run, asked: Asked, address: Address, value: float, by: float) -> float:
    branch = run.replayed(Edit(address, Constant(value + by)), at=asked.here.step)
    return asked.value(branch.given_rows_of(run))


def _trained(run: Run, asked: Asked, record: Record, name: str) -> Iterator[Cell]:
    """Cells of the gradient of a parameter: the model is one with another number there."""
    other = run.model.parameters[name].copied()
    model, stored = run.model.having({name: other}), other.stored
    for place in _drawn(record.output, stored.array):
        called, value = written(stored.path, index=place), float(stored.array[place])
        yield Cell.of(record, place, called, value, partial(_changed, run, asked, model, stored, place))


def _changed(run: Run, asked: Asked, model: Model, stored: Parameter, place: Place, by: float) -> float:
    before = stored.array[place]
    stored.array[place] = before + by
    try:
        return asked.value(run.over(model, asked.here.step).given_rows_of(run))
    finally:
        stored.array[place] = before


def _see(found: Verified, check: Check, cell: Cell, value: float) -> None:
    """Compare a cell, by the first h that will do."""
    scale = max(cell.scale, LEAST * max(1.0, abs(value)))
    best, kink = np.inf, False
    for share in STEPS:
        h = share * max(1.0, abs(cell.value))
        after, before = cell.moved(h), cell.moved(-h)
        difference = abs((after - before) / (2 * h) - cell.gradient) / scale
        kink |= _is_kink([(after - value) / h, (value - before) / h], cell.gradient, scale)
        found.steps.add(share)
        best = min(best, difference)
        if best <= ALLOWED:
            break
    if best > ALLOWED and kink:
        found.kinks.append(cell.called)
        return
    told = _("the gradient of {cell} is {gradient:.9g}, and differences of {of} do not come to it")
    check.see(best, cell.called, ALLOWED, told.format(cell=cell.called, gradient=cell.gradient, of=found.of))


def _is_kink(sides: Sequence[float], gradient: float, scale: float) -> bool:
    """Whether the slopes on both sides of a cell differ, and the gradient is one of them."""
    near = [abs(side - gradient) <= NEAR * scale for side in sides]
    return any(near) and abs(sides[0] - sides[1]) > NEAR * scale
