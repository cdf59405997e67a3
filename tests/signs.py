"""Signs that a terminal obeys, and texts and tokenizers that are full of them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

SIGNS = "\x1b]52;c;eA==\x07\x08\x7f\x9b31m\x9d0;\u202e\u2066"
"""Of OSC, C0, DEL, C1 and the directions of text: what a terminal obeys, or lets a text look like another."""
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
STYLE = re.compile(r"\x1b\[[\d;]*m")
"""What rich writes for a colour."""


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def obeyed(text: str) -> list[str]:
    """The instructions to a terminal in a text, but for colours."""
    return OBEYED.findall(STYLE.sub("", text))


def hostile(file: Path) -> None:
    """Let most pieces of a tokenizer be full of such signs."""
    stated = json.loads(file.read_text())
    model = stated["model"]
    vocab = model["vocab"]
    if isinstance(vocab, dict):
        model["vocab"] = {_marked(piece, i): i for piece, i in vocab.items()}
    else:
        model["vocab"] = [[_marked(piece, i), score] for i, (piece, score) in enumerate(vocab)]
    model |= {"merges": []} if "merges" in model else {}
    file.write_text(json.dumps(stated))


def _marked(piece: str, i: int) -> str:
    return piece if piece.startswith("<") or i % 3 == 0 else piece + SIGNS
