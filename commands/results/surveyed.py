"""What a survey of a corpus comes to, as a result, with the command that opens a sentence of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from shlex import join
from typing import Any, Protocol

from tracer import views
from tracer.card import Card
from tracer.corpus.asking import Opened
from tracer.corpus.columns import Collected, Columns
from tracer.corpus.sentences import Sentence, corpus
from tracer.corpus.summary import End, Mean, Section, Summary, summary
from tracer.debugger.debugger import Debugger
from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import _
from tracer.loading import builtin
from tracer.run import live
from tracer.work import work

from .result import Result, Results


class Asking(Protocol):
    """What is asked of sentences at the prompt."""

    @property
    def told(self) -> Mapping[str, Any]: ...

    def ask(self, sentence: Sentence, opened: Opened, settings: Settings, *, ids: bool, into: Columns) -> None: ...


def over_corpus(debugger: Debugger, file: Path, asking: Asking, first: int | None = None) -> Results:
    """What the sentences of a file come to, or the ``first`` of them; as far as it came where it is interrupted.

    Raises:
        InputError: the file can't be read, or the run can't be computed again.
    """
    run = live(debugger.run, "survey")
    opener: Any = getattr(debugger, "opener", None)
    settings, ids = (Settings(), False) if opener is None else (opener.settings, opener.types_ids)
    sentences, found, opened = islice(corpus(file), first), Columns(), Opened(run.model)
    told = {
        **asking.told,
        "model": {"name": _name(run.card)},
        "settings": {**stated(settings), **_opened(run.card)},
        "corpus": {"ids": ids},
    }
    try:
        for sentence in work(sentences, _("sentences"), first or 0):
            asking.ask(sentence, opened, settings, ids=ids, into=found)
    except KeyboardInterrupt:
        if found.rows:
            yield surveyed(summary(Collected(found.whole(), told)))
        raise
    if not found.rows:
        raise InputError(_("{path}: has no sentences in it").format(path=file))
    yield surveyed(summary(Collected(found.whole(), told)))


def _name(card: Card) -> str:
    return card.name if card.path is None or card.name in builtin() else str(card.path)


def _opened(card: Card) -> Mapping[str, str]:
    """How the model is opened otherwise than usual."""
    spoken = {f"{side}_lang": code for side, code in card.chosen._asdict().items() if code is not None}
    return spoken | ({} if card.dtype == "float32" else {"dtype": card.dtype})


def stated(settings: Settings) -> Mapping[str, Any]:
    """The settings that somebody has made."""
    return {name: value for name, value in asdict(settings).items() if value not in (None, 0)}


def surveyed(found: Summary, *, is_page: bool = False) -> Result:
    """What there is to see of it; everything that a program may want."""
    ends = views.corpus.MANY if is_page else views.corpus.FEW
    return Result(lambda: _objects(found), lambda: views.corpus.summary_view(found, _opening(found), ends=ends))


def _opening(found: Summary) -> Any:
    return lambda section, end: opened_by(found.told, section, end)


def opened_by(told: Mapping[str, Any], section: Section, end: End) -> str:
    """The command line that opens a sentence where an expression has its largest or its smallest value."""
    given = ["--target", end.target] if end.target is not None else []
    ids = ["--ids"] if told.get("corpus", {}).get("ids") else []
    asked = [] if told.get("against") or told.get("sweep") else ["-e", f"print {section.text}"]
    where = ["-e", f"goto @{end.step}", *asked]
    adapter = told["model"].get("adapter")
    model = ["-m", told["model"]["name"], *(["--adapter", adapter] if adapter else [])]
    words = [*model, *_settings(told), "-t", end.text, *ids, *given, *where]
    return join(["tx-trace", *words])


def _settings(told: Mapping[str, Any]) -> Sequence[str]:
    words = []
    for name, value in told.get("settings", {}).items():
        option = name.replace("_", "-")
        words += (
            [f"--{option}" if value else f"--no-{option}"] if isinstance(value, bool) else [f"--{option}", str(value)]
        )
    return words


def _objects(found: Summary) -> Iterator[jsonl.Object]:
    yield {"kind": "survey", "sentences": found.sentences, "errors": dict(found.errors), **found.told}
    for section in found.sections:
        for mean in section.means:
            yield {"kind": "mean", "expression": section.name, "of": mean.of, **_numbers(mean)}
        for name, mean in section.classes.items():
            yield {"kind": "class", "expression": section.name, "class": name, **_numbers(mean)}
        for which, ends in (("least", section.least), ("most", section.most)):
            for end in ends:
                told = {"sentence": end.sentence, "mean": end.mean, "text": end.text}
                command = opened_by(found.told, section, end)
                yield {"kind": "sentence", "expression": section.name, "end": which, **told, "command": command}


def _numbers(mean: Mean) -> jsonl.Object:
    return {
        "axes": dict(mean.meaning.places),
        "n": mean.n,
        "mean": mean.mean,
        "std": mean.std,
        "quantiles": list(mean.quantiles),
        "interval": [mean.low, mean.high],
    }
