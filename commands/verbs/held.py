"""Where edits hold that are of the whole run unless a step is named, and the runs that they take from."""

from __future__ import annotations

from dataclasses import replace

from tracer.addresses import Address, Everywhere
from tracer.debugger.acts.patch import taken_from as taken
from tracer.debugger.debugger import Debugger
from tracer.edits import Aligned, Edit, Value
from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.edited import Source
from .set_tensor import place


def edit_at(debugger: Debugger, cells: Address | Everywhere, value: Value, *, onward: bool) -> Edit:
    """An edit of the current run: in the step that is named, ``onward`` from there on, else in every step.

    Raises:
        AddressError: nothing is recorded there.
        InputError: it lies in another run, or no step is named to go on from.
    """
    where = anywhere(debugger, cells)
    if onward and where.step is None:
        told = _("without a step {address} is edited in every step; name the first one before --onward, @3:{address}")
        raise InputError(told.format(address=where))
    return Edit(where, value, onward)


def anywhere(debugger: Debugger, cells: Address | Everywhere) -> Address:
    """Where an edit is to hold, by full path; raises as `set_tensor.place` does."""
    is_stepless = isinstance(cells, Address) and cells.step is None and cells.record is None
    return place(debugger, Everywhere(cells) if is_stepless else cells)  # type: ignore[arg-type]


def taken_from(debugger: Debugger, source: Source, cells: Address | Everywhere) -> Aligned:
    """What a run has at some cells of the current one.

    Raises:
        InputError: another model computed it.
        AddressError: there is no such run, or it has no such step, or that records nothing there.
    """
    return taken(debugger.here, source.run, source.at, anywhere(debugger, cells).path)


def within(cells: Address | Everywhere, path: str) -> Address | Everywhere:
    """The same cells of another path."""
    if isinstance(cells, Everywhere):
        return Everywhere(replace(cells.address, path=path))
    return replace(cells, path=path)


def path_of(cells: Address | Everywhere) -> str:
    """The path that was typed."""
    return cells.address.path if isinstance(cells, Everywhere) else cells.path
