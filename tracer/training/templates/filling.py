"""From frames to pairs."""

import random
import re
from pathlib import Path

from ..pairs import Pair
from .forms import FORMS, third
from .slots import SLOTS, Slot
from .tables import FAMILY, PEOPLE, Person

FIELD = re.compile(r"\{(\w+?)(2?)(?::(\w+))?\}")
"""`{city}`, `{city2}`, `{act:ing}`."""


def pairs(seed: int, count: int) -> list[Pair]:
    """``count`` pairs, no Chinese sentence twice, the same for the same seed; every frame about as often."""
    draw = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        for frame in frames():
            chinese, english = _fill(*frame, draw)
            found.setdefault(chinese, english)
    return list(found.items())[:count]


def frames() -> list[Pair]:
    """The lines of `frames.txt` that are no comments: Chinese, an equals sign, English."""
    lines = Path(__file__).with_name("frames.txt").read_text(encoding="utf-8").splitlines()
    parts = (line.split(" = ") for line in lines if line and not line.startswith("#"))
    return [(chinese, english) for chinese, english in parts]


def _fill(chinese: str, english: str, draw: random.Random) -> Pair:
    who = draw.choice(PEOPLE if "who:object" in english or draw.random() < 0.7 else FAMILY)
    drawn = _drawn(chinese, draw) | {"who": (who.chinese, who.who)}
    text = FIELD.sub(lambda field: _english(field, who, drawn), english)
    return FIELD.sub(lambda field: drawn[field[1] + field[2]][0], chinese), text[0].upper() + text[1:]


def _drawn(chinese: str, draw: random.Random) -> dict[str, Pair]:
    """What the slots of a frame hold; a second slot of a name holds something else than the first."""
    drawn: dict[str, Pair] = {}
    for name, other, _form in FIELD.findall(chinese):
        if name != "who":
            drawn[name + other] = _other_than(drawn.get(name), SLOTS[name], draw)
    return drawn


def _other_than(first: Pair | None, slot: Slot, draw: random.Random) -> Pair:
    while (found := slot(draw)) == first:
        pass
    return found


def _english(field: re.Match[str], who: Person, drawn: dict[str, Pair]) -> str:
    name, other, form = field.groups()
    if name + other not in drawn:
        return str(getattr(who, name))
    word = drawn[name + other][1]
    if form == "finite":
        return third(word) if who.s else word
    return FORMS[form](word) if form else word
