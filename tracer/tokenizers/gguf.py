"""Tokenizers out of the metadata of a GGUF file: SentencePiece's kinds, with scores, and byte pairs, with merges.

What llama.cpp takes for a word, and what it does where nothing is stated: its llama-vocab.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

from ..decisions import TOKENIZER, Decisions
from ..errors import InputError
from ..i18n import N_, _
from .backend import BACKEND
from .byte_level import LLAMA3_WORDS, QWEN_WORDS
from .hub import HubTokenizer
from .kind import Around
from .library import refusing
from .sentence_pieces import CONTROL, NORMAL, USER_DEFINED, Model, Piece
from .stated import StatedTokens
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .directory import Pair

KEYS = "tokenizer.ggml."
PIECES, UNIGRAM, BYTE_PAIRS = "llama", "t5", "gpt2"
"""What llama.cpp calls the kinds: SentencePiece's byte pairs, its Unigram, and GPT-2's byte pairs."""
BYTE = 6
IN_ROLES = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
"""What transformers and llama.cpp call special tokens by what they are for."""

GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
MARKED_WORDS = QWEN_WORDS.replace(r"\p{L}+", r"[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]", r"[^\s\p{L}\p{M}\p{N}]")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
ENDS = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SHORTENED = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
NO_LETTER = r"[^\r\n\p{L}\p{N}]?"
TEKKEN_WORDS = rf"{NO_LETTER}{UPPER}*{LOWER}+|{NO_LETTER}{UPPER}+{LOWER}*|\p{{N}}|{ENDS}"
GPT4O_WORDS = rf"{NO_LETTER}{UPPER}*{LOWER}+{SHORTENED}|{NO_LETTER}{UPPER}+{LOWER}*{SHORTENED}|\p{{N}}{{1,3}}|{ENDS}"
USUAL = (r"[\p{P}\$\+<=>\^~\|]+", GPT2_WORDS, r"\p{N}+", r"[0-9][0-9][0-9]")

WORDS: Mapping[str, Sequence[str]] = {
    "default": USUAL,
    **dict.fromkeys(("gpt-2", "phi-2", "olmo", "mpt", "gigachat", "exaone4", "jais", "trillion"), (GPT2_WORDS,)),
    **dict.fromkeys(
        ("llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "lfm2", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4"),
        (LLAMA3_WORDS,),
    ),
    **dict.fromkeys(
        ("qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "grok-2", "solar-open"), (QWEN_WORDS,)
    ),
    "qwen35": (MARKED_WORDS,),
    **dict.fromkeys(
        ("starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"),
        (r"\p{N}", GPT2_WORDS),
    ),
    "falcon": (r"[\p{P}\$\+<=>\^~\|`]+", GPT2_WORDS, r"[0-9][0-9][0-9]"),
    "tekken": (TEKKEN_WORDS,),
    **dict.fromkeys(("gpt-4o", "llama4"), (GPT4O_WORDS,)),
}
"""What is a word, one expression after the other, by what llama.cpp calls it."""
BEGINNING = ("llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "lfm2", "tekken")
"""Those whose texts begin with a token, unless that is denied; a word that is a piece is not cut."""
COMPOSED = ("qwen2", "qwen35", "deepseek-r1-qwen")
"""Those of which transformers composes the characters (NFC)."""


def read_gguf(path: Path, metadata: Mapping[str, Any], decisions: Decisions) -> Pair | None:
    """The tokenizer that the metadata of a file state, for both sides; None where they state none that is known.

    Raises:
        InputError: the vocabulary is broken.
    """
    kind = metadata.get(f"{KEYS}model")
    if kind in (None, "none", "no_vocab"):
        return None
    if kind not in (PIECES, UNIGRAM, BYTE_PAIRS):
        what = N_("its tokenizer, {kind}, is not known here")
        decisions.note(TOKENIZER, what.format(kind=repr(kind)[:40]))
        return None
    stated = Metadata(path, metadata, decisions)
    words = WORDS.get(stated.words)
    if kind == BYTE_PAIRS and words is None:
        what = N_("what its tokenizer takes for a word, {words}, is not known here")
        decisions.note(TOKENIZER, what.format(words=repr(stated.words)[:40]))
        return None
    with refusing(_("{path}: its tokenizer is broken").format(path=path)):
        inner = _byte_pairs(stated, words or ()) if kind == BYTE_PAIRS else _pieces(stated, kind == UNIGRAM)
        inner.add_tokens(stated.whole)
    tokenizer = HubTokenizer(inner, stated.around(kind))
    tokenizer.files = (path.name,)
    decisions.take(TOKENIZER, N_("read from {files}, as {kind} does").format(files=path.name, kind="llama.cpp"))
    return tokenizer, tokenizer


class Metadata(StatedTokens):
    """What metadata state of a tokenizer, in the way of a directory that states nothing."""

    def __init__(self, path: Path, metadata: Mapping[str, Any], decisions: Decisions) -> None:
        self.directory, self.path, self.model_type, self.decisions = path.parent, path, "", decisions
        self._config = self._map = self._values = {}
        self.added = {}
        self._metadata = metadata
        self.pieces = self._texts("tokens")
        if not self.pieces:
            raise self._wrong("tokens")

    def value(self, key: str, kind: type, default: Any = None) -> Any:
        """A value of a key, where it is of a kind; a default where it is not there."""
        value = self._metadata.get(f"{KEYS}{key}")
        if value is None:
            return default
        if type(value) is not kind:
            raise self._wrong(key)
        return value

    @property
    def words(self) -> str:
        """What llama.cpp calls what is taken for a word."""
        return str(self.value("pre", str, "default"))

    @property
    def scores(self) -> Sequence[float]:
        """The score of each piece."""
        return self._each("scores", 0.0)

    @property
    def sorts(self) -> Sequence[int]:
        """Of what sort each piece is; without that, normal ones."""
        return list(map(int, self._each("token_type", NORMAL)))

    @property
    def merges(self) -> list[tuple[str, str]]:
        """What is merged, in order."""
        return [_cut(merge) for merge in self._texts("merges")]

    @property
    def whole(self) -> list[AddedToken]:
        """The tokens that are never parts of others."""
        kinds = ((piece, sort) for piece, sort in zip(self.pieces, self.sorts, strict=True) if piece)
        return [
            AddedToken(piece, normalized=False, special=sort == CONTROL)
            for piece, sort in kinds
            if sort in (CONTROL, USER_DEFINED)
        ]

    def id(self, role: str) -> int | None:
        """The id of the token that has a role, if there is one."""
        number: int | None = self.value(f"{role}_token_id", int)
        if number is not None and not 0 <= number < len(self.pieces):
            raise self._wrong(f"{role}_token_id")
        return number

    @property
    def by_role(self) -> Mapping[str, str]:
        """The special tokens that are stated, as transformers calls what they are for."""
        ids = {role: self.id(theirs) for role, theirs in IN_ROLES.items()}
        return {role: self.pieces[number] for role, number in ids.items() if number is not None}

    def around(self, kind: str) -> Around:
        """The ids before a text and after it, as stated, or as is usual for the kind."""
        begins = kind == PIECES or (kind == BYTE_PAIRS and self.words in BEGINNING)
        return self._asked("bos", begins), self._asked("eos", kind == UNIGRAM)

    def _asked(self, role: str, usual: bool) -> list[int]:
        token = self.id(role)
        return [token] if token is not None and self.value(f"add_{role}_token", bool, usual) else []

    @property
    def charsmap(self) -> bytes | None:
        """SentencePiece's table of characters, if there is one."""
        found = self._metadata.get(f"{KEYS}precompiled_charsmap")
        return found.tobytes() if isinstance(found, np.ndarray) else None

    def _texts(self, key: str) -> list[str]:
        found = self.value(key, list, [])
        if not all(isinstance(text, str) for text in found):
            raise self._wrong(key)
        return list(found)

    def _each(self, key: str, usual: float) -> Sequence[float]:
        """A number for each piece."""
        found = self._metadata.get(f"{KEYS}{key}", [usual] * len(self.pieces))
        if not isinstance(found, list | np.ndarray) or len(found) != len(self.pieces):
            raise self._wrong(key)
        return list(map(float, found))

    def _wrong(self, key: str) -> InputError:
        told = _("{path}: {key} is broken")
        return InputError(told.format(path=self.path, key=f"{KEYS}{key}"))


def _cut(merge: str) -> tuple[str, str]:
    """What stands before and after the blank in a merge, the first sign of which is none."""
    left, _blank, right = merge[1:].partition(" ")
    return merge[:1] + left, right


def _pieces(stated: Metadata, is_unigram: bool) -> tokenizers.Tokenizer:
    """SentencePiece's kinds, by their settings; tokens that are never parts are found before the text is cut."""
    unknown = stated.id("unknown")
    sorts = [NORMAL if sort == NORMAL else CONTROL for sort in stated.sorts]
    pieces = tuple(map(Piece, stated.pieces, stated.scores, sorts))
    unknown = (2 if is_unigram else 0) if unknown is None else unknown
    charsmap = stated.charsmap if is_unigram else None
    named = {"unk_token": pieces[unknown].text} if unknown < len(pieces) else {}
    model = Model(
        pieces,
        is_unigram,
        byte_fallback=BYTE in stated.sorts,
        unknown=unknown,
        named=named,
        charsmap=charsmap,
        dummy_prefix=stated.value("add_space_prefix", bool, True),
        remove_extra=stated.value("remove_extra_whitespaces", bool, False),
        escape=True,
    )
    ordered = [(piece.text, piece.score) for piece in pieces]
    return BACKEND.build(Vocabulary(stated.path, ordered, charsmap=charsmap, model=model), stated)


def _byte_pairs(stated: Metadata, words: Sequence[str]) -> tokenizers.Tokenizer:
    """GPT-2's kind: words cut one way after the other, their bytes merged."""
    ids = {piece: i for i, piece in enumerate(stated.pieces)}
    inner = tokenizers.Tokenizer(models.BPE(ids, stated.merges, ignore_merges=stated.words in BEGINNING))
    if stated.words in COMPOSED:
        inner.normalizer = normalizers.NFC()
    prefix = stated.value("add_space_prefix", bool, False)
    steps = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in words]
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [*steps, pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)]
    )
    inner.decoder = decoders.ByteLevel()
    return inner
