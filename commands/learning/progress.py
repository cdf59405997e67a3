"""What a learner has done, kept from one session to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import asdict, field
from datetime import date
from itertools import count
from os.path import lexists
from pathlib import Path
from typing import Any

from tracer.dataclass import dataclass
from tracer.errors import InputError
from tracer.i18n import _

from ..folders import state_folder
from ..terminal.state import Kinds, alone, has_kinds, read_state, write_state
from .reviews import Item, Now, Review

VERSION = 1
"""Of what is written; what another version wrote is kept aside."""

_FIELDS: Kinds = {"last": str | None, "lessons": dict}


def progress_file() -> Path:
    """Where it is kept."""
    return state_folder() / "lessons.json"


@dataclass
class Marks:
    """What was done of one lesson, in ids of steps; those that a newer lesson no longer has stay.

    ``where`` is the step to go on with ("" for the beginning), ``predictions`` says of each guess whether it was right,
    which one that was ``looked_up`` is not.
    """

    where: str = ""
    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    predictions: dict[str, bool] = field(default_factory=dict)
    hints: int = 0
    finished: bool = False
    looked_up: list[str] = field(default_factory=list)


_KINDS: Kinds = {name: type(value) for name, value in asdict(Marks()).items()}
_LATER = {"looked_up"}
"""What older files do not have."""


class Progress:
    """The marks of every lesson that was begun, by its name, and the name of the one last worked on.

    ``reviews`` are the predictions that went wrong, with when they come back; ``sessions`` counts those that were
    begun, ``day`` is when something was kept last. What other sessions have written meanwhile stays. ``complain`` is
    told, once, if the file can't be read or written; then nothing more is kept.
    """

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self.lessons: dict[str, Marks] = {}
        self.last: str | None = None
        self.reviews: dict[Item, Review] = {}
        self.sessions = 0
        self.day: date | None = None
        self._path = path
        self._complain = complain
        self._is_kept = True

    @classmethod
    def read(cls, path: Path, complain: Callable[[str], None]) -> Progress:
        """What was kept; a fresh start where there is nothing, or nothing that this version understands.

        A file that it does not understand is renamed, and ``complain`` is told.
        """
        progress = cls(path, complain)
        progress._take_in()
        return progress

    @classmethod
    def unkept(cls) -> Progress:
        """A fresh start that is not written anywhere."""
        progress = cls(Path(), lambda _message: None)
        progress._is_kept = False
        return progress

    def of(self, name: str) -> Marks:
        """The marks of a lesson, to be changed; none yet if it is new."""
        return deepcopy(self.lessons.get(name, Marks()))

    def begin_session(self) -> None:
        """Count a session that begins; what has gone wrong before comes back in it."""

        def count() -> None:
            self.sessions += 1

        self._change(count)

    def keep(self, name: str, marks: Marks) -> None:
        """Write what is new of a lesson into the file, whole or not at all."""
        if (self.last, self.lessons.get(name)) == (name, marks):
            return
        known = self.of(name).predictions
        missed = [step for step, is_right in marks.predictions.items() if not is_right and known.get(step, True)]

        def put() -> None:
            self.last, self.lessons[name] = name, deepcopy(marks)
            self.reviews |= {Item(name, step): Review(since=self.sessions) for step in missed}

        self._change(put)

    def note(self, name: str, marks: Marks) -> None:
        """Write what is new of something beside the lessons; the last one worked on stays that."""
        if self.lessons.get(name) != marks:
            self._change(lambda: self.lessons.update({name: deepcopy(marks)}))

    def reviewed(self, item: Item, now: Now, *, is_right: bool) -> None:
        """Write down how a question was answered that had come back."""
        after = self.reviews.get(item, Review()).after(now, is_right=is_right)
        self._change(lambda: self._put_review(item, after))

    def forget(self, item: Item) -> None:
        """Let a question go that can't be asked any more."""
        self._change(lambda: self._put_review(item, None))

    def _put_review(self, item: Item, review: Review | None) -> None:
        self.reviews.pop(item, None)
        if review is not None:
            self.reviews[item] = review

    def _change(self, change: Callable[[], None]) -> None:
        """Make a change to what the file holds by now, and write that."""
        with alone(self._path) if self._is_kept else nullcontext():
            if self._is_kept:
                self._take_in()
            change()
            if self._is_kept:
                self._write()

    def _write(self) -> None:
        state = {
            "last": self.last,
            "lessons": {known: asdict(its) for known, its in self.lessons.items()},
            "reviews": [[*item, *review] for item, review in self.reviews.items()],
            "sessions": self.sessions,
            "day": date.today().isoformat(),
        }
        try:
            write_state(self._path, VERSION, state)
        except InputError as error:
            self._give_up(error)

    def _take_in(self) -> None:
        """What the file holds now."""
        try:
            self._take(read_state(self._path, VERSION, _FIELDS))
        except FileNotFoundError:
            pass
        except InputError as error:
            self._give_up(error)

    def _take(self, state: dict[str, Any] | None) -> None:
        if state is None or not all(map(_are_marks, state["lessons"].values())) or not _has_reviews(state):
            self._set_aside()
            return
        self.last = state["last"]
        self.lessons |= {name: Marks(**marks) for name, marks in state["lessons"].items()}
        self.sessions = state.get("sessions", 1)
        self.day = _day(state.get("day"))
        if "reviews" in state:
            self.reviews = {Item(*row[:2]): Review(*row[2:]) for row in state["reviews"]}
        else:
            self.reviews = {item: Review() for item in _missed(self.lessons)}

    def _set_aside(self) -> None:
        try:
            aside = self._path.rename(_unused(self._path))
        except OSError as error:
            raise InputError(
                _("{path}: can't be renamed ({reason})").format(path=self._path, reason=error.strerror)
            ) from error
        message = _(
            "{path}: holds no progress that this version can read; it is kept as {name}, and lessons start afresh"
        )
        self._complain(message.format(path=self._path, name=aside.name))

    def _give_up(self, error: InputError) -> None:
        self._is_kept = False
        self._complain(_("{error}; progress is not kept").format(error=error))


def _unused(path: Path) -> Path:
    """A name beside a file that nothing has: ``.kept`` behind its own, then ``.kept-2`` and so on."""
    endings = (".kept" if n == 1 else f".kept-{n}" for n in count(1))
    return next(name for ending in endings if not lexists(name := path.with_name(path.name + ending)))


def _are_marks(marks: Any) -> bool:
    if not isinstance(marks, dict) or not marks.keys() <= _KINDS.keys() <= marks.keys() | _LATER:
        return False
    if not has_kinds(marks, {name: _KINDS[name] for name in marks}):
        return False
    are_ids = all(isinstance(step, str) for step in [*marks["done"], *marks["skipped"], *marks.get("looked_up", ())])
    return are_ids and all(isinstance(right, bool) for right in marks["predictions"].values())


def _has_reviews(state: dict[str, Any]) -> bool:
    """Whether what is kept of reviews is what is expected, or was not kept yet."""
    rows, sessions = state.get("reviews", []), state.get("sessions", 1)
    kinds = [str, str, int, int]
    are_rows = isinstance(rows, list) and all(isinstance(row, list) and [*map(type, row)] == kinds for row in rows)
    return are_rows and type(sessions) is int


def _missed(lessons: dict[str, Marks]) -> Iterator[Item]:
    """The predictions of lessons that went wrong."""
    for name, marks in lessons.items():
        yield from (Item(name, step) for step, is_right in marks.predictions.items() if not is_right)


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
