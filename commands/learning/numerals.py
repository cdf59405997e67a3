"""Counts as they are written in Chinese: a numeral or digits, perhaps with a measure word behind."""

from __future__ import annotations

import re

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_ALL = "".join(_DIGITS)
_MEASURES = "个個行次格列层層头頭词詞步种種处處遍张張条條项項位只块塊倍字句回组組对對维維级級名件比单單元维"
_ONES = "[一二三四五六七八九]?"
_COUNT = re.compile(
    rf"""
    第?\s*
    (?: (?P<digits> [0-9]+(?:[.][0-9]+)?) | (?P<ones> [{_ALL}]) | (?P<tens> {_ONES}) 十 (?P<rest> {_ONES}) )
    \s* (?: [{_MEASURES}] (?: (?![{_ALL}十百千半多几]) [\u4e00-\u9fff]){{0,4}} )?
    """,
    re.VERBOSE,
)


def counted(text: str) -> str | None:
    """The digits of a count from 0 to 99, ``3`` of ``三``, ``三个`` and ``3 次``; None for what is none."""
    found = _COUNT.fullmatch(text.strip())
    if found is None:
        return None
    if found["digits"]:
        return found["digits"]
    if found["ones"]:
        return str(_DIGITS[found["ones"]])
    return str(10 * _DIGITS.get(found["tens"], 1) + _DIGITS.get(found["rest"], 0))
