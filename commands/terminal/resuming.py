"""The last session, kept for ``--resume``: model, text, cursor and breakpoints."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import UnionType
from typing import Any

from tracer.debugger.cursor import Cursor
from tracer.decoding.settings import Settings
from tracer.errors import InputError, TraceError
from tracer.i18n import _
from tracer.model import BUILTIN, Model

from ..grammar.parsing import parse_line
from ..loading import open_model
from ..opening import Opener
from ..showing.presenting import whole_file
from ..showing.stopped import script
from ..sitting import Sitting
from .folders import state_folder

VERSION = 1
"""Of what is written; what another version wrote is not read."""

_FIELDS: dict[str, type | UnionType] = {
    "model": str,
    "dtype": str,
    "text": str,
    "ids": bool,
    "target": str | None,
    "settings": dict,
    "cursor": list,
    "breakpoints": list,
}


def session_file() -> Path:
    """Where the last session is kept."""
    return state_folder() / "session.json"


def save(sitting: Sitting, path: Path) -> None:
    """Keep a session, whole or not at all; raises `InputError` where it can't be written."""
    opener, cursor = sitting.opener, sitting.cursor
    state = {
        "version": VERSION,
        "model": _name(opener.model),
        "dtype": opener.model.dtype,
        "text": opener.text,
        "ids": opener.ids,
        "target": opener.target,
        "settings": asdict(opener.settings),
        "cursor": [cursor.step, cursor.index],
        "breakpoints": script(sitting.stops),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_("{path}: can't be written ({reason})").format(path=path, reason=error.strerror)) from error
    with whole_file(path) as stream:
        json.dump(state, stream, ensure_ascii=False, indent=1)


def resume(path: Path, warn: Callable[[str], None]) -> Sitting:
    """The session that was kept, standing where it stood; ``warn`` is told what its text loses.

    Raises:
        InputError: there is none, or it can't be had again.
    """
    state = _read(path)
    try:
        opener = Opener(
            open_model(state["model"], state["dtype"]),
            state["text"],
            ids=state["ids"],
            target=state["target"],
            settings=Settings.of(**state["settings"]),
            warn=warn,
        )
        sitting = Sitting(opener)
        for line in state["breakpoints"]:
            deque(parse_line(line).run(sitting), 0)
        sitting.revisit(Cursor(*state["cursor"]))
    except TraceError as error:
        raise InputError(_("{path}: can't be resumed: {error}").format(path=path, error=error)) from error
    return sitting


def _name(model: Model) -> str:
    """What `load` finds a model by from anywhere."""
    return model.path.name if model.path.parent == BUILTIN else str(model.path.resolve())


def _read(path: Path) -> Mapping[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(_("there is no session to resume yet")) from None
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=error.strerror)) from error
    except (ValueError, RecursionError):
        state = None
    if not _is_state(state):
        raise InputError(_("{path}: holds no session that this version can resume").format(path=path))
    checked: Mapping[str, Any] = state
    return checked


def _is_state(state: Any) -> bool:
    if not isinstance(state, dict) or state.get("version") != VERSION:
        return False
    if not all(isinstance(state.get(name), kind) for name, kind in _FIELDS.items()):
        return False
    texts = all(isinstance(line, str) for line in state["breakpoints"])
    return texts and [type(place) for place in state["cursor"]] == [int, int]
