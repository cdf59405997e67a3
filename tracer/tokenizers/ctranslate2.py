"""The tokens of CTranslate2's models: a SentencePiece model beside them cuts the text, and vocabularies number pieces.

Without one a text is pieces that blanks separate, as CTranslate2 itself takes and gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tokenizers import AddedToken

from ..decisions import TOKENIZER, Decisions
from ..errors import InputError
from ..i18n import N_, _
from .directory import OWN, SERIALIZED, Pair, read_tokenizers
from .marian import Beside, MarianTokenizer, Side, processor_at
from .tokenizer import Spoken, Tokenizer

PAIRS = (
    ("source.spm", "target.spm"),
    *((name, name) for name in ("sentencepiece.model", "sentencepiece.bpe.model", "spiece.model", "spm.model")),
)
"""The SentencePiece models of source and target, by the names that they have beside a model."""
LANGUAGE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}|__[a-z]{2,3}__")
"""The token of a language, as NLLB and M2M-100 have it."""
USUAL_LANGUAGES = ("eng_Latn", "en")
"""What a text is in where nobody says it, as transformers has it."""
BLANK = "▁"


class Around(NamedTuple):
    """Which tokens enclose a source, by name; with ``languages``, by code, that of its language begins it."""

    before: Sequence[str]
    after: Sequence[str]
    languages: Mapping[str, str]


class Blanks:
    """What a SentencePiece model is asked for, where there is none: pieces are what blanks separate."""

    def encode(self, text: str, out_type: type[str]) -> list[str]:
        """The pieces of a text."""
        return list(map(out_type, text.split()))

    def decode_pieces(self, pieces: Sequence[str]) -> str:
        """A text of pieces; where one is marked as the beginning of a word, the others are parts of words."""
        return ("" if any(piece.startswith(BLANK) for piece in pieces) else " ").join(pieces)


class PiecesTokenizer(MarianTokenizer):
    """One side's pieces. A source is enclosed as ``around`` says; a target ends with the token that ends texts."""

    def __init__(
        self, own: Side, beside: Beside, around: Around, output: Side | None = None, spoken: Spoken | None = None
    ) -> None:
        super().__init__(own, beside, output, spoken)
        self._around = around
        if around.languages:
            self.reads = self.writes = list(around.languages)
            self.first_ids = {code: own.numbers[token] for code, token in around.languages.items()}

    def speaking(self, spoken: Spoken) -> Tokenizer:
        found = PiecesTokenizer(self._own, self._beside, self._around, self._output, spoken.over(self.spoken))
        found.files = self.files
        return found

    def _asking(self, text: str) -> str:
        return text if self._around.languages else super()._asking(text)

    def _ends(self) -> tuple[list[int], list[int]]:
        if self._output is not None:
            return super()._ends()
        usual = next((code for code in USUAL_LANGUAGES if code in self._around.languages), None)
        code = self._around.languages.get(self.spoken.source or usual or "")
        before = [*self._around.before, *([] if code is None else [code])]
        return [self._own.numbers[token] for token in before], [
            self._own.numbers[token] for token in self._around.after
        ]


def read_ctranslate2(
    directories: Sequence[Path],
    tokens: tuple[Sequence[str], Sequence[str]],
    special: Mapping[str, str],
    around: Around,
    decisions: Decisions,
) -> Pair:
    """The tokenizers of a model whose vocabularies are ``tokens``, by the SentencePiece models in a directory.

    ``special`` are the tokens by what they are for: that of the unknown, ``unk_token``, and of the end, ``eos_token``.

    Raises:
        InputError: a file of them is broken, or a vocabulary has no such token.
    """
    files = next((found for directory in directories if (found := _models(directory))), None)
    names = tuple(dict.fromkeys(path.name for path in files or ()))
    if files is None:
        decisions.note(
            TOKENIZER, N_("there is no SentencePiece model: write a text as pieces with blanks between them")
        )
    else:
        told = N_("read from {files}, with the vocabulary of CTranslate2")
        decisions.take(TOKENIZER, told.format(files=" + ".join(names)))
    cutters = (Blanks(), Blanks()) if files is None else tuple(map(processor_at, files))
    own = _numbers(tokens[0])
    numbers = own, own if tokens[0] is tokens[1] else _numbers(tokens[1])
    sides = [Side(cutter, known) for cutter, known in zip(cutters, numbers, strict=True)]
    source, target = sides
    no_text = {**special, **around.languages}
    besides = [_beside(side, no_text, directories[0]) for side in sides]
    _check(source, [*around.before, *around.after], directories[0])
    pair = PiecesTokenizer(source, besides[0], around), PiecesTokenizer(target, besides[1], around, target)
    for tokenizer in pair:
        tokenizer.files = names
    return pair


def serialized(directory: Path, model_type: str, decisions: Decisions) -> Pair | None:
    """The tokenizers of a `tokenizer.json` that was copied beside a model; None without one."""
    there = any((directory / name).exists() for name in (SERIALIZED, *OWN))
    return read_tokenizers(directory, model_type, decisions) if there else None


def languages(tokens: Sequence[str]) -> Mapping[str, str]:
    """The tokens of languages, by code."""
    return {token.strip("_"): token for token in tokens if LANGUAGE.fullmatch(token)}


def _models(directory: Path) -> tuple[Path, Path] | None:
    pairs = ((directory / source, directory / target) for source, target in PAIRS)
    return next((pair for pair in pairs if all(path.exists() for path in pair)), None)


def _numbers(tokens: Sequence[str]) -> Mapping[str, int]:
    """The ids of tokens; of one that is there twice the first counts."""
    return {token: i for i, token in reversed(list(enumerate(tokens)))}


def _beside(side: Side, special: Mapping[str, str], directory: Path) -> Beside:
    _check(side, [special["unk_token"], special["eos_token"]], directory)
    roles = {role: side.numbers[name] for role, name in special.items() if name in side.numbers}
    tokens = {i: AddedToken(special[role], special=True) for role, i in roles.items()}
    whole = frozenset(tokens)
    return Beside(tokens, special["unk_token"], roles["eos_token"], roles, whole, is_split=False, cleans=False)


def _check(side: Side, tokens: Sequence[str], directory: Path) -> None:
    """Insist that a vocabulary has these tokens."""
    for token in tokens:
        if token not in side.numbers:
            told = _("{path}: the vocabulary has no token {token}")
            raise InputError(told.format(path=directory, token=token))
