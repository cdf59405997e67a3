"""Where a line of text may end: after blanks, and beside Chinese characters."""

from __future__ import annotations

import re

_WIDE, _CHINESE = "\u2e80-\u9fff\uff01-\uff60", "\u4e00-\u9fff"
_BRACKETS, _STOPS = "（《〈「『【〔", "，。、；：！？）》〉」』】〕"
_OPENING, _CLOSING = rf"{_BRACKETS}“‘(\[{{", f"{_STOPS}”’…％"

_AFTER_WIDE = rf"(?<=[{_WIDE}])(?<![{_OPENING}])(?![{_CLOSING} ]|$)(?!(?<=[{_CHINESE}])[,.;:!?)\]}}%])"
_BETWEEN_WORDS = re.compile(rf"(?<= )(?! )|{_AFTER_WIDE}|(?<=[^ {_OPENING}])(?=[{_CHINESE}{_BRACKETS}])")
"""Not before what closes or after what opens."""
_SUPERFLUOUS = re.compile(
    rf"([{_WIDE}]\**)\n(?=\**[{_WIDE}])|([{_STOPS}{_BRACKETS}]\**)\n|\n(?=\**[{_STOPS}{_BRACKETS}])"
)
"""The end of a line in a source, stars of Markdown beside it, where Chinese has no blank."""


def words(text: str) -> list[str]:
    """A text cut wherever a line may end; every piece keeps the blanks that follow it."""
    return _BETWEEN_WORDS.split(text)


def joined(text: str) -> str:
    """A text without the ends of lines that do not stand for a blank: those within Chinese."""
    return _SUPERFLUOUS.sub(lambda found: found[1] or found[2] or "", text)
