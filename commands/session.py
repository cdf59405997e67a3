"""A session as the shell has it: with the settings, short names and lines of the person who sits at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger, Stop
from tracer.errors import InputError
from tracer.export.writer import Title
from tracer.i18n import _
from tracer.model_edits import as_trained
from tracer.namedtuple import NamedTuple
from tracer.trace import Trace

from .grammar.parsing import Call, parse_line, split_word
from .opener import Opener, as_typed
from .registry import entries, lookup
from .replay import Replay
from .results.branches import told_edits
from .results.result import Result

if TYPE_CHECKING:
    from tracer.backward import Objective

    from .output.log import Log


class Made(NamedTuple):
    """How a branch was made: in which run, with the cursor where, and by which line.

    ``backward`` is the number whose gradients the step had, empty where it had none.
    """

    parent: int
    cursor: Cursor
    line: str
    backward: str


class Session(Debugger):
    """A session that remembers.

    ``preferences`` are settings by name, those apart that were never set; ``aliases`` are short names with the
    commands they stand for; ``lines`` is what was typed, the oldest first; ``shown`` is what the last command showed;
    ``scripts`` are those being run, the outermost first; ``log`` is told everything, ``see`` every call that
    was run with what it had to say. ``learn`` goes to another lesson, where the session is that of one; ``remember``
    keeps a setting for the next start, where a person sits there. ``line`` is the one that is being carried out,
    ``made`` has how each branch came about, by the number of the run; ``backward``, the number whose gradients a step
    of a run has.
    """

    def __init__(self, opener: Opener | Replay) -> None:
        self.opener = opener
        self.preferences: dict[str, Any] = {}
        self.aliases: dict[str, str] = {}
        self.lines: list[str] = []
        self.shown: list[Result] = []
        self.scripts: list[Path] = []
        self.log: Log | None = None
        self.see: Callable[[Call, list[Result]], None] | None = None
        self.learn: Callable[[str | None], None] | None = None
        self.remember: Callable[[str, str], None] | None = None
        self.line = ""
        self.made: dict[int, Made] = {}
        self.backward: dict[tuple[int, int], str] = {}
        self._traced: list[Title] = []
        self._stayed = ""
        super().__init__(self._fresh)

    def title(self) -> Title:
        """What is traced: the text, with the output that was given for it, and the model; or the title that was set."""
        return self._entitled([self._traced[-1]])

    def heading(self) -> Title:
        """The same of everything that was traced so far."""
        return self._entitled(self._traced)

    def _entitled(self, traced: Sequence[Title]) -> Title:
        texts, models = (dict.fromkeys(parts) for parts in zip(*traced, strict=True))
        return Title(self.preferences.get("title") or " · ".join(texts), "; ".join(models))

    def _fresh(self, text: str | None) -> Trace:
        """A fresh run; the one before is forgotten where nothing of it was computed."""
        run = self._trained(self.opener(text))
        kept = self._traced[:-1] if self._traced and not self.run.numbers else self._traced
        self._traced = [*kept, _titled(run, self.opener.text, self.opener.target)]
        return run

    def _trained(self, run: Trace) -> Trace:
        """A fresh run, of the model as training has left it in the current one."""
        found = as_trained(run, self.run) if self.runs else run
        edits = told_edits(found.edits)
        if edits and edits != self._stayed:
            told = _(
                "note: this text and those after it are read by the model as it is in r{n}: {edits}; undo goes back to "
                "the model of the file"
            )
            self.opener.warn(told.format(n=self.number, edits=edits))
        self._stayed = edits
        return found

    def begin_anew(self) -> Stop:
        stop = super().begin_anew()
        self.made.clear()
        self.backward.clear()
        return stop

    def enter(self, run: Trace) -> Stop:
        made = self._making()
        stop = super().enter(run)
        self.made[self.number] = made
        return stop

    def take_in(self, run: Trace) -> Stop:
        made = self._making()
        stop = super().take_in(run)
        self.made[self.number] = made
        self._traced = [*self._traced, _titled(run, run.source_text, run.text if run.teacher_forced else None)]
        return stop

    def record_gradients(self, objective: Objective) -> Stop:
        stop = super().record_gradients(objective)
        self.backward[self.number, self.cursor.step] = objective.text
        return stop

    def _making(self) -> Made:
        """How a branch is made that is made now."""
        return Made(self.number, self.cursor, self.line, self.backward.get((self.number, self.cursor.step), ""))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        opener, stated = self.opener, dict(vars(self.opener))
        try:
            with super()._whole():
                yield
        except BaseException:
            vars(opener).update(stated)
            raise

    def reopen(self, opener: Opener | Replay) -> Stop:
        """A fresh run by another opener; raises as that does, and then all stays as it was, as after an interrupt."""
        with self._whole():
            self.opener = opener
            return self.restart()

    def reopen_first(self, openers: Iterable[Opener]) -> Stop:
        """A fresh run by the first opener that can begin one; raises what the last of them did."""
        failure: InputError | None = None
        for opener in openers:
            try:
                return self.reopen(opener)
            except InputError as error:
                failure = error
        assert failure is not None
        raise failure

    def log_to(self, log: Log | None) -> None:
        """Tell another log everything, or none; the one before ends, and raises `InputError` where that can't be."""
        before, self.log = self.log, log
        if before:
            before.close()
            before.check()

    def shorten(self, name: str, line: str) -> None:
        """Make a name short for a line.

        Raises:
            InputError: a command has the name, or it is no single word.
            UnknownCommandError: the line begins with no command.
        """
        taken = any(name in entry.words for entry in entries().values())
        if taken or not name.replace("-", "").replace("_", "").isalnum():
            raise InputError(_("{name} can't be a short name; choose a word that is no command").format(name=name))
        line = self.expanded(line)
        lookup(split_word(line)[0])
        self.aliases[name] = line

    def read(self, line: str) -> Call:
        """What a line asks for; raises as `parse_line` does."""
        return parse_line(self.expanded(line))

    def expanded(self, line: str) -> str:
        """A line with the command that its first word is short for."""
        word, blank, rest = line.partition(" ")
        return f"{self.aliases[word]}{blank}{rest}" if word in self.aliases else line


def _titled(run: Trace, *texts: str | None) -> Title:
    """What a run is of: its texts as they are typed, and the model."""
    return Title(" → ".join(map(as_typed, filter(None, texts))), run.card.describe())
