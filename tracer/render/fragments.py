"""Lines for a full-screen application: pairs of style and text, the style in the words of prompt_toolkit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.color import Color, ColorType
from rich.style import Style

from ..outward import visible_lines
from .drawing import Line


def fragments(line: Line) -> list[tuple[str, str]]:
    """A line as ``[("bold fg:#ffffff bg:#2d004b", "0.592"), …]``."""
    return [(_words(style), visible_lines(text)) for text, style, _control in line]


@lru_cache(maxsize=256)
def _words(style: Style | None) -> str:
    return " ".join(_described(style)) if style is not None else ""


def _described(style: Style) -> Iterator[str]:
    for name in ("bold", "dim", "reverse"):
        if getattr(style, name):
            yield name
    for ground, colour in (("fg", style.color), ("bg", style.bgcolor)):
        if colour is not None:
            yield f"{ground}:{_colour(colour)}"


def _colour(colour: Color) -> str:
    """One of the terminal's own colours by its name, any other by its red, green and blue."""
    return f"ansi{colour.name}" if colour.type is ColorType.STANDARD else colour.get_truecolor().hex
