"""What a `tokenizer.json` may do to the machine, told before the library sees it, or tried out in a process apart."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _
from .library import check_charsmap
from .parts import steps

MOST_GROWTH = 64
"""by how much a text may grow before it is cut; what Unicode makes of a character is at most 18 of them"""
LONGEST_PIECE = 64
"""characters that may go before a text"""
LONGEST_PATTERN = 4096
BYTES_OF_CHARACTER = 4
SECONDS = 20
"""until a trial must be over; the time that it computes for is bounded more closely"""
PROGRAM = Path(__file__).with_name("trial.py")

NONE = b"AAAAAA=="
"""An empty table of characters, in base64."""
_SIGN = re.compile(r"\\(?P<again>[1-9kg])|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?R|.", re.DOTALL)
"""One sign of a pattern; what it has found before is one too."""


class Trial:
    """A tokenizer, as the library has it ``written``, that is tried out on every text before it is used."""

    def __init__(self, path: Path, written: Callable[[], str]) -> None:
        self._path = path
        self._written = written

    def check(self, *texts: str) -> None:
        """Insist that texts can be cut, and the tokenizer loaded, with little time and memory.

        Raises:
            InputError: it takes more, or fails.
        """
        from ..apart import answered

        try:
            failure = answered(PROGRAM, {"tokenizer": self._written(), "texts": texts}, SECONDS)
        except TimeoutError:
            failure = None
        if failure != "":
            reason = _("it takes too long, or too much memory") if failure is None else failure
            raise InputError(_("{path}: can't be used ({reason})").format(path=self._path, reason=reason))


def trial_of(state: Mapping[str, Any], path: Path, written: Callable[[], str]) -> Trial | None:
    """How a tokenizer is to be tried out; None where nothing about it is in doubt.

    Raises:
        InputError: it does what no tokenizer does.
    """
    for step in steps(state.get("normalizer")):
        check_charsmap(b64decode(step.get("precompiled_charsmap", NONE)))
    decoder = state.get("decoder")
    if _grows(decoder):
        raise InputError(_("{path}: decoder makes a text longer than any that is read").format(path=path))
    if any(map(_may_not_end, _patterns(decoder))):
        told = _("{path}: decoder has a regular expression that may not come to an end")
        raise InputError(told.format(path=path))
    return Trial(path, written) if _is_doubtful(state) else None


def _is_doubtful(state: Mapping[str, Any]) -> bool:
    parts = [state.get("normalizer"), state.get("pre_tokenizer")]
    return any(map(_grows, parts)) or any(map(_may_not_end, _patterns(parts)))


def _grows(part: Any) -> bool:
    """Whether the steps of a part may make a text much longer, one after the other."""
    return prod(map(_growth, steps(part))) > MOST_GROWTH


def _growth(step: Mapping[str, Any]) -> float:
    """How many characters a step makes of one, at most; what goes before a text counts where it is long.

    A regular expression may find every character, or what is before it.
    """
    if step.get("type") == "ByteLevel":
        return BYTES_OF_CHARACTER
    before, after = step.get("pattern"), step.get("content", step.get("prepend", ""))
    if not isinstance(after, str):
        return 1
    if before is None:
        return 1 if len(after) <= LONGEST_PIECE else MOST_GROWTH + 1
    found = before.get("String") if isinstance(before, dict) else before
    return max(1.0, len(after) / len(found)) if isinstance(found, str) and found else 1 + len(after)


def _patterns(part: Any) -> Iterator[str]:
    """The regular expressions anywhere in something."""
    if isinstance(part, dict):
        if isinstance(pattern := part.get("Regex"), str):
            yield pattern
        part = list(part.values())
    if isinstance(part, list):
        yield from chain.from_iterable(map(_patterns, part))


def _may_not_end(pattern: str) -> bool:
    """Whether a pattern repeats what has repetitions or choices in it, or what it has found before, or is very long."""
    if len(pattern) > LONGEST_PATTERN:
        return True
    signs = list(_SIGN.finditer(pattern))
    opened = [False]
    before = ""
    for sign, after in zip(signs, [*signs[1:], None], strict=True):
        if sign["again"] or sign[0] == "(?R":
            return True
        if sign[0] == ")" and len(opened) > 1:
            varies = opened.pop()
            if varies and after and after[0] in "+*{":
                return True
            opened[-1] |= varies
        elif sign[0] == "(":
            opened.append(False)
        elif sign[0] in "+*{|" or (sign[0] == "?" and before != "("):
            opened[-1] = True
        before = sign[0]
    return False
