"""Which of some options an answer in words stands for: one or none, and never a guess between two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracer.pieces import goes_by

from ..keyboard import folded
from .lesson import Names

YES = {"yes", "y", "yep", "是", "是的", "会", "会的", "能", "能的", "对", "对的", "有"}
_GENERIC = (
    ({"no", "n", "nope", "否", "不", "不会", "不是", "不能", "不对", "没有", "没", "无"}, YES),
    (
        {"different", "unequal", "notthesame", "不同", "不一样", "不相同", "不相等"},
        {"same", "thesame", "equal", "identical", "一样", "相同", "相等", "同样"},
    ),
)
"""Words that say the same as another, in pairs of opposites; a question between the two takes them all."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W_]+")
_SHORT = re.compile(r"['’]s\b")
_MODAL = "会能"
"""May stand for an answer before the verb of the question: 会变."""
_WEAK = {"the", "it", "is", "to", "of", "in", "as", "an", "than", "no", "not", "yes"}
"""Words that tell no option from another."""
_NEGATION = re.compile(r"[不没无非未别否]|\b(?:not?|never|neither|nor|without|t)\b")


def is_numbered(choices: Sequence[Names]) -> bool:
    """Whether options can be given numbers, from 1: not where one is a number itself."""
    return not any(folded(names[0]).isdecimal() for names in choices)


def chosen(text: str, choices: Sequence[Names]) -> list[int]:
    """The places of the options that an answer may stand for.

    That is by the name that is shown, by its number, by another name, by how one alone begins, or by a part of one
    alone; or an answer may have an option in it.
    """
    readings = (_shown, _counted, named, _generic, begun, _around)
    return next((places for reading in readings if (places := reading(text, choices))), [])


def place_or_name(text: str, choices: Sequence[Names]) -> list[int]:
    """The same of tokens: by their names, by their places from 0, or by how one alone begins."""
    places = [place for place in range(len(choices)) if str(place) == folded(text)]
    return named(text, choices) or places or begun(text, choices)


def named(text: str, choices: Sequence[Names]) -> list[int]:
    """The options that have a text as a name, exactly or without a leading blank; else however it is written."""
    exact = [place for place, names in enumerate(choices) if any(goes_by(name, text) for name in names)]
    wanted = folded(text)
    return exact or [n for n, names in enumerate(choices) if wanted and wanted in map(folded, names)]


def begun(text: str, choices: Sequence[Names]) -> list[int]:
    """The option that alone begins with a text."""
    wanted = folded(text)
    return _one([n for n, names in enumerate(choices) if wanted and any(folded(m).startswith(wanted) for m in names)])


def _shown(text: str, choices: Sequence[Names]) -> list[int]:
    return named(text, [names[:1] for names in choices])


def _counted(text: str, choices: Sequence[Names]) -> list[int]:
    return [n for n in range(len(choices)) if is_numbered(choices) and str(n + 1) == folded(text)]


def _generic(text: str, choices: Sequence[Names]) -> list[int]:
    """The option that says yes or no, the same or different, where the question is between the two."""
    wanted = folded(text)
    for pair in _GENERIC:
        sides = [[n for n, names in enumerate(choices) if side & {*map(folded, names)}] for side in pair]
        if [len(side) for side in sides] == [1, 1] and sides[0] != sides[1]:
            return [side[0] for side, words in zip(sides, pair, strict=True) if wanted in words]
    return []


def _around(text: str, choices: Sequence[Names]) -> list[int]:
    """The option that alone has a text in it, else the one that a text alone has in it."""
    given = _spelled(text)
    parts = [n for n, names in enumerate(choices) if any(_is_in(given, _spelled(name)) for name in names)]
    return _one(parts) if parts else _one(_held(given, choices))


def _held(given: str, choices: Sequence[Names]) -> list[int]:
    """The options whose names stand in an answer, the longest first: 不一样, and not 一样 within it.

    None where something else in it may turn them into their opposite.
    """
    names = {_spelled(name): place for place, names in enumerate(choices) for name in names}
    held, rest = set[int](), given
    for name in sorted(names, key=len, reverse=True):
        if name in rest and _tells(name, given):
            rest = rest.replace(name, " ")
            held.add(names[name])
    return [] if _NEGATION.search(rest) else [*held]


def _is_in(part: str, whole: str) -> bool:
    """Whether a part that tells something stands in a whole that does not turn it into its opposite."""
    return part in whole and _tells(part, whole) and not _NEGATION.search(whole.replace(part, " ", 1))


def _tells(part: str, whole: str) -> bool:
    if _CHINESE.search(part):
        return len(part) > 1 or (part in _MODAL and whole.startswith(part))
    return any(len(word) > 1 and word not in _WEAK for word in part.split()) or part.strip().isdecimal()


def _spelled(text: str) -> str:
    """A text to be looked for in another: Chinese as it is, else its words, without the s of a verb or a plural."""
    if _CHINESE.search(text):
        return folded(text).replace("零", "0")
    return f" {' '.join(map(_stem, _WORD.findall(_SHORT.sub(' is', text.casefold()))))} "


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _one(places: list[int]) -> list[int]:
    return places if len(places) == 1 else []
