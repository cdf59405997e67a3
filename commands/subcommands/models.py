"""The built-in models and their cards; any other checkpoint, and what was decided about it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tracer import render, views
from tracer.checkpoints.contents import numbers_told
from tracer.decisions import CONFIGURATION, PARAMETERS, Decisions
from tracer.errors import InputError
from tracer.i18n import _, cause, language, spoken
from tracer.listed import and_more
from tracer.loading import builtin, find
from tracer.model import Model
from tracer.models.architecture import Facts
from tracer.models.text import Side
from tracer.outward import SHORT, visible
from tracer.survey import Survey, survey
from tracer.views.modules import memory

from ..guard import UNUSABLE
from ..output.formats import WIDTH
from ..output.present import Look, console_on

CARD = "card.md"
LONGEST = 60
"""characters of a name from a file that are shown"""


def show_models() -> int:
    """List the built-in models, a line each: the name, and the first sentence of its card."""
    names = list(builtin())
    width = max(map(len, names), default=0)
    for name in names:
        print(f"{name:<{width}}  {_first_sentence(_card(name))}".rstrip())
    return 0


def show_model(name: str, look: Look, adapter: str | None = None) -> int:
    """Show the card of a built-in model; of another checkpoint, what it is and what was decided about it.

    No parameter is read. Of what does not open, everything is shown that can be told, and why it does not. With an
    adapter merged into it, a built-in model is another checkpoint.

    Raises:
        InputError: there is nothing at that path of which anything could be told.
    """
    if name in builtin() and adapter is None:
        print(_card(name).rstrip())
        return 0
    found = survey(name, adapter)
    if found.model is not None:
        _show(found.model.describe(), _account(found, found.model), look)
        return 0
    facts = _remains(found)
    if not any(facts.values()):
        raise InputError(found.refused[0])
    _show(_title(found), {**facts, _("refused"): found.refused}, look)
    return UNUSABLE


def _show(title: str, facts: Mapping[str, Sequence[str]], look: Look) -> None:
    width = look.width or (None if sys.stdout.isatty() else WIDTH)
    console = console_on(sys.stdout, replace(look, width=width))
    console.print(render.drawing.Drawn(views.below.sentence(visible(title))))
    written = {name: list(map(visible, told)) for name, told in facts.items()}
    console.print(render.drawing.Drawn(views.facts.facts_view(written)))


def _account(found: Survey, model: Model) -> Mapping[str, Sequence[str]]:
    """What a model is, what was decided about it, by subject, and what is left of its files."""
    facts: dict[str, Sequence[str]] = {
        _("family"): [model.architecture.model_type],
        _("sizes"): _sizes(model.facts, model.texts.sides),
        _("format"): _format(found),
    }
    by_subject = _decided(model.decisions)
    configuration = by_subject.pop(spoken(CONFIGURATION), [])
    facts |= by_subject
    facts |= {_("not followed"): model.rules.unfollowed(model.rules.strategy), _("unused"): _unused(model)}
    return facts | {spoken(CONFIGURATION): configuration}


def _remains(found: Survey) -> dict[str, Sequence[str]]:
    """What can be told of what does not open."""
    by_subject = _decided(found.decisions)
    configuration = by_subject.pop(spoken(CONFIGURATION), [])
    sketch = found.sketch
    stated = [f"{key} = {SHORT.repr(value)}" for key, value in found.stated.items()]
    facts: dict[str, Sequence[str]] = {
        _("family"): [found.family[:LONGEST]] if found.family else [],
        _("sizes"): _sizes(sketch.facts, sketch.texts.sides) if sketch else [", ".join(stated)] if stated else [],
        _("format"): _format(found),
        spoken(PARAMETERS): [spoken(numbers_told(found.tensors))] if found.tensors else [],
        _("adapter"): _adapter(found),
    }
    return facts | by_subject | {spoken(CONFIGURATION): configuration}


def _title(found: Survey) -> str:
    name = found.path.resolve().name
    what = found.sketch.describe() if found.sketch else _("does not open")
    return f"{name}: {what}"


def _decided(decisions: Decisions) -> dict[str, list[str]]:
    """The decisions, by subject."""
    by_subject: dict[str, list[str]] = {}
    for decision in decisions.told:
        by_subject.setdefault(spoken(decision.about), []).append(spoken(decision.what))
    return by_subject


def _format(found: Survey) -> list[str]:
    """How the parameters are stored, in how many files, and of how many bytes these are."""
    if not found.files:
        return []
    first, size = min(found.files), memory(sum(found.files.values()))
    kind = found.format or _("unknown")
    if len(found.files) == 1:
        return [_("{kind}: {file}, {size}").format(kind=kind, file=first, size=size)]
    told = _("{kind}: {count} files, {first} and so on, {size}")
    return [told.format(kind=kind, count=len(found.files), first=first, size=size)]


def _adapter(found: Survey) -> list[str]:
    """What adapter_config.json says of an adapter, if there is one."""
    stated = found.adapter
    if not stated:
        return []
    kind, base, rank = (str(stated.get(key))[:LONGEST] for key in ("peft_type", "base_model_name_or_path", "r"))
    return [_("{kind} of rank {rank} for {base}").format(kind=kind, rank=rank, base=base)]


def _sizes(facts: Facts, sides: Sequence[Side]) -> list[str]:
    """The vocabulary and the longest text, of each side where the two differ."""

    def both(size: Callable[[Side], int]) -> str:
        return " → ".join(dict.fromkeys(f"{size(side):,}" for side in sides))

    vocabulary = _("vocabulary of {n} tokens").format(n=both(facts.vocab))
    if facts.made_for is not None:
        return [vocabulary, _("made for texts of at most {n} tokens").format(n=f"{facts.made_for:,}")]
    return [vocabulary, _("texts of at most {n} tokens").format(n=both(facts.longest))]


def _unused(model: Model) -> list[str]:
    """Each reason once, after the first of the tensors that it holds for."""
    names: dict[str, list[str]] = {}
    for name, why in model.ignored.items():
        names.setdefault(spoken(why), []).append(name)
    return [f"{found[0]}{and_more(len(found) - 1)}: {why}" for why, found in names.items()]


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
