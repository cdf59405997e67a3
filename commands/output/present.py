"""How results leave: as text for people or as JSON for programs."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from functools import cached_property, partial
from types import TracebackType
from typing import IO, Any, Final, Literal

from tracer import render, views
from tracer.dataclass import dataclass
from tracer.export import jsonl
from tracer.export.writer import UNTITLED, Title
from tracer.heat import Ground
from tracer.outward import visible

from ..registry import prompted
from ..results.result import Result, View
from ..streams import complain as complain
from .ground import asked, stated

Color = Literal["auto", "always", "never"]
Theme = Literal["auto", "dark", "light"]
AUTO: Final = "auto"
Titled = Callable[[], Title]
Answer = Callable[[], Ground | None]


def untitled() -> Title:
    """The title of what is about nothing in particular."""
    return UNTITLED


@dataclass(frozen=True)
class Look:
    """Width in columns (None for the terminal's), colour, and whether plain ASCII and lists are wanted.

    ``theme`` is what colours stand on, ``box`` the lines of tables by rich's name for them.
    ``decimals`` and ``rows`` are those of a table; ``pager`` says that long views go through a pager at a terminal.
    """

    width: int | None = None
    color: Color = "auto"
    accessible: bool = False
    theme: Theme = AUTO
    box: str = AUTO
    decimals: int = 3
    rows: int = 20
    pager: bool = True

    def altered(self, preferences: Mapping[str, Any]) -> Look:
        """The same but for what the settings of these names say."""
        return replace(self, **{f.name: preferences[f.name] for f in fields(self) if f.name in preferences})


class Presenter(ABC):
    """Writes what a session has to say to a stream. ``title`` tells what a document is about."""

    def __init__(self, stream: IO[str], look: Look, title: Titled = untitled) -> None:
        self.stream = stream
        self.look = look
        self.title = title

    def onto(self, stream: IO[str], title: Titled = untitled) -> Presenter:
        """The same presentation on a stream that is not for the eyes."""
        return type(self)(stream, replace(self.look, color="never"), title)

    def __enter__(self) -> Presenter:
        """Begin what is written to the stream."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it, however that came about."""
        self.stream.flush()

    def altered(self, preferences: Mapping[str, Any]) -> Presenter:
        """The same presentation but for the look that settings give it."""
        look = self.look.altered(preferences)
        return self if look == self.look else type(self)(self.stream, look, self.title)

    def write(self, text: str) -> None:
        """Write, and see it off."""
        self.stream.write(text)
        self.stream.flush()

    def watching(self) -> AbstractContextManager[None]:
        """While it lasts, long work is watched, if somebody is there to."""
        return nullcontext()

    @abstractmethod
    def echo(self, line: str) -> None:
        """Repeat a line of a script as it is run."""

    @abstractmethod
    def show(self, result: Result) -> None:
        """Show what a command has to say."""

    @abstractmethod
    def failed(self, command: str, line: int | None, message: str) -> None:
        """Note that a command failed; the complaint itself goes to standard error."""


def console_on(stream: IO[str], look: Look, answer: Answer = lambda: None) -> Any:
    """A console with a look; where nothing says what its colours stand on, ``answer`` does."""
    return render.console.make_console(
        stream,
        width=look.width,
        color=look.color,
        accessible=look.accessible,
        environ=os.environ,
        density=views.page.Density(look.decimals, look.rows),
        ground=_ground(look, answer, is_terminal=stream.isatty()),
        box=look.box,
    )


def _ground(look: Look, answer: Answer, *, is_terminal: bool) -> Ground:
    """What colours stand on: as it is chosen, as the environment says, or as it is answered; else it is dark."""
    if look.theme != AUTO:
        return look.theme
    has_colours = render.console.color_depth(look.color, os.environ, is_terminal=is_terminal)
    return stated(os.environ) or (answer() if has_colours else None) or "dark"


class TextPresenter(Presenter):
    """Views, laid out for a width; for programs too, so that tables have no frames that nobody asked for."""

    @cached_property
    def _console(self) -> Any:
        box = render.sheet.BOX if self.look.box == AUTO else self.look.box
        return console_on(self.stream, replace(self.look, box=box))

    @cached_property
    def _page(self) -> Any:
        return views.page.Page(self.look.accessible)

    def echo(self, line: str) -> None:
        self.write("\n".join(map(visible, prompted(line).split("\n"))) + "\n")

    def show(self, result: Result) -> None:
        view = self._view(result)
        if view is not None:
            self._write_view(view)

    def _write_view(self, view: View) -> None:
        self.write(self._laid_out(view))

    def _laid_out(self, view: View) -> str:
        with self._console.capture() as captured:
            self._console.print(self._fitted(view) if isinstance(view, str) else render.drawing.Drawn(view))
        text: str = captured.get()
        return text

    def _view(self, result: Result) -> View:
        return result.view()

    def _fitted(self, text: str) -> str:
        return render.folding.fitted(self._page.text(text), self._console.width)

    def failed(self, command: str, line: int | None, message: str) -> None:
        self.stream.flush()


class TerminalPresenter(TextPresenter):
    """Views for a person at a terminal, who may look around in those that have a subject; long ones are paged."""

    @cached_property
    def _console(self) -> Any:
        return console_on(self.stream, self.look, lambda: asked(sys.stdin, self.stream, os.environ))

    def write(self, text: str) -> None:
        if not self._paged(text):
            super().write(text)

    def _write_view(self, view: View) -> None:
        """Write a view; of one that was paged, its end stays on the screen."""
        text = self._laid_out(view)
        if not self._paged(text):
            super().write(text)
        elif not isinstance(view, str):
            super().write(self._laid_out(views.below.ending(view)))

    def _paged(self, text: str) -> bool:
        if not self._is_too_long(text):
            return False
        from .programs import page

        return page(text)

    def _is_too_long(self, text: str) -> bool:
        return self.look.pager and self._has_screen and not fits(text, os.get_terminal_size(self.stream.fileno()).lines)

    def show(self, result: Result) -> None:
        if result.subject is None or not self._has_screen:
            super().show(result)
            return
        from ..viewer.screen import open_viewer

        open_viewer(result.subject(), render.sheet.Sheet.of(self._console, self._console.options))

    def _view(self, result: Result) -> View:
        """The view; of a value that was printed after the name that it can be called by."""
        view = super()._view(result)
        if result.number is None or view is None:
            return view
        name = f"${result.number} = "
        return name + view if isinstance(view, str) else views.below.led(name, view)

    def watching(self) -> AbstractContextManager[None]:
        return watching(self.look)

    @property
    def _has_screen(self) -> bool:
        return _is_screen(self.stream)


class JsonPresenter(Presenter):
    """Objects, one a line."""

    def echo(self, line: str) -> None:
        """Nothing: the output is objects alone."""

    def show(self, result: Result) -> None:
        for thing in list(result.objects()):
            self._write_line(jsonl.pieces(thing))
        self.stream.flush()

    def _write_line(self, pieces: Iterable[str]) -> None:
        """Write an object; where it does not come to its end its line does, so that the next has one to itself."""
        try:
            self.stream.writelines(pieces)
        finally:
            self.stream.write("\n")

    def failed(self, command: str, line: int | None, message: str) -> None:
        self.write(jsonl.dumps(jsonl.error(command, line, message)) + "\n")


def watching(look: Look) -> AbstractContextManager[None]:
    """While it lasts, long work is a bar on standard error, where that is a terminal which can have one."""
    if look.accessible or not _is_screen(sys.stderr):
        return nullcontext()
    watched: AbstractContextManager[None] = render.progress.watching(partial(console_on, sys.stderr, look))
    return watched


def _is_screen(stream: IO[str]) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def fits(text: str, lines: int) -> bool:
    """Whether a text and the prompt below it leave nothing outside a screen of so many lines."""
    return text.count("\n") < lines
