"""A thin face over the tokenizer libraries: text to ids and back, and the piece an id stands for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import tokenizers

from .errors import InputError
from .i18n import _


class Encoded(NamedTuple):
    """A text as ids and pieces; ``unknown`` are the parts of it that the vocabulary does not have."""

    ids: list[int]
    pieces: list[str]
    unknown: list[str]


class Tokenizer:
    """A `tokenizer.json`, with the id of its unknown token if it has one."""

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises Exception itself
            raise InputError(_("{path}: is no tokenizer.json ({error})").format(path=path, error=error)) from error
        self._unknown = self._tokenizer.token_to_id("<unk>")

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Every piece, by id."""
        return tuple(self._tokenizer.id_to_token(i) or f"<{i}>" for i in range(self._tokenizer.get_vocab_size()))

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> Encoded:
        """Ids and pieces of a text, with the end token where the vocabulary appends one."""
        encoding = self._tokenizer.encode(text)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        unknown = [text[start:stop] for i, (start, stop) in spans if i == self._unknown]
        return Encoded(encoding.ids, [self.piece(i) for i in encoding.ids], list(dict.fromkeys(unknown)))

    def decode(self, ids: Sequence[int]) -> str:
        """The text that ids stand for, special tokens left out."""
        return str(self._tokenizer.decode(list(ids)))

    def piece(self, token: int) -> str:
        """The piece of an id, a leading blank written ``▁``."""
        return self.pieces[token]

    def id_of(self, piece: str) -> int | None:
        """The id of a piece, given exactly or without its leading blank."""
        for candidate in (piece, f"▁{piece}"):
            found = self._tokenizer.token_to_id(candidate)
            if found is not None:
                return int(found)
        return None
