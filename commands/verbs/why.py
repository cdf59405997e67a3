"""Reasons: where a number comes from."""

from __future__ import annotations

from tracer.debugger.session import Session
from tracer.derive import derive
from tracer.errors import SelectorError
from tracer.export import jsonl
from tracer.i18n import _

from ..parameters import Cell
from ..registry import command
from ..results import Result, Results, View


@command("why", group="reason")
def why(session: Session, cell: Cell) -> Results:
    """Show how a cell was computed.

    You see its formula, the numbers put in, and the operands by address, to ask about next. CELL is an address with
    one place on every axis.

    (tx) why dec.0.cross.weights[h0, 0, 1]
    """
    record = session.here.find(cell)
    places = record.output.locate(cell.selectors)
    index = tuple(place for place in places if isinstance(place, int))
    if len(index) < len(places):
        raise SelectorError(
            _("{cell} is more than one cell; give one place on each of its axes: {axes}").format(
                cell=cell, axes=", ".join(record.output.axes)
            )
        )
    derivation = derive(record, index)

    def view() -> View:
        from tracer.render.derivation import derivation_view

        return derivation_view(derivation)

    yield Result(lambda: [jsonl.derivation(derivation)], view)
