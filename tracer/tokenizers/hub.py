"""Vocabularies of the `tokenizers` library: tokenizer.json, or vocab.json with merges.txt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors

from ..errors import InputError
from ..i18n import _, cause
from .byte_pieces import marked_byte, text_of_bytes
from .stated import StatedTokens
from .tokenizer import Encoded, Tokenizer

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What Qwen's vocabulary takes for a word (transformers: Qwen2Tokenizer)."""

USUAL_SPECIAL = ("<|endoftext|>", "<s>", "<pad>", "</s>", "<unk>", "<mask>")
ENCLOSED = {"BartTokenizer", "RobertaTokenizer", "LEDTokenizer", "bart", "roberta", "led"}
"""Whose texts are between bos and eos, by the class of the tokenizer or the type of the model."""


class HubTokenizer(Tokenizer):
    """A tokenizer of the library; ``begin`` and ``end`` say whether bos and eos enclose a text, else the file does."""

    def __init__(self, inner: tokenizers.Tokenizer, stated: StatedTokens) -> None:
        self._inner = inner
        self.unknown_id = inner.token_to_id(getattr(inner.model, "unk_token", None) or "<unk>")
        self._added = frozenset(inner.get_added_tokens_decoder())
        self._shown = text_of_bytes if _is_byte_level(inner) else marked_byte
        self._begin, self._end = stated.flag("add_bos_token"), stated.flag("add_eos_token")
        self._bos, self._eos = (inner.token_to_id(stated.token(role) or "") for role in ("bos_token", "eos_token"))

    def __len__(self) -> int:
        return max(int(self._inner.get_vocab_size()), *(i + 1 for i in self._added), 0)

    def encode(self, text: str) -> Encoded:
        encoding = self._inner.encode(text)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        unknown = [text[start:stop] for i, (start, stop) in spans if i == self.unknown_id]
        return self._encoded(self._enclosed(encoding.ids), unknown)

    def _enclosed(self, ids: list[int]) -> list[int]:
        """With bos and eos where the directory says so, and without where it says that."""
        before = [self._bos] if self._begin is not None and self._bos is not None else []
        after = [self._eos] if self._end is not None and self._eos is not None else []
        if before and ids[:1] == before:
            ids = ids[1:]
        if after and ids[-1:] == after:
            ids = ids[:-1]
        return [*(before if self._begin else ()), *ids, *(after if self._end else ())]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._inner.decode(list(ids)))

    def _piece(self, token: int) -> str | None:
        piece = self._inner.id_to_token(token)
        return piece if piece is None or token in self._added else self._shown(piece)


def read_tokenizer_json(path: Path, stated: StatedTokens) -> Tokenizer:
    """A `tokenizer.json`.

    Raises:
        InputError: the file is none.
    """
    try:
        inner = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises Exception itself
        raise InputError(_("{path}: is no tokenizer.json ({error})").format(path=path, error=cause(error))) from error
    return HubTokenizer(inner, stated)


def read_byte_pairs(vocabulary: Path, merges: Path, stated: StatedTokens) -> Tokenizer:
    """GPT-2's kind of vocabulary: byte-level pairs, in two files.

    Raises:
        InputError: one of the files can't be read.
    """
    try:
        inner = tokenizers.Tokenizer(models.BPE.from_file(str(vocabulary), str(merges)))
    except Exception as error:  # the library raises Exception itself
        raise InputError(
            _("{path}: is no vocabulary of byte pairs, with merges.txt beside it ({error})").format(
                path=vocabulary, error=cause(error)
            )
        ) from error
    _split_words(inner, stated)
    inner.decoder = decoders.ByteLevel()
    added = stated.added
    _add_special(inner, (*USUAL_SPECIAL, *stated.special, *added), known=added)
    if stated.kinds & ENCLOSED:
        inner.post_processor = processors.BertProcessing(
            _end(inner, stated, "eos", "</s>"), _end(inner, stated, "bos", "<s>")
        )
    return HubTokenizer(inner, stated)


def _end(inner: tokenizers.Tokenizer, stated: StatedTokens, role: str, usual: str) -> tuple[str, int]:
    token = stated.token(f"{role}_token") or usual
    return token, inner.token_to_id(token) or 0


def _split_words(inner: tokenizers.Tokenizer, stated: StatedTokens) -> None:
    if "Qwen2Tokenizer" in stated.kinds:
        inner.normalizer = normalizers.NFC()
        words = pre_tokenizers.Split(Regex(QWEN_WORDS), "isolated")
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        inner.pre_tokenizer = pre_tokenizers.Sequence([words, byte_level])
    else:
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(stated.flag("add_prefix_space")))


def _add_special(inner: tokenizers.Tokenizer, tokens: Iterable[str], known: Iterable[str]) -> None:
    """Have tokens found whole in a text, if they have ids."""
    inner.add_special_tokens([t for t in dict.fromkeys(tokens) if t in known or inner.token_to_id(t) is not None])


def _is_byte_level(inner: tokenizers.Tokenizer) -> bool:
    """Whether the pieces are written in GPT-2's alphabet of bytes, which its decoder undoes."""
    if inner.decoder is None:
        return False
    state: dict[str, Any] = json.loads(inner.decoder.__getstate__())
    return "ByteLevel" in {step["type"] for step in (state, *state.get("decoders", ()))}
