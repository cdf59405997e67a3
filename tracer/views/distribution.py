"""The token chosen, and the distribution it was chosen from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .. import document
from ..document import BOLD, Block, Cell, Span
from ..i18n import _, ngettext
from ..tensor import Tensor
from ..trace import Token
from .heading import Heading
from .numbers import Notation
from .page import Page
from .table import Column, Remark, table
from .tokens import quoted, shown
from .view import remark, view

_NUMBER, _PIECE = 2, 12
"""The cells that a token's number and its piece have at least, so that token lines stand in columns."""

MOST_TEXT = 4096
"""Signs of the text so far, the last ones: no line has room for more."""


@view
def token_line(page: Page, token: Token) -> Iterator[Block]:
    """``token  2  "love"        p 0.954      i love``: the token a step yielded, and the text so far."""
    number = Notation(page)
    texts = [_("token {n}").format(n=f"{token.step:>{_NUMBER}}"), quoted(token.piece), f"p {number(token.prob)}"]
    plain, piece = document.Column(align="<"), document.Column(align="<", least=_PIECE)
    heads = [plain, piece, plain, document.Column(align="<", room="cut_start")]
    so_far = token.text if len(token.text) <= MOST_TEXT else "…" + token.text[-MOST_TEXT:]
    yield document.Table(heads, [[*(Cell(Span(text)) for text in texts), Cell(Span(shown(so_far), BOLD))]])


@view
def top_view(
    page: Page,
    probs: Tensor,
    logits: Tensor,
    piece: Callable[[int], str],
    *,
    n: int = 10,
    marks: Mapping[int, str] | None = None,
    title: str = "",
    where: str | None = None,
) -> Iterator[Block]:
    """The ``n`` likeliest of a distribution [vocab] with their logits [vocab].

    ``marks`` are words for some ids, which are there wherever they rank: the one that was chosen. The ``title`` stands
    above where it is to be said ``where`` these are likely, ``after "love"``.
    """
    if where is not None:
        yield Heading(title).above([where], page)
    marks, number, shares = marks or {}, Notation(page), np.nan_to_num(probs.array)
    order = np.argsort(-probs.array, kind="stable").tolist()
    ids = [*order[:n], *(marked for marked in marks if marked not in order[:n])]
    columns = [
        Column(_("rank"), [str(order.index(i) + 1) for i in ids]),
        Column(_("id"), list(map(str, ids)), spare=2),
        Column(_("token"), [quoted(piece(i)) for i in ids], "<", free="end"),
        Column(_("prob"), number.all(probs.array[ids].tolist())),
        Column(_("logit"), number.all(logits.array[ids].tolist()), spare=1),
    ]
    yield table(columns, [Remark(marks.get(i, ""), float(shares[i])) for i in ids])
    if rest := probs.array.size - len(ids):
        others = np.delete(probs.array, ids).sum(dtype=np.float64)
        text = ngettext("… {n} more, {prob} in all", "… {n} more, {prob} in all", rest)
        yield remark(text.format(n=rest, prob=number(others)), page, indent=2)
