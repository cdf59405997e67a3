"""Running text: pieces in tones, folded together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise

from rich.cells import cell_len

from ..document import CODE, Span
from ..views.words import BOUND, WIDE, words
from .folding import filled

SHORT = 30
"""So many cells at most are taken by a formula that stays in one line."""
_OPERAND = rf"[^ {BOUND}{WIDE}]+"
_FORMULA = rf"(?<![^ {WIDE}]){_OPERAND}(?: [-+−·×⊙/@=≈<>≤≥←→] {_OPERAND})+(?![^ {WIDE}])"


def folded_spans(spans: Sequence[Span], width: int, hang: int = 0) -> Iterator[list[Span]]:
    """Pieces side by side, broken into lines of at most ``width`` cells, between words.

    Code stays whole if it can, and so does a short formula. A line break ends a line. Those after the first are moved
    in by ``hang``.
    """
    for is_break, part in groupby(spans, lambda span: span.text == "\n"):
        if not is_break:
            yield from _folded(list(part), width, hang)


def _folded(spans: Sequence[Span], width: int, hang: int) -> Iterator[list[Span]]:
    ends = [0, *accumulate(map(len, filled(_words(spans, width), width, hang)))]
    for start, stop in pairwise(ends):
        yield [Span(" " * (hang if start else 0)), *_cut(spans, start, stop)]


def _cut(spans: Sequence[Span], start: int, stop: int) -> Iterator[Span]:
    """The pieces from one place in the text to another."""
    place = 0
    for text, tone in spans:
        if part := text[max(0, start - place) : max(0, stop - place)]:
            yield Span(part.replace(BOUND, " "), tone)
        place += len(text)


def _words(spans: Sequence[Span], width: int) -> list[str]:
    """The pieces between two of which a line may end: words, but not those within code or a formula."""
    pieces, within, place = [""], _within(spans, width), 0
    for word in words("".join(span.text for span in spans)):
        if place in within:
            pieces[-1] += word
        else:
            pieces.append(word)
        place += len(word)
    return pieces[1:]


def _within(spans: Sequence[Span], width: int) -> set[int]:
    """The places in the text at which no line begins: those inside code that fits into one, and short formulas."""
    starts = accumulate((len(span.text) for span in spans), initial=0)
    code = ((start, span.text) for start, span in zip(starts, spans, strict=False) if is_code(span))
    whole = chain(
        ((start, text) for start, text in code if cell_len(text) <= width),
        ((start, text) for start, text in _formulas(spans) if cell_len(text) <= min(width, SHORT)),
    )
    return {place for start, text in whole for place in range(start + 1, start + len(text))}


def _formulas(spans: Sequence[Span]) -> Iterator[tuple[int, str]]:
    """The formulas in a text, each after the place where it begins."""
    return ((found.start(), found[0]) for found in re.finditer(_FORMULA, "".join(span.text for span in spans)))


def is_code(span: Span) -> bool:
    """Whether a piece is to be typed as it stands."""
    return CODE in span.tone.split(" ")
