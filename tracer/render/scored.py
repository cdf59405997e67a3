"""A given output: each of its tokens with how likely it was, what was likelier, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..document import Block
from ..i18n import _
from ..scored import Scored
from ..tensor import Array, Tensor
from ..window import Hidden, window
from .composite import Composite
from .grid import left_out
from .heading import Heading, about
from .numbers import Notation
from .page import Page, View
from .table import Column, Remark, Table
from .tokens import digits_of, place_label, quoted, shown

Piece = Callable[[int], str]


@dataclass(frozen=True)
class ScoredView(Composite):
    """See `scored_view`."""

    tokens: Sequence[Scored]
    piece: Piece

    def parts(self, page: Page) -> Iterator[View | Block]:
        number, losses = Notation(page), np.array([token.loss for token in self.tokens])
        digits = len(str(self.tokens[-1].position + 1))
        columns = [
            Column("#", [f"{token.position + 1:>{digits}}" for token in self.tokens]),
            Column(_("target token"), [quoted(self.piece(t.id)) for t in self.tokens], "<", free=True, foot=_("mean")),
            Column(_("prob"), [number(token.prob) for token in self.tokens]),
            Column(_("rank"), [str(token.rank) for token in self.tokens]),
            Column(_("best other"), [quoted(self.piece(token.other)) for token in self.tokens], "<", free=True),
            Column(_("its prob"), [number(token.other_prob) for token in self.tokens], spare=1),
            Column(_("loss"), [number(loss) for loss in losses], foot=number(losses.mean())),
        ]
        shares = [Remark(share=float(np.nan_to_num(token.prob))) for token in self.tokens]
        yield Table(columns, shares, _perplexity(losses))


@dataclass(frozen=True)
class LossView(Composite):
    """See `loss_view`."""

    losses: Tensor
    pieces: Sequence[str]
    heading: Heading
    decimals: int | None
    full: bool

    def on(self, page: Page) -> Page:
        return page.showing(self.decimals, None)

    def parts(self, page: Page) -> Iterator[View | Block]:
        losses, number = self.losses.array, Notation(page)
        yield self.heading.above(about(self.losses, self.losses.statistics(), page.decimals, page), page)
        places = window(len(losses), len(losses) if self.full else page.rows, [int(losses.argmax())])
        read, scored, loss = zip(*(self._row(place, number, page) for place in places), strict=True)
        columns = [
            Column(_("token read"), read, "<", free=True),
            Column(_("token scored"), scored, "<", free=True, foot=_("mean")),
            Column(_("loss"), loss, foot=number(losses.mean())),
        ]
        yield Table(columns, foot=_perplexity(losses), indent=0)

    def _row(self, place: int | Hidden, number: Notation, page: Page) -> tuple[str, str, str]:
        if isinstance(place, Hidden):
            return left_out(place, page), "", ""
        [axis], losses = self.losses.dims, self.losses.array
        label = place_label(axis, place, page, digits=digits_of(axis, len(losses)))
        return label, shown(self.pieces[place]), number(losses[place])


def scored_view(tokens: Sequence[Scored], piece: Piece) -> ScoredView:
    """Each token with its probability and rank, the likeliest other one, and the loss; at last the mean loss."""
    return ScoredView(tokens, piece)


def loss_view(
    losses: Tensor, pieces: Sequence[str], *, title: str, decimals: int | None = None, full: bool = False
) -> LossView:
    """Losses [position] beside the token read at each and the one scored, ``pieces``; at last their mean.

    Of more rows than the page has, the middle is left out unless ``full``; the largest loss stays in sight.
    """
    return LossView(losses, pieces, Heading(title), decimals, full)


def _perplexity(losses: Array) -> Remark:
    with np.errstate(over="ignore"):
        return Remark(_("perplexity {n}").format(n=f"{np.exp(losses.mean(dtype=np.float64)):.4g}"))
