"""The console, and the one decision about colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import IO, Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import Style

from ..heat import Ground
from ..outward import visible_lines
from ..views.page import Density
from .cells import lines_of
from .sheet import BOX, FRAME

Depth = Literal["standard", "256", "truecolor"]
"""How many colours: 16, 256, or all."""

Choice = Literal["auto", "always", "never"]
AUTO = "auto"


def _harmless(segment: Segment) -> Segment:
    return segment._replace(text=visible_lines(segment.text))


class PageConsole(Console):
    """A console that says how much of a thing is to be shown, on what ground, and with what boxes around tables."""

    density = Density()
    ground: Ground = "dark"
    box = BOX

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does; what would be an instruction to the terminal, and is none of rich's own, is written out."""
        for segment in super().render(renderable, options):
            text = segment.text
            yield segment if segment.control or text.isprintable() or text == "\n" else _harmless(segment)

    def render_lines(
        self,
        renderable: RenderableType,
        options: ConsoleOptions | None = None,
        *,
        style: Style | None = None,
        pad: bool = True,
        new_lines: bool = False,
    ) -> list[list[Segment]]:
        """As rich does, but for a piece of our own in a cell of a table: it knows its lines."""
        lines = lines_of(renderable, options) if options and not style else None
        return lines or super().render_lines(renderable, options, style=style, pad=pad, new_lines=new_lines)


class AsciiConsole(PageConsole):
    """A console whose renderables keep to plain ASCII, whatever the file could take."""

    @property
    def encoding(self) -> str:
        return "ascii"


def make_console(
    file: IO[str],
    *,
    width: int | None,
    color: Choice,
    accessible: bool,
    environ: Mapping[str, str],
    density: Density | None = None,
    ground: Ground = "dark",
    box: str = AUTO,
) -> Console:
    """A console on ``file``: tokens are never markup or emoji, numbers never highlighted.

    ``width`` is in cells, None for the terminal's own. ``accessible`` asks for plain ASCII and lists in place of grids.
    ``box`` is a frame at a terminal, and not in a file, where nothing is said of it.
    """
    kind = AsciiConsole if accessible else PageConsole
    console = kind(
        file=file,
        width=width,
        color_system=color_depth(color, environ, is_terminal=file.isatty()),
        force_terminal=file.isatty(),
        force_jupyter=False,
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ=environ,
    )
    console.density, console.ground, console.box = density or Density(), ground, _box(box, file)
    return console


def _box(asked: str, file: IO[str]) -> str:
    if asked != AUTO:
        return asked
    return FRAME if file.isatty() else BOX


def color_depth(color: Choice, environ: Mapping[str, str], *, is_terminal: bool) -> Depth | None:
    """How many colours to use, None for no escape sequences at all.

    The option wins; then NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, CLICOLOR=0 and TERM=dumb; then whether a terminal
    listens.
    """
    wanted = is_terminal if (asked := _asked(color, environ)) is None else asked
    return _available(environ) if wanted else None


def _asked(color: Choice, environ: Mapping[str, str]) -> bool | None:
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE")
    if forced:
        return forced != "0"
    return False if environ.get("CLICOLOR") == "0" or environ.get("TERM") in ("dumb", "unknown") else None


def _available(environ: Mapping[str, str]) -> Depth:
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if environ.get("TERM", "").endswith(("256color", "kitty", "ghostty")) else "standard"
