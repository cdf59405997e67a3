"""Formulas: what an operation does, in symbols and shapes."""

from __future__ import annotations

from typing import Any

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.derive import derive
from tracer.errors import AddressError, SelectorError
from tracer.i18n import _
from tracer.operands import operands_of
from tracer.tape import Record

from ..grammar.parameters import Where
from ..registry import command
from ..results.reasons import parameter_at
from ..results.result import Results, answer


@command("formula", group="reason")
def formula(debugger: Debugger, address: Where) -> Results:
    """Show the formula of an operation and its shapes.

    You see its symbols, the shapes by axis name, whether vectors are rows or columns, and where it stands in the
    literature. For one cell of a matrix product you also see the row and the column it is the product of.

    (tx) formula dec.0.ffn.hidden
    (tx) formula dec.0.cross.scores[h0, 0, 1]
    """
    if parameter_at(debugger, address) is not None:
        raise AddressError(
            _("{address} is a parameter: it was trained, and no formula computes it; try why").format(address=address)
        )
    record = debugger.here.find(address)
    places = record.output.locate(address.selectors)
    index = tuple(place for place in places if isinstance(place, int))
    if address.selectors and len(index) < len(places):
        raise SelectorError(
            _("{address} is more than one cell: leave the selectors out, or give one place on each axis").format(
                address=address
            )
        )
    derivation = derive(record, index) if address.selectors else None

    yield answer("formula", lambda: _data(record), lambda: views.formula.formula_view(record, derivation))


def _data(record: Record) -> dict[str, Any]:
    operation, taken, written = record.op, operands_of(record), record.written
    return {
        "address": record.output.address,
        "op": operation.name,
        "formula": written.formula,
        "latex": written.latex,
        "reference": operation.reference,
        "convention": operation.convention(record),
        "is_product": taken.is_product,
        "operands": [
            {
                "symbol": operand.name,
                "address": operand.tensor.address,
                "axes": [axis.name for axis, _n in operand.extents],
                "shape": [n for _axis, n in operand.extents],
            }
            for operand in taken.operands
        ],
        "axes": record.output.axes,
        "shape": record.output.shape,
    }
