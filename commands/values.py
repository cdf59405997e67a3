"""Results that show values: a part of a recorded tensor, or what an expression came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.addresses import Selector
from tracer.debugger.expressions import Several, Value
from tracer.debugger.session import Session
from tracer.export import jsonl
from tracer.i18n import _
from tracer.tape import Record
from tracer.tensor import Array, Axis, Tensor

from .results import Result, View, answer


@dataclass(frozen=True)
class Part:
    """What selectors cut out of a recorded tensor, all of it or what fits, with so many decimals."""

    session: Session
    record: Record
    selectors: tuple[Selector, ...] = ()
    whole: bool = False
    decimals: int | None = None

    def result(self) -> Result:
        """The values, or the view that fits them; raises as `Tensor.select` does."""
        cut = self.cut
        return Result(lambda: [jsonl.tensor(cut, self.record.step)], lambda: self._view(cut))

    @property
    def cut(self) -> Tensor:
        """What the selectors leave; raises as `Tensor.select` does."""
        return self.record.output.select(self.selectors)

    @property
    def title(self) -> str:
        """The address with its selectors, and whether the cursor has been there."""
        selected = f"[{', '.join(map(str, self.selectors))}]" if self.selectors else ""
        ahead = _("  (ahead: the cursor has not been there)") if self.session.is_ahead(self.record) else ""
        return f"{self.record.output.address}{selected}{ahead}"

    def _view(self, cut: Tensor) -> View:
        from tracer.render.mask import mask_view
        from tracer.render.tensors import tensor_view

        if self.record.op.name == "softmax" and (row := self._row()) is not None:
            return self._softmax(row)
        if self.record.op.name == "mask" and not self.selectors:
            return mask_view(self.record, title=self.title, full=self.whole)
        return tensor_view(cut, op=self.record.op.name, title=self.title, decimals=self.decimals, full=self.whole)

    def _row(self) -> list[int] | None:
        """The index of the one row that is selected whole, if it is one."""
        *row, last = self.record.output.locate(self.selectors)
        whole = last == slice(0, self.record.output.shape[-1], 1) or last == slice(0, self.record.output.shape[-1])
        places = [place for place in row if isinstance(place, int)]
        return places if whole and len(places) == len(row) else None

    def _softmax(self, row: list[int]) -> View:
        from tracer.render.softmax import softmax_view
        from tracer.render.tensors import MAX_ROWS

        tape = self.session.run.step(self.record.step)
        decimals = 3 if self.decimals is None else self.decimals
        rows = self.record.output.shape[-1] + 1 if self.whole else MAX_ROWS
        return softmax_view(self.record, row, tape, title=self.title, decimals=decimals, max_rows=rows)


def value_result(text: str, value: Value, decimals: int | None, *, whole: bool = False) -> Result:
    """The value of an expression, under its text; of an array all, or what fits."""

    def view() -> View:
        from tracer.render.tensors import tensor_view

        if isinstance(value, Several):
            pairs = zip(value.addresses, value.values, strict=True)
            return "\n".join(f"{address}  {_number(part, decimals)}" for address, part in pairs)
        if isinstance(value, np.ndarray):
            return tensor_view(unlabelled(value), title=text, decimals=decimals, full=whole)
        return f"{text} = {_number(value, decimals)}"

    return answer("print", lambda: {"expression": text, "value": _plain(value)}, view)


def unlabelled(array: Array) -> Tensor:
    """An array that an expression came to, its axes numbered."""
    return Tensor(array, tuple(Axis(_("axis {n}").format(n=n)) for n in range(array.ndim)))


def _number(value: Any, decimals: int | None) -> str:
    if isinstance(value, float):
        return format(value, ".6g" if decimals is None else f".{decimals}f")
    return jsonl.dumps({"": _plain(value)})[len('{"": ') : -1]


def _plain(value: Value) -> Any:
    if isinstance(value, Several):
        return dict(zip(value.addresses, map(_plain, value.values), strict=True))
    return jsonl.values(value) if isinstance(value, np.ndarray) else value
