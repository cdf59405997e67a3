"""Vocabularies of bytes by rank, as tiktoken has them (transformers: TikTokenConverter).

A file has a line for each piece: its bytes in base64, and its rank. How a text is cut into words is nowhere in it:
Llama 3's way is taken, as transformers does, or Qwen's for a file that is named so.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

from ..checkpoints.regular import read_bounded
from ..errors import InputError
from ..i18n import _, cause
from .byte_level import END_OF_TEXT, LLAMA3_WORDS, QWEN_WORDS
from .byte_pieces import ALPHABET
from .kind import Kind
from .stated import StatedTokens
from .vocabulary import Merges, Vocabulary

LINE = re.compile(rb"([A-Za-z0-9+/]+={0,2}) (\d{1,8})\s*")
ENOUGH = 4096
"""bytes that the first line fits in"""
LONGEST = 1024
"""bytes of a piece; every way to cut it in two is looked at"""
QWEN_TOKENS = (END_OF_TEXT, "<|im_start|>", "<|im_end|>", *(f"<|extra_{i}|>" for i in range(205)))
"""The tokens of Qwen's that are beyond the pieces, most of them for nothing yet."""
RESERVED = "<|reserved_token_{id}|>"
WRITTEN = {byte: character for character, byte in ALPHABET.items()}


def is_ranked(path: Path) -> bool:
    """Whether a file begins as these do."""
    try:
        with path.open("rb") as file:
            return LINE.fullmatch(file.readline(ENOUGH)) is not None
    except OSError:
        return False


def read_ranks(path: Path) -> Vocabulary:
    """Such a file.

    Raises:
        InputError: a line is none, or two pieces or ranks are the same.
    """
    try:
        lines = read_bounded(path).splitlines()
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    pieces = dict(_pieces(path, lines))
    if len({*pieces.values()}) < len(pieces) or len(pieces) < sum(map(bool, lines)):
        raise InputError(_("{path}: a piece or a rank occurs twice").format(path=path))
    return Vocabulary(path, {written(piece): rank for piece, rank in pieces.items()})


def _pieces(path: Path, lines: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    for number, line in enumerate(lines, 1):
        found = LINE.fullmatch(line)
        if line and (found is None or len(found[1]) > LONGEST or len(found[1]) % 4):
            what = _("{path}: line {n} is no piece in base64 and its rank")
            raise InputError(what.format(path=path, n=number))
        if found:
            yield base64.b64decode(found[1]), int(found[2])


def written(piece: bytes) -> str:
    """The bytes of a piece in GPT-2's alphabet."""
    return "".join(WRITTEN[byte] for byte in piece)


def by_rank(numbers: Mapping[str, int], merges: Merges, words: str) -> tokenizers.Tokenizer:
    """Words apart as a pattern has them, and in each the pairs of the lowest rank merged first."""
    inner = tokenizers.Tokenizer(models.BPE(dict(numbers), merges, fuse_unk=False, ignore_merges=True))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(words), "isolated"), byte_level])
    inner.decoder = decoders.ByteLevel()
    return inner


def _build(vocabulary: Vocabulary, stated: StatedTokens, words: str) -> tokenizers.Tokenizer:
    """What is beyond the pieces is special whatever is stated of it later, so that it is no text."""
    inner = by_rank(vocabulary.ids, vocabulary.pairs, words)
    beyond = [str(token) for i, token in sorted(stated.added.items()) if i >= _size(vocabulary)]
    inner.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in beyond])
    return inner


def _qwen(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    inner = _build(vocabulary, stated, QWEN_WORDS)
    inner.normalizer = normalizers.NFC()
    return inner


def _added(vocabulary: Vocabulary, stated: StatedTokens) -> Mapping[int, AddedToken]:
    """The tokens stated beside the pieces, and one in place of each id among them that has none."""
    last = max(stated.added, default=0)
    reserved = {
        i: AddedToken(RESERVED.format(id=i), normalized=False, special=True) for i in range(_size(vocabulary), last)
    }
    return {**reserved, **stated.added}


def _size(vocabulary: Vocabulary) -> int:
    return max(vocabulary.ids.values(), default=-1) + 1


def ranked(kind: Kind) -> Kind:
    """A class that has such a file for its vocabulary: it cuts as any would, and has its own special tokens."""
    return QWEN if kind is QWEN else replace(kind, build=partial(_build, words=LLAMA3_WORDS), added=_added)


QWEN = Kind("QWenTokenizer", _qwen, extra=lambda _vocabulary, _stated: QWEN_TOKENS)
