"""SentencePiece's vocabularies, a blank written as ``▁``: Llama's, T5's and XLM-R's ways to cut a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from .kind import Kind, usual_extra
from .library import normalizer_of
from .stated import StatedTokens, Token
from .vocabulary import Vocabulary

BLANK = "▁"
T5_EXTRA_IDS = 100
"""how many sentinels a T5 has, unless it says so itself"""
FAIRSEQ_UNKNOWN = 3
FAIRSEQ_FILES = ("sentencepiece.bpe.model",)
ENDS: dict[str, Token] = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
FAIRSEQ: dict[str, Token] = ENDS | {
    "sep_token": "</s>",
    "cls_token": "<s>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def unigram(vocabulary: Vocabulary, unknown: int) -> tokenizers.Tokenizer:
    """The likeliest pieces, with no normaliser yet; words apart, each with a blank before it."""
    inner = tokenizers.Tokenizer(models.Unigram(vocabulary.scores, unknown, byte_fallback=False))
    words = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always", split=True)
    inner.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), words])
    inner.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="always", split=True)
    return inner


def _normalised(inner: tokenizers.Tokenizer, vocabulary: Vocabulary) -> tokenizers.Tokenizer:
    if vocabulary.charsmap is not None:
        inner.normalizer = normalizer_of(vocabulary.charsmap)
    return inner


def _llama(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    prefix = stated.flag("add_prefix_space", True)
    scheme = ("always" if stated.flag("legacy") else "first") if prefix else "never"
    inner = tokenizers.Tokenizer(models.BPE(vocabulary.ids, vocabulary.pairs, fuse_unk=True, byte_fallback=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=scheme, split=False)
    steps = [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse()]
    inner.decoder = decoders.Sequence([*steps, decoders.Strip(content=" ", left=1)] if prefix else steps)
    return inner


def _t5(vocabulary: Vocabulary, _stated: StatedTokens) -> tokenizers.Tokenizer:
    return _normalised(unigram(vocabulary, unknown=2), vocabulary)


def _t5_sentinels(stated: StatedTokens) -> list[str]:
    return [f"<extra_id_{i}>" for i in range(stated.count("extra_ids", T5_EXTRA_IDS))]


def _with_sentinels(vocabulary: Vocabulary, stated: StatedTokens) -> Vocabulary:
    more = [(sentinel, 0.0) for sentinel in reversed(_t5_sentinels(stated))]
    return replace(vocabulary, pieces=[*vocabulary.scores, *more])


def _t5_extra(vocabulary: Vocabulary, stated: StatedTokens) -> Sequence[Token]:
    given = usual_extra(vocabulary, stated)
    has_them = any("<extra_id_" in str(token) for token in given)
    return [*given, *(() if has_them else _t5_sentinels(stated))]


def _xlm_roberta(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    inner = _normalised(unigram(vocabulary, FAIRSEQ_UNKNOWN), vocabulary)
    if stated.flag("add_prefix_space") is False:
        words = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="never")
        inner.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), words])
        inner.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="never")
    return inner


def fairseq_order(
    vocabulary: Vocabulary, stated: StatedTokens, codes: Sequence[str] = (), begin: str = "bos_token"
) -> Vocabulary:
    """``<s> <pad> </s> <unk>`` in place of SentencePiece's three; languages and ``<mask>`` after all other pieces."""
    roles = stated.roles(FAIRSEQ)
    first = [str(roles.get(role, FAIRSEQ[role])) for role in (begin, "pad_token", "eos_token", "unk_token")]
    last = [*codes, str(roles.get("mask_token", FAIRSEQ["mask_token"]))]
    ends = ([(piece, 0.0) for piece in pieces] for pieces in (first, last))
    return replace(vocabulary, pieces=[*next(ends), *vocabulary.scores[3:], *next(ends)])


LLAMA = Kind("LlamaTokenizer", _llama, ENDS, files=("tokenizer.model",))
T5 = Kind(
    "T5Tokenizer",
    _t5,
    {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"},
    extra=_t5_extra,
    around=lambda id_of: ([], [id_of("eos_token")]),
    reorder=_with_sentinels,
    files=("spiece.model",),
)
XLM_ROBERTA = Kind(
    "XLMRobertaTokenizer",
    _xlm_roberta,
    FAIRSEQ,
    around=lambda id_of: ([id_of("bos_token")], [id_of("eos_token")]),
    reorder=fairseq_order,
    files=FAIRSEQ_FILES,
)
