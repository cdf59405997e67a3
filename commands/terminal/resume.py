"""The last session, kept for ``--resume``: model, text, cursor and breakpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tracer.debugger.cursor import Cursor
from tracer.decoding.settings import Settings
from tracer.edits import lasting
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.model import BUILTIN, Model
from tracer.model_edits import as_trained

from ..folders import state_folder
from ..grammar.parsing import parse_line
from ..opener import Opener, open_model
from ..replay import Replay
from ..session import Session
from ..verbs.stops import script, set_again
from .state import Kinds, read_state, write_state

VERSION = 5
"""Of what is written; what another version wrote is not read."""

_FIELDS: Kinds = {
    "model": str,
    "adapter": str | None,
    "dtype": str,
    "text": str,
    "ids": bool,
    "chat": bool,
    "target": str | None,
    "mask": str | None,
    "positions": str | None,
    "segments": str | None,
    "target_ids": list | None,
    "target_mask": list | None,
    "types_ids": bool,
    "settings": dict,
    "source_lang": str | None,
    "target_lang": str | None,
    "cursor": list,
    "run": int,
    "root": int,
    "branches": list,
    "gradients": list,
    "trained": bool,
    "breakpoints": list,
}


def session_file() -> Path:
    """Where the last session is kept."""
    return state_folder() / "session.json"


def save(session: Session, path: Path) -> None:
    """Keep a session, whole or not at all; raises `InputError` where it can't be written.

    One over a trace without a model is not kept.
    """
    opener, cursor = session.opener, session.cursor
    if isinstance(opener, Replay):
        return
    state = {
        "model": _name(opener.model),
        "adapter": str(adapter.resolve()) if (adapter := opener.model.adapter) else None,
        "dtype": opener.model.dtype,
        "text": opener.text,
        "ids": opener.ids,
        "chat": opener.prompt is not None,
        "target": opener.given.get("target"),
        "mask": opener.mask,
        "positions": opener.positions,
        "segments": opener.segments,
        "target_ids": _listed(opener.given.get("target_ids")),
        "target_mask": _listed(opener.given.get("target_mask")),
        "types_ids": opener.types_ids,
        "settings": asdict(opener.settings),
        "source_lang": opener.model.chosen.source,
        "target_lang": opener.model.chosen.target,
        "cursor": [cursor.step, cursor.index],
        "run": session.number,
        "root": _root(session),
        "branches": list(_branches(session)),
        "gradients": list(_gradients(session)),
        "trained": bool(lasting(session.runs[_root(session)].edits)),
        "breakpoints": script(session.stops),
    }
    write_state(path, VERSION, state)


def resume(path: Path, warn: Callable[[str], None]) -> Session:
    """The session that was kept, standing where it stood; ``warn`` is told of its model, and what its text loses.

    Raises:
        InputError: there is none, or it can't be had again.
    """
    state = _read(path)
    try:
        model = open_model(state["model"], state["dtype"], state["adapter"])
        opener = Opener(
            model.between(state["source_lang"], state["target_lang"]),
            state["text"],
            ids=state["ids"],
            chat=state["chat"],
            target=state["target"],
            mask=state["mask"],
            positions=state["positions"],
            segments=state["segments"],
            target_ids=state["target_ids"],
            target_mask=state["target_mask"],
            types_ids=state["types_ids"],
            settings=Settings.of(**state["settings"]),
            warn=warn,
        )
        opener.introduce()
        session = Session(opener)
        for line in state["breakpoints"]:
            set_again(session, line)
        _branch_again(session, state, warn)
        _tell_of_training(state, warn)
        session.revisit(Cursor(*state["cursor"]))
    except TraceError as error:
        raise InputError(_("{path}: can't be resumed: {error}").format(path=path, error=error)) from error
    return session


def made_again(there: Session) -> Session:
    """A session of its own that stands where another does, with the branches that the current run comes of or has."""
    session = Session(copy(there.opener))
    session.aliases = dict(there.aliases)
    root = there.runs[_root(there)]
    if lasting(root.edits):
        session.take_in(as_trained(session.run, root))
        session.runs.forget(session.run)
    state = {
        "root": _root(there),
        "branches": list(_branches(there)),
        "gradients": list(_gradients(there)),
        "run": there.number,
    }
    _branch_again(session, state, there.opener.warn)
    session.revisit(there.cursor)
    return session


def _root(session: Session) -> int:
    """The number of the run without edits that the current one comes of; its own where that was dropped."""
    number = session.number
    while (made := session.made.get(number)) and made.parent in session.runs:
        number = made.parent
    return number


def _branches(session: Session) -> Iterator[list[Any]]:
    """The branches that come of that run: each by number, with the run that it is of, the cursor and the line."""
    known = {_root(session)}
    for number in sorted(session.runs):
        made = session.made.get(number)
        if made and made.parent in known and number not in known:
            known.add(number)
            yield [number, made.parent, made.cursor.step, made.cursor.index, made.line, made.backward]


def _gradients(session: Session) -> Iterator[list[Any]]:
    """The numbers whose gradients steps of these runs have, each with the run and the step."""
    known = {_root(session), *(made[0] for made in _branches(session))}
    for (number, step), text in session.backward.items():
        if number in known:
            yield [number, step, text]


def _branch_again(session: Session, state: Mapping[str, Any], warn: Callable[[str], None]) -> None:
    """Make the branches of a session again, and go over to the one that was the current run.

    What can't be made any more is told and left out, with what came of it.
    """
    session.runs.renumber(session.number, state["root"])
    for number, parent, step, index, line, backward in state["branches"]:
        try:
            session.switch(parent)
            if backward:
                _go_back(session, step, backward)
            session.revisit(Cursor(step, index))
            session.runs.next_is(number)
            _make_again(session, line)
        except TraceError as error:
            warn(_("note: r{n} can't be made again: {error}").format(n=number, error=error))
    _go_back_again(session, state["gradients"], warn)
    session.switch(state["run"] if state["run"] in session.runs else state["root"])


READING = {"load", "compare"}
"""Commands that make a run of what they read outside the session."""


def _make_again(session: Session, line: str) -> None:
    """Make a branch by the line that made it; raises as that does, and for a line that reaches outside the session."""
    call = session.read(line)
    if call.is_outward and call.command.name not in READING:
        raise InputError(_("{command} makes no branch").format(command=call.command.name))
    session.line = line
    deque(call.run(session), 0)


def _go_back_again(session: Session, gradients: Sequence[Sequence[Any]], warn: Callable[[str], None]) -> None:
    """Record gradients again in the runs that there are; of what can't be, it is told why."""
    for number, step, text in gradients:
        try:
            session.switch(number)
            _go_back(session, step, text)
        except TraceError as error:
            told = _("note: the gradients of {text} in r{n}@{step} can't be recorded again: {error}")
            warn(told.format(text=text, n=number, step=step, error=error))


def _go_back(session: Session, step: int, text: str) -> None:
    """Record the gradients of a number over a step of the current run, unless it has them."""
    if session.backward.get((session.number, step)) != text:
        session.revisit(Cursor(step, 1))
        deque(parse_line(f"backward {text}").run(session), 0)


def _tell_of_training(state: Mapping[str, Any], warn: Callable[[str], None]) -> None:
    """That the text was read by a model that training had left, where it was; here it is that of the file."""
    if state["trained"]:
        warn(_("note: the session had a model changed by training; this is the one in the file"))


def _listed(numbers: Sequence[int] | None) -> list[int] | None:
    return None if numbers is None else [*numbers]


def _name(model: Model) -> str:
    """What `load` finds a model by from anywhere."""
    return model.path.name if model.path.parent == BUILTIN else str(model.path.resolve())


def _read(path: Path) -> Mapping[str, Any]:
    try:
        state = read_state(path, VERSION, _FIELDS)
    except FileNotFoundError:
        raise InputError(_("there is no session to resume yet")) from None
    if state is None or not _has_places(state):
        raise InputError(_("{path}: holds no session that this version can resume").format(path=path))
    return state


def _has_places(state: Mapping[str, Any]) -> bool:
    """Whether the cursor is two numbers, the breakpoints are texts, and branches and gradients rows of both."""
    texts = all(isinstance(line, str) for line in state["breakpoints"])
    texts &= _are_rows(state["branches"], int, int, int, int, str, str)
    texts &= _are_rows(state["gradients"], int, int, str)
    return texts and [type(place) for place in state["cursor"]] == [int, int]


def _are_rows(rows: Sequence[Any], *kinds: type) -> bool:
    """Whether they are lists of values of these kinds."""
    return all(isinstance(row, list) and [*map(type, row)] == [*kinds] for row in rows)
