"""Text in cells: filled up, cut off and broken into lines, between words and at the joints of addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from ..document import Lines, Span
from ..views.tokens import shown
from ..views.words import BOUND, joints, words


def padded(text: str, width: int, align: str = "<") -> str:
    """A text filled up with blanks to a width in cells, at its end (``<``) or its start (``>``)."""
    blanks = " " * (width - cell_len(text))
    return text + blanks if align == "<" else blanks + text


def clipped(text: str, width: int, more: str = "…") -> str:
    """A text of at most ``width`` cells, its end cut off and marked."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(more))).rstrip(" ") + more[: max(0, width)]


def clipped_left(text: str, width: int, more: str = "…") -> str:
    """A text of at most ``width`` cells, its start cut off and marked."""
    if cell_len(text) <= width:
        return text
    start, room = len(text), width - len(more)
    while start and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    return more[: max(0, width)] + text[start:]


def folded(text: str, width: int) -> list[str]:
    """A text broken into lines of at most ``width`` cells, between words where possible."""
    return [line.replace(BOUND, " ").rstrip(" ") for line in filled(words(text), width)]


def filled(pieces: Iterable[str], width: int, hang: int = 0) -> list[str]:
    """Pieces put together to lines of at most ``width`` cells, blanks at their ends apart; too long a one is cut.

    Lines after the first are shorter by ``hang``.
    """
    lines, rest = [""], width - hang
    for piece in pieces:
        if cell_len((lines[-1] + piece).rstrip(" ")) <= (rest if len(lines) > 1 else width):
            lines[-1] += piece
        else:
            lines += [piece] if cell_len(piece.rstrip(" ")) <= rest else chopped(piece, rest)
    return lines if lines[0] else lines[1:] or [""]


def fitted(text: str, width: int) -> str:
    """A text of several lines, each of them folded at the width."""
    return "\n".join(part for line in text.split("\n") for part in folded(harmless(line), width))


def harmless(text: str) -> str:
    """A line, or its end, in which nothing is an instruction to the terminal; blanks that bind words stay."""
    if text == "\n" or text.replace(BOUND, " ").isprintable():
        return text
    return BOUND.join(map(shown, text.split(BOUND)))


def chopped(text: str, width: int) -> list[str]:
    """A text cut into pieces of at most ``width`` cells (two at least, the width of a Chinese character).

    It is cut at the joints of an address, and hard only where there is none.
    """
    pieces, width = [""], max(2, width)
    for part in joints(text):
        for piece in [part] if cell_len(part) <= width else part:
            if cell_len(pieces[-1] + piece) > width:
                pieces.append("")
            pieces[-1] += piece
    return pieces


def flow(parts: Sequence[Span], width: int, gap: int = 3, indent: int = 0) -> Iterator[list[Span]]:
    """Parts side by side, as many a line as fit; later lines are indented, an overlong part is cut into pieces."""
    line: list[Span] = []
    used = 0
    for text, tone in parts:
        for piece in [text] if cell_len(text) <= width - indent else folded(text, width - indent):
            space = gap if line else 0
            if line and used + space + cell_len(piece) > width:
                yield line
                line, used, space = [], 0, indent
            line += [Span(" " * space), Span(piece.replace(BOUND, " "), tone)]
            used += space + cell_len(piece)
    if line:
        yield line


def laid(text: str, width: int) -> Lines:
    """A text of several lines as it is; a line that is too long is folded."""
    return Lines([[Span(part)] for line in text.split("\n") for part in folded(harmless(line), width)])
