"""Recorded tensors to look around in: where a cell of one comes from, and where that leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracer import render
from tracer.addresses import Selector, parse
from tracer.arithmetic import Leaf
from tracer.derive import Explainer, Explanation, record_of
from tracer.run import Run
from tracer.tape import Record

from .reasons import facts_view, parameter_facts
from .result import View

Index = tuple[int, ...]


class Recorded:
    """What selectors cut out of the output of a record of a run; raises as `Tensor.locate` does."""

    def __init__(self, run: Run, record: Record, selectors: tuple[Selector, ...] = ()) -> None:
        self._run = run
        self._record = record
        self._where = record.output.locate(selectors)

    @property
    def address(self) -> str:
        """That of the record, with its step."""
        return self._record.output.address

    def index(self, index: Index) -> Index:
        """The index into the record's output, on whose axes selectors took one place or some."""
        places = iter(index)
        lengths = zip(self._where, self._record.output.shape, strict=True)
        return tuple(where if isinstance(where, int) else range(n)[where][next(places)] for where, n in lengths)

    def asked(self, index: Index) -> RecordedCell:
        """The cell of the record."""
        return RecordedCell(self._run, self._record.output.leaf(*self.index(index)), self._record.step)


@dataclass(frozen=True)
class RecordedCell:
    """A cell of a record or of a parameter; ``step`` is that of the record it was met in."""

    run: Run
    leaf: Leaf
    step: int

    @property
    def view(self) -> View:
        """The arithmetic of the cell, one level deep and with its operands numbered; what is known of a parameter."""
        if (explanation := self._explanation) is None:
            return facts_view(self._facts())
        numbers = {str(operand.leaf): number for number, operand in enumerate(self.operands, 1)}
        return render.derivation.explanation_view(explanation, reasons=self._explainer.reasons, numbers=numbers)

    @property
    def operands(self) -> Sequence[RecordedCell]:
        """The cells that it was made of, in the order of their numbers; none for a parameter."""
        cells = self._explanation.cells() if self._explanation else ()
        return [RecordedCell(self.run, leaf, self.step) for leaf in {str(leaf): leaf for leaf in cells}.values()]

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.run, self.run.model.parameters)

    @cached_property
    def _explanation(self) -> Explanation | None:
        record = record_of(self.run, self.leaf)
        return None if record is None else self._explainer.explain(record, self.leaf.index, 1)

    def _facts(self) -> dict[str, Any]:
        parameters = {parameter.address: parameter for parameter in self.run.model.parameters.values()}
        return parameter_facts(self.run, parameters[self.leaf.address], parse(str(self.leaf)), self.step)
