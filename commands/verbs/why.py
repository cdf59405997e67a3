"""Reasons: where a number comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer import render
from tracer.addresses import Index, Label
from tracer.contest import Contest, contest
from tracer.debugger.session import Session
from tracer.derive import Explainer
from tracer.export import jsonl
from tracer.i18n import spoken

from ..grammar.parameters import All, Cell, Depth, Terms
from ..registry import command
from ..results.reasons import Found, cell_at, choice_of, parameter_at, parameter_facts, token_facts
from ..results.result import Cells, Result, Results, answer


@command("why", group="reason")
def why(session: Session, cell: Cell, *, depth: Depth = 1, terms: Terms = 4, whole: All = False) -> Results:
    """Show how a cell was computed.

    You see its formula, the numbers put in, its sums worked out, and the operands by address, to ask about next. CELL
    is an address with one place on every axis, a parameter by its name in the checkpoint, or a token in quotes, with
    the reasons for its choice. -d goes so many levels deep, of a long sum into its largest term; -n says how many terms
    of a sum are shown, --all shows every one.

    (tx) why dec.0.cross.weights[h0, 0, 1]
    (tx) why probs[-1, 0] -d 3
    (tx) why dec.0.ffn.norm[0, 3] -n 8
    (tx) why choice
    (tx) why "love"
    """
    if isinstance(cell, Label):
        yield _facts(token_facts(session.run, cell))
        if (choice := choice_of(session, cell)) is not None:
            yield from _reasons(session, choice, depth, None if whole else terms)
        return
    parameter = parameter_at(session, cell)
    if parameter is not None:
        yield _facts(parameter_facts(session.run, parameter, cell))
        return
    yield from _reasons(session, cell_at(session, cell), depth, None if whole else terms)


def _reasons(session: Session, found: Found, depth: int, count: int | None) -> Results:
    yield _derivation(session, found, depth, count)
    chosen = _contest(session, found)
    if chosen is not None:
        yield _against(session, chosen, count)


def _derivation(session: Session, found: Found, depth: int, count: int | None) -> Result:
    explainer = Explainer(session.run, session.run.model.parameters)
    explanation = explainer.explain(*found, depth)

    about = Cells(found.record, tuple(map(Index, found.place)), explained=True)
    return Result(
        lambda: map(jsonl.derivation, explanation.derivations()),
        lambda: render.derivation.explanation_view(explanation, reasons=explainer.reasons, count=count),
        about=about,
    )


def _contest(session: Session, found: Found) -> Contest | None:
    """The token's contest with the next best, where a cell is the choice of its step or the probability of that."""
    tape = session.run.at(found.record.output.address.partition(":")[0])
    if found.record.address not in ("choice", "probs", "choice.probs") or "choice" not in tape.addresses:
        return None
    is_chosen = not found.place or found.place[-1] == int(tape["choice"].array)
    return contest(tape) if is_chosen else None


def _against(session: Session, chosen: Contest, count: int | None) -> Result:
    def piece(token: int) -> str:
        return session.run.model.piece(token, "target")

    def data() -> Any:
        sides = {"chosen": chosen.winner, "runner_up": chosen.rival}
        tokens = {
            name: {"token": piece(side.index[-1]), "id": side.index[-1], "logit": side.value, "address": side.address}
            for name, side in sides.items()
        }
        return {**tokens, "margin": chosen.margin, "terms": chosen.difference().values(), "rest": chosen.rest}

    return answer("why", data, lambda: render.contest.contest_view(chosen, piece, count=count))


def _facts(facts: Mapping[str, Any]) -> Result:
    """What is known of something that no operation computed."""
    return answer(
        "why",
        lambda: dict(facts),
        lambda: render.glossary.glossary({spoken(name): _written(value) for name, value in facts.items()}),
    )


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "   ".join(f"{spoken(name)} {_written(part)}" for name, part in value.items() if part not in ("", []))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
