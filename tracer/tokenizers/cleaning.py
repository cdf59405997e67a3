"""Blanks that nobody writes, taken out of an output (transformers: clean_up_tokenization)."""

from __future__ import annotations

JOINED = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")


def cleaned(text: str) -> str:
    """A text without the blanks around what English joins."""
    for part in JOINED:
        text = text.replace(part, part.strip())
    return text
