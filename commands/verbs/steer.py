"""Computed numbers shifted: by a direction, a factor, or bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

from tracer.debugger.debugger import Debugger
from tracer.debugger.evaluated import evaluated
from tracer.debugger.expressions import Expression, compile_expression
from tracer.edits import Added, Clamped, ProjectedOff, ProjectedOnto, Scaled, Value
from tracer.i18n import _

from ..grammar.address_suggestions import expressions
from ..grammar.edited import Edited, Onward, following, suggested_after
from ..grammar.parameters import Kind, range_of
from ..grammar.suggestions import Suggestion, Typing
from ..registry import command
from ..results.branches import branched
from ..results.result import Results
from .held import edit_at


class Projection(NamedTuple):
    """A direction, and whether what lies along it is taken away, or is all that is left."""

    kind: Callable[[Value], Value]
    direction: Expression


def _projection(text: str) -> Projection:
    is_onto = text.startswith("onto")
    read = following("onto E" if is_onto else "off E", compile_expression)
    return Projection(ProjectedOnto if is_onto else ProjectedOff, read(text))


def _directions(typing: Typing) -> list[Suggestion]:
    words = {"off": _("what lies along it is taken away"), "onto": _("only what lies along it is left")}
    return [found for word in words for found in suggested_after(word, words[word].format, expressions)(typing)]


def _by(note: Callable[[], str]) -> Kind:
    return Kind("by E", following("by E", compile_expression), suggested_after("by", note, expressions))


By = Annotated[Expression, _by(lambda: _("what is added"))]
Operand = Annotated[Expression, _by(lambda: _("a factor"))]
Off = Annotated[Projection, Kind("off|onto E", _projection, _directions)]
To = Annotated[
    tuple[float, float],
    Kind("to LO,HI", following("to LO,HI", range_of), suggested_after("to", lambda: _("LO,HI"), lambda _typing: ())),
]


@command("steer", group="change")
def steer(debugger: Debugger, address: Edited, by: By, *, onward: Onward = False) -> Results:
    """Add a direction to what is computed.

    h becomes h + E at every position, or at those that ADDRESS selects, in every step; @3: before it is for step 3
    alone, --onward from there on. E may be a number, or a vector of this run or of others, as the difference of two of
    them.

    (tx) steer dec.0.ffn.output by 0.1
    (tx) steer enc.0.output[1] by 2 * (r0@0:enc.0.output[0] - r0@0:enc.0.output[1])
    """
    yield from _shifted(debugger, "steer", address, Added(evaluated(by, debugger.here)), onward=onward)


@command("scale", group="change")
def scale(debugger: Debugger, address: Edited, operand: Operand, *, onward: Onward = False) -> Results:
    """Multiply what is computed by a factor.

    h becomes E · h in every step; @3: before ADDRESS is for step 3 alone, --onward from there on.

    (tx) scale dec.0.cross.h1 by 0.5
    (tx) scale enc.0.output["爱"] by 2
    """
    yield from _shifted(debugger, "scale", address, Scaled(evaluated(operand, debugger.here)), onward=onward)


@command("clamp", group="change")
def clamp(debugger: Debugger, address: Edited, bounds: To, *, onward: Onward = False) -> Results:
    """Keep what is computed within bounds.

    What is less than LO becomes LO, what is more than HI becomes HI; one of them may be left out. That is in every
    step; @3: before ADDRESS is for step 3 alone, --onward from there on.

    (tx) clamp dec.0.ffn.hidden to 0,1
    (tx) clamp enc.0.output to ,0.5
    """
    yield from _shifted(debugger, "clamp", address, Clamped(*bounds), onward=onward)


@command("project", group="change")
def project(debugger: Debugger, address: Edited, direction: Off, *, onward: Onward = False) -> Results:
    """Take a direction out of what is computed, or all others.

    off E takes away what lies along the vector E: h − (h·v̂)v̂, where v̂ is E at length 1; onto E leaves that alone:
    (h·v̂)v̂. That is at every position, or at those that ADDRESS selects, in every step; @3: before it is for step 3
    alone, --onward from there on.

    (tx) project enc.0.output off r0@0:enc.0.output["爱"]
    (tx) project @1:dec.0.output onto r0@1:dec.0.output[0]
    """
    value = direction.kind(evaluated(direction.direction, debugger.here))
    yield from _shifted(debugger, "project", address, value, onward=onward)


def _shifted(debugger: Debugger, name: str, address: Edited, value: Value, *, onward: bool) -> Results:
    yield from branched(debugger, name, [edit_at(debugger, address, value, onward=onward)])
