"""WordPiece, BERT's way to cut a text: the longest piece first, ``##`` before those that go on with a word."""

from __future__ import annotations

from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from ..i18n import _
from .kind import Kind
from .library import refusing
from .stated import StatedTokens, Token
from .vocabulary import Vocabulary

FILES = ("vocab.txt",)
TOKENS: dict[str, Token] = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}


def _bert(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    unknown = stated.roles(TOKENS).get("unk_token", TOKENS["unk_token"])
    inner = tokenizers.Tokenizer(models.WordPiece(vocabulary.ids, unk_token=str(unknown)))
    inner.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=bool(stated.flag("tokenize_chinese_chars", True)),
        strip_accents=stated.flag("strip_accents"),
        lowercase=bool(stated.flag("do_lower_case", True)),
    )
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = decoders.WordPiece(prefix="##")
    return inner


def read_lines(path: Path) -> Vocabulary:
    """The pieces of a `vocab.txt`, one a line.

    Raises:
        InputError: it can't be read.
    """
    with refusing(_("{path}: is no list of pieces").format(path=path)):
        return Vocabulary(path, models.WordPiece.read_file(str(path)))


BERT = Kind(
    "BertTokenizer",
    _bert,
    TOKENS,
    around=lambda id_of: ([id_of("cls_token")], [id_of("sep_token")]),
    files=FILES,
    follows=("do_lower_case", "strip_accents", "tokenize_chinese_chars"),
)
