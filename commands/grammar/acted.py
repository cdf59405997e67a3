"""A line of the shell that edits, done to any run: what a survey does to every sentence."""

from __future__ import annotations

from tracer.dataclass import dataclass
from tracer.debugger.debugger import Debugger
from tracer.errors import InputError
from tracer.i18n import _
from tracer.run import Run, live

from .parsing import parse_line

EDITING = ("ablate", "knock", "steer", "scale", "clamp", "project", "mistake", "force", "mask")
"""Commands whose work is an edit, and which need nothing but a run."""


@dataclass(frozen=True)
class Acted:
    """Makes a branch of a run, as a line makes it at the prompt."""

    line: str

    @classmethod
    def read(cls, line: str) -> Acted:
        """The edit of a line.

        Raises:
            TraceError: it begins with no command, or its arguments are not those that the command takes.
            InputError: the command edits nothing.
        """
        name = parse_line(line).command.name
        if name not in EDITING:
            told = _("{command} makes no edit of every sentence; these do: {known}")
            raise InputError(told.format(command=name, known=", ".join(EDITING)))
        return cls(line.strip())

    def __call__(self, run: Run) -> Run:
        debugger = Debugger(lambda _text: run)
        for _result in parse_line(self.line).run(debugger):
            pass
        if debugger.run is run:
            raise InputError(_("{line} edits nothing").format(line=self.line))
        return live(debugger.run, self.line)

    def __str__(self) -> str:
        return self.line
