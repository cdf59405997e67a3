"""The runs of a session, and where it stands in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import InputError
from ..i18n import _
from ..namedtuple import NamedTuple
from ..trace import Trace
from .cursor import Cursor
from .trail import Trail


class Stand(NamedTuple):
    """Where the cursor stands in a run, how far it has been, and the places where it stopped."""

    cursor: Cursor
    furthest: Cursor
    trail: Trail


class Kept(NamedTuple):
    """Runs as they were, the next number, and where each was left."""

    runs: Mapping[int, Trace]
    given: int
    stands: Mapping[int, Stand]


class Runs(Mapping[int, Trace]):
    """By number, counted from 0 and never given twice; ``stands`` are of those that were left."""

    def __init__(self) -> None:
        self._runs: dict[int, Trace] = {}
        self._given = 0
        self.stands: dict[int, Stand] = {}

    def __getitem__(self, number: int) -> Trace:
        return self._runs[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: Trace) -> int:
        """Take in a run, which knows its number from then on; one that is there already keeps it."""
        number = next((number for number, known in self._runs.items() if known is run), self._given)
        self._given = max(self._given, number + 1)
        self._runs[number] = run
        run.number = number
        return number

    def kept(self) -> Kept:
        """All of them as they are now, to be restored."""
        return Kept(dict(self._runs), self._given, dict(self.stands))

    def restore(self, kept: Kept) -> None:
        """All of them as they were."""
        self._runs, self._given, self.stands = dict(kept.runs), kept.given, dict(kept.stands)

    def next_is(self, number: int) -> None:
        """The next run that is added gets a number, or a later one."""
        self._given = max(self._given, number)

    def renumber(self, number: int, other: int) -> None:
        """Give a run another number."""
        self._given = max(self._given, other + 1)
        self.put(other, self._runs.pop(number))

    def put(self, number: int, run: Trace) -> None:
        """A run in place of another, of which nothing was computed."""
        self._runs[number] = run
        run.number = number

    def forget(self, run: Trace) -> None:
        """Let all runs go but one, which is r0 from then on."""
        self._runs, self._given = {}, 0
        self.stands.clear()
        self.add(run)

    def find(self, number: int) -> Trace:
        """The run of a number; raises `InputError` where there is none."""
        if number not in self._runs:
            raise InputError(no_run(number, self))
        return self._runs[number]

    def drop(self, number: int) -> None:
        """Let a run go; raises as `find` does."""
        self.find(number)
        del self._runs[number]
        self.stands.pop(number, None)


def no_run(number: int, runs: Mapping[int, Trace]) -> str:
    """That there is no run of a number."""
    if len(runs) == 1:
        return _("there is no run r{n}; there is one, r{known}").format(n=number, known=next(iter(runs)))
    return _("there is no run r{n}; there are {known}").format(n=number, known=", ".join(f"r{known}" for known in runs))
