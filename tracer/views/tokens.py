"""Tokens are data: never markup, what can't be seen made visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, repeat

from ..addresses import doubled
from ..document import BOLD, Block, Cell, Column, Span, Table
from ..i18n import spoken
from ..models.text import SIDES, Side
from ..outward import visible
from ..tensor import Axis
from .page import Page
from .view import view
from .words import bound


def shown(piece: str) -> str:
    r"""A piece with everything written out that can't be seen: ``\n``."""
    return visible(piece)


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


def place_label(axis: Axis, place: int, *, digits: int = 1) -> str:
    """``0 我``: index and token."""
    return f"{axis.number(place):>{digits}} {label(axis, place)}".rstrip(" ")


ANSWERING = "assistant"
"""The role of what the model writes in a chat."""


@view
def token_strips(_page: Page, pieces: Mapping[Side, Sequence[str]], roles: Sequence[str] = ()) -> Iterator[Block]:
    """``source   0 我   1 爱   2 你``: the tokens of a run, by side.

    Of a chat, each part is a strip by itself, under the role whose part it is; what is chosen goes on with the last.
    """
    strips = [strip for side, found in pieces.items() for strip in _strips(spoken(SIDES[side]), found, roles)]
    rows = [[Cell(Span(head, BOLD)), Cell(Span(strip))] for head, strip in strips]
    yield Table([Column(align="<"), Column(align="<", room="fold")], rows)


def _strips(head: str, pieces: Sequence[str], roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The tokens of a side, or of each part of it, with what stands before them."""
    if not roles:
        yield head, _strip(enumerate(pieces))
        return
    whose = [*roles, *repeat(ANSWERING, len(pieces) - len(roles))]
    for role, part in groupby(enumerate(pieces), key=lambda place: whose[place[0]]):
        yield role, _strip(part)


def _strip(places: Iterable[tuple[int, str]]) -> str:
    return "   ".join(bound(f"{i} {spelt(piece)}") for i, piece in places)
