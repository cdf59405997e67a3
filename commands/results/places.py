"""Kept places, in words and for programs."""

from __future__ import annotations

from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger


def place_line(debugger: Debugger, name: str, place: Cursor) -> str:
    """A bookmark in a line, with the address where this run has been so far."""
    has_been = place.index and place <= debugger.furthest
    address = debugger.run.step(place.step).records[place.index - 1].address if has_been else ""
    return f"{name}  @{place.step} #{place.index}  {address}".rstrip()


def place_facts(name: str, place: Cursor) -> dict[str, str | int]:
    """A bookmark's name, step and record."""
    return {"name": name, "step": place.step, "index": place.index}
