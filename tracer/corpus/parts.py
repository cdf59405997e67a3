"""The parts of a table that is being made, each a file beside what it will be; and making one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..i18n import N_, _, cause, spoken
from ..whole import whole
from .parquet import join, kept
from .plan import PART, Plan, told
from .sentences import Corpus, Sentence

_PART = re.compile(r"part-(\d{5,9})\.parquet")
DIFFERING = {
    "version": N_("the version of tx-trace"),
    "model": N_("the model"),
    "against": N_("the model that it is held against"),
    "expressions": N_("the expressions"),
    "at": N_("the places"),
    "long": N_("--long"),
    "edits": N_("the edits"),
    "settings": N_("the settings"),
    "corpus": N_("the corpus"),
    "columns": N_("the columns"),
    "part": N_("the size of parts"),
}
"""What a table says of itself, as people call it."""


class Task(NamedTuple):
    """A part that is to be made: its number and its sentences."""

    number: int
    sentences: Sequence[Sentence]


class Parts:
    """The folder of the parts of a file."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = output.with_name(f"{output.name}.parts")

    def prepare(self, plan: Plan, *, resume: bool, force: bool) -> bool:
        """Make way for a plan; whether all is there already.

        Raises:
            InputError: something is there already, and nobody says what becomes of it; or what is there is of another
                plan; or the folder can't be made.
        """
        if force and not resume:
            self.clear()
        elif self.output.exists() and not resume:
            told_ = _("{path}: is there already; add --force to make it anew, or name another file")
            raise InputError(told_.format(path=self.output))
        elif self.there() and not resume:
            told_ = _(
                "{path}: has parts of a survey that was interrupted: add --resume to go on, or --force to begin anew"
            )
            raise InputError(told_.format(path=self.folder))
        if resume and not force:
            for path in [self.output] if self.output.exists() else list(self.there().values())[:1]:
                self._check(path, plan)
        if resume and self.output.exists() and not force:
            return True
        self._make()
        return False

    def _check(self, path: Path, plan: Plan) -> None:
        if (name := told(plan.told, kept(path))) is not None:
            sentence = _("{path}: was made with other values of this: {what}; add --force to begin anew")
            raise InputError(sentence.format(path=path, what=spoken(DIFFERING.get(name, name))))

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            told_ = _("{path}: can't be written ({reason})").format(path=self.folder, reason=cause(error))
            raise InputError(told_) from error

    def there(self) -> dict[int, Path]:
        """The parts that are there, by their numbers, in order."""
        if not self.folder.is_dir():
            return {}
        found = {int(match[1]): path for path in self.folder.iterdir() if (match := _PART.fullmatch(path.name))}
        return dict(sorted(found.items()))

    def missing(self, corpus: Corpus) -> Iterator[Task]:
        """The parts that are not there yet, as their sentences are read."""
        there, sentences = self.there(), iter(corpus)
        number = 0
        while part := list(islice(sentences, PART)):
            if number not in there:
                yield Task(number, part)
            number += 1

    def put(self, number: int, table: bytes) -> None:
        """Write a part, whole or not at all; raises `InputError` where that can't be."""
        with whole(self.folder / f"part-{number:05}.parquet") as stream:
            stream.write(table)

    def join(self) -> None:
        """Make one file of the parts, and let them go; raises as `parquet.join` does."""
        if not (parts := list(self.there().values())):
            raise InputError(_("there are no sentences to ask"))
        join(parts, self.output)
        self.clear()

    def clear(self) -> None:
        """Let the parts go, and nothing else."""
        for path in self.there().values():
            path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let the folder go, where nothing is in it."""
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def sentences_in(tasks: Iterable[Task]) -> int:
    """How many sentences some tasks have."""
    return sum(len(task.sentences) for task in tasks)
