"""Tokens are data: never markup, what can't be seen made visible, measured in cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..addresses import doubled
from ..document import Block, Cell, Column, Span, Table
from ..i18n import _
from ..tensor import Axis
from .folding import clipped
from .page import BOLD, Page, View
from .words import bound


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

    def blocks(self, page: Page) -> Iterator[Block]:
        rows = [[Cell(Span(name, BOLD)), Cell(Span(_strip(pieces)))] for name, pieces in self.strips]
        yield Table([Column(align="<"), Column(align="<", room="fold")], rows)


def _strip(pieces: Sequence[str]) -> str:
    return "   ".join(bound(f"{i} {spelt(piece)}") for i, piece in enumerate(pieces))


def token_strips(source: Sequence[str], target: Sequence[str], *, has_encoder: bool = True) -> TokenStrip:
    """The tokens of a run: the source where there is one, and the target so far."""
    strips = [(_("source"), source), (_("target"), target)] if has_encoder else [(_("target"), target)]
    return TokenStrip(strips)
