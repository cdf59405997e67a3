"""Vocabularies of bytes: GPT-2's, BART's and Qwen's ways to cut a text into words."""

from __future__ import annotations

from typing import Any

import tokenizers
from tokenizers import Regex, decoders, normalizers, pre_tokenizers

from .kind import Kind
from .stated import StatedTokens
from .vocabulary import Vocabulary

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What Qwen's vocabulary takes for a word (transformers: Qwen2Tokenizer)."""
LLAMA3_WORDS = QWEN_WORDS.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
"""What Llama 3's does: numbers come in groups of three; all else is as in Qwen's."""

END_OF_TEXT = "<|endoftext|>"
FILES = ("vocab.json", "merges.txt")


def _byte_pairs(vocabulary: Vocabulary, **options: Any) -> tokenizers.Tokenizer:
    options |= {"continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False}
    inner = tokenizers.Tokenizer(vocabulary.byte_pairs(**options))
    inner.decoder = decoders.ByteLevel()
    return inner


def _gpt2(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    inner = _byte_pairs(vocabulary)
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(stated.flag("add_prefix_space")))
    return inner


def _gpt_neox(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    inner = _gpt2(vocabulary, stated)
    inner.normalizer = normalizers.NFC()
    return inner


def _qwen2(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    inner = _byte_pairs(vocabulary, byte_fallback=False)
    inner.normalizer = normalizers.NFC()
    words = pre_tokenizers.Split(Regex(QWEN_WORDS), "isolated")
    prefix = bool(stated.flag("add_prefix_space"))
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)]
    )
    return inner


GPT2 = Kind(
    "GPT2Tokenizer",
    _gpt2,
    {"unk_token": END_OF_TEXT, "bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "pad_token": None},
    files=FILES,
)
GPT_NEOX = Kind(
    "GPTNeoXTokenizer",
    _gpt_neox,
    {"unk_token": END_OF_TEXT, "bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "pad_token": "<|padding|>"},
    files=FILES,
)
QWEN2 = Kind(
    "Qwen2Tokenizer",
    _qwen2,
    {"unk_token": END_OF_TEXT, "eos_token": END_OF_TEXT, "pad_token": END_OF_TEXT},
    marks_all=True,
    files=FILES,
)
ROBERTA = Kind(
    "RobertaTokenizer",
    _gpt2,
    {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "mask_token": "<mask>",
    },
    around=lambda id_of: ([id_of("cls_token")], [id_of("sep_token")]),
    files=FILES,
)
