"""Why this token and not the next best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.segment import Segment

from ..contest import Contest
from ..derive import Derivation
from ..i18n import _
from .composite import Composite, Flow
from .derivation import TERMS, Branch, TreeView, finer
from .expression import Writer, sum_over_row
from .numbers import Notation
from .page import BOLD, Page, View
from .tokens import quoted
from .worked import worked_sum


@dataclass(frozen=True)
class ContestView(Composite):
    """See `contest_view`."""

    contest: Contest
    piece: Callable[[int], str]
    count: int | None
    decimals: int | None

    def on(self, page: Page) -> Page:
        return finer(page, self.decimals)

    def parts(self, page: Page) -> Iterator[View]:
        title = _("why {token} and not {rival}").format(
            token=self._token(self.contest.winner), rival=self._token(self.contest.rival)
        )
        yield Flow([Segment(title, BOLD)])
        yield TreeView(list(self._branches(Writer(Notation(page)), page)))

    def _branches(self, writer: Writer, page: Page) -> Iterator[Branch]:
        winner, rival, margin = self.contest.winner, self.contest.rival, self.contest.margin
        for side in (winner, rival):
            leaf = side.record.output.leaf(*side.index)
            yield Branch(f"{self._token(side)}  {leaf} = {writer.value(side.value)}")
        missing = writer.missing([winner.value, -rival.value], margin)
        rounding = _(" (rounding {rest})").format(rest=missing) if missing else ""
        times = writer.value(math.exp(margin)) if margin < 25 else f"e^{margin:.1f}"
        sentence = _("margin {winner} − {rival} = {margin}{rounding}: its probability is {times} times the other's")
        text = sentence.format(
            winner=writer.value(winner.value),
            rival=writer.value(rival.value),
            margin=writer.value(margin),
            rounding=rounding,
            times=times,
        )
        yield Branch(page.text(text))
        yield Branch(self._difference(page))
        if sum_over_row(winner.expression) is None:
            rest = _("the biases add {rest}").format(rest=writer.value(self.contest.rest))
            yield Branch(page.text(rest))

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


def contest_view(
    contest: Contest, piece: Callable[[int], str], *, count: int | None = TERMS, decimals: int | None = None
) -> ContestView:
    """The logits of two tokens, their margin, and the features that add most to it; ``piece`` tells an id's token."""
    return ContestView(contest, piece, count, decimals)
