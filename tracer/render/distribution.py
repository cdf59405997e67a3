"""The token chosen, and the distribution it was chosen from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment

from ..document import Block, Paragraph, Span
from ..i18n import _, ngettext
from ..tensor import Array, Tensor
from ..trace import Token
from .composite import Composite
from .heading import Heading
from .numbers import Notation
from .page import BOLD, DIM, Line, Page, Sentence, View, clipped_left, padded
from .table import Column, Remark, Table
from .tokens import quoted, shown

_NUMBER, _PIECE = 2, 12
"""The cells that a token's number and its piece have at least, so that token lines stand in columns."""


@dataclass(frozen=True)
class TokenLine(View):
    """``token  2  "love"        p 0.954      i love``."""

    token: Token

    def lines(self, page: Page) -> Iterator[Line]:
        number = Notation(page)(self.token.prob)
        head = _("token {n}  {piece}  p {prob}").format(
            n=f"{self.token.step:>{_NUMBER}}", piece=padded(quoted(self.token.piece), _PIECE), prob=number
        )
        room = page.width - cell_len(head) - 6
        text = clipped_left(shown(self.token.text), room, page.glyphs.more) if room > 0 else ""
        yield [Segment(head), Segment(f"      {text}", BOLD)]

    def blocks(self, page: Page) -> Iterator[Block]:
        token = self.token
        texts = [_("token {n}").format(n=token.step), quoted(token.piece), f"p {Notation(page)(token.prob)}"]
        yield Paragraph([*map(Span, texts), Span(shown(token.text), "bold")])


@dataclass(frozen=True)
class Top(Composite):
    """See `top_view`."""

    probs: Array
    logits: Array
    piece: Callable[[int], str]
    n: int
    marks: Mapping[int, str]
    title: str
    after: str | None

    def parts(self, page: Page) -> Iterator[View]:
        if self.after is not None:
            yield Heading(self.title).view([_("after {token}").format(token=quoted(self.after))], page)
        order = np.argsort(-self.probs, kind="stable")
        ids = order[: self.n].tolist()
        ranks = list(range(1, len(ids) + 1))
        for marked in self.marks.keys() - set(ids):
            ids.append(marked)
            ranks.append(int(np.flatnonzero(order == marked)[0]) + 1)
        yield self._table(ids, ranks, page)
        rest = self.probs.size - len(ids)
        if rest > 0:
            yield Sentence(self._rest(ids, rest, page), DIM, indent=2)

    def _table(self, ids: list[int], ranks: list[int], page: Page) -> Table:
        number = Notation(page)
        columns = [
            Column(_("rank"), list(map(str, ranks))),
            Column(_("id"), list(map(str, ids)), spare=2),
            Column(_("token"), [quoted(self.piece(i)) for i in ids], "<", free=True),
            Column(_("prob"), number.all(self.probs[ids].tolist())),
            Column(_("logit"), number.all(self.logits[ids].tolist()), spare=1),
        ]
        return Table(columns, [self._remark(i) for i in ids])

    def _remark(self, i: int) -> Remark:
        return Remark(self.marks.get(i, ""), float(np.nan_to_num(self.probs[i])))

    def _rest(self, ids: list[int], count: int, page: Page) -> str:
        others = np.delete(self.probs, ids).sum(dtype=np.float64)
        text = ngettext("… {n} more, {prob} in all", "… {n} more, {prob} in all", count)
        return text.format(n=count, prob=Notation(page)(others))


def token_line(token: Token) -> TokenLine:
    """The token a step yielded, its probability, and the text so far."""
    return TokenLine(token)


def top_view(
    probs: Tensor,
    logits: Tensor,
    piece: Callable[[int], str],
    *,
    n: int = 10,
    marks: Mapping[int, str] | None = None,
    title: str = "",
    after: str | None = None,
) -> Top:
    """The ``n`` likeliest of a distribution [vocab] with their logits [vocab].

    ``marks`` are words for some ids, which are there wherever they rank: the one that was chosen. The ``title`` stands
    above where there is a token ``after`` which these are likely.
    """
    return Top(probs.array, logits.array, piece, n, marks or {}, title, after)
