"""``set tensor CELLS = E``: a number, or what an expression comes to, in place of computed cells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tracer.addresses import Address, Everywhere, parse_anywhere
from tracer.debugger.debugger import Debugger
from tracer.debugger.evaluated import evaluated
from tracer.debugger.expressions import Expression, compile_expression
from tracer.debugger.stops.naming import whole
from tracer.edits import CHOICE, Edit
from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.address_suggestions import expressions, locations
from ..grammar.suggestions import Suggestion, Typing
from ..results.branches import branched
from ..results.result import Results

CELLS = "CELLS = E"

EQUALS = re.compile(r'((?:[^"=\[]|"(?:[^"\\]|\\.)*"|\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])*)=(?!=)(.*)', re.DOTALL)


def set_tensor(debugger: Debugger, text: str) -> Results:
    """Make a branch in which some cells are set; raises as `branched` does, and for what does not read."""
    cells, expression = read(text)
    yield from branched(debugger, "set tensor", [edit_of(debugger, cells, expression)])


def read(text: str) -> tuple[Address | Everywhere, Expression]:
    """What is set, and to what.

    Raises:
        InputError: there is no sign of equality.
        TraceError: one of the two does not read.
    """
    match = EQUALS.fullmatch(text)
    if match is None or not match[1].strip() or not match[2].strip():
        raise InputError(
            _("{text!r} sets nothing; write CELLS = E, e.g. set tensor dec.0.cross.heads[h0] = 0").format(text=text)
        )
    return parse_anywhere(match[1].strip()), compile_expression(match[2])


def edit_of(debugger: Debugger, cells: Address | Everywhere, expression: Expression) -> Edit:
    """An edit of the current run; without a step in the cursor's. Raises as `place` does."""
    return Edit(place(debugger, cells), evaluated(expression, debugger.here))


def place(debugger: Debugger, cells: Address | Everywhere) -> Address:
    """Where an edit is to hold, by full path: in one step, or, without one, in every step.

    Raises:
        AddressError: nothing is recorded there.
        InputError: it lies in another run, or the edit is of what is chosen, or of a hypothesis.
    """
    here, address = debugger.here, cells.address if isinstance(cells, Everywhere) else cells
    if here.run_of(address) is not debugger.run or address.beam is not None:
        told = _("an edit makes a branch of the current run, r{n}; leave out what {address} begins with, or switch")
        raise InputError(told.format(n=debugger.number, address=address))
    address = replace(address, run=None)
    if isinstance(cells, Everywhere):
        found = whole(address, here)
    else:
        records = here.matches(address)
        path = records[0].address if address.record is not None else whole(address, here).path
        found = replace(address, path=path, record=None, step=here.step_of(address))
    if found.path == CHOICE:
        raise InputError(_("the token that is chosen is set by force TOKEN"))
    return found


def suggested(typing: Typing) -> Iterable[Suggestion]:
    """Addresses before the sign of equality, expressions after it."""
    match = EQUALS.fullmatch(typing.text)
    return locations(typing) if match is None else expressions(replace(typing, text=match[2].lstrip()))
