"""Going to places: by address, by bookmark, and back to where the cursor stopped."""

from __future__ import annotations

from collections.abc import Callable

from tracer.addresses import Address, parse
from tracer.debugger.debugger import Debugger, Stop

from ..grammar.parameters import Count, Name, Place
from ..registry import command
from ..results.places import place_facts, place_line
from ..results.result import Results, answer
from ..results.shared import performed
from .step import through


@command("goto", group="backward")
def goto(debugger: Debugger, location: Place) -> Results:
    """Go to a record, ahead or behind, or to a bookmark.

    goto @3 goes to the end of step 3, goto #40 to the 40th record of this step, goto start to before the first record
    of the run, goto end to its last. Breakpoints on the way don't stop it. A bookmark's name goes before an address.

    (tx) goto @1:dec.0.self.scores
    (tx) goto #12
    (tx) goto @1
    (tx) goto end
    (tx) goto start
    """
    yield from _arrived(debugger, lambda: _gone(debugger, location))


@command("back", group="backward", repeats=True)
def back(debugger: Debugger, n: Count = 1) -> Results:
    """Go back to the place where you stopped before.

    As in a browser: forward takes it back, and a motion after it forgets what lay ahead. A fresh run forgets all.

    (tx) next
    (tx) back
    """
    yield from _arrived(debugger, debugger.back, n)


@command("forward", group="forward", repeats=True)
def forward(debugger: Debugger, n: Count = 1) -> Results:
    """Go forward to the place that back came from.

    (tx) next
    (tx) back
    (tx) forward
    """
    yield from _arrived(debugger, debugger.forward, n)


@command("bookmark", group="backward")
def bookmark(debugger: Debugger, name: Name | None = None) -> Results:
    """Keep the cursor's place under NAME, or under a number.

    goto NAME leads back to it, in a fresh run too; info bookmarks lists them, unbookmark NAME forgets one.

    (tx) bookmark here
    (tx) goto here
    (tx) bookmark
    """
    place = debugger.cursor
    kept = debugger.bookmarks.keep(place, name)

    yield answer("bookmark", lambda: place_facts(kept, place), lambda: place_line(debugger, kept, place))


@command("unbookmark", group="backward")
def unbookmark(debugger: Debugger, name: Name) -> Results:
    """Forget a bookmark.

    (tx) bookmark here
    (tx) unbookmark here
    """
    debugger.bookmarks.forget(name)
    yield answer("unbookmark", lambda: {"removed": name}, lambda: None)


def _gone(debugger: Debugger, location: Address | str) -> Stop:
    if isinstance(location, Address):
        return debugger.goto(location)
    if (kept := debugger.bookmarks.get(location)) is not None:
        return debugger.revisit(kept)
    ends = {"start": debugger.goto_start, "end": debugger.goto_end}
    return ends[location]() if location in ends else debugger.goto(parse(location))


def _arrived(debugger: Debugger, motion: Callable[[], Stop], n: int = 1) -> Results:
    yield from through((motion() for _time in range(n)), debugger, performed)
