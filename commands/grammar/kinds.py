"""Kinds of values that are taken from a few words, or lie within limits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracer.domains import Whole, meant

from .parameters import Kind
from .suggestions import words


def among(*known: str, short: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """One of some words, which may be shortened; ``short`` says what is meant where several begin so."""
    return Kind(
        "|".join(known),
        lambda text: short[text] if text in short else meant(text, known),
        words(lambda _debugger: dict.fromkeys(known, "")),
    )


def number(placeholder: str, low: int, high: int) -> Kind:
    """A whole number within limits."""
    return Kind(placeholder, Whole(placeholder, low, high).read)
