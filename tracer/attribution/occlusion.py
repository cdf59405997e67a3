"""Occlusion: a number without each token in turn."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import cast

import numpy as np

from ..addresses import Address, At, Index, Selector, Span
from ..alignment import TOKENS
from ..backward import Slope
from ..edits import Edit, edit
from ..errors import ExpressionError, InputError
from ..i18n import N_, Message, _
from ..models.text import Side
from ..run import Run
from ..tape import Record
from ..tensor import Array
from ..work import work
from .method import Trust, method
from .tokens import Place, Question, Scored

MASKED = "masked"
"""What softmax makes weights of."""
Row = tuple[Side, int]
"""A token by its side and its place there."""


@method(
    formula="E − E without the token",
    latex=r"E - E_{\text{without the token}}",
    reference="Zeiler & Fergus 2014, §4.2; Li et al. 2016, eq. 1; without keys: Geva et al. 2023, §4",
    trust=Trust.INTERVENTION,
    leaves_out=N_(
        "what two tokens say alike: without one of them E stays, and both get 0; and a text without a token is none "
        "that the model was trained on"
    ),
)
def occlusion(asked: Question) -> Scored:
    """By how much the number drops when no other token looks at one, or with a baseline in its place.

    Raises:
        InputError: it is none; or tokens are knocked out, and it has no derivative, which tells what rows it reads.
    """
    read = set() if asked.baseline else _rows_read(asked)
    tokens = [(place, token) for place in asked.places for token in range(place.length)]
    drops = iter([asked.value - _without(asked, read, *token) for token in work(tokens, _("tokens"))])
    scores = [np.array([next(drops) for _token in range(place.length)]) for place in asked.places]
    missing = sum(int((~np.isfinite(some)).sum()) for some in scores)
    own = sum((place.side, token) in read for place, token in tokens)
    finite = [np.where(np.isfinite(some), some, np.nan) for some in scores]
    return Scored(finite, None, tuple(_remarks(own, missing - own)))


def _without(asked: Question, read: Collection[Row], place: Place, token: int) -> float:
    """The number without a token; nan where it can't be without it."""
    if asked.baseline:
        return asked.value_in(asked.having(list(_replaced(asked, place, token))))
    if (place.side, token) in read:
        return math.nan
    edits = list(knocked_out(asked, place.side, token))
    return asked.value_in(asked.edited(edits)) if edits else asked.value


def _replaced(asked: Question, place: Place, token: int) -> Iterator[Array]:
    """What all places have when one token of one of them is as in the baseline."""
    for one, x, x0 in zip(asked.places, asked.inputs, asked.origins, strict=True):
        array = x.copy()
        if one is place:
            array[one.only(token)] = x0[one.only(token)]
        yield array


def knocked_out(asked: Question, side: Side, token: int) -> Iterator[Edit]:
    """The edits by which no other token looks at one of a side, in any layer of any attention."""
    for tape in asked.tapes:
        for record in tape.records[: tape.turn]:
            if record.name == MASKED:
                yield from _hidden(asked.run, record, side, token)


def _hidden(run: Run, record: Record, side: Side, token: int) -> Iterator[Edit]:
    """Those of one attention, in which the token may go on looking at itself."""
    *heads, query, key = record.output.dims
    text = run.read_along(record, key)
    if text.side != side:
        return
    is_own = run.read_along(record, query) is text
    for span in [Span(None, token), Span(token + 1)] if is_own else [Span()]:
        if range(record.output.shape[-2])[slice(*span)]:
            where: tuple[Selector, ...] = (*[Span()] * len(heads), span, Index(token))
            yield edit(Address(record.address, record.step, selectors=where), -math.inf)


def _rows_read(asked: Question) -> set[Row]:
    """The tokens whose own rows the number reads, which no knockout takes from it."""
    try:
        return {row for slope in asked.objective.slopes for row in _rows(asked.run, slope)}
    except ExpressionError as error:
        told = _(
            "{error}; a derivative tells which tokens' own rows are read, which a knockout leaves: name a baseline"
        )
        raise InputError(told.format(error=error)) from None


def _rows(run: Run, slope: Slope) -> Iterator[Row]:
    """The tokens in whose rows a slope is not 0; of what has no rows, the last one."""
    read = slope.record
    record = run.step(cast(At, read.at).number).find(read.path)
    n = next((n for name in TOKENS for n, axis in enumerate(read.dims) if axis.name == name), None)
    if n is None:
        text = run.pass_at(record.at).text
        yield text.side, len(text) - 1
        return
    side = run.read_along(record, read.dims[n]).side
    others = tuple(m for m in range(slope.array.ndim) if m != n)
    yield from ((side, int(token)) for token in np.flatnonzero(slope.array.any(others)))


def _remarks(own: int, others: int) -> Iterator[Message]:
    """Why tokens have no score, so many whose own rows are read and so many others."""
    if own:
        yield N_(
            "a token whose own row E reads has no score: that no other looks at it does not take it away; "
            "with a baseline, that stands in its place"
        )
    if others:
        yield N_("a token without which E is not finite has no score: nothing else is left to look at")
