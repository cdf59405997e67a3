"""The sheet: the page of a terminal, with its width, its colours and the boxes around its tables."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache

from rich import box
from rich.color import Color, ColorSystem
from rich.console import Console, ConsoleOptions
from rich.style import Style

from ..dataclass import dataclass
from ..heat import CENTRE, PUOR, TONES, Ground, ink, inside_out
from ..views.page import Density, Page

BOXES = {
    "none": None,
    **{name.lower(): getattr(box, name) for name in sorted(vars(box)) if isinstance(getattr(box, name), box.Box)},
}
"""The boxes of rich by its own names, in small letters."""
BOX, FRAME = "simple", "rounded"
"""The one for text that programs read too, since nothing stands between its columns; and the one for people alone."""

BAR = PUOR[8]

_PLAIN = {
    "": Style.null(),
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "dim": Style(dim=True),
    "nan": Style(bold=True, reverse=True),
    "here": Style(reverse=True),
    "blank": Style(underline=True),
}
_CODE = {"dark": "cyan", "light": "blue"}
_SIGNS = {"dark": ("yellow", "bright_magenta"), "light": ("red", "magenta")}
"""Of a number below 0 and of one above, where there are 16 colours."""
_SYSTEMS = {"256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}


@dataclass(frozen=True, slots=True)
class Sheet(Page):
    """A page so many cells wide; ``depth`` is how many colours there are, ``ground`` what they stand on.

    ``box`` is one of `BOXES`.
    """

    width: int = 100
    depth: str | None = None
    ground: Ground = "dark"
    box: str = BOX

    @classmethod
    def of(cls, console: Console, options: ConsoleOptions) -> Sheet:
        """The sheet that rich asks to be filled."""
        density = getattr(console, "density", Density())
        return cls(
            options.ascii_only,
            density.decimals,
            density.rows,
            is_told=density.is_told,
            width=options.max_width,
            depth=console.color_system,
            ground=getattr(console, "ground", "dark"),
            box=getattr(console, "box", BOX),
        )

    @property
    def page(self) -> Page:
        """What views are told of it."""
        return Page(*(getattr(self, field.name) for field in fields(Page)))

    @property
    def has_grounds(self) -> bool:
        """Whether cells can be coloured from behind."""
        return self.depth not in (None, "standard")

    def unframed(self) -> Sheet:
        """The same without a frame around tables."""
        return replace(self, box=BOX) if is_framed(BOXES[self.box]) else self

    def style(self, tone: str) -> Style:
        """How a tone looks here."""
        return _style(tone, self.depth, self.ground)


def is_framed(lines: box.Box | None) -> bool:
    """Whether a box has lines between columns, or around all of them."""
    return lines is not None and (lines.mid_vertical + lines.top).strip() != ""


def coloured(page: Page, width: int, box: str = "") -> Sheet:
    """A page as a terminal's, on light ground with all colours; in frames where ``box`` is none of `BOXES`."""
    shown = box if box in BOXES else FRAME
    return Sheet(page.plain, page.decimals, page.rows, page.exponent, page.is_told, width, "truecolor", "light", shown)


@lru_cache(maxsize=256)
def tone_of(style: Style | None) -> str:
    """The tone of a style on light ground with all colours."""
    if style is None:
        return ""
    ground = style.bgcolor.name if style.bgcolor else ""
    names = [name for name in ("bold", "dim", "italic") if getattr(style, name) and not style.reverse]
    names += ["nan"] if style.reverse else []
    names += ["blank"] if style.underline else []
    names += [TONES[PUOR.index(ground)]] if ground in PUOR else []
    names += ["bar"] if style.color and style.color.name == BAR else []
    return " ".join(names)


@lru_cache(maxsize=256)
def _style(tone: str, depth: str | None, ground: Ground) -> Style:
    return Style.combine(_one(name, depth, ground) for name in tone.split(" "))


def _one(name: str, depth: str | None, ground: Ground) -> Style:
    if name in _PLAIN:
        return _PLAIN[name]
    if name == "code":
        return Style(color=_CODE[ground])
    if name == "bar":
        return Style(color=BAR)
    place = TONES.index(name)
    if depth is None or place == CENTRE:
        return Style.null()
    if depth == "standard":
        return Style(color=_SIGNS[ground][place > CENTRE], bold=abs(place - CENTRE) > CENTRE // 2 + 1)
    colour = PUOR[inside_out(place) if ground == "dark" else place]
    return Style(color=ink(_seen(colour, depth)), bgcolor=colour)


def _seen(colour: str, depth: str) -> str:
    """A colour as it comes out where there are so many."""
    return Color.parse(colour).downgrade(_SYSTEMS[depth]).get_truecolor().hex
