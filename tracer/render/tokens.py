"""Tokens are data: never markup, what can't be seen made visible, measured in cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from ..addresses import doubled
from ..document import Block, Paragraph, Span
from ..i18n import spoken
from ..models.text import SIDES, Side
from ..tensor import Axis
from .page import BOLD, DIM, Line, Page, View, clipped, flow, padded


def shown(piece: str) -> str:
    r"""A piece with control characters, exotic blanks, joiners and direction marks written out: ``\n``, ``\u200d``."""
    if piece.isascii() and piece.isprintable():
        return piece
    return "".join(c if _is_visible(c) else c.encode("unicode_escape").decode("ascii") for c in piece)


def _is_visible(character: str) -> bool:
    is_variation_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return character.isprintable() and not is_variation_selector


def spelt(piece: str) -> str:
    r"""A piece as `shown`, with backslashes doubled: a line break is ``\n``, a backslash before an n ``\\n``."""
    return shown(doubled(piece))


def quoted(piece: str) -> str:
    """A piece between quotes, as a selector names it."""
    return '"' + spelt(piece).replace('"', '\\"') + '"'


def label(axis: Axis, place: int) -> str:
    """The token at a place of an axis as it is shown, or nothing along an axis without labels."""
    return spelt(axis.labels[place]) if axis.labels is not None else ""


def digits_of(axis: Axis, length: int) -> int:
    """The digits that the numbers along an axis take."""
    return len(str(max(axis.number(0), axis.number(length - 1)))) if length else 1


def place_label(axis: Axis, place: int, page: Page, *, digits: int = 1, room: int = 16) -> str:
    """``0 我``: index and token, in at most ``room`` cells."""
    return clipped(f"{axis.number(place):>{digits}} {label(axis, place)}".rstrip(" "), room, page.glyphs.more)


@dataclass(frozen=True)
class TokenStrip(View):
    """``source   0 我   1 爱   2 你``, a strip a text, wrapped at the width."""

    strips: Sequence[tuple[str, Sequence[str]]]

    def lines(self, page: Page) -> Iterator[Line]:
        indent = max((cell_len(name) for name, _pieces in self.strips), default=0)
        for name, pieces in self.strips:
            yield from self._strip(padded(name, indent), pieces, page)

    def blocks(self, page: Page) -> Iterator[Block]:
        for name, pieces in self.strips:
            yield Paragraph([Span(name, "bold"), *(Span(f"{i} {spelt(piece)}") for i, piece in enumerate(pieces))])

    def _strip(self, name: str, pieces: Sequence[str], page: Page) -> Iterator[Line]:
        room = page.width - cell_len(name) - 3
        entries = [Segment(clipped(f"{i} {spelt(piece)}", room, page.glyphs.more)) for i, piece in enumerate(pieces)]
        for number, line in enumerate(list(flow(entries, room)) or [[]]):
            head = Segment(name, BOLD) if number == 0 else Segment(" " * cell_len(name), DIM)
            yield [head, Segment("   "), *line]


def token_strips(pieces: Mapping[Side, Sequence[str]]) -> TokenStrip:
    """The tokens of a run, by side."""
    return TokenStrip([(spoken(SIDES[side]), found) for side, found in pieces.items()])
