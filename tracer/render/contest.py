"""Why this token and not another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.segment import Segment

from ..arithmetic import Minus
from ..contest import Contest
from ..derive import Derivation
from ..i18n import _
from .composite import Composite, Flow
from .derivation import TERMS, UNNUMBERED, Branch, Numbers, TreeView, finer, number_of
from .expression import Writer, sum_over_row
from .numbers import Notation
from .page import BOLD, DIM, Page, Sentence, View
from .tokens import quoted
from .worked import worked_sum

LARGE_ODDS = 25
"""Above this, how many times likelier one token is than another is written as a power of e."""


@dataclass(frozen=True)
class ContestView(Composite):
    """See `contest_view`."""

    contest: Contest
    piece: Callable[[int], str]
    count: int | None
    decimals: int | None
    numbers: Numbers

    def on(self, page: Page) -> Page:
        return finer(page, self.decimals)

    def parts(self, page: Page) -> Iterator[View]:
        title = (
            _("why {token} and not {rival}")
            if self.contest.margin >= 0 or self.contest.ruling
            else _("{token} was chosen, though {rival} has the larger logit")
        ).format(token=self._token(self.contest.winner), rival=self._token(self.contest.rival))
        yield Flow([Segment(title, BOLD)])
        yield TreeView(list(self._branches(Writer(Notation(page)), page)))

    def _branches(self, writer: Writer, page: Page) -> Iterator[Branch]:
        winner, rival, margin = self.contest.winner, self.contest.rival, self.contest.margin
        for side in (winner, rival):
            leaf = side.record.output.leaf(*side.index)
            yield Branch(f"{number_of(leaf, self.numbers)}{self._token(side)}  {leaf} = {writer.value(side.value)}")
        if self.contest.ruling:
            ruled = _("{rival} can't be chosen here: {ruling}")
            yield Branch(page.text(ruled.format(rival=self._token(rival), ruling=self.contest.ruling)))
        sentence = _("margin {difference} = {margin}: {odds}")
        difference = writer.line(Minus(*(side.record.output.leaf(*side.index) for side in (winner, rival))), margin)
        odds = self._odds(writer)
        yield Branch(page.text(sentence.format(difference=difference, margin=writer.value(margin), odds=odds)))
        if unknown := self.contest.unknown:
            yield Branch(page.text(unknown))
            return
        yield Branch(self._difference(page))
        if sum_over_row(winner.expression) is None:
            rest = _("the biases add {rest}").format(rest=writer.value(self.contest.rest))
            yield Branch(page.text(rest))

    def _odds(self, writer: Writer) -> str:
        odds = self.contest.odds
        if math.isinf(odds):
            return _("the other has no part in choice.probs")
        times = writer.roughly(math.exp(odds)) if odds < LARGE_ODDS else f"e^{odds:.1f}"
        return _("its probability in choice.probs is {times} times the other's").format(times=times)

    def _difference(self, page: Page) -> View:
        ours, theirs = (
            f"W[{quoted(self.piece(side.index[-1]))}]" for side in (self.contest.winner, self.contest.rival)
        )
        node = self.contest.difference(ours, theirs)
        is_all = sum_over_row(self.contest.winner.expression) is not None
        total = self.contest.margin if is_all else node.evaluate()
        return worked_sum(node, total=total, count=self.count)

    def _token(self, side: Derivation) -> str:
        return quoted(self.piece(side.index[-1]))


@dataclass(frozen=True)
class Verdict(Composite):
    """See `verdict_view`."""

    contest: Contest | None
    piece: Callable[[int], str]

    def parts(self, page: Page) -> Iterator[View]:
        contest = self.contest
        if contest is None or math.isnan(contest.margin):
            yield Sentence(_("how it came to be chosen: why choice"), DIM, indent=2)
        else:
            yield Sentence(self._told(contest, page), DIM, indent=2)

    def _told(self, contest: Contest, page: Page) -> str:
        sides, margin = (contest.winner, contest.rival), contest.margin
        sentence = (
            _("{token} and not {rival}: by logit {difference} = {margin}; what adds to that: why choice")
            if margin >= 0
            else _("{token}, though {rival} has the larger logit: {difference} = {margin}; how so: why choice")
        )
        writer = Writer(Notation(page))
        difference = writer.line(Minus(*(side.record.output.leaf(*side.index) for side in sides)), margin)
        token, rival = (quoted(self.piece(side.index[-1])) for side in sides)
        return sentence.format(token=token, rival=rival, difference=difference, margin=writer.value(margin))


def verdict_view(contest: Contest | None, piece: Callable[[int], str]) -> Verdict:
    """The logits of the token chosen and of the next best in a sentence, and where the reasons are to be had."""
    return Verdict(contest, piece)


def contest_view(
    contest: Contest,
    piece: Callable[[int], str],
    *,
    count: int | None = TERMS,
    decimals: int | None = None,
    numbers: Numbers = UNNUMBERED,
) -> ContestView:
    """The logits of two tokens, their margin, and the features that add most to it; ``piece`` tells an id's token.

    ``numbers`` are as in `explanation_view`.
    """
    return ContestView(contest, piece, count, decimals, numbers)
