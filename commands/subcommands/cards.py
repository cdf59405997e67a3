"""The built-in models and their cards."""

from __future__ import annotations

import re
from pathlib import Path

from tracer.errors import InputError
from tracer.i18n import _, cause, language
from tracer.model import builtin, find

CARD = "card.md"


def show_models() -> int:
    """List the built-in models, a line each: the name, and the first sentence of its card."""
    names = list(builtin())
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {_first_sentence(_card(name))}".rstrip())
    return 0


def show_card(name: str) -> int:
    """Show the card of a model; raises `InputError` where there is no such model, or no card."""
    print(_card(name).rstrip())
    return 0


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
