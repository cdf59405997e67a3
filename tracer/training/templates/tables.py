"""The words that stand in frames, and the people whom frames are about."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..pairs import Pair

HEADING = re.compile(r"^\[(.+)\]$", re.MULTILINE)


class Person(NamedTuple):
    """A subject and the English forms that go with it."""

    chinese: str
    who: str
    be: str
    was: str
    have: str
    do: str
    s: str
    es: str
    my: str


def third(chinese: str, who: str, my: str) -> Person:
    """Whoever is he or she."""
    return Person(chinese, who, "is", "was", "has", "does", "s", "es", my)


def several(chinese: str, who: str, my: str) -> Person:
    """Whoever is we, you or they."""
    return Person(chinese, who, "are", "were", "have", "do", "", "", my)


PEOPLE = [
    Person("我", "I", "am", "was", "have", "do", "", "", "my"),
    several("你", "you", "your"),
    third("他", "he", "his"),
    third("她", "she", "her"),
    several("我们", "we", "our"),
    several("他们", "they", "their"),
]
FAMILY = [
    third("我爸爸", "my father", "his"),
    third("我妈妈", "my mother", "her"),
    third("我哥哥", "my older brother", "his"),
    third("我弟弟", "my younger brother", "his"),
    third("我姐姐", "my older sister", "her"),
    third("我妹妹", "my younger sister", "her"),
    third("我的朋友", "my friend", "his"),
    third("我爷爷", "my grandfather", "his"),
    third("我奶奶", "my grandmother", "her"),
    third("他妻子", "his wife", "her"),
    third("她丈夫", "her husband", "his"),
    third("他女儿", "his daughter", "her"),
    third("他儿子", "his son", "his"),
]


def tables() -> Mapping[str, list[Pair]]:
    """The sections of `tables.txt`: each a list of Chinese words with their English."""
    _comment, *parts = HEADING.split(Path(__file__).with_name("tables.txt").read_text(encoding="utf-8"))
    return {heading: _entries(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def _entries(text: str) -> list[Pair]:
    """`上海 Shanghai, 广州 Guangzhou`: pairs."""
    split = (entry.split(maxsplit=1) for entry in text.split(","))
    return [(chinese, " ".join(english.split())) for chinese, english in split]


TABLES = tables()
COUNTED = [
    (heading.removeprefix("counted "), *noun)
    for heading, nouns in TABLES.items()
    if heading.startswith("counted ")
    for noun in nouns
]
"""Measure word, noun, its English."""

NAMED = ("city", "country", "language", "western name", "food", "drink", "topic", "ride", "site", "thing", "job")


def words() -> list[str]:
    """The names of things in the tables, for a vocabulary; single characters are in it anyway."""
    return [chinese for table in NAMED for chinese, _english in TABLES[table] if len(chinese) > 1]
