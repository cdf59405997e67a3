"""The built-in models and their cards; any other checkpoint, and what was decided about it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracer import render
from tracer.errors import InputError
from tracer.i18n import _, cause, language, spoken
from tracer.model import Model, builtin, find, load

from ..output.formats import WIDTH

CARD = "card.md"


def show_models() -> int:
    """List the built-in models, a line each: the name, and the first sentence of its card."""
    names = list(builtin())
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {_first_sentence(_card(name))}".rstrip())
    return 0


def show_model(name: str) -> int:
    """Show the card of a built-in model; of another checkpoint, what it is and what was decided about it.

    Raises:
        InputError: there is no such model, or it can't be opened.
    """
    if name in builtin():
        print(_card(name).rstrip())
    else:
        _show_account(load(name))
    return 0


def _show_account(model: Model) -> None:
    width = None if sys.stdout.isatty() else WIDTH
    console = render.console.make_console(sys.stdout, width=width, color="auto", accessible=False, environ=os.environ)
    print(model.describe())
    console.print(render.facts.Facts(_account(model)))


def _account(model: Model) -> Mapping[str, Sequence[str]]:
    """What was decided, by subject; then the tensors that are left unused."""
    facts: dict[str, list[str]] = {}
    for decision in model.decisions.told:
        facts.setdefault(spoken(decision.about), []).append(spoken(decision.what))
    unused = [f"{name}: {spoken(why)}" for name, why in model.ignored.items()]
    return facts | {_("unused"): unused}


def _card(name: str) -> str:
    path = _path(find(name))
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def _path(directory: Path) -> Path:
    """The card in the user's language where there is one, else the English one."""
    translated = directory / f"card.{language()}.md"
    return translated if translated.exists() else directory / CARD


def _first_sentence(card: str) -> str:
    prose = next((line for line in card.splitlines() if line.strip() and not line.startswith("#")), "")
    return re.split(r"[.] |。", prose)[0].rstrip(".")
