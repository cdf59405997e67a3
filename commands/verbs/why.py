"""Reasons: where a number comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tracer import views
from tracer.addresses import Address, Label
from tracer.arithmetic import Leaf
from tracer.debugger.debugger import Debugger
from tracer.derive import Derivation, Explainer
from tracer.descent import Descended
from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.margin import Margin, margin
from tracer.model_edits import changing
from tracer.tape import Tape
from tracer.tensor import Located, Parameter
from tracer.trace import Trace

from ..grammar.parameters import All, Cell, Depth, Terms
from ..registry import command
from ..results.reasons import (
    Found,
    cell_at,
    changed_parameters,
    choice_of,
    facts_view,
    parameter_at,
    parameter_facts,
    target_id,
    token_facts,
)
from ..results.result import Cells, Result, Results, View, answer


@command("why", group="reason", basic=True)
def why(debugger: Debugger, cell: Cell, *, depth: Depth = 1, terms: Terms = 4, whole: All = False) -> Results:
    """Show how a cell was computed.

    You see its formula, the numbers put in, its sums worked out, and the operands, each with its address and a number
    to ask about next: why 2 goes on from the second one. CELL is an address with one place on every axis, a parameter
    by its name in the checkpoint, or a token in quotes, with the reasons for its choice, or, where it was not chosen,
    for the other one. -d goes so many levels deep, of a long sum into its largest term; -n says how many terms of a sum
    are shown, --all shows every one.

    (tx) why dec.0.cross.weights[h0, 0, 1]
    (tx) why 1
    (tx) why probs[-1, 0] -d 3
    (tx) why dec.0.ffn.norm[0, 3] -n 8
    (tx) why choice
    (tx) why "love"
    (tx) why "cats"
    """
    count = None if whole else terms
    if isinstance(cell, Label):
        yield _facts(token_facts(debugger.run, cell))
        choice = choice_of(debugger, cell)
        yield from _not_chosen(debugger, cell, count) if choice is None else _reasons(debugger, choice, depth, count)
        return
    address = _operand(debugger, cell) if isinstance(cell, int) else cell
    parameter = parameter_at(debugger, address)
    if parameter is not None:
        where = parameter.locate(address.selectors)
        yield _facts(parameter_facts(debugger.run, parameter, where, debugger.cursor.step))
        yield from _made(debugger.run, parameter, where)
        return
    run = debugger.here.run_of(address)
    yield from _reasons(debugger, cell_at(debugger, address), depth, count, run)


def _made(run: Trace, parameter: Parameter, where: Located) -> Results:
    """How a cell of a parameter is made of what stands in the file, or, where it was moved, of what was before."""
    index = tuple(place for place in where if isinstance(place, int))
    if len(index) < len(where):
        return
    cell, changes = parameter.leaf(*index), changing(run.edits, run.parameters, parameter.path)
    last = changes[-1].value if changes else None
    made = last.made(cell) if isinstance(last, Descended) else None if changes else run.parameters.made(cell)
    if made is not None:
        yield Result(lambda: [jsonl.made(cell, made)], lambda: views.derivation.made_view(cell, made))


def _operand(debugger: Debugger, number: int) -> Address:
    """The cell that the last explanation gave a number."""
    count = len(debugger.asked)
    if not count:
        raise InputError(_("no operand is numbered yet; why CELL numbers those of a cell"))
    if not 1 <= number <= count:
        problem = ngettext("there is no operand {n}; the last why has one", "there is no operand {n} of {count}", count)
        raise InputError(problem.format(n=number, count=count))
    cell = debugger.asked[number - 1]
    address = Address.of(cell.path, cell.at, cell.index)
    return address if cell.run is None else replace(address, run=cell.run.number)


def _reasons(debugger: Debugger, found: Found, depth: int, count: int | None, run: Trace | None = None) -> Results:
    explainer = Explainer(debugger.run)
    explanation = explainer.explain(*found, depth, run)
    chosen = _contest(debugger, found) if run in (None, debugger.run) else None
    numbers = _numbered(debugger, [*explanation.cells(), *(_sides(chosen) if chosen else ())])

    about = Cells(*found, explained=True)
    yield Result(
        lambda: map(jsonl.derivation, explanation.derivations()),
        lambda: views.derivation.explanation_view(explanation, reasons=explainer.reasons, count=count, numbers=numbers),
        about=about,
    )
    for told in changed_parameters(run or debugger.run, found.record):
        yield Result(lambda: (), partial(str, told))
    if chosen is not None:
        yield _against(debugger, chosen, "runner_up", numbers, count)


def _not_chosen(debugger: Debugger, label: Label, count: int | None) -> Results:
    """Why another token was chosen in the cursor's step; nothing of a token that can't be chosen at all."""
    token, tape = target_id(debugger.run, label), _tape(debugger)
    if token is None:
        return
    lost = margin(tape, token) if tape else None
    if lost is None:
        yield Result(lambda: (), lambda: _unsettled(debugger, tape))
        return
    yield _against(debugger, lost, "other", _numbered(debugger, _sides(lost)), count)


def _unsettled(debugger: Debugger, tape: Tape | None) -> str:
    """Why there is nothing to say of a token that was not chosen."""
    if debugger.run.teacher_forced:
        return _("nothing is chosen where the output is given; top at POSITION shows what was likely")
    if tape is None or "choice" not in tape.addresses:
        return _("no token is chosen here; at a step that yields one, why tells what speaks against this one")
    return _("its logit or that of the token chosen is not finite here")


def _tape(debugger: Debugger) -> Tape | None:
    """The step that the cursor stands in, None before the first record."""
    return debugger.run.step(debugger.cursor.step) if debugger.cursor.index else None


def _numbered(debugger: Debugger, cells: list[Leaf]) -> Mapping[str, int]:
    """The numbers of some cells, by address; the session keeps what they stand for."""
    numbered = {str(cell): cell for cell in cells}
    debugger.asked = list(numbered.values())
    return {address: number for number, address in enumerate(numbered, 1)}


def _sides(chosen: Margin) -> list[Leaf]:
    return [_leaf(chosen.winner), _leaf(chosen.rival)]


def _leaf(derivation: Derivation) -> Leaf:
    return derivation.record.output.leaf(*derivation.index)


def _contest(debugger: Debugger, found: Found) -> Margin | None:
    """The token's contest with the next best, where a cell is the choice of its step or the probability of that."""
    tape = debugger.run.at(found.record.at)
    if found.record.address not in ("choice", "probs", "choice.probs") or "choice" not in tape.addresses:
        return None
    is_chosen = not found.place or found.place[-1] == int(tape["choice"].array)
    return margin(tape) if is_chosen else None


def _against(debugger: Debugger, chosen: Margin, role: str, numbers: Mapping[str, int], count: int | None) -> Result:
    """A contest; ``role`` is what programs call the token that was not chosen."""

    def piece(token: int) -> str:
        return debugger.run.card.piece(token, "target")

    def data() -> Any:
        sides = {"chosen": chosen.winner, role: chosen.rival}
        tokens = {
            name: {"token": piece(side.index[-1]), "id": side.index[-1], "logit": side.value, "address": side.address}
            for name, side in sides.items()
        }
        ruling = {"ruling": chosen.ruling} if chosen.ruling else {}
        told = {**tokens, **ruling, "margin": chosen.size}
        return told if chosen.unknown else {**told, "terms": chosen.difference().values(), "rest": chosen.rest}

    def view() -> View:
        shown = views.margin.margin_view(chosen, piece, count=count, numbers=numbers)
        return views.below.below(shown, *map(views.below.sentence, _by_parts(debugger, chosen)))

    return answer("why", data, view)


def _by_parts(debugger: Debugger, chosen: Margin) -> Iterator[str]:
    """Where the same margin is had as a sum over heads and feed-forwards; nothing where the cursor is elsewhere."""
    if chosen.unknown or chosen.winner.record.step != debugger.cursor.step:
        return
    token, rival = (_written(debugger.run, side) for side in (chosen.winner, chosen.rival))
    told = _("what heads and feed-forwards add to it: contributions {token} not {rival}")
    yield told.format(token=token, rival=rival)


def _written(run: Trace, side: Derivation) -> str:
    """A token as a command takes it: by its piece, or by its id where pieces are not known, or another has the same."""
    token = side.index[-1]
    piece = run.card.piece(token, "target")
    is_named = side.record.output.dims[-1].labels is not None and run.card.id_of(piece, "target") == token
    return str(Label(piece)) if is_named else str(token)


def _facts(facts: Mapping[str, Any]) -> Result:
    """What is known of something that no operation computed."""
    return answer("why", lambda: dict(facts), lambda: facts_view(facts))
