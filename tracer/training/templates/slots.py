"""What may stand in the slots of frames."""

import random
from collections.abc import Callable

from ..pairs import Pair
from . import numerals
from .forms import article, plural
from .tables import COUNTED, TABLES

Slot = Callable[[random.Random], Pair]

FEW = [1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 50]
MINUTES = [(30, "半"), (30, "半"), (15, "一刻"), (20, "二十分"), (10, "十分"), (40, "四十分"), (45, "四十五分")]


def number(n: int, draw: random.Random) -> Pair:
    """25 in words, or now and then in figures."""
    return (str(n), str(n)) if draw.random() < 0.25 else (numerals.chinese(n), numerals.english(n))


def age(draw: random.Random) -> Pair:
    """十八: eighteen."""
    return number(draw.randint(2, 99), draw)


def count(draw: random.Random) -> Pair:
    """三本书: three books."""
    measure, chinese, english = draw.choice(COUNTED)
    n = draw.choice(FEW)
    if n == 1:
        return f"一{measure}{chinese}", article(english)
    many, said = number(n, draw)
    return f"{_two(many)}{measure}{chinese}", f"{said} {plural(english)}"


def _two(many: str) -> str:
    """二 before a measure word is 两."""
    return "两" if many == "二" else many


def price(draw: random.Random) -> Pair:
    """三十块: thirty yuan."""
    choices = [
        draw.randint(2, 99),
        draw.randint(2, 99) * 10,
        draw.randint(1, 30) * 100,
        draw.randint(1, 20) * 1000,
    ]
    many, said = number(draw.choice(choices), draw)
    unit, name = draw.choice(TABLES["currency"])
    return f"{_two(many)}{unit}", f"{said} {name}"


def clock(draw: random.Random) -> Pair:
    """七点半: 7:30."""
    hour = draw.randint(1, 12)
    said = _two(numerals.chinese(hour))
    if draw.random() < 0.45:
        return draw.choice([(f"{said}点", f"{numerals.english(hour)} o'clock"), (f"{hour}点", f"{hour} o'clock")])
    minute, words = draw.choice(MINUTES)
    return f"{said}点{words}", f"{hour}:{minute}"


def year(draw: random.Random) -> Pair:
    """1985年, 一九八五年: 1985."""
    n = str(draw.randint(1900, 2030))
    return draw.choice([n, n, "".join(numerals.DIGITS[int(digit)] for digit in n)]) + "年", n


def date(draw: random.Random) -> Pair:
    """三月五日: March 5."""
    month, day = draw.randint(1, 12), draw.randint(1, 28)
    unit = draw.choice("日号")
    words, english = TABLES["month"][month - 1]
    return draw.choice([f"{month}月{day}{unit}", f"{words}{numerals.chinese(day)}{unit}"]), f"{english} {day}"


def weekday(draw: random.Random) -> Pair:
    """星期三: Wednesday."""
    day = draw.randint(0, 6)
    prefix = draw.choice(["星期", "星期", "周"])
    if day == 6:
        return prefix + ("天" if prefix == "星期" else "日"), "Sunday"
    which, english = TABLES["day of the week"][day]
    return prefix + which, english


def percent(draw: random.Random) -> Pair:
    """百分之二十: twenty percent."""
    n = draw.randint(1, 19) * 5
    return draw.choice([(f"百分之{numerals.chinese(n)}", f"{numerals.english(n)} percent"), (f"{n}%", f"{n}%")])


def phone(draw: random.Random) -> Pair:
    """Figures, the same in both languages."""
    digits = "".join(draw.choice("0123456789") for _ in range(draw.choice([3, 4, 8, 11])))
    return digits, digits


def name(draw: random.Random) -> Pair:
    """李明: Li Ming; 王先生: Mr. Wang; 彼得: Peter."""
    chinese, english = draw.choice(TABLES["surname"])
    kind = draw.random()
    if kind < 0.35:
        given, said = draw.choice(TABLES["given name"])
        return chinese + given, f"{english} {said}"
    if kind < 0.6:
        title, said = draw.choice(TABLES["title"])
        return chinese + title, f"{said} {english}"
    return draw.choice(TABLES["western name"])


def _of(table: list[Pair]) -> Slot:
    return lambda draw: draw.choice(table)


MADE: list[Slot] = [age, count, price, clock, year, date, weekday, percent, phone, name]
SLOTS: dict[str, Slot] = {slot.__name__: slot for slot in MADE} | {name: _of(table) for name, table in TABLES.items()}
"""By name; `{city2}` is another city than `{city}`."""
