"""What every tokenizer is to the rest of the house."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, overload

from ..pieces import Ids, with_parts


class Encoded(NamedTuple):
    """A text as ids and pieces; ``unknown`` are the parts of it that the vocabulary does not have, each once.

    The pieces are those of the vocabulary; those of ``ids`` say which of these parts they stand for.
    """

    ids: Ids
    pieces: list[str]
    unknown: list[str]


class Tokenizer(ABC):
    """A vocabulary, and the way from text to its ids and back. Pieces are shown as text, a blank in them as ``▁``."""

    unknown_id: int | None = None
    """What stands for a part of a text that the vocabulary does not have."""

    @abstractmethod
    def encode(self, text: str) -> Encoded:
        """Ids and pieces of a text, with the tokens before and after it that the vocabulary asks for."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The text that ids stand for, special tokens left out."""

    @abstractmethod
    def __len__(self) -> int:
        """One more than the highest id."""

    @abstractmethod
    def _piece(self, token: int) -> str | None:
        """The piece of an id below the length, if there is one."""

    def piece(self, token: int) -> str:
        """The piece of an id; of one that the vocabulary does not have, as in a padded embedding, its number."""
        return (token < len(self) and self._piece(token)) or f"<id {token}>"

    def beyond(self, size: int) -> Iterator[str]:
        """The pieces of the ids from ``size`` on."""
        return (piece for i in range(size, len(self)) if (piece := self._piece(i)))

    @cached_property
    def pieces(self) -> Pieces:
        """Every piece, by id."""
        return Pieces(self)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in reversed(list(enumerate(self.pieces)))}

    def id_of(self, piece: str) -> int | None:
        """The id of a piece, given exactly or without its leading blank."""
        return next((self._ids[p] for p in (piece, f"▁{piece}") if p in self._ids), None)

    def _encoded(self, ids: list[int], unknown: Sequence[str]) -> Encoded:
        """``unknown`` are the parts of the text at the places of the unknown token, in order."""
        parts, pieces = [part.lstrip("▁ ") for part in unknown], [self.piece(i) for i in ids]
        token = None if self.unknown_id is None else self.piece(self.unknown_id)
        is_told = token is not None and pieces.count(token) == len(parts)
        told = dict.fromkeys(part for part in parts if part not in ("", token))
        return Encoded(Ids(ids, with_parts(pieces, token, parts) if is_told else pieces), pieces, list(told))


class Pieces(Sequence[str]):
    """The pieces of a vocabulary by id, worked out when looked at; ``size`` may exceed what the tokenizer has."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.size = len(tokenizer)

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        ids = range(self.size)[index]
        return self._tokenizer.piece(ids) if isinstance(ids, int) else tuple(map(self._tokenizer.piece, ids))

    def __iter__(self) -> Iterator[str]:
        return map(self._tokenizer.piece, range(self.size))
