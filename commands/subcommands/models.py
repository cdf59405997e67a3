"""The built-in models and their cards; any other checkpoint, and what was decided about it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tracer import render, views
from tracer.decisions import CONFIGURATION
from tracer.errors import InputError
from tracer.i18n import _, cause, language, spoken
from tracer.loading import builtin, find
from tracer.model import Model
from tracer.models.text import Side

from ..opener import open_model
from ..output.formats import WIDTH
from ..output.present import Look, console_on, visible

CARD = "card.md"


def show_models() -> int:
    """List the built-in models, a line each: the name, and the first sentence of its card."""
    names = list(builtin())
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {_first_sentence(_card(name))}".rstrip())
    return 0


def show_model(name: str, look: Look) -> int:
    """Show the card of a built-in model; of another checkpoint, what it is and what was decided about it.

    Raises:
        InputError: there is no such model, or it can't be opened.
    """
    if name in builtin():
        print(_card(name).rstrip())
    else:
        _show_account(open_model(name), look)
    return 0


def _show_account(model: Model, look: Look) -> None:
    width = look.width or (None if sys.stdout.isatty() else WIDTH)
    console = console_on(sys.stdout, replace(look, width=width))
    console.print(render.drawing.Drawn(views.below.sentence(visible(model.describe()))))
    facts = {name: list(map(visible, told)) for name, told in _account(model).items()}
    console.print(render.drawing.Drawn(views.facts.facts_view(facts)))


def _account(model: Model) -> Mapping[str, Sequence[str]]:
    """What a model is, what was decided about it, by subject, what is left of its files, and what is wrong in them."""
    facts: dict[str, list[str]] = {_("family"): [model.architecture.model_type], _("sizes"): list(_sizes(model))}
    by_subject: dict[str, list[str]] = {}
    for decision in model.decisions.told:
        by_subject.setdefault(decision.about, []).append(spoken(decision.what))
    configuration = by_subject.pop(CONFIGURATION, [])
    facts |= {spoken(about): told for about, told in by_subject.items()}
    facts |= {_("not followed"): model.rules.unfollowed("greedy"), _("unused"): _unused(model)}
    return facts | {_("warnings"): [*map(spoken, model.warnings)], spoken(CONFIGURATION): configuration}


def _sizes(model: Model) -> Iterator[str]:
    """The vocabulary and the longest text, of each side where the two differ."""
    facts = model.facts
    yield _("vocabulary of {n} tokens").format(n=_sides(model, facts.vocab))
    if facts.made_for is not None:
        yield _("made for texts of at most {n} tokens").format(n=f"{facts.made_for:,}")
    else:
        yield _("texts of at most {n} tokens").format(n=_sides(model, facts.longest))


def _sides(model: Model, size: Callable[[Side], int]) -> str:
    return " → ".join(dict.fromkeys(f"{size(side):,}" for side in model.texts.sides))


def _unused(model: Model) -> list[str]:
    """Each reason once, after the first of the tensors that it holds for."""
    names: dict[str, list[str]] = {}
    for name, why in model.ignored.items():
        names.setdefault(spoken(why), []).append(name)
    more = {
        why: _(" (and {n} more)").format(n=len(found) - 1) if len(found) > 1 else "" for why, found in names.items()
    }
    return [f"{found[0]}{more[why]}: {why}" for why, found in names.items()]


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
