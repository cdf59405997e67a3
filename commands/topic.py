"""The topics of the help: values in the files of their folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tracer.dataclass import dataclass
from tracer.i18n import Message, spoken

TOPICS = f"{__package__}.topics"
"""Where they stand, which know this file; it finds them by name."""


@dataclass(frozen=True)
class Topic:
    """A thing to know: a line on it, paragraphs, examples, and names or lines to type with what each means.

    It goes by ``synonyms`` too. ``names`` are those found when they are asked for.
    """

    name: str
    summary: Message
    text: Message
    examples: tuple[str, ...] = ()
    lines: Mapping[str, Message] = field(default_factory=dict)
    names: Callable[[], Mapping[str, str]] = dict
    synonyms: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that it is called."""
        return (self.name, *self.synonyms)

    @property
    def meanings(self) -> dict[str, str]:
        """What is typed, and what that means in the user's language."""
        return {**{line: spoken(meaning) for line, meaning in self.lines.items()}, **self.names()}

    def tells_of(self, word: str) -> bool:
        """Whether a word, in lower case, stands in it."""
        told = (*self.words, spoken(self.summary), spoken(self.text), *self.meanings, *self.meanings.values())
        return word in " ".join(told).lower()


@cache
def topics() -> dict[str, Topic]:
    """Every topic by name, in the order of their names."""
    folder = import_module(TOPICS)
    modules = [import_module(f"{TOPICS}.{module.name}") for module in iter_modules(folder.__path__)]
    found = (thing for module in modules for thing in vars(module).values() if isinstance(thing, Topic))
    return {topic.name: topic for topic in sorted(found, key=lambda topic: topic.name)}


def topic_of(word: str) -> Topic | None:
    """The topic that a word is a name of."""
    return next((topic for topic in topics().values() if word in topic.words), None)


def topic_summaries() -> dict[str, str]:
    """What every topic is about, by its name."""
    return {name: spoken(topic.summary) for name, topic in topics().items()}
