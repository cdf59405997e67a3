"""Rendering chat templates, in a process apart, which may spend so much time and memory and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..apart import answered
from ..errors import InputError
from ..i18n import N_, _, spoken
from .template import Template

WORKER = Path(__file__).with_name("worker.py")
SECONDS = 20
"""until the answer must be there; the time that the template computes for is bounded more closely"""

BEYOND = {"memory": N_("it takes too much memory"), "length": N_("its text is too long")}
"""What a template is told to have gone beyond."""

Message = Mapping[str, str]


def rendered(template: Template, chats: Sequence[tuple[Sequence[Message], bool]]) -> list[str | None]:
    """The texts of chats, each of some messages and whether an answer is to follow; None for one that is refused.

    Raises:
        InputError: the first can't be rendered, or jinja2 is not there.
    """
    if find_spec("jinja2") is None:
        told = _("a chat template needs jinja2, which is missing: pip install jinja2, or tx-trace with the extra chat")
        raise InputError(told)
    asked = [{"messages": messages, "add_generation_prompt": prompts} for messages, prompts in chats]
    found = _answered(template, {"source": template.source, "tokens": dict(template.tokens), "chats": asked})
    if "text" not in found[0]:
        raise _failed(template, _reason(found[0]))
    return [one.get("text") for one in found]


def _answered(template: Template, asked: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What the process says of each chat."""
    try:
        found: Sequence[Mapping[str, Any]] | None = answered(WORKER, asked, SECONDS)
    except TimeoutError:
        raise _failed(template, _("it was not done within {n} seconds").format(n=SECONDS)) from None
    if found is None:
        raise _failed(template, _("it takes too long, or too much memory"))
    return found


def _reason(answer: Mapping[str, Any]) -> str:
    if "beyond" in answer:
        return spoken(BEYOND[answer["beyond"]])
    line, reason = answer.get("line"), str(answer["error"])
    return reason if line is None else _("line {line}: {reason}").format(line=line, reason=reason)


def _failed(template: Template, reason: str) -> InputError:
    told = _("{path}: the chat template can't be rendered ({reason})")
    return InputError(told.format(path=template.path, reason=reason))
