"""Kinds of values that are taken from a few words, or lie within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from tracer.errors import InputError
from tracer.i18n import _

from .parameters import Kind
from .suggestions import words

AUTO = "auto"
"""The word for None: what is left to the program, the terminal or the model."""
OFF = "off"
"""The word for None: what is not there."""


def among(*known: str, short: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """One of some words, which may be shortened; ``short`` says what is meant where several begin so."""

    def read(text: str) -> str:
        return short[text] if text in short else _word(known, text)

    return Kind("|".join(known), read, words(lambda _session: dict.fromkeys(known, "")))


def number(placeholder: str, low: float, high: float, kind: type[int] | type[float] = int) -> Kind:
    """A number within limits."""
    return Kind(placeholder, partial(_number, kind, low, high))


def optional(kind: Kind, none: str = AUTO) -> Kind:
    """What a kind takes, or a word for None."""
    known = [*kind.placeholder.split("|"), none] if kind.placeholder.islower() else [none]
    return Kind(
        f"{kind.placeholder}|{none}",
        lambda text: None if text == none else kind.read(text),
        words(lambda _session: dict.fromkeys(known, "")),
    )


def _word(known: tuple[str, ...], text: str) -> str:
    found = [text] if text in known else [word for word in known if text and word.startswith(text)]
    if len(found) == 1:
        return found[0]
    problem = _("{text!r} is ambiguous: {words}") if found else _("{text!r} is none of {words}")
    raise InputError(problem.format(text=text, words=", ".join(found or known)))


def _switch(text: str) -> bool:
    return _word(("on", "off"), text) == "on"


def _number(kind: type[int] | type[float], low: float, high: float, text: str) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        sort = _("a whole number") if kind is int else _("a number")
        raise InputError(
            _("{text!r} is not {sort} from {low} to {high}").format(
                text=text, sort=sort, low=f"{low:g}", high=f"{high:g}"
            )
        )
    return value


SWITCH = replace(among("on", "off"), read=_switch)
