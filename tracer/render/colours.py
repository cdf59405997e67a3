"""Heat: a class of colour for each number, its style worked out once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from rich.color import Color
from rich.style import Style

from ..tensor import Array

_PUOR = (  # ColorBrewer's diverging scheme of 11 classes
    *("#7f3b08", "#b35806", "#e08214", "#fdb863", "#fee0b6"),
    "#f7f7f7",
    *("#d8daeb", "#b2abd2", "#8073ac", "#542788", "#2d004b"),
)
CENTRE = len(_PUOR) // 2
INFINITE, NEGATIVE_INFINITE, NAN, HIDDEN = range(len(_PUOR), len(_PUOR) + 4)
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
        return (None,) * (len(_PUOR) + len(_APART))
    paint = _foreground if depth == "standard" else _background
    return (*(None if i == CENTRE else paint(i) for i in range(len(_PUOR))), *_APART)


def _background(place: int) -> Style:
    colour = Color.parse(_PUOR[place])
    red, green, blue = colour.get_truecolor()
    is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
    return Style(color="#000000" if is_light else "#ffffff", bgcolor=colour)


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


BAR = Style(color=_PUOR[8])
"""Of a bar for a probability."""
