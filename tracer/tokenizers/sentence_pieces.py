"""SentencePiece's model files, read as they are: a message of protocol buffers (sentencepiece_model.proto)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..checkpoints.regular import read_bounded
from ..errors import InputError
from ..i18n import _, cause
from ..namedtuple import NamedTuple

NORMAL, CONTROL, USER_DEFINED = 1, 3, 4
UNIGRAM = 1
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Piece(NamedTuple):
    """A piece, its score, and what sort it is of."""

    text: str
    score: float
    sort: int

    @property
    def is_control(self) -> bool:
        """Whether it stands for no text, as ``<s>``."""
        return self.sort == CONTROL

    @property
    def is_whole(self) -> bool:
        """Whether it is never a part of another."""
        return self.sort in (CONTROL, USER_DEFINED)


class Model(NamedTuple):
    """What a model file holds, as far as it says how a text is cut."""

    pieces: tuple[Piece, ...]
    is_unigram: bool
    byte_fallback: bool
    unknown: int
    named: dict[str, str]
    """the tokens that have a role, where they have an id"""
    charsmap: bytes | None
    dummy_prefix: bool
    remove_extra: bool
    escape: bool


def read_model(path: Path) -> Model:
    """A model file.

    Raises:
        InputError: the file is none.
    """
    try:
        data = read_bounded(path)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    try:
        model = _model(data)
    except (ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise InputError(_("{path}: is no SentencePiece model").format(path=path)) from error
    if not model.pieces:
        raise InputError(_("{path}: is no SentencePiece model").format(path=path))
    return model


def _model(data: bytes) -> Model:
    pieces: list[Piece] = []
    trainer: dict[int, Any] = {}
    normalizer: dict[int, Any] = {}
    for number, value in fields(data):
        if number == 1:
            pieces.append(_piece(dict(fields(value))))
        elif number == 2:
            trainer |= dict(fields(value))
        elif number == 3:
            normalizer |= dict(fields(value))
    roles = (("unk_token", 40, 0, 45, "<unk>"), ("bos_token", 41, 1, 46, "<s>"), ("eos_token", 42, 2, 47, "</s>"))
    return Model(
        tuple(pieces),
        trainer.get(3, UNIGRAM) == UNIGRAM,
        bool(trainer.get(35, 0)),
        _signed(trainer.get(40, 0)),
        {
            role: trainer.get(name, b"").decode() or default
            for role, number, first, name, default in roles
            if _signed(trainer.get(number, first)) >= 0
        },
        normalizer.get(2) or None,
        *(bool(normalizer.get(number, 1)) for number in (3, 4, 5)),
    )


def _piece(stated: dict[int, Any]) -> Piece:
    score = struct.unpack("<f", stated[2])[0] if 2 in stated else 0.0
    return Piece(stated.get(1, b"").decode(), score, stated.get(3, NORMAL))


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message, each with its number: an integer, or the bytes it takes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size, at = _varint(data, at) if kind == BYTES else ({FIXED32: 4, FIXED64: 8}[kind], at)
        if at + size > len(data):
            raise ValueError(at)
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer at a place, and the place after it; most are one byte, and there are many."""
    if data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(at)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
