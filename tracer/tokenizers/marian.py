"""Marian's vocabularies: SentencePiece cuts the text, and vocab.json, which both sides may share, numbers pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..checkpoints.json_file import read_json
from ..errors import InputError
from ..i18n import _
from .sentence_pieces import cut, read_processor, split_at
from .stated import StatedTokens
from .tokenizer import Encoded, Tokenizer

LANGUAGE = re.compile(r"\s*(>>[^<>]+<<)")
"""Before a text: the language that a multilingual model is to translate it into."""


class MarianTokenizer(Tokenizer):
    """One side's pieces; eos follows every text."""

    unknown_id: int

    def __init__(self, processor: Any, vocabulary: dict[str, int], stated: StatedTokens) -> None:
        self._processor = processor
        self._numbers = vocabulary
        self._names = {i: piece for piece, i in vocabulary.items()}
        unknown, eos, pad = (
            stated.token(role, usual) or usual
            for role, usual in (("unk_token", "<unk>"), ("eos_token", "</s>"), ("pad_token", "<pad>"))
        )
        self.unknown_id, self._eos = vocabulary[unknown], vocabulary[eos]
        self._special = {token: vocabulary[token] for token in (unknown, eos, pad) if token in vocabulary}

    def __len__(self) -> int:
        return max(self._names) + 1

    def encode(self, text: str) -> Encoded:
        pieces = []
        if language := LANGUAGE.match(text):
            pieces.append(language[1])
            text = text[language.end() :]
        for part in split_at(self._special, text):
            pieces.extend([part] if part in self._special else cut(self._processor, part))
        ids = [self._numbers.get(piece, self.unknown_id) for piece in pieces]
        unknown = [piece for piece, i in zip(pieces, ids, strict=True) if i == self.unknown_id]
        return self._encoded([*ids, self._eos], unknown)

    def decode(self, ids: Sequence[int]) -> str:
        special = set(self._special.values())
        pieces = [self._names[i] for i in ids if i in self._names and i not in special]
        return str(self._processor.decode_pieces(pieces)).replace("▁", " ").strip()

    def _piece(self, token: int) -> str | None:
        return self._names.get(token)


def read_marian(model: Path, vocabulary: Path, stated: StatedTokens) -> Tokenizer:
    """One side of a Marian directory.

    Raises:
        InputError: a file can't be read, or the vocabulary has no unknown token or no end token.
    """
    numbers = read_json(vocabulary)
    if not all(type(i) is int and 0 <= i < 1 << 24 for i in numbers.values()):
        raise InputError(_("{path}: expected a vocabulary, from pieces to ids").format(path=vocabulary))
    try:
        return MarianTokenizer(read_processor(model), numbers, stated)
    except KeyError as error:
        raise InputError(_("{path}: has no token {token}").format(path=vocabulary, token=error.args[0])) from None
