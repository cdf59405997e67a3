"""A line, carried out: what it has to say goes to the screen, a file, a program, and the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from io import StringIO
from pathlib import Path

from tracer.errors import AddressError, ExpressionError, InputError, TraceError
from tracer.i18n import _

from . import faults
from .grammar.blocks import whole
from .grammar.lines import read
from .grammar.parsing import Call, meant_file, split_word
from .output.files import whole_file
from .output.log import Log
from .output.present import Presenter
from .registry import UnknownCommandError
from .results.result import Result
from .session import Session
from .settings import SETTINGS

Reading = Callable[[str], Call]


def execute(text: str, session: Session, presenter: Presenter) -> Call:
    """Run a line that was typed, and the commands of the breakpoint it leads to; raises what the commands raise."""
    session.lines.append(text)
    return carry_out(text, session, presenter)


def play(path: Path, session: Session, presenter: Presenter) -> None:
    """Run the lines of a script, up to the first that fails.

    Raises:
        InputError: it can't be read, or is being read already.
        TraceError: what a line raises, with the script and the line before it.
    """
    place = path.resolve()
    if place in session.scripts:
        raise InputError(_("{path} is being run already; a script can't source itself").format(path=path))
    session.scripts.append(place)
    try:
        lines = read(str(path))
        for line in lines:
            with _located(line.source, line.number):
                _play_line(whole(line.text, (more.text for more in lines)), session, presenter)
    finally:
        session.scripts.pop()


def _play_line(text: str, session: Session, presenter: Presenter) -> None:
    if text.strip():
        presenter.echo(text)
        if not text.startswith("#"):
            carry_out(text, session, presenter)


@contextmanager
def _located(source: str, number: int) -> Iterator[None]:
    try:
        yield
    except TraceError as error:
        error.args = (f"{source}:{number}: {error}",)
        raise


def carry_out(text: str, session: Session, presenter: Presenter, read: Reading | None = None) -> Call:
    """Run a line, and the commands of the breakpoint it leads to, up to one that moves on; raises as `execute` does.

    ``read`` makes a call of the line, in place of what the session does.
    """
    session.take_due()
    call = _logged(text, session, presenter, read or session.read)
    due = session.take_due() or []
    while due:
        _logged(due.pop(0), session, presenter, session.read)
        newly_due = session.take_due()
        due = due if newly_due is None else newly_due
    return call


def _logged(text: str, session: Session, presenter: Presenter, read: Reading) -> Call:
    """Run a line; it and what goes wrong with it are in the log too."""
    if session.log:
        session.log.echo(text)
    session.line = text
    try:
        with faults.told(text):
            call = _carried_out(_read(text, session, read), session, presenter.altered(session.preferences))
    except TraceError as error:
        error.args = (f"{error}{_hint(session.expanded(text), error)}",)
        if session.log:
            session.log.complain(text, str(error))
        raise
    _check_log(session)
    return call


def _check_log(session: Session) -> None:
    """Insist that the log, if there is one, could be written; one that could not has ended."""
    if session.log:
        log, session.log = session.log, None
        log.check()
        session.log = log


def _read(text: str, session: Session, read: Reading) -> Call:
    """The call of a line; of one that begins with the name of a setting it is said how that is set."""
    try:
        return read(text)
    except UnknownCommandError:
        word, value = split_word(session.expanded(text))
        if word not in SETTINGS:
            raise
    told = _("{word} is a setting, and no command; to set it: set {word} {value}")
    value = value.strip() or SETTINGS[word].domain.placeholder
    raise UnknownCommandError(told.format(word=word, value=value), is_hinted=True)


def _hint(text: str, error: TraceError) -> str:
    """What else a line that failed may have been meant to do."""
    file = meant_file(text) if isinstance(error, AddressError | ExpressionError) else ""
    return _("; here > compares, and a file goes in quotes: > {file}").format(file=file) if file else ""


def _carried_out(call: Call, session: Session, presenter: Presenter) -> Call:
    results: list[Result] = []
    try:
        with _destination(call, presenter, session) as shown:
            for result in _worked_out(call.run(session, shown), presenter):
                _show(result, shown, session.log if shown is presenter else None)
                results.append(result)
    finally:
        _seen(call, results, session)
    return call


def _worked_out(results: Iterable[Result], presenter: Presenter) -> Iterator[Result]:
    """Results, each of them watched while it is worked out."""
    coming = iter(results)
    while True:
        with presenter.watching():
            result = next(coming, None)
        if result is None:
            return
        yield result


def _seen(call: Call, results: list[Result], session: Session) -> None:
    """Let a session know what a command has shown, also one that failed in the end."""
    if results and call.command.group != "files":
        session.shown = results
    if results and session.see:
        session.see(call, results)


def _show(result: Result, presenter: Presenter, log: Log | None) -> None:
    presenter.show(result)
    if log:
        log.show(result)


@contextmanager
def _destination(call: Call, presenter: Presenter, session: Session) -> Iterator[Presenter]:
    """The presentation of what a line says: on the screen, in the file it names, or for a program to read."""
    if call.file is None and not call.program:
        yield presenter
        return
    with whole_file(call.file) if call.file else nullcontext(presenter.stream) as stream:
        collected = StringIO() if call.program else stream
        with presenter.onto(collected, session.title) as shown:
            yield shown
        if isinstance(collected, StringIO):
            from .output.programs import pipe

            pipe(call.program, collected.getvalue(), stream)
