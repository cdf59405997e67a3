"""Where a line of text may end: after blanks, and beside Chinese characters."""

from __future__ import annotations

import re

BOUND = "\u00a0"
"""A blank at which no line ends, nor within what it binds."""

WIDE, _CHINESE = "\u2e80-\u9fff\uff01-\uff60", "\u4e00-\u9fff"
_BRACKETS, _STOPS = "（《〈「『【〔", "，。、；：！？）》〉」』】〕"
_OPENING, _CLOSING = rf"{_BRACKETS}“‘\"(\[{{", f'{_STOPS}”’"…％'

_AFTER_WIDE = rf"(?<=[{WIDE}])(?<![{_OPENING}])(?![{_CLOSING} ]|$)(?!(?<=[{_CHINESE}])[,.;:!?)\]}}%])"
_BETWEEN_BLANKS = " +|[^ ]+ *"
_BETWEEN_WORDS = rf"{_AFTER_WIDE}|(?<=[^ {BOUND}{_OPENING}])(?=[{_CHINESE}{_BRACKETS}])"
"""Not before what closes or after what opens."""
_SUPERFLUOUS = rf"([{WIDE}]\**)\n(?=\**[{WIDE}])|([{_STOPS}{_BRACKETS}]\**)\n|\n(?=\**[{_STOPS}{_BRACKETS}])"
"""The end of a line in a source, stars of Markdown beside it, where Chinese has no blank."""


_JOINTS = rf"(?<=[.:/])(?=[^\d\W])|(?=\[)|(?<={BOUND})"


def words(text: str) -> list[str]:
    """A text cut wherever a line may end; every piece keeps the blanks that follow it. What is `bound` stays whole."""
    return [word for part in re.findall(_BETWEEN_BLANKS, text) for word in _parted(part)]


def _parted(part: str) -> list[str]:
    return [part] if BOUND in part else re.split(_BETWEEN_WORDS, part)


def bound(text: str) -> str:
    """A text that stays in one line if it can."""
    return text.replace(" ", BOUND)


def joints(text: str) -> list[str]:
    """A text cut where a line may end if need be: between the parts of an address, and after bound blanks."""
    return re.split(_JOINTS, text)


def joined(text: str) -> str:
    """A text without the ends of lines that do not stand for a blank: those within Chinese."""
    return re.sub(_SUPERFLUOUS, lambda found: found[1] or found[2] or "", text)
