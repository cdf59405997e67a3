"""The vocabularies of a model as they are kept with a trace: their pieces, in one tensor of bytes each."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import overload

from ..card import Card
from ..errors import InputError
from ..fields import is_of
from ..i18n import _
from ..models.text import SIDES, Side
from ..trace_file import TraceFile


def vocabularies(card: Card) -> tuple[dict[Side, str | None], dict[str, bytes]]:
    """The name of the vocabulary of each side, where pieces are known, and what each is written as, once."""
    names: dict[Side, str | None] = {}
    written: dict[str, bytes] = {}
    for side in SIDES:
        data = None if card.words[side] is None else json.dumps(list(map(str, card.pieces(side)))).encode()
        name = next((name for name, other in written.items() if other == data), f"vocabulary.{side}")
        names[side] = None if data is None else name
        if data is not None:
            written[name] = data
    return names, written


class KeptWords(Sequence[str]):
    """The pieces of a vocabulary by id, read when somebody looks."""

    def __init__(self, file: TraceFile, name: str, size: int, read: Callable[[], bytes]) -> None:
        self._file, self._name, self._size, self._read = file, name, size, read

    @cached_property
    def _pieces(self) -> Sequence[str]:
        try:
            pieces = json.loads(self._read())
            "".join(pieces).encode()
        except (ValueError, TypeError, RecursionError):
            pieces = None
        if not is_of(pieces, list[str]) or len(pieces) != self._size:
            raise self._refused()
        return tuple(pieces)

    def _refused(self) -> InputError:
        told = _("{name} is no list of {n} pieces").format(name=self._name, n=self._size)
        return self._file.refused(told)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in reversed(list(enumerate(self._pieces)))}

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._pieces[index]

    def piece(self, token: int) -> str:
        """The piece of an id."""
        return self._pieces[token]

    def id_of(self, piece: str) -> int | None:
        """The id of a piece, given exactly or without its leading blank."""
        return next((self._ids[p] for p in (piece, f"▁{piece}") if p in self._ids), None)

    def decode(self, ids: Sequence[int]) -> str:
        """The pieces of ids as one text, as far as pieces alone say what that is."""
        return "".join(map(self.piece, ids)).replace("▁", " ").strip()
