"""Pieces of text as they label places, and the texts that each of them goes by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Unknown(str):
    """The unknown token where it stands for a part of a text that the vocabulary does not have: ``<unk 龘>``."""

    __slots__ = ("part", "token")

    part: str
    token: str

    def __new__(cls, token: str, part: str) -> Unknown:
        """From ``<unk>`` and ``龘``."""
        is_bracketed = not token[-1:].isalnum()
        piece = super().__new__(cls, f"{token[:-1]} {part}{token[-1]}" if is_bracketed else f"{token} {part}")
        piece.token, piece.part = token, part
        return piece


class Ids(list[int]):
    """The ids of a text, and the pieces that it was cut into; of a chat, also whose part each of them is of."""

    def __init__(self, ids: Iterable[int], pieces: Sequence[str], roles: Sequence[str] = ()) -> None:
        super().__init__(ids)
        self.pieces = list(pieces)
        self.roles = tuple(roles)


def token_of(piece: str) -> str:
    """The piece that the vocabulary has."""
    return piece.token if isinstance(piece, Unknown) else piece


def goes_by(piece: str, text: str) -> bool:
    """Whether a piece goes by a text: exactly, or without its leading blank; an unknown one also by what it is of."""
    return text in (piece, piece.lstrip(" ▁")) or (isinstance(piece, Unknown) and text in (piece.token, piece.part))


def with_parts(pieces: Sequence[str], unknown: str | None, parts: Iterable[str]) -> list[str]:
    """Pieces with each unknown one standing for the next of the parts of a text that the vocabulary does not have."""
    following = iter(parts)
    return [_standing_for(piece, next(following, "")) if piece == unknown else piece for piece in pieces]


def _standing_for(piece: str, part: str) -> str:
    return Unknown(piece, part) if part not in ("", piece) else piece
