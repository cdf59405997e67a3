"""Looking at values: nothing here moves the cursor."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from tracer.debugger.session import Session
from tracer.errors import AddressError
from tracer.export import jsonl
from tracer.i18n import _

from ..parameters import Count, Decimals, Expr, letter
from ..registry import command
from ..results import Result, Results, View, answer
from ..showing import record_result
from ..values import Part, value_result

AROUND = 4


@command("print", "p", group="look")
def print_(
    session: Session,
    expression: Expr,
    *,
    whole: Annotated[bool, letter("a")] = False,
    short: Annotated[bool, letter("s")] = False,
    decimals: Annotated[int | None, Decimals] = None,
) -> Results:
    """Show the value of an expression.

    It may be a tensor with its labels, a row of softmax worked out, a mask with its tokens, or a number. Selectors
    cut a tensor, one an axis: weights[h1, "love"]. /a shows all of it, /s a line about it, /4 four decimals. An
    address with * or ** shows a line for every record it stands for.

    (tx) print dec.0.cross.weights[h0]
    (tx) p/4 dec.0.self.weights[h0, 0]
    (tx) p max(dec.0.cross.weights) > .5
    """
    address = expression.sole_address
    if address is None:
        yield value_result(expression.text, expression.evaluate(session.here), decimals)
        return
    for record in session.here.matches(address):
        if address.is_glob or short:
            yield record_result(record)
        else:
            yield Part(session, record, address.selectors, whole, decimals).result()


@command("mask", group="look")
def mask(session: Session) -> Results:
    """Show the mask nearest to the cursor, with its tokens.

    It is the one in the cursor's scope, else the last one performed, else the next.

    (tx) mask
    """
    masks = [record for record in session.run.step(session.cursor.step) if record.op.name == "mask"]
    if not masks:
        raise AddressError(_("step @{n} has no mask").format(n=session.cursor.step))
    before = [record for record in masks if record.index <= session.cursor.index]
    inside = [record for record in masks if record.scope == session.here.scope]
    yield Part(session, (inside or before[-1:] or masks)[0]).result()


@command("top", group="look")
def top(session: Session, n: Count = 10) -> Results:
    """Show the N likeliest next tokens, and the one chosen.

    (tx) top 5
    """
    here, run = session.here, session.run
    chosen = next((token.id for token in run.tokens if token.step == here.step), None)
    probs, logits = here.last_row("probs"), here.last_row("logits")
    likeliest = np.argsort(-probs.array, kind="stable")[:n].tolist()

    def piece(i: int) -> str:
        return run.model.piece(i, "target")

    def data() -> Any:
        rows = [{"token": piece(i), "id": i, "prob": float(probs.array[i])} for i in likeliest]
        return {"step": here.step, "chosen": chosen, "top": rows}

    def view() -> View:
        from tracer.render.distribution import top_view

        return top_view(probs, logits, piece, n=n, chosen=chosen)

    yield answer("top", data, view)


@command("list", "l", group="look")
def list_(session: Session) -> Results:
    """Show the records around the cursor, performed and to come.

    (tx) list
    """
    index = session.cursor.index
    start = max(0, index - 1 - AROUND)
    records = session.run.step(session.cursor.step).records[start : start + 2 * AROUND + 1]

    def view() -> View:
        from tracer.render.records import listing

        return listing(records, index)

    yield Result(lambda: map(jsonl.op, records), view)
