"""Why this token and not another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ..arithmetic import Minus
from ..derive import Derivation
from ..document import BOLD, Block, Branch, Paragraph, Span, Tree
from ..i18n import _
from ..margin import Margin
from .derivation import TERMS, UNNUMBERED, Numbers, number_of, told
from .expression import Writer, sum_over_row
from .numbers import Notation
from .page import Page
from .tokens import quoted
from .view import View, remark, view
from .worked import worked_sum

Piece = Callable[[int], str]

LARGE_ODDS = 25
"""Above this, how many times likelier one token is than another is written as a power of e."""


@view
def margin_view(
    page: Page,
    margin: Margin,
    piece: Piece,
    *,
    count: int | None = TERMS,
    decimals: int | None = None,
    numbers: Numbers = UNNUMBERED,
) -> Iterator[Block]:
    """The logits of two tokens, their margin, and the features that add most to it; ``piece`` tells an id's token.

    ``numbers`` are as in `explanation_view`.
    """
    page = page.finer(decimals)
    title = (
        _("why {token} and not {rival}")
        if margin.size >= 0 or margin.ruling
        else _("{token} was chosen, though {rival} has the larger logit")
    ).format(token=_token(margin.winner, piece), rival=_token(margin.rival, piece))
    yield Tree([Branch([Paragraph([Span(title, BOLD)])], list(_branches(margin, piece, count, numbers, page)))])


def _branches(margin: Margin, piece: Piece, count: int | None, numbers: Numbers, page: Page) -> Iterator[Branch]:
    writer, (winner, rival) = Writer(Notation(page)), (margin.winner, margin.rival)
    for side in (winner, rival):
        leaf = side.record.output.leaf(*side.index)
        yield told(f"{number_of(leaf, numbers)}{_token(side, piece)}  {leaf} = {writer.value(side.value)}")
    if margin.ruling:
        ruled = _("{rival} can't be chosen here: {ruling}")
        yield told(page.text(ruled.format(rival=_token(rival, piece), ruling=margin.ruling)))
    text = _("margin {difference} = {margin}: {odds}")
    difference, size = _difference(margin, writer), writer.value(margin.size)
    yield told(page.text(text.format(difference=difference, margin=size, odds=_odds(margin, writer))))
    if unknown := margin.unknown:
        yield told(page.text(unknown))
        return
    yield Branch(list(_features(margin, piece, count).blocks(page)))
    if sum_over_row(winner.expression) is None:
        yield told(page.text(_("the biases add {rest}").format(rest=writer.value(margin.rest))))


def _difference(margin: Margin, writer: Writer) -> str:
    """One logit minus the other."""
    sides = (margin.winner, margin.rival)
    return writer.line(Minus(*(side.record.output.leaf(*side.index) for side in sides)), margin.size)


def _odds(margin: Margin, writer: Writer) -> str:
    if math.isinf(margin.odds):
        return _("the other has no part in choice.probs")
    times = writer.roughly(math.exp(margin.odds)) if margin.odds < LARGE_ODDS else f"e^{margin.odds:.1f}"
    return _("its probability in choice.probs is {times} times the other's").format(times=times)


def _features(margin: Margin, piece: Piece, count: int | None) -> View:
    """The difference as a sum over features."""
    ours, theirs = (f"W[{_token(side, piece)}]" for side in (margin.winner, margin.rival))
    node = margin.difference(ours, theirs)
    is_all = sum_over_row(margin.winner.expression) is not None
    return worked_sum(node, total=margin.size if is_all else node.evaluate(), count=count)


def _token(side: Derivation, piece: Piece) -> str:
    return quoted(piece(side.index[-1]))


@view
def verdict_view(page: Page, margin: Margin | None, piece: Piece) -> Iterator[Block]:
    """The logits of the token chosen and of the next best in a sentence, and where the reasons are to be had."""
    if margin is None or math.isnan(margin.size):
        yield remark(_("how it came to be chosen: why choice"), page, indent=2)
        return
    text = (
        _("{token} and not {rival}: by logit {difference} = {margin}; what adds to that: why choice")
        if margin.size >= 0
        else _("{token}, though {rival} has the larger logit: {difference} = {margin}; how so: why choice")
    )
    writer, (token, rival) = Writer(Notation(page)), (_token(side, piece) for side in (margin.winner, margin.rival))
    difference, size = _difference(margin, writer), writer.value(margin.size)
    yield remark(text.format(token=token, rival=rival, difference=difference, margin=size), page, indent=2)
