"""The scale of colour: eleven classes from orange by way of nothing to purple."""

from __future__ import annotations

PUOR = (  # ColorBrewer's diverging scheme
    *("#7f3b08", "#b35806", "#e08214", "#fdb863", "#fee0b6"),
    "#f7f7f7",
    *("#d8daeb", "#b2abd2", "#8073ac", "#542788", "#2d004b"),
)
CENTRE = len(PUOR) // 2
TONES = tuple(f"h{k}" for k in range(len(PUOR)))
"""The name of every class."""


def inside_out(k: int) -> int:
    """The class of the same sign that is as far from the edge as one is from the centre: the scale on dark ground."""
    return CENTRE - 1 - k if k < CENTRE else 3 * CENTRE + 1 - k


def ink(ground: str) -> str:
    """The colour, black or white, that is read well on a coloured ground."""
    red, green, blue = bytes.fromhex(ground.removeprefix("#"))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"
