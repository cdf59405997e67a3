"""What help explains beside commands and settings: a topic a file, found where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tracer.i18n import Message


@dataclass(frozen=True)
class Topic:
    """A name that help takes, a line about it, paragraphs, examples, and names that are listed with a line each."""

    name: str
    summary: Message
    text: Message
    examples: tuple[str, ...]
    names: Callable[[], Mapping[str, str]] = dict


@cache
def topics() -> dict[str, Topic]:
    """Every topic by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [thing for module in modules for thing in vars(module).values() if isinstance(thing, Topic)]
    return {topic.name: topic for topic in found}
