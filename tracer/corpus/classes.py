"""Classes of tokens, by what a piece looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from ..i18n import N_, Message

CLASSES: Mapping[str, Message] = {
    "special": N_("start, end and the like"),
    "unknown": N_("unknown"),
    "punctuation": N_("punctuation"),
    "number": N_("numbers"),
    "ideograph": N_("Chinese characters"),
    "word": N_("begins a word"),
    "part": N_("goes on with a word"),
}
_BLANKS = "▁Ġ "
_UNKNOWN = re.compile(r"(?i)[<\[]unk(?: .*)?[>\]]", re.DOTALL)
_SPECIAL = re.compile(r"<[^<>\s]+>|\[[A-Z]+\]|<\|[^|]*\|>")


def class_of(piece: str) -> str:
    """The class of a piece, one of `CLASSES`."""
    text = piece.strip(_BLANKS)
    if _UNKNOWN.fullmatch(piece):
        return "unknown"
    if _SPECIAL.fullmatch(piece):
        return "special"
    kinds = {unicodedata.category(character)[0] for character in text}
    if kinds and kinds <= {"P", "S"}:
        return "punctuation"
    if kinds and kinds <= {"N"}:
        return "number"
    if text and all(unicodedata.name(character, "").startswith("CJK UNIFIED") for character in text):
        return "ideograph"
    return "word" if text != piece else "part"
