"""Vocabularies of the `sentencepiece` library: T5's spiece.model and Llama's tokenizer.model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _, cause
from .byte_pieces import marked_byte
from .stated import Added, StatedTokens
from .tokenizer import Encoded, Tokenizer

T5_EXTRA_IDS = 100
"""how many sentinels a T5 has, unless it says so itself"""


def read_processor(path: Path) -> Any:
    """The library's processor for a model file.

    Raises:
        InputError: the file is none.
    """
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(path.read_bytes())
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except RuntimeError as error:
        raise InputError(_("{path}: is no SentencePiece model").format(path=path)) from error
    return processor


def cut(processor: Any, text: str) -> list[str]:
    """The pieces of a text; where the model has none, a part of the text itself, normalised."""
    return [str(piece) for piece in processor.encode(text, out_type=str)]


class SentencePieceTokenizer(Tokenizer):
    """A SentencePiece model, the tokens ``added`` to it, and the ids that go before and after a text."""

    def __init__(
        self, processor: Any, added: Mapping[str, Added], before: Sequence[int] = (), after: Sequence[int] = ()
    ) -> None:
        self._processor = processor
        self._size = int(processor.get_piece_size())
        self.unknown_id = int(processor.unk_id())
        self._added = {name: token for name, token in added.items() if token.id >= self._size}
        self._names = {token.id: name for name, token in self._added.items()}
        self._before, self._after = list(before), list(after)

    def __len__(self) -> int:
        return max(self._size, *(i + 1 for i in self._names), 0)

    def encode(self, text: str) -> Encoded:
        ids, unknown = [*self._before], []
        for part in split_at(self._added, text):
            if part in self._added:
                ids.append(self._added[part].id)
                continue
            pieces = zip(self._processor.encode(part, out_type=int), cut(self._processor, part), strict=True)
            for i, piece in pieces:
                ids.append(int(i))
                if self._processor.is_unknown(i):
                    unknown.append(piece)
        return self._encoded([*ids, *self._after], unknown)

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self._decoded(ids))

    def _decoded(self, ids: Sequence[int]) -> Iterator[str]:
        known: list[int] = []
        for i in ids:
            if i < self._size:
                known.append(int(i))
            elif i in self._names and not self._added[self._names[i]].special:
                yield str(self._processor.decode(known))
                yield self._names[i]
                known = []
        yield str(self._processor.decode(known))

    def _piece(self, token: int) -> str | None:
        if token >= self._size:
            return self._names.get(token)
        return marked_byte(str(self._processor.id_to_piece(token)))


def split_at(tokens: Mapping[str, Any], text: str) -> list[str]:
    """A text cut before and after every one of some tokens that occurs in it."""
    if not tokens:
        return [text]
    longest_first = sorted(map(re.escape, tokens), key=len, reverse=True)
    return [part for part in re.split(f"({'|'.join(longest_first)})", text) if part]


def read_t5(path: Path, stated: StatedTokens) -> Tokenizer:
    """T5's vocabulary: sentinels ``<extra_id_0>`` … counted down from its end, and eos after every text."""
    processor = read_processor(path)
    count = stated.count("extra_ids", T5_EXTRA_IDS)
    last = processor.get_piece_size() + count - 1
    sentinels = {f"<extra_id_{i}>": Added(last - i, special=True) for i in range(count)}
    return SentencePieceTokenizer(processor, {**sentinels, **stated.added}, after=[processor.eos_id()])


def read_llama(path: Path, stated: StatedTokens) -> Tokenizer:
    """Llama's vocabulary: bos before every text, and eos after it, unless the directory says otherwise."""
    processor = read_processor(path)
    before = [processor.bos_id()] if stated.flag("add_bos_token") is not False else []
    after = [processor.eos_id()] if stated.flag("add_eos_token") else []
    return SentencePieceTokenizer(processor, stated.added, before, after)
