"""Activation patching and path patching: what another run has, put into this one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, NamedTuple

from tracer.addresses import Address, Everywhere
from tracer.debugger.debugger import Debugger
from tracer.i18n import _
from tracer.run import live
from tracer.stream import seen
from tracer.trace import Trace

from ..grammar.address_suggestions import heads
from ..grammar.edited import Edited, Onward, Source, cells, following, runs, source, suggested_after
from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing
from ..registry import command
from ..results.branches import branched
from ..results.result import Results
from .held import edit_at, taken_from

_INTO = "only into"
_FROM = re.compile(rf"(?P<run>.*?)(?:\s+{_INTO}\s+(?P<receiver>.+))?", re.DOTALL)


class Patching(NamedTuple):
    """The run that a value comes from, and the one record that is to see it, if only one is."""

    source: Source
    receiver: Address | Everywhere | None


def _patching(text: str) -> Patching:
    """Raises as `source` and `cells` do."""
    match = _FROM.fullmatch(text)
    assert match is not None
    return Patching(source(match["run"]), cells(match["receiver"]) if match["receiver"] else None)


def _suggested(typing: Typing) -> Iterable[Suggestion]:
    """Runs; after one of them, what is to see the value."""
    _run, blank, rest = typing.text.partition(" ")
    if not blank:
        return runs(typing)
    return suggested_after(_INTO, lambda: _("only one record sees it"), heads)(replace(typing, text=rest))


From = Annotated[
    Patching,
    Kind(
        "from RUN[@STEP] [only into ADDRESS]",
        following("from RUN", _patching),
        suggested_after("from", lambda: _("a run"), _suggested),
    ),
]


@command("patch", group="change")
def patch(debugger: Debugger, address: Edited, given: From, *, onward: Onward = False) -> Results:
    """Put in what another run has at the same place.

    ADDRESS may select cells: enc.1.output["爱"] is one position, dec.1.cross.h2 one head. It is patched in every step,
    each from the step of the same number, or all from the step after RUN@; @3: before it is for step 3 alone, --onward
    from there on. Positions go by their number; where the runs have more or fewer of them, tokens by their labels.

    Into a run over the corrupted text from that over the clean one, this is denoising: is the place enough to bring the
    answer back? The other way round it is noising: is the place needed?

    only into lets one record see it (path patching): it gets what it would have if every other sublayer between the two
    added to the residual stream what it adds in this run. That holds in the steps that read the same tokens.

    (tx) run 我喜欢猫
    (tx) patch enc.0.output[1] from r0
    (tx) patch enc.0.self.h1 from r0 only into dec.0.cross.v
    """
    run = live(debugger.run, "patch")
    value = taken_from(debugger, given.source, address)
    edit = edit_at(debugger, address, value, onward=onward)
    if given.receiver is None:
        yield from branched(debugger, "patch", [edit])
        return
    receiver = edit_at(debugger, given.receiver, value, onward=onward)
    reached = replace(receiver, value=seen(run, edit, receiver.address))
    yield from branched(debugger, "patch", [reached], [_remark(run, receiver.address)])


def _remark(run: Trace, receiver: Address) -> str:
    """What sees the value, and what does not."""
    told = _("only {receiver} sees it; every other sublayer on the way adds what it adds in r{n}")
    return told.format(receiver=receiver, n=run.number)
