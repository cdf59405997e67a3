"""The chat template that a checkpoint states: Jinja, which makes one text of the messages of a chat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..checkpoints.json_file import read_json_if_there
from ..checkpoints.regular import check_regular
from ..errors import InputError
from ..i18n import _, cause
from ..listed import listed
from ..outward import visible
from ..tokenizers.stated import ROLES, StatedTokens

KEY, DEFAULT = "chat_template", "default"
JINJA, JSON, CONFIG = "chat_template.jinja", "chat_template.json", "tokenizer_config.json"
LONGEST = 1 << 20
"""characters; no template is longer"""
MOST_BYTES = 4
"""of a character, in UTF-8"""
LONGEST_NAME = 40
"""characters of the name of a template, as it is told"""


class Template(NamedTuple):
    """A template, the file that states it, and the special tokens that it may name: ``bos_token`` and the like."""

    source: str
    path: Path
    tokens: Mapping[str, str] = {}


def read_template(directory: Path) -> Template | None:
    """The template of a checkpoint directory, if it states one; the file for it goes before what other files state.

    Raises:
        InputError: a file can't be read, or holds no template.
    """
    path = directory / JINJA
    if path.exists():
        return checked(_text(path), path, _tokens(directory))
    for path in (directory / CONFIG, directory / JSON):
        if (stated := read_json_if_there(path).get(KEY)) is not None:
            return checked(_chosen(stated, path), path, _tokens(directory))
    return None


def _text(path: Path) -> str:
    check_regular(path)
    try:
        if path.stat().st_size > LONGEST * MOST_BYTES:
            raise _no_template(path)
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def _chosen(stated: Any, path: Path) -> Any:
    """The template itself; of several with names, the one that is called the default."""
    if not isinstance(stated, list):
        return stated
    several = (one for one in stated if isinstance(one, dict))
    named = {name: one.get("template") for one in several if isinstance(name := one.get("name"), str)}
    if DEFAULT not in named:
        names = listed(visible(name[:LONGEST_NAME]) for name in named) or _("none")
        told = _("{path}: none of its chat templates is the default; it has {names}")
        raise InputError(told.format(path=path, names=names))
    return named[DEFAULT]


def checked(source: Any, path: Path, tokens: Mapping[str, str]) -> Template:
    """What a file states as a template, with the special tokens that it may name.

    Raises:
        InputError: it is no text, or a very long one.
    """
    if not isinstance(source, str) or len(source) > LONGEST:
        raise _no_template(path)
    return Template(source, path, tokens)


def _no_template(path: Path) -> InputError:
    told = _("{path}: the chat template is no text, or too long; expected at most {n} characters")
    return InputError(told.format(path=path, n=LONGEST))


def _tokens(directory: Path) -> Mapping[str, str]:
    """The special tokens that the files of a tokenizer state, by role."""
    roles = StatedTokens(directory, "").roles({})
    return {role: str(roles[role]) for role in ROLES if role in roles}
