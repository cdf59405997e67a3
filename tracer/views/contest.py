"""Why this token and not another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from ..arithmetic import Minus
from ..contest import Contest
from ..derive import Derivation
from ..document import BOLD, Block, Branch, Paragraph, Span, Tree
from ..i18n import _
from .derivation import TERMS, UNNUMBERED, Numbers, finer, number_of, told
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
def contest_view(
    page: Page,
    contest: Contest,
    piece: Piece,
    *,
    count: int | None = TERMS,
    decimals: int | None = None,
    numbers: Numbers = UNNUMBERED,
) -> Iterator[Block]:
    """The logits of two tokens, their margin, and the features that add most to it; ``piece`` tells an id's token.

    ``numbers`` are as in `explanation_view`.
    """
    page = finer(page, decimals)
    title = (
        _("why {token} and not {rival}")
        if contest.margin >= 0 or contest.ruling
        else _("{token} was chosen, though {rival} has the larger logit")
    ).format(token=_token(contest.winner, piece), rival=_token(contest.rival, piece))
    yield Tree([Branch([Paragraph([Span(title, BOLD)])], list(_branches(contest, piece, count, numbers, page)))])


def _branches(contest: Contest, piece: Piece, count: int | None, numbers: Numbers, page: Page) -> Iterator[Branch]:
    writer, (winner, rival) = Writer(Notation(page)), (contest.winner, contest.rival)
    for side in (winner, rival):
        leaf = side.record.output.leaf(*side.index)
        yield told(f"{number_of(leaf, numbers)}{_token(side, piece)}  {leaf} = {writer.value(side.value)}")
    if contest.ruling:
        ruled = _("{rival} can't be chosen here: {ruling}")
        yield told(page.text(ruled.format(rival=_token(rival, piece), ruling=contest.ruling)))
    text = _("margin {difference} = {margin}: {odds}")
    difference, margin = _difference(contest, writer), writer.value(contest.margin)
    yield told(page.text(text.format(difference=difference, margin=margin, odds=_odds(contest, writer))))
    if unknown := contest.unknown:
        yield told(page.text(unknown))
        return
    yield Branch(list(_features(contest, piece, count).blocks(page)))
    if sum_over_row(winner.expression) is None:
        yield told(page.text(_("the biases add {rest}").format(rest=writer.value(contest.rest))))


def _difference(contest: Contest, writer: Writer) -> str:
    """One logit minus the other."""
    sides = (contest.winner, contest.rival)
    return writer.line(Minus(*(side.record.output.leaf(*side.index) for side in sides)), contest.margin)


def _odds(contest: Contest, writer: Writer) -> str:
    if math.isinf(contest.odds):
        return _("the other has no part in choice.probs")
    times = writer.roughly(math.exp(contest.odds)) if contest.odds < LARGE_ODDS else f"e^{contest.odds:.1f}"
    return _("its probability in choice.probs is {times} times the other's").format(times=times)


def _features(contest: Contest, piece: Piece, count: int | None) -> View:
    """The difference as a sum over features."""
    ours, theirs = (f"W[{_token(side, piece)}]" for side in (contest.winner, contest.rival))
    node = contest.difference(ours, theirs)
    is_all = sum_over_row(contest.winner.expression) is not None
    return worked_sum(node, total=contest.margin if is_all else node.evaluate(), count=count)


def _token(side: Derivation, piece: Piece) -> str:
    return quoted(piece(side.index[-1]))


@view
def verdict_view(page: Page, contest: Contest | None, piece: Piece) -> Iterator[Block]:
    """The logits of the token chosen and of the next best in a sentence, and where the reasons are to be had."""
    if contest is None or math.isnan(contest.margin):
        yield remark(_("how it came to be chosen: why choice"), page, indent=2)
        return
    text = (
        _("{token} and not {rival}: by logit {difference} = {margin}; what adds to that: why choice")
        if contest.margin >= 0
        else _("{token}, though {rival} has the larger logit: {difference} = {margin}; how so: why choice")
    )
    writer, (token, rival) = Writer(Notation(page)), (_token(side, piece) for side in (contest.winner, contest.rival))
    difference, margin = _difference(contest, writer), writer.value(contest.margin)
    yield remark(text.format(token=token, rival=rival, difference=difference, margin=margin), page, indent=2)
