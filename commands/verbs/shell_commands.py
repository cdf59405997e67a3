"""The shell itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tracer.errors import InputError
from tracer.i18n import _
from tracer.loading import builtin

from ..grammar.parameters import LINE, Count, Kind, Option, file_at
from ..grammar.suggestions import Suggestion, Typing, files, words
from ..opener import open_model
from ..registry import command, summaries
from ..results.result import Results, answer
from ..results.shared import halted, left_behind, listed, tokens_so_far
from ..session import Session


def _models(typing: Typing) -> list[Suggestion]:
    """The built-in models, and the folders that a checkpoint may lie in."""
    built_in = words(lambda _debugger: dict.fromkeys(builtin(), _("built-in model")))
    return [*built_in(typing), *(file for file in files(typing) if file.text.endswith(("/", ".safetensors")))]


Named = Annotated[str, Kind("NAME|PATH", str, _models)]
Adapter = Annotated[Path | None, Option("--adapter", "DIR", file_at)]
Short = Annotated[str, Kind("NAME", str)]
Line = Annotated[str, Kind(LINE, str, words(summaries))]


@command("model", group="shell")
def model(session: Session, name: Named, *, adapter: Adapter = None) -> Results:
    """Open another model, with a fresh run of the same text.

    Where the model can't read the text, it is given an example. Breakpoints and settings stay. With --adapter, what
    peft has saved in a directory is merged into the model.

    (tx) model zh-en-tiny
    """
    was_given = session.run.teacher_forced
    opened = open_model(name, session.run.card.dtype, adapter)
    stop = session.reopen_first(session.opener.over(opened))
    session.opener.introduce()
    yield answer("model", lambda: {"model": opened.describe()}, opened.describe)
    yield tokens_so_far(session, "run")
    yield from left_behind(session, was_given=was_given)
    yield halted(session, stop)


@command("alias", group="shell", outward=True)
def alias(session: Session, name: Short | None = None, line: Line | None = None) -> Results:
    """Give a command a short name, or show the short names.

    What follows the short name is added to the command. A name that a command has already can't be given away.

    (tx) alias h0 print dec.0.cross.weights[h0]
    (tx) alias
    """
    if name is not None and line is not None:
        session.shorten(name, line)
    shown = session.aliases if name is None else {name: _meaning(session, name)}
    yield listed("alias", shown, _("there are none yet: alias NAME LINE"))


@command("history", group="shell")
def history(session: Session, n: Count = 20) -> Results:
    """Show the last N lines that were typed.

    At the prompt, the up arrow and Ctrl-R bring them back, those of earlier sessions too.

    (tx) history 3
    """
    start = max(0, len(session.lines) - n)
    numbered = list(enumerate(session.lines[start:], start + 1))
    yield answer("history", lambda: [line for _n, line in numbered], lambda: _numbered(numbered))


@command("quit", "q", "exit", group="shell", outward=True, basic=True, synonyms=("退出",))
def quit_(_session: Session) -> Results:
    """Leave; a script ends here.

    Nothing is lost: tx-trace --resume comes back to text, cursor and breakpoints.

    (tx) quit
    """
    raise EOFError


def _meaning(session: Session, name: str) -> str:
    if name not in session.aliases:
        raise InputError(_("{name} is short for nothing yet: alias {name} LINE").format(name=name))
    return session.aliases[name]


def _numbered(lines: list[tuple[int, str]]) -> str:
    return "\n".join(f"{n:>5}  {line}" for n, line in lines) or _("nothing was typed yet")
