"""Runs of text in one style each, folded together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .page import Line, filled
from .words import words

PLAIN = Style.null()


class Run(NamedTuple):
    """A text in a style; a whole one stays in one line if it can."""

    text: str
    style: Style
    is_whole: bool = False


BREAK = Run("\n", PLAIN)
"""Ends a line."""


def folded_runs(runs: Sequence[Run], width: int) -> Iterator[Line]:
    """Runs side by side, broken into lines of at most ``width`` cells (blanks at their ends apart), between words."""
    lines = filled(_words(runs, width), width)
    segments = [Segment(run.text, run.style) for run in runs]
    yield from Segment.divide(segments, accumulate(map(cell_len, lines)))


def _words(runs: Sequence[Run], width: int) -> list[str]:
    """The pieces between two of which a line may end: words, but not those within a whole run."""
    pieces, within, place = [""], _within(runs, width), 0
    for word in words("".join(run.text for run in runs)):
        if place in within:
            pieces[-1] += word
        else:
            pieces.append(word)
        place += len(word)
    return pieces[1:]


def _within(runs: Sequence[Run], width: int) -> set[int]:
    """The places in the text at which no line begins: those inside a whole run that fits into one."""
    starts = accumulate((len(run.text) for run in runs), initial=0)
    whole = [(start, run) for start, run in zip(starts, runs, strict=False) if run.is_whole]
    return {
        place
        for start, run in whole
        if cell_len(run.text) <= width
        for place in range(start + 1, start + len(run.text))
    }
