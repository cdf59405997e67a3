"""The formats of batch output: text, JSON, and documents in which the views are laid out anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from copy import copy
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any, Protocol

from tracer import render, views
from tracer.document import Block
from tracer.errors import InputError
from tracer.export import document_formats
from tracer.export.writer import DocumentWriter
from tracer.i18n import _
from tracer.outward import visible_lines

from ..registry import prompted
from ..results.result import Result, View
from .present import JsonPresenter, Look, Presenter, TextPresenter, Titled, untitled

WIDTH = 100
"""Columns, where nothing is said of them."""

IN_MEMORY = 1 << 20
"""Bytes of a document that are kept in memory until it is written."""


class Making(Protocol):
    """Makes the presenter of a format."""

    def __call__(self, stream: IO[str], look: Look, title: Titled = untitled) -> Presenter: ...


_STREAMS: Mapping[str, Making] = {"text": TextPresenter, "jsonl": JsonPresenter}


class DocumentPresenter(Presenter):
    """Writes a document, all of it when the context that the presenter is ends: what it is about is known then.

    Until then its parts stand in a file without a name, where they are many.
    """

    def __init__(self, kind: type[DocumentWriter], stream: IO[str], look: Look, title: Titled = untitled) -> None:
        super().__init__(stream, look, title)
        self._kind = kind
        self._writer = kind()
        self._open = ExitStack()

    def __enter__(self) -> Presenter:
        spool = SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline="")
        self._written: IO[str] = self._open.enter_context(spool)
        return self

    def onto(self, stream: IO[str], title: Titled = untitled) -> Presenter:
        return DocumentPresenter(self._kind, stream, self.look, title)

    def altered(self, preferences: Mapping[str, Any]) -> Presenter:
        same = copy(self)
        same.look = self.look.altered(preferences)
        return same

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._open:
            self._written.seek(0)
            for text in self._writer.document(self.title(), self._written):
                self.stream.write(visible_lines(text))
        super().__exit__(kind, error, at)

    def write(self, text: str) -> None:
        self._written.write(text)

    def echo(self, line: str) -> None:
        if line.startswith("#"):
            self.write(self._writer.remark(line.lstrip("# ")))
        else:
            self.write(self._writer.command(prompted(line)))

    def show(self, result: Result) -> None:
        view = result.view()
        if view is None:
            return
        for block in self._blocks(view):
            self.write(self._writer.block(block))

    def _blocks(self, view: View) -> Iterable[Block]:
        """A text as it is; a view in blocks, or, for a format that has no layout of its own, as a terminal's lines."""
        look, width = self.look, self.look.width or WIDTH
        density = views.page.Density(look.decimals, max(look.rows, self._kind.size))
        page = views.page.Page(look.accessible, *density, is_told=density.is_told)
        if isinstance(view, str):
            return [render.folding.laid(view, width)]
        if self._kind.is_laid_out:
            return [render.drawing.laid_out(view, render.sheet.coloured(page, width, look.box))]
        blocks: Iterable[Block] = view.blocks(page)
        return blocks

    def failed(self, command: str, line: int | None, message: str) -> None:
        self.write(self._writer.failure(message))


def by_suffix() -> Mapping[str, str]:
    """The formats that the end of a file's name says."""
    documents = {suffix: name for name, kind in document_formats().items() for suffix in kind.suffixes}
    return {".txt": "text", ".jsonl": "jsonl", **documents}


def format_of(path: Path | None) -> str:
    """The format that the name of a file says; text where there is no file.

    Raises:
        InputError: it says none.
    """
    if path is None:
        return "text"
    known = by_suffix()
    if path.suffix.lower() not in known:
        told = _("{path}: this format is not known; the name may end in {known}")
        raise InputError(told.format(path=path, known=", ".join(known)))
    return known[path.suffix.lower()]


def presenter_of(name: str) -> Making:
    """What makes the presenter of a format.

    Raises:
        InputError: there is no such format; all are named.
    """
    if name in _STREAMS:
        return _STREAMS[name]
    documents = document_formats()
    if name in documents:
        return partial(DocumentPresenter, documents[name])
    known = ", ".join([*_STREAMS, *documents])
    raise InputError(_("format {format} is not available; choose one of {known}").format(format=name, known=known))
