"""The scale of colour: eleven classes from orange by way of nothing to purple."""

from __future__ import annotations

from typing import Literal

PUOR = (  # ColorBrewer's diverging scheme
    *("#7f3b08", "#b35806", "#e08214", "#fdb863", "#fee0b6"),
    "#f7f7f7",
    *("#d8daeb", "#b2abd2", "#8073ac", "#542788", "#2d004b"),
)
CENTRE = len(PUOR) // 2
TONES = tuple(f"h{k}" for k in range(len(PUOR)))
"""The name of every class."""
Ground = Literal["dark", "light"]
"""What colours stand on."""


def inside_out(k: int) -> int:
    """The class of the same sign that is as far from the edge as one is from the centre: the scale on dark ground."""
    return CENTRE - 1 - k if k < CENTRE else 3 * CENTRE + 1 - k


def ink(ground: str) -> str:
    """The colour, black or white, that is read well on a coloured ground: its contrast is 4.5 at least."""
    return max("#000000", "#ffffff", key=lambda colour: contrast(colour, ground))


def contrast(a: str, b: str) -> float:
    """How well one colour is read on another, from 1 to 21 (WCAG 2.2, 1.4.3)."""
    dark, light = sorted(map(_luminance, (a, b)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in bytes.fromhex(colour.removeprefix("#"))]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
