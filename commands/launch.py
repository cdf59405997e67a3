"""What the command line asks for, carried out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.i18n import _
from tracer.loading import builtin
from tracer.namedtuple import NamedTuple
from tracer.outward import path_of
from tracer.trace_file import is_trace

from .batch import Batch
from .grammar.lines import given, is_waiting, read
from .opener import EXAMPLE, Opener, open_model
from .output.files import whole_file
from .output.formats import WIDTH, Making, format_of, presenter_of
from .output.present import Look, Presenter, Titled, complain, watching
from .replay import Replay
from .session import Session
from .settings import RUN

PIPED = "-"


class Origin(NamedTuple):
    """What is traced: model and text, and the settings that the command line names, by their names in Python.

    ``adapter`` is the directory of one that is merged into the model.
    """

    model: str
    text: str | None = None
    ids: bool = False
    attention_mask: str | None = None
    position_ids: str | None = None
    segment_ids: str | None = None
    chosen: Mapping[str, Any] = MappingProxyType({})
    adapter: str | None = None

    def session(self) -> Session:
        """A session before its first record; raises `TraceError` for a model, text or setting that can't be used."""
        path = path_of(self.model)
        if self.model not in builtin() and is_trace(path):
            return self._over_trace(path)
        settings, chosen = Settings.among(self.chosen), self.chosen.get
        question = chosen("chat")
        if question is not None and (self.text is not None or self.ids):
            raise InputError(_("--chat is a text by itself; leave out --text and --ids, or --chat"))
        model = open_model(self.model, chosen("dtype", "float32"), self.adapter)
        opener = Opener(
            model.between(chosen("source_lang"), chosen("target_lang")),
            question if question is not None else EXAMPLE if self.text is None else self.text,
            ids=self.ids,
            chat=question is not None,
            target=chosen("target"),
            mask=self.attention_mask,
            positions=self.position_ids,
            segments=self.segment_ids,
            settings=settings,
            warn=complain,
        )
        opener.introduce()
        return Session(opener)

    def _over_trace(self, file: Path) -> Session:
        """One over a trace file, which has a text and settings of its own."""
        given = {"text": self.text, "attention-mask": self.attention_mask, "position-ids": self.position_ids}
        given |= {"segment-ids": self.segment_ids, "adapter": self.adapter}
        asked = {setting.name: self.chosen.get(setting.keyword) for setting in RUN.values()}
        for option in (name for name, value in (given | asked).items() if value is not None):
            told = _("{path}: is a trace, which brings its text and settings; leave out --{option}")
            raise InputError(told.format(path=file, option=option))
        from tracer.saved.opening import open_trace

        return Session(Replay.of(open_trace(file), complain))


class Script(NamedTuple):
    """What is run without being asked: commands, then a file. ``file`` is None for none, ``-`` for standard input."""

    commands: tuple[str, ...]
    file: str | None
    keep_going: bool


class Output(NamedTuple):
    """Where results go and how they look."""

    format: str
    file: Path | None
    look: Look


def launch(origin: Origin, script: Script, output: Output, *, interactive: bool, resumed: bool = False) -> int:
    """Play the script, then hand over to the person at the terminal if there is one; the exit status.

    ``resumed`` asks for the last session in place of ``origin``.
    """
    for text in filter(None, (origin.text, *origin.chosen.values(), *script.commands)):
        _check_utf8(str(text))
    presenter = presenter_of(output.format)
    if not interactive:
        if resumed:
            raise InputError(_("--resume is for the shell; a script begins afresh"))
        return _play(origin, script, output, presenter)
    if output.file or output.format != "text":
        raise InputError(_("--format and --output are for batch; add --batch"))
    from .terminal.conversation import Conversation

    return Conversation(origin.session, origin.chosen).hold(given(script.commands), resumed=resumed)


def _check_utf8(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(_("{text!r} on the command line is not UTF-8").format(text=text))


def _play(origin: Origin, script: Script, output: Output, made: Making) -> int:
    lines = chain(given(script.commands), read(script.file) if script.file else ())
    look = replace(output.look, width=output.look.width or WIDTH)
    with destination(output.file) as stream:
        session = origin.session()
        with made(stream, look, session.heading) as presenter:
            try:
                status = Batch(session, presenter, script.keep_going).play(lines)
            finally:
                session.log_to(None)
    if script.file != PIPED and is_waiting(sys.stdin):
        complain(_("note: standard input was not read: --batch runs what -e or its FILE says; --batch - reads it too"))
    return status


def making(output: Output) -> Making:
    """What makes the presenter of a document; raises `InputError` where its format is not known."""
    return presenter_of(output.format or format_of(output.file))


@contextmanager
def onto(output: Output, made: Making, title: Titled) -> Iterator[Presenter]:
    """What shows results as a document, whole or not at all; work that is long is seen meanwhile."""
    with destination(output.file) as stream:
        look = replace(output.look, width=output.look.width or (None if stream.isatty() else WIDTH))
        with made(stream, look, title) as presenter, watching(look):
            yield presenter


@contextmanager
def destination(file: Path | None) -> Iterator[IO[str]]:
    """A file that is written whole or not at all; standard output where none is named."""
    if file is None:
        yield sys.stdout
    else:
        with whole_file(file) as stream:
            yield stream
