"""A given output: each of its tokens with how likely it was, what was likelier, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..document import Block
from ..i18n import _
from ..scored import Scored
from ..tensor import Array, Tensor
from ..window import Hidden, Shown, window
from .grid import left_out
from .heading import Heading, about
from .numbers import Notation, legible
from .page import Page
from .table import Column, Remark, table
from .tokens import digits_of, place_label, quoted, shown
from .view import remark, view

Piece = Callable[[int], str]


@view
def scored_view(page: Page, tokens: Sequence[Scored], piece: Piece) -> Iterator[Block]:
    """Each token with its probability and rank, the likeliest other one, and the loss; at last the mean loss.

    The bars are those of the probabilities.
    """
    number, losses = Notation(page), np.array([token.loss for token in tokens])
    lost = Notation(legible(page, losses))
    digits = len(str(tokens[-1].position + 1))
    columns = [
        Column("#", [f"{token.position + 1:>{digits}}" for token in tokens]),
        Column(_("target token"), [quoted(piece(token.id)) for token in tokens], "<", free="end", foot=_("mean")),
        Column(_("prob"), [number(token.prob) for token in tokens]),
        Column(_("rank"), [str(token.rank) for token in tokens]),
        Column(_("best other"), [quoted(piece(token.other)) for token in tokens], "<", free="end"),
        Column(_("its prob"), [number(token.other_prob) for token in tokens], spare=1),
        Column(_("loss"), [lost(loss) for loss in losses], foot=lost(losses.mean())),
    ]
    shares = [Remark(share=float(np.nan_to_num(token.prob))) for token in tokens]
    yield table(columns, shares)
    yield remark(_perplexity(losses), page, indent=2)


@view
def loss_view(
    page: Page,
    losses: Tensor,
    pieces: Sequence[str],
    *,
    title: str,
    decimals: int | None = None,
    full: bool = False,
) -> Iterator[Block]:
    """Losses [position] beside the token read at each and the one scored, ``pieces``; at last their mean.

    Of more rows than the page has, the middle is left out unless ``full``; the largest loss stays in sight.
    """
    page, array = page.showing(decimals, None), losses.array
    number = Notation(legible(page, array))
    yield Heading(title).above(about(losses, losses.statistics(), page.decimals, page), page)
    places = window(len(array), len(array) if full else page.rows, [int(array.argmax())])
    read, scored, loss = zip(*(_row(losses, pieces, place, number, page) for place in places), strict=True)
    columns = [
        Column(_("token read"), read, "<", free="end"),
        Column(_("token scored"), scored, "<", free="end", foot=_("mean")),
        Column(_("loss"), loss, foot=number(array.mean())),
    ]
    yield table(columns, foot=Remark(_perplexity(array)), indent=0)


def _row(losses: Tensor, pieces: Sequence[str], place: Shown, number: Notation, page: Page) -> tuple[str, str, str]:
    if isinstance(place, Hidden):
        return left_out(place, page), "", ""
    [axis], array = losses.dims, losses.array
    label = place_label(axis, place, digits=digits_of(axis, len(array)))
    return label, shown(pieces[place]), number(array[place])


def _perplexity(losses: Array) -> str:
    with np.errstate(over="ignore"):
        return _("perplexity {n}").format(n=f"{np.exp(losses.mean(dtype=np.float64)):.4g}")
