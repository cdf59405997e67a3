"""Forcing a token: the next choice is another one."""

from __future__ import annotations

from tracer.addresses import Address, Label
from tracer.dataclass import dataclass
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions.tokens import Placed
from tracer.debugger.locations import performed
from tracer.edits import CHOICE, Constant, Edit
from tracer.errors import InputError
from tracer.i18n import _
from tracer.run import live

from ..grammar.parameters import Token
from ..registry import command
from ..results.branches import branched
from ..results.result import Results


@dataclass(frozen=True, eq=False)
class Forced(Constant):
    """A token in place of the one that was chosen; ``text`` is its piece."""

    def __str__(self) -> str:
        return _("{piece}, forced").format(piece=self.text)


@command("force", group="change")
def force(debugger: Debugger, token: Token) -> Results:
    """Let the next token be another one.

    What the step after the cursor chooses becomes TOKEN: a piece of the vocabulary, with or without its leading blank,
    between quotes where it is a number, or an id. The later steps read it and go on from there.

    (tx) goto @2
    (tx) force "do"
    (tx) token
    """
    run = live(debugger.run, "force")
    if not run.chooses:
        raise InputError(_("no token is chosen in r{n}: the output is given").format(n=debugger.number))
    if run.in_force.strategy == "beam":
        raise InputError(_("beam search weighs several tokens at a time; set strategy greedy, and force one of them"))
    number = _next(debugger)
    logits = run.step(number).find("choice.logits").output
    place = Placed(token)(logits.dims[-1], logits.shape[-1])
    edit = Edit(Address(CHOICE, number), Forced(place, str(Label(run.card.piece(place, "target")))))
    yield from branched(debugger, "force", [edit])


def _next(debugger: Debugger) -> int:
    """The number of the first step whose choice lies after the cursor.

    Raises:
        InputError: there is none.
    """
    here, tape = debugger.cursor, debugger.run.step(debugger.cursor.step)
    is_over = CHOICE not in tape.addresses or here.index >= tape.find(CHOICE).index
    number = here.step + is_over
    if not performed(debugger.run, number):
        told = _("no token is chosen after this one: the run ends with @{n}; goto an earlier step")
        raise InputError(told.format(n=debugger.run.computed))
    return number
