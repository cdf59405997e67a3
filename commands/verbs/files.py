"""Scripts and files: what is read, written, and relied on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from tracer.debugger.expressions import Expression, comparison, compile_expression, truth
from tracer.errors import ExpectationError
from tracer.i18n import _

from ..execute import play
from ..grammar.address_suggestions import expressions
from ..grammar.parameters import Expr, File, FileOrOff, Kind, file_at
from ..grammar.suggestions import Suggestion, Typing, files
from ..output.log import Log
from ..output.present import Presenter
from ..registry import command
from ..results.computed import written
from ..results.exported import exported, is_several
from ..results.result import Results, answer
from ..results.values import printed
from ..session import Session


@command("expect", group="files")
def expect(session: Session, expression: Expr) -> Results:
    """Go on only if an expression is true.

    A script ends with status 3 where it is not; the values of both sides are then shown.

    (tx) expect sum(dec.0.cross.weights[h0, 0]) > .99
    """
    if not truth(expression.evaluate(session.here)):
        values = ", ".join(_sides(session, expression))
        problem = _("{expression} does not hold").format(expression=expression.text)
        raise ExpectationError(f"{problem}: {values}" if values else problem)
    yield answer("expect", lambda: {"expression": expression.text, "holds": True}, lambda: _("holds"))


def _sides(session: Session, expression: Expression) -> list[str]:
    """The sides of a comparison that don't say their value themselves, with it."""
    compared = comparison(expression)
    sides = compared.sides if compared else ()
    return [f"{side.text} = {_valued(session, side.expression)}" for side in sides if side.expression]


def _valued(session: Session, expression: Expression) -> str:
    return written(expression.evaluate(session.here))


@command("source", group="files", outward=True)
def source(session: Session, file: File, *, presenter: Presenter) -> Results:
    """Run the commands in a file.

    They run in order up to the first that fails. Blank lines, and lines that begin with #, are passed over.

    (tx) break dec.0.cross.weights
    (tx) save breakpoints stops.tx
    (tx) source stops.tx
    """
    play(file, session, presenter)
    return iter(())


def _apart(first: str, second: str | None) -> tuple[Path, str | None]:
    """The file, and what is written to it: whichever of them ends as a file does."""
    from ..output.export import is_known

    one, other = file_at(first), file_at(second or "")
    is_last = second is not None and not is_known(one) and (is_known(other) or is_several(first))
    return (other, first) if is_last else (one, second)


def _either(typing: Typing) -> Iterator[Suggestion]:
    """Files, and addresses."""
    yield from files(typing)
    yield from expressions(typing)


def _other(typing: Typing) -> Iterable[Suggestion]:
    """A file after an address, and what an expression may be after a file."""
    from ..output.export import is_known

    return expressions(typing) if is_known(file_at(typing.before[0])) else files(typing)


First = Annotated[str, Kind("FILE|GLOB", str, _either)]
Second = Annotated[str, Kind("E|FILE", str, _other)]


@command("export", group="files", outward=True)
def export(session: Session, first: First, second: Second | None = None, *, presenter: Presenter) -> Results:
    """Write values, or what was last shown, to a file.

    The end of its name says how: .txt as shown, .html, .md and .svg as a document, .json, .jsonl (an object a line),
    .csv (one matrix with its labels), .npy (one array); .npz and .safetensors hold all tensors that an address with *
    or ** stands for, each under its address, and so does .csv then, a line for every cell. @*: before it is every
    step. The name may come first or last. The file is written whole or not at all.

    (tx) export weights.csv dec.0.cross.weights[h0]
    (tx) print dec.0.cross.weights
    (tx) export weights.json
    (tx) export weights.txt
    (tx) export weights.html
    (tx) export dec.*.cross.weights weights.npz
    (tx) export @*:probs probs.safetensors
    """
    from ..output import export as writing

    file, text = _apart(first, second)
    if text is not None and file.suffix.lower() in (writing.SEVERAL if is_several(text) else writing.TENSORS):
        writing.export_tensors(file, exported(session, text))
    else:
        shown = session.shown if text is None else list(printed(session, compile_expression(text)))
        writing.export(file, shown, presenter, session.title)
    yield answer("export", lambda: {"file": str(file)}, lambda: _("written to {file}").format(file=file))


@command("log", group="files", outward=True)
def log(session: Session, file: FileOrOff, *, presenter: Presenter) -> Results:
    """Append everything that is shown to a file, until log off.

    (tx) log session.txt
    (tx) log off
    """
    session.log_to(None if file is None else Log(file, presenter, session.heading))
    told = _("logging ends") if file is None else _("everything shown goes to {file} too").format(file=file)
    yield answer("log", lambda: {"file": None if file is None else str(file)}, lambda: told)
