"""What a learner has done, kept from one session to the next."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from itertools import count
from os.path import lexists
from pathlib import Path
from typing import Any

from tracer.errors import InputError
from tracer.i18n import _

from ..terminal.folders import state_folder
from ..terminal.state import Kinds, has_kinds, read_state, write_state

VERSION = 1
"""Of what is written; what another version wrote is kept aside."""

_FIELDS: Kinds = {"last": str | None, "lessons": dict}


def progress_file() -> Path:
    """Where it is kept."""
    return state_folder() / "lessons.json"


@dataclass
class Marks:
    """What was done of one lesson, in ids of steps; those that a newer lesson no longer has stay.

    ``where`` is the step to go on with ("" for the beginning), ``predictions`` says of each guess whether it was right.
    """

    where: str = ""
    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    predictions: dict[str, bool] = field(default_factory=dict)
    hints: int = 0
    finished: bool = False


_KINDS: Kinds = {name: type(value) for name, value in asdict(Marks()).items()}


class Progress:
    """The marks of every lesson that was begun, by its name, and the name of the one last worked on.

    What other sessions have written meanwhile stays. ``complain`` is told, once, if the file can't be read or written;
    then nothing more is kept.
    """

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self.lessons: dict[str, Marks] = {}
        self.last: str | None = None
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

    def keep(self, name: str, marks: Marks) -> None:
        """Write what is new of a lesson into the file, whole or not at all."""
        if (self.last, self.lessons.get(name)) == (name, marks):
            return
        if self._is_kept:
            self._take_in()
        self.last, self.lessons[name] = name, deepcopy(marks)
        if self._is_kept:
            lessons = {known: asdict(its) for known, its in self.lessons.items()}
            try:
                write_state(self._path, VERSION, {"last": self.last, "lessons": lessons})
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
        if state is None or not all(map(_are_marks, state["lessons"].values())):
            self._set_aside()
            return
        self.last = state["last"]
        self.lessons |= {name: Marks(**marks) for name, marks in state["lessons"].items()}

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
    if not has_kinds(marks, _KINDS) or marks.keys() != _KINDS.keys():
        return False
    are_ids = all(isinstance(step, str) for step in [*marks["done"], *marks["skipped"]])
    return are_ids and all(isinstance(right, bool) for right in marks["predictions"].values())
