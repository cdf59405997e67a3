"""``tx-trace survey``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tracer import __version__, i18n, render
from tracer.corpus.asking import Asked
from tracer.corpus.plan import PART, Plan, Source
from tracer.corpus.presets import preset
from tracer.corpus.questions import Question, check_names, place, question
from tracer.corpus.sentences import Corpus, corpus
from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.export.writer import Title
from tracer.i18n import _, ngettext
from tracer.loading import builtin, find
from tracer.outward import visible

from ..grammar.acted import Acted
from ..guard import FAILED, FINE
from ..launch import Output, making, onto
from ..output.present import complain
from ..results.surveyed import stated, surveyed

if TYPE_CHECKING:
    from tracer.corpus.parts import Parts


class Survey(NamedTuple):
    """What the command line says of a survey."""

    file: Path
    expressions: Sequence[str]
    presets: Sequence[str]
    output: Path
    model: str
    adapter: str | None = None
    against: str | None = None
    at: str | None = None
    column: str | None = None
    target_column: str | None = None
    ids: bool = False
    is_long: bool = False
    edits: Sequence[str] = ()
    workers: int | None = None
    scheduler: str | None = None
    resume: bool = False
    force: bool = False
    summed_up: bool = False

    def source(self, name: str, chosen: Mapping[str, Any]) -> Source:
        """A model by what opens it; a path holds wherever a worker stands."""
        found = name if name in builtin() else str(Path(find(name)).resolve())
        adapter = None if self.adapter is None else str(Path(self.adapter).resolve())
        stated = {key: chosen[key] for key in ("dtype", "source_lang", "target_lang") if chosen.get(key) is not None}
        return Source(found, adapter if name == self.model else None, **stated)

    def questions(self, source: Source, lines: Corpus) -> Sequence[Question]:
        """What is asked; raises as `question`, `preset` and `check_names` do."""
        own = [question(text) for text in self.expressions]
        model = source.open()
        has_other = self.against is not None
        ready = [one for name in self.presets for one in _of_preset(name, model, lines, has_other=has_other)]
        return check_names([*ready, *own])

    def plan(self, lines: Corpus, chosen: Mapping[str, Any]) -> Plan:
        """What workers are told; raises `TraceError` where something in it is not so."""
        if self.against is not None and self.edits:
            raise InputError(_("--against and --edit are both r1: ask for one after the other"))
        if self.at is not None:
            place(self.at)
        source = self.source(self.model, chosen)
        other = None if self.against is None else self.source(self.against, chosen)
        questions = self.questions(source, lines)
        edits = tuple(map(Acted.read, self.edits))
        settings = Settings.among(chosen)
        asked = Asked(tuple(questions), self.at, self.is_long, self.ids, edits, settings)
        told = {
            "version": __version__,
            "model": source.described,
            "against": None if other is None else other.described,
            "expressions": {one.name: one.text for one in questions},
            "at": self.at,
            "long": self.is_long,
            "edits": list(map(str, edits)),
            "settings": {**stated(settings), **source.stated},
            "corpus": {"name": self.file.name, "sha256": lines.digest, "target": lines.has_target, "ids": self.ids},
            "columns": [self.column, self.target_column],
            "part": PART,
        }
        return Plan(source, asked, other, told, i18n.language())


def _of_preset(name: str, model: Any, lines: Corpus, *, has_other: bool) -> Sequence[Question]:
    return preset(name, model, has_target=lines.has_target, has_other=has_other)


def survey(asked: Survey, chosen: Mapping[str, Any], output: Output) -> int:
    """Ask every sentence of a corpus, and write the answers as a table; the status says whether all parts are there.

    Raises:
        InputError: the libraries are missing, the file or an expression can't be read, or something is there already.
        TraceError: the model can't be had, or the table can't be written.
    """
    _check_output(asked)
    parts_of = _library()
    lines = corpus(asked.file, asked.column, asked.target_column)
    plan = asked.plan(lines, chosen)
    plan.opened  # noqa: B018
    parts = parts_of(asked.output)
    if not parts.prepare(plan, resume=asked.resume, force=asked.force):
        lost = _carried_out(plan, lines, parts, asked)
        if lost:
            told = ngettext(
                "{n} part is missing: its worker died; to try it again, add --resume",
                "{n} parts are missing: their workers died; to try them again, add --resume",
                lost,
            )
            complain(told.format(n=lost))
            return FAILED
        parts.join()
    print(visible(_("{path}: written").format(path=asked.output)))
    if asked.summed_up:
        _sum_up(asked, output)
    return FINE


def _check_output(asked: Survey) -> None:
    if asked.output.suffix != ".parquet":
        raise InputError(_("{path}: the table is Parquet; name a file that ends in .parquet").format(path=asked.output))
    if asked.resume and asked.force:
        raise InputError(_("--resume goes on with what is there, --force begins anew: leave one out"))
    if None not in (asked.scheduler, asked.workers):
        raise InputError(_("--scheduler has workers of its own; leave out --workers"))


def _library() -> Any:
    """What keeps parts.

    Raises:
        InputError: a library that it needs is missing.
    """
    try:
        import distributed  # noqa: F401

        from tracer.corpus.parts import Parts
    except ModuleNotFoundError as error:
        told = _("survey needs {module}: {command}")
        command = "pip install 'tx-trace[survey]'"
        raise InputError(told.format(module=error.name, command=command)) from error
    return Parts


def _carried_out(plan: Plan, lines: Corpus, parts: Parts, asked: Survey) -> int:
    """Make the missing parts, seen by whoever looks on; how many were lost."""
    from tracer.corpus.running import carried_out, usual

    console = render.console.make_console(sys.stderr, width=None, color="auto", accessible=False, environ=os.environ)
    done = lost = 0
    workers = usual(lines.size) if asked.workers is None else asked.workers
    before = min(lines.size, len(parts.there()) * PART)
    try:
        with render.progress.counting(console, _("sentences"), lines.size, before) as report:
            for standing in carried_out(plan, lines, parts, workers, asked.scheduler):
                done, lost = standing
                report(done)
    except KeyboardInterrupt:
        complain(_interrupted(parts, before + done, lines.size))
        raise
    finally:
        parts.leave()
    return lost


def _interrupted(parts: Parts, done: int, size: int) -> str:
    if not parts.there():
        return _("interrupted before anything was written")
    told = _("interrupted after {n} of {size} sentences, which are kept in {folder}; to go on, add --resume")
    return told.format(n=done, size=size, folder=parts.folder)


def _sum_up(asked: Survey, output: Output) -> None:
    """Show what the table comes to, and write it as a page beside it."""
    from tracer.corpus.parquet import Answered
    from tracer.corpus.summary import summary

    found = summary(Answered(asked.output))
    page = asked.output.with_suffix(".html")
    title = Title(asked.file.name, found.told["model"]["is"])
    for shown in (output, Output("html", page, output.look)):
        with onto(shown, making(shown), lambda: title) as presenter:
            presenter.show(surveyed(found, is_page=shown.file == page))
    print(visible(_("{path}: the same as a page").format(path=page)))
