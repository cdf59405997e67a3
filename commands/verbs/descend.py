"""One step of training, in a branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from tracer.debugger.debugger import Debugger
from tracer.descent import RATE, RULES, TIMES, Rule, descended, example, rule_named
from tracer.run import live

from ..grammar.parameters import Kind, Option
from ..grammar.runs import run_number
from ..grammar.suggestions import words
from ..registry import command
from ..results.branches import entered
from ..results.result import Results

Rate = Annotated[float, Kind(RATE.placeholder, RATE.read)]
How = Annotated[Rule, Kind("|".join(RULES), rule_named, words(lambda _debugger: dict.fromkeys(RULES, "")))]
Times = Annotated[int, Option("times", TIMES.placeholder, TIMES.read)]


def _numbers(text: str) -> list[int]:
    """``r2,r4``."""
    return list(dict.fromkeys(map(run_number, text.split(","))))


With = Annotated[Sequence[int], Option("with", "RUN,RUN…", _numbers)]


@command("descend", group="change")
def descend(debugger: Debugger, rate: Rate, how: How = RULES["SGD"], *, times: Times = 1, beside: With = ()) -> Results:
    """Train: move the parameters against their gradients.

    The gradients are those that backward recorded in the cursor's step, usually of a loss. SGD makes p − RATE · g of
    every parameter p that has one; Adam goes by running means of g and g² (Kingma & Ba 2015), which go on from the
    descents before. times N does so N times, each with the gradients that the parameters have by then. with r2,r4
    adds those of the same expressions in the steps where the cursor stood in these runs: several sentences at once.

    That is in a branch, which computes everything again: diff shows what it changed, why NAME[cell] how a number was
    moved, print NAME - r0:NAME by how much. undo takes it back. The moved parameters stay for other texts (run TEXT,
    set target TEXT) until then, or until model opens one. set parameters random begins from nothing; three sentences
    are learned so:

    (tx) set parameters random 1
    (tx) run 我爱你
    (tx) set target i love you
    (tx) goto @1
    (tx) backward sum(loss)
    (tx) run 他有书
    (tx) set target he has books
    (tx) goto @1
    (tx) backward sum(loss)
    (tx) run 她喝茶
    (tx) set target she drinks tea
    (tx) goto @1
    (tx) backward sum(loss)
    (tx) descend .01 adam times 60 with r2,r3
    (tx) run 我爱你
    (tx) continue
    """
    run = live(debugger.run, "descend")
    asked = example(run, debugger.cursor.step).asked
    others = {number: live(debugger.runs.find(number), "descend") for number in beside}
    examples = [example(other, debugger.stand(number).cursor.step) for number, other in others.items()]
    yield from entered(debugger, run, descended(run, asked, rate, how, times, examples))
