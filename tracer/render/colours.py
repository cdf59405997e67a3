"""Heat: a class of colour for each number, its style worked out once."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from rich.style import Style

from ..heat import CENTRE, PUOR, TONES, ink
from ..tensor import Array

INFINITE, NEGATIVE_INFINITE, NAN, HIDDEN = range(len(PUOR), len(PUOR) + 4)
_APART: tuple[Style | None, ...] = (
    Style(bold=True),
    Style(dim=True),
    Style(bold=True, reverse=True),
    Style(dim=True),
)

Palette = tuple[Style | None, ...]


@lru_cache(maxsize=4)
def palette(depth: str | None) -> Palette:
    """The style of every class: orange below 0, purple above, plain around it; then what is no number on the scale."""
    if depth is None:
        return (None,) * (len(PUOR) + len(_APART))
    paint = _foreground if depth == "standard" else _background
    return (*(None if i == CENTRE else paint(i) for i in range(len(PUOR))), *_APART)


@cache
def _tones() -> dict[Style | None, str]:
    heat = dict(zip(palette("truecolor"), (*TONES, "bold", "dim", "nan", "dim"), strict=True))
    return {**heat, None: "", BAR: "bar"}


def tone(style: Style | None) -> str:
    """What a style is called in documents, which have colours of their own; nothing for one that they do not know."""
    return _tones().get(style, "")


def _background(place: int) -> Style:
    return Style(color=ink(PUOR[place]), bgcolor=PUOR[place])


def _foreground(place: int) -> Style:
    """With 16 colours: the hue for the sign, bold for the outer half."""
    hue = "yellow" if place < CENTRE else "magenta"
    return Style(color=hue, bold=abs(place - CENTRE) > CENTRE // 2 + 1)


def heat(values: Array, bound: float, *, zero_is_hidden: bool = False) -> Array:
    """The class of every value: linear from −bound to bound, so that probabilities (bound 1) have one hue.

    −∞, nan and hidden zeros are classes of their own and never enter the scale.
    """
    scaled = np.nan_to_num(values / (bound or 1.0), nan=0.0, posinf=0.0, neginf=0.0)
    classes = np.rint(np.clip(scaled, -1, 1) * CENTRE).astype(np.int64) + CENTRE
    classes[np.isposinf(values)] = INFINITE
    classes[np.isneginf(values)] = NEGATIVE_INFINITE
    classes[np.isnan(values)] = NAN
    if zero_is_hidden:
        classes[values == 0] = HIDDEN
    return classes


BAR = Style(color=PUOR[8])
"""Of a bar for a probability."""
