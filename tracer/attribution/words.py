"""Words out of the pieces that a vocabulary has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from ..pieces import Unknown

BLANKS = (" ", "▁")
"""What a piece at the beginning of a word begins with."""
WITHIN = "'’-‐"
"""Signs that may stand within a word."""
SPOKEN = "%‰&@#§"
"""Signs that stand for words."""

_SPECIAL = re.compile(r"<(?!unk)[^<>\s]+>|>>\w+<<|\[(?:CLS|SEP|PAD|BOS|EOS)\]|__\w+__")
_BYTES = re.compile(r"(?:\\x[0-9a-f]{2})+")
_WHOLE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Characters of scripts that put no blank between words."""


class Word(NamedTuple):
    """A word, and the places of its pieces."""

    text: str
    places: range

    @property
    def is_spaced(self) -> bool:
        """Whether a blank stands between it and others."""
        return not _WHOLE.match(self.text)

    @property
    def is_punctuation(self) -> bool:
        """Whether it is made of marks alone."""
        return all(sign not in SPOKEN and unicodedata.category(sign)[0] == "P" for sign in self.text or " ")


def words(pieces: Sequence[str], apart: Collection[str] = (), after: int = 0) -> list[Word]:
    """The words of a text, without special tokens at its beginning and its end, to which those ``apart`` belong too.

    No word begins before the place ``after``.

    A blank begins a word, and so does a character of Chinese or Japanese: there, a word is what the vocabulary has.
    Where no piece has a blank, every one is a word.
    """
    first = after + _specials(pieces[after:], apart)
    last = len(pieces) - _specials(pieces[first:][::-1], apart)
    starts = [*_starts(pieces, first, last), last]
    return [Word(_text(pieces[start:stop]), range(start, stop)) for start, stop in pairwise(starts)]


def _specials(pieces: Sequence[str], apart: Collection[str]) -> int:
    """How many special tokens there are before the first other one."""
    return sum(1 for _piece in takewhile(lambda piece: _is_special(piece, apart), pieces))


def _is_special(piece: str, apart: Collection[str]) -> bool:
    return not isinstance(piece, Unknown) and (piece in apart or _SPECIAL.fullmatch(piece) is not None)


def _starts(pieces: Sequence[str], first: int, last: int) -> Iterator[int]:
    """The places at which words begin."""
    has_blanks = any(piece.startswith(BLANKS) for piece in pieces)
    for place in range(first, last):
        if place == first or _begins(pieces[place], pieces[place - 1], has_blanks=has_blanks):
            yield place


def _begins(piece: str, before: str, *, has_blanks: bool) -> bool:
    """Whether a piece begins a word, after another one."""
    if piece.startswith(BLANKS):
        return True
    if not before.strip("▁ ") or (_BYTES.match(piece) and _BYTES.match(before)):
        return False
    if not has_blanks or isinstance(piece, Unknown) or _WHOLE.match(piece) or _WHOLE.match(before[-1:]):
        return True
    return _is_mark(piece[:1]) != _is_mark(before[-1:])


def _is_mark(sign: str) -> bool:
    """Whether a sign stands beside words and not in them."""
    return not sign.isalnum() and sign not in WITHIN and sign != "\\"


def _text(pieces: Sequence[str]) -> str:
    joined = "".join(piece.part if isinstance(piece, Unknown) else piece for piece in pieces)
    return _BYTES.sub(_character, joined).replace("▁", " ").strip()


def _character(escaped: re.Match[str]) -> str:
    """The characters of some bytes, where they are whole."""
    return bytes.fromhex(escaped[0].replace("\\x", "")).decode("utf-8", "backslashreplace")
