"""Attention knockout: keys that queries may not look at."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np

from tracer.addresses import Address, Everywhere, Index, Selector, Span, parse_anywhere
from tracer.debugger.debugger import Debugger
from tracer.edits import Constant
from tracer.errors import InputError
from tracer.i18n import _, ngettext
from tracer.run import live
from tracer.tape import Record
from tracer.trace import Trace

from ..grammar.address_suggestions import heads
from ..grammar.edited import Onward, headed
from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing
from ..registry import command
from ..results.branches import entered
from ..results.result import Results
from .held import edit_at, path_of

MASKED = "masked"
"""The scores after the mask, before the softmax."""


def _knocked(text: str) -> Address | Everywhere:
    """Cells of the masked scores of an attention; without a head, of all heads.

    Raises:
        InputError: no cells are named.
        AddressError: the address does not parse.
    """
    where = parse_anywhere(headed(text, MASKED))
    address = where.address if isinstance(where, Everywhere) else where
    if not address.selectors:
        told = _('{text} names no cells; write which queries and keys, e.g. knock dec.1.cross[h2, :, "love"]')
        raise InputError(told.format(text=text))
    path = path_of(where)
    whole = path if path.rpartition(".")[2] == MASKED else f"{path}.{MASKED}"
    address = replace(address, path=whole, selectors=_of_heads(address.selectors))
    return Everywhere(address) if isinstance(where, Everywhere) else address


def _of_heads(selectors: tuple[Selector, ...]) -> tuple[Selector, ...]:
    """With the heads, where they begin with queries."""
    first = selectors[0]
    has_heads = len(selectors) > 2 or (isinstance(first, Index) and first.head)
    return selectors if has_heads else (Span(), *selectors)


def _suggested(typing: Typing) -> Iterator[Suggestion]:
    """Attentions and heads; within the bracket, heads, queries and keys."""
    attention, bracket, inside = headed(typing.text, MASKED).partition("[")
    path = attention if attention.endswith(f".{MASKED}") else f"{attention}.{MASKED}"
    return heads(replace(typing, text=f"{path}[{inside}") if bracket else typing)


Cells = Annotated[Address | Everywhere, Kind("CELLS", _knocked, _suggested)]


@command("knock", group="change")
def knock(debugger: Debugger, cells: Cells, *, onward: Onward = False) -> Results:
    """Knock keys out of an attention: queries can't see them.

    The CELLS are [head, query, key] of an attention, or [query, key] for all heads. They become −∞ in masked, before
    the softmax, so that the rest of each query's weights still adds up to 1. They are knocked out in every step; @3:
    before them is for step 3 alone, --onward from there on.

    Two other edits look alike. A weight set to 0 after the softmax leaves the others as they are, and they add up to
    less than 1. A value set to 0 leaves the weights alone: what was looked at has nothing to give.

    (tx) knock dec.0.cross[h1, :, "爱"]
    (tx) undo
    (tx) set tensor @*:dec.0.cross.weights[h1, :, "爱"] = 0
    (tx) undo
    (tx) set tensor @*:dec.0.cross.v[:, "爱"] = 0
    """
    edit = edit_at(debugger, cells, Constant(-math.inf, "−∞"), onward=onward)
    run = live(debugger.run, "knock")
    branch = run.branch(edit).decode()
    yield from entered(debugger, run, branch, list(_remarks(branch)))


def _remarks(branch: Trace) -> Iterator[str]:
    """What becomes of the weights of the queries, where something was knocked out."""
    records = [record for number in branch.numbers for record in branch.step(number) if _is_changed(record, branch)]
    n = sum(int(np.isneginf(record.output.array).all(-1).sum()) for record in records)
    if records and not n:
        yield _("the other weights of each query grow in proportion and add up to 1 again")
    if n:
        told = ngettext(
            "{n} query is left with no key: its weights are nan, and so is what comes of them",
            "{n} queries are left with no key: their weights are nan, and so is what comes of them",
            n,
        )
        yield told.format(n=n)


def _is_changed(record: Record, branch: Trace) -> bool:
    """Whether the last edit of a branch changed something in a record."""
    return any(one.changed for one in record.edits if one.edit.number == branch.edits[-1].number)
