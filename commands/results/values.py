"""Results that show values: a part of a recorded tensor, or what an expression came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer import render
from tracer.addresses import Selector
from tracer.debugger.displays import Format
from tracer.debugger.expressions import Expression, Several, Value
from tracer.debugger.session import Session
from tracer.export import jsonl
from tracer.i18n import _
from tracer.operation import Trait
from tracer.ops.softmax import softmax
from tracer.tape import Record
from tracer.tensor import Array, Axis, Tensor

from .result import Cells, Result, Results, View, answer
from .shared import record_result

PLAIN = Format()


@dataclass(frozen=True)
class Part:
    """What selectors cut out of a recorded tensor, and how it is shown; ``label`` stands before its title."""

    session: Session
    record: Record
    selectors: tuple[Selector, ...] = ()
    form: Format = PLAIN
    label: str = ""

    def result(self) -> Result:
        """The values, or the view that fits them; raises as `Tensor.select` does."""
        cut = self.cut
        return Result(
            lambda: [jsonl.tensor(cut, self.record.step)],
            lambda: in_format(self._view(cut), self.form),
            about=Cells(self.record, self.selectors),
        )

    @property
    def cut(self) -> Tensor:
        """What the selectors leave; raises as `Tensor.select` does."""
        return self.record.output.select(self.selectors)

    @property
    def title(self) -> str:
        """The address with its selectors, and whether the cursor has been there."""
        selected = f"[{', '.join(map(str, self.selectors))}]" if self.selectors else ""
        remark = ahead(self.session, self.record)
        return f"{self.label}{self.record.output.address}{selected}" + (f"  ({remark})" if remark else "")

    def _view(self, cut: Tensor) -> View:
        whole, _short, decimals, _scientific, highlight = self.form
        if self.record.op is softmax and not highlight and (row := self._row()) is not None:
            return self._softmax(row)
        if self.record.has(Trait.MASK) and not self.selectors and not highlight:
            return render.mask.mask_view(self.record, title=self.title, full=whole)
        if self.record.has(Trait.LOSS) and cut.array.ndim and not highlight:
            return self._losses(cut)
        return render.tensors.tensor_view(
            cut,
            title=self.title,
            decimals=decimals,
            full=whole,
            probabilities=self.record.has(Trait.DISTRIBUTION),
            highlight=highlight,
            measured=not self.record.has(Trait.MASK),
        )

    def _row(self) -> list[int] | None:
        """The index of the one row that is selected whole, if it is one."""
        *row, last = self.record.output.locate(self.selectors)
        whole = last == slice(0, self.record.output.shape[-1], 1) or last == slice(0, self.record.output.shape[-1])
        places = [place for place in row if isinstance(place, int)]
        return places if whole and len(places) == len(row) else None

    def _losses(self, cut: Tensor) -> View:
        gold, [axis] = self.record.parameters["gold"], cut.dims
        pieces = [self.session.run.model.piece(gold[axis.number(i)], "target") for i in range(cut.shape[0])]
        return render.scored.loss_view(cut, pieces, title=self.title, decimals=self.form.decimals, full=self.form.whole)

    def _softmax(self, row: list[int]) -> View:
        tape = self.session.run.at(self.record.output.address.partition(":")[0])
        rows = self.record.output.shape[-1] + 1 if self.form.whole else None
        return render.softmax.softmax_view(
            self.record, row, tape, title=self.title, decimals=self.form.decimals, max_rows=rows
        )


def printed(session: Session, expression: Expression, form: Format = PLAIN, label: str = "") -> Results:
    """The value of an expression: a part of a record, a line for each of several, or what it comes to."""
    address = expression.sole_address
    if address is None:
        remark = _ahead_of(session, expression)
        yield value_result(expression.text, expression.evaluate(session.here), form, label=label, remark=remark)
        return
    for record in session.here.matches(address):
        if address.is_glob or form.short:
            yield record_result(record, ahead(session, record))
        else:
            yield Part(session, record, address.selectors, form, label).result()


def _ahead_of(session: Session, expression: Expression) -> str:
    """What to say of an expression of which something has not been reached."""
    records = (record for address in expression.addresses for record in session.here.matches(address))
    return next(filter(None, (ahead(session, record) for record in records)), "")


def ahead(session: Session, record: Record) -> str:
    """What to say of a record that the cursor has not reached; nothing of others."""
    return _("ahead: the cursor has not been there") if session.is_ahead(record) else ""


def value_result(text: str, value: Value, form: Format = PLAIN, *, label: str = "", remark: str = "") -> Result:
    """The value of an expression, under its text, with a remark; of an array all, or what fits."""
    title, tail = f"{label}{text}", f"   ({remark})" if remark else ""

    def view() -> View:
        whole, _short, decimals, _scientific, highlight = form
        if isinstance(value, Several):
            pairs = zip(value.addresses, value.values, strict=True)
            return label + "\n".join(f"{address}  {_number(part, form)}" for address, part in pairs) + tail
        if isinstance(value, np.ndarray):
            shown = unlabelled(value)
            seen = render.tensors.tensor_view(
                shown, title=title + tail, decimals=decimals, full=whole, highlight=highlight
            )
            return in_format(seen, form)
        return f"{title} = {_number(value, form)}{tail}"

    return answer("print", lambda: {"expression": text, "value": plain(value)}, view)


def in_format(view: View, form: Format) -> View:
    """A view with its numbers as a format has them."""
    return render.page.Scientific(view) if form.scientific else view


def written(value: Value) -> str:
    """A value in a sentence."""
    if isinstance(value, np.ndarray):
        return _("a tensor [{shape}]").format(shape=",".join(map(str, value.shape)))
    return _number(value, PLAIN) if not isinstance(value, Several) else _("{n} values").format(n=len(value.values))


def unlabelled(array: Array) -> Tensor:
    """An array that an expression came to, its axes numbered."""
    return Tensor(array, tuple(Axis(_("axis {n}").format(n=n)) for n in range(array.ndim)))


def _number(value: Any, form: Format) -> str:
    if isinstance(value, float):
        return format(value, _notation(form))
    return jsonl.dumps({"": plain(value)})[len('{"": ') : -1]


def _notation(form: Format) -> str:
    letter = "e" if form.scientific else "f"
    if form.decimals is None:
        return ".3e" if form.scientific else ".6g"
    return f".{form.decimals}{letter}"


def plain(value: Value) -> Any:
    """A value as JSON has it; the tensors of a glob by address."""
    if isinstance(value, Several):
        return dict(zip(value.addresses, map(plain, value.values), strict=True))
    return jsonl.values(value) if isinstance(value, np.ndarray) else value
