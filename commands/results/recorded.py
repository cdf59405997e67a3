"""Recorded tensors to look around in: where a cell of one comes from, and where that leads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from tracer import views
from tracer.arithmetic import Leaf
from tracer.dataclass import dataclass
from tracer.derive import Explainer, Explanation, record_of
from tracer.tape import Record
from tracer.tensor import Located, Tensor
from tracer.trace import Trace, not_kept

from .reasons import facts_view, parameter_facts
from .result import View

Index = tuple[int, ...]


class Within:
    """The part at an index of a parameter, looked at from a step."""

    def __init__(self, run: Trace, address: str, tensor: Tensor, where: Located, step: int) -> None:
        self._run = run
        self._address = address
        self._tensor = tensor
        self._where = where
        self._step = step

    @property
    def address(self) -> str:
        """The name of the whole tensor."""
        return self._address

    def index(self, index: Index) -> Index:
        """The index into the whole tensor, on whose axes selectors took one place or some."""
        places = iter(index)
        lengths = zip(self._where, self._tensor.shape, strict=True)
        return tuple(where if isinstance(where, int) else range(n)[where][next(places)] for where, n in lengths)

    def asked(self, index: Index) -> RecordedCell:
        """The cell."""
        return RecordedCell(self._run, self._tensor.leaf(*self.index(index)), self._step)


class Recorded(Within):
    """The part at an index of the output of a record of a run; its address has the step."""

    def __init__(self, run: Trace, record: Record, where: Located) -> None:
        super().__init__(run, record.output.address, record.output, where, record.step)


@dataclass(frozen=True)
class RecordedCell:
    """A cell of a record or of a parameter; ``step`` is that of the record it was met in."""

    run: Trace
    leaf: Leaf
    step: int

    @property
    def view(self) -> View:
        """The arithmetic of the cell, one level deep and with its operands numbered; what is known of a parameter."""
        if (explanation := self._explanation) is None:
            return facts_view(self._facts())
        numbers = {str(operand.leaf): number for number, operand in enumerate(self.operands, 1)}
        return views.derivation.explanation_view(explanation, reasons=self._explainer.reasons, numbers=numbers)

    @property
    def operands(self) -> Sequence[RecordedCell]:
        """The cells that it was made of, in the order of their numbers; none for a parameter."""
        cells = self._explanation.cells() if self._explanation else ()
        return [RecordedCell(self.run, leaf, self.step) for leaf in {str(leaf): leaf for leaf in cells}.values()]

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.run)

    @cached_property
    def _explanation(self) -> Explanation | None:
        record = record_of(self.run, self.leaf)
        return None if record is None else self._explainer.explain(record, self.leaf.index, 1)

    def _facts(self) -> dict[str, Any]:
        parameter = self.run.parameters.get(self.leaf.path)
        if parameter is None:
            raise not_kept(self.leaf.path)
        return parameter_facts(self.run, parameter, self.leaf.index, self.step)
