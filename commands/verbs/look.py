"""Looking at values: nothing here moves the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, cast

import numpy as np

from tracer import views
from tracer.addresses import Address, Everywhere
from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Format
from tracer.edits import EditedRecord
from tracer.errors import AddressError
from tracer.i18n import N_, _
from tracer.margin import Margin, margin
from tracer.mask_rules import Rule
from tracer.operation import Trait
from tracer.ops.attention import is_hidden
from tracer.tape import Record
from tracer.tensor import Array

from ..grammar.parameters import (
    At,
    Count,
    Expr,
    Kind,
    Places,
    Range,
    Scientific,
    Short,
    Whole,
    WholeAnywhere,
    WholeRecord,
)
from ..registry import command
from ..results.likely import likely
from ..results.result import Result, Results, View, answer
from ..results.values import Part, ahead, sought
from .mask_rules import masked, read_rules, suggested

if TYPE_CHECKING:
    from tracer.ops.attention import Mask


Rules = Annotated[tuple[Rule, ...], Kind("RULE…", read_rules, suggested)]


@command("print", "p", group="look", basic=True)
def print_(
    debugger: Debugger,
    expression: Expr,
    *,
    whole: Whole = False,
    short: Short = False,
    highlight: Range = None,
    decimals: Places = None,
    scientific: Scientific = False,
) -> Results:
    """Show the value of an expression.

    It may be a tensor with its labels, a row of softmax worked out, a mask with its tokens, or a number. Selectors
    cut a tensor, one an axis: weights[h1, "love"]. /a shows all of it, /s a line about it, /r .5,1 marks and counts
    the elements from .5 to 1, /4 shows four decimals, /e powers of ten; they may be combined: p/a4e.

    An address with * or ** shows a line for every record it stands for; with selectors, what these leave of each. A
    parameter goes by the name of the record that reads it and .weight or .bias, a matrix then being [out_feature,
    in_feature] as in x Wᵀ + b; by its name in the file, it is as the file has it. Values are kept: $1, $2, … are the
    first ones printed, $ is the last, $$ the one before; show values lists them.

    (tx) print dec.0.cross.weights[h0]
    (tx) p/4 dec.0.self.weights[h0, 0]
    (tx) p/r .5,1 dec.0.cross.weights
    (tx) p/4e dec.0.ffn.norm[0]
    (tx) p max(dec.0.cross.weights) > .5
    (tx) p $ == $1
    (tx) p dec.*.cross.weights[h0, -1]
    (tx) p dec.0.ffn.hidden.weight @ dec.0.cross.norm[0] + dec.0.ffn.hidden.bias
    (tx) p decoder.embed.weight["▁love"]
    """
    shown = sought(debugger, expression, Format(whole, short, decimals, scientific, highlight))
    first, *others = shown.results()
    yield replace(first, number=debugger.history.keep(expression.text, shown.value))
    yield from others


@command("mask", group="look")
def mask(
    debugger: Debugger, address: WholeAnywhere | None = None, rules: Rules | None = None, *, whole: Whole = False
) -> Results:
    """Show which rule of a mask hides a key, or change the rules.

    The rules are padding, causal (the key comes after the query) and window (it lies too far before); each is counted,
    then all together. Without an ADDRESS, that of a mask or of an attention, it is the mask of the cursor's scope,
    else the last one performed, else the next. With * it is each one. /a shows all of it.

    With a RULE a branch is made in which the mask is another, in every step, or in step 3 after @3:. Rules go on from
    what the model hides, one after the other: none hides nothing; causal hides keys after the query; shift 1 moves that
    border by a place, so that a query sees the next token; window 3 hides keys 3 or more places before the query;
    hide "爱" hides keys, and show "爱" makes them visible. What sees later tokens then is told.

    (tx) mask
    (tx) mask dec.0.self
    (tx) mask dec.*.self none
    (tx) mask enc.0.self causal window 2
    (tx) mask dec.0.cross hide "爱"
    """
    if rules is not None and address is not None:
        yield from masked(debugger, address, rules)
        return
    where = address.address if isinstance(address, Everywhere) else address
    for record in _nearest(debugger, where, "mask", lambda record: record.has(Trait.MASK)):
        yield _with_rules(Part(debugger, record, of=None if where is None else where.run), whole)


def _with_rules(part: Part, whole: bool) -> Result:
    """A mask by its rules."""

    def view() -> View:
        return views.mask.rules_view(part.record, _rules(part.record), title=part.title, full=whole)

    return replace(part.result(), view=view)


def _rules(record: Record) -> dict[str, Array]:
    """What each rule hides; in an edited mask those that still do, and what an edit hides."""
    made = record.call.recorded(record.output) if isinstance(record, EditedRecord) else record
    rules = cast("Mask", made.op).rules(made)
    if not record.edits:
        return rules
    hides = is_hidden(record.output.array)
    by_rule = {name: hidden & hides for name, hidden in rules.items()}
    further = hides & ~np.logical_or.reduce(list(rules.values()))
    return {**by_rule, N_("edit"): further} if further.any() or made is record else by_rule


@command("heads", group="look")
def heads(debugger: Debugger, address: WholeRecord | None = None) -> Results:
    """Show the attention of all heads, a small grid each.

    Without an ADDRESS, that of weights or of an attention, they are the weights of the cursor's scope, else the last
    ones performed, else the next. With * they are those of every layer.

    (tx) heads
    (tx) heads dec.0.cross
    (tx) heads dec.*.cross
    """
    for record in _nearest(debugger, address, "weights", _has_heads):
        yield _with_grids(Part(debugger, record, of=None if address is None else address.run))


def _with_grids(part: Part) -> Result:
    """The attention of all heads of a layer."""
    cut = part.cut
    return replace(part.result(), view=lambda: views.heads.heads_view(cut, title=part.title))


def _has_heads(record: Record) -> bool:
    return record.has(Trait.DISTRIBUTION) and len(record.output.axes) == 3


def _nearest(
    debugger: Debugger, address: Address | None, name: str, fits: Callable[[Record], bool]
) -> Sequence[Record]:
    """The record of an address, or of that name in the attention it stands for; else the one nearest to the cursor.

    Several only for a glob.
    """
    if address is not None:
        return _named(debugger, address, name, fits)
    found = [record for record in debugger.run.step(debugger.cursor.step) if fits(record)]
    if not found:
        raise AddressError(_("step @{n} has no {name} of an attention").format(n=debugger.cursor.step, name=name))
    before = [record for record in found if record.index <= debugger.cursor.index]
    inside = [record for record in found if record.scope == debugger.here.scope]
    return (inside or before[-1:] or found)[:1]


def _named(debugger: Debugger, address: Address, name: str, fits: Callable[[Record], bool]) -> Sequence[Record]:
    found = list(filter(fits, _within(debugger, address, name) or debugger.here.matches(address)))
    if not found:
        raise AddressError(_("{address} is no {name} of an attention").format(address=address, name=name))
    if len(found) > 1 and not address.is_glob:
        names = ", ".join(record.address for record in found)
        raise AddressError(_("{address} is ambiguous: {names}").format(address=address, names=names))
    return found


def _within(debugger: Debugger, address: Address, name: str) -> Sequence[Record]:
    """The records of a name anywhere below an address."""
    try:
        return debugger.here.matches(replace(address, path=f"{address.path}.**.{name}")) if address.path else ()
    except AddressError:
        return ()


@command("top", group="look", basic=True)
def top(debugger: Debugger, n: Count = 10, *, at: At = None) -> Results:
    """Show the N likeliest next tokens, and the one chosen.

    At the end stands by how much its logit differs from that of the next best. With at it is another position than the
    last, by its number or by the token there: what was likely after that token, and what follows it. An encoder says
    what is likely at a position itself, at the first masked one unless another is named.

    (tx) top 5
    (tx) top 3 at 0
    (tx) top at "<s>"
    """
    row, run = likely(debugger, at), debugger.run
    tape = run.step(row.table.step)
    where = row.where if at is not None or run.teacher_forced or row.of_encoder else None

    def piece(i: int) -> str:
        return run.card.piece(i, "target")

    def data() -> Any:
        ids = np.argsort(-row.probs.array, kind="stable")[:n].tolist()
        rows = [{"token": piece(i), "id": i, "prob": float(row.probs.array[i])} for i in ids]
        told = {"chosen": row.following} if row.is_chosen else {"chosen": None, "given": row.following}
        decided = _decided(margin(tape)) if at is None else {}
        return {"step": row.table.step, "position": row.position, **told, "top": rows, **decided}

    if remark := ahead(debugger, row.table):
        yield Result(lambda: (), lambda: f"({remark})")
    yield answer(
        "top",
        data,
        lambda: views.distribution.top_view(
            row.probs, row.logits, piece, n=n, marks=row.marks, title=row.title, where=where
        ),
    )
    if row.is_chosen and row.following is not None and at is None:
        yield Result(lambda: (), lambda: views.margin.verdict_view(margin(tape), piece))


def _decided(decided: Margin | None) -> dict[str, Any]:
    """By how much the token chosen leads the next best, if there was another."""
    return {} if decided is None else {"runner_up": decided.rival.index[-1], "margin": decided.size}
