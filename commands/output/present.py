"""How results leave: as text for people or as JSON for programs."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import TracebackType
from typing import IO, Any, Literal

from tracer import render, views
from tracer.export import jsonl
from tracer.export.writer import UNTITLED, Title

from ..registry import prompted
from ..results.result import Result, View
from .programs import fits, page

Color = Literal["auto", "always", "never"]
Titled = Callable[[], Title]


def untitled() -> Title:
    """The title of what is about nothing in particular."""
    return UNTITLED


@dataclass(frozen=True)
class Look:
    """Width in columns (None for the terminal's), colour, and whether plain ASCII and lists are wanted.

    ``decimals`` and ``rows`` are those of a table; ``pager`` says that long views go through a pager at a terminal.
    """

    width: int | None = None
    color: Color = "auto"
    accessible: bool = False
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

    @abstractmethod
    def echo(self, line: str) -> None:
        """Repeat a line of a script as it is run."""

    @abstractmethod
    def show(self, result: Result) -> None:
        """Show what a command has to say."""

    @abstractmethod
    def failed(self, command: str, line: int | None, message: str) -> None:
        """Note that a command failed; the complaint itself goes to standard error."""


class TextPresenter(Presenter):
    """Views, laid out for a width."""

    @cached_property
    def _console(self) -> Any:
        look = self.look
        return render.console.make_console(
            self.stream,
            width=look.width,
            color=look.color,
            accessible=look.accessible,
            environ=os.environ,
            density=views.page.Density(look.decimals, look.rows),
        )

    @cached_property
    def _page(self) -> Any:
        return views.page.Page(self.look.accessible)

    def echo(self, line: str) -> None:
        self.write("\n".join(map(visible, prompted(line).split("\n"))) + "\n")

    def show(self, result: Result) -> None:
        view = self._view(result)
        if view is not None:
            with self._console.capture() as captured:
                self._console.print(self._fitted(view) if isinstance(view, str) else render.drawing.Drawn(view))
            self.write(captured.get())

    def _view(self, result: Result) -> View:
        return result.view()

    def _fitted(self, text: str) -> str:
        return render.folding.fitted(self._page.text(text), self._console.width)

    def failed(self, command: str, line: int | None, message: str) -> None:
        self.stream.flush()


class TerminalPresenter(TextPresenter):
    """Views for a person at a terminal, who may look around in those that have a subject; long ones are paged."""

    def write(self, text: str) -> None:
        if not (self._is_too_long(text) and page(text)):
            super().write(text)

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

    @property
    def _has_screen(self) -> bool:
        return self.stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


class JsonPresenter(Presenter):
    """Objects, one a line."""

    def echo(self, line: str) -> None:
        """Nothing: the output is objects alone."""

    def show(self, result: Result) -> None:
        self.write("".join(f"{jsonl.dumps(thing)}\n" for thing in result.objects()))

    def failed(self, command: str, line: int | None, message: str) -> None:
        self.write(jsonl.dumps(jsonl.error(command, line, message)) + "\n")


def visible(text: str) -> str:
    """A line of text in which nothing is taken as an instruction to the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def complain(message: str) -> None:
    """Say on standard error what went wrong; at a terminal, in lines that don't break a word."""
    sys.stderr.write("\n".join(_lines_for(sys.stderr, visible(message))) + "\n")
    sys.stderr.flush()


def _lines_for(stream: IO[str], message: str) -> Iterator[str]:
    if not stream.isatty():
        return iter([message])
    return iter(render.folding.folded(message, os.get_terminal_size(stream.fileno()).columns or 80))
