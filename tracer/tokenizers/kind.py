"""What a tokenizer class of transformers is: how it cuts, whatever file its vocabulary comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

import tokenizers
from tokenizers import AddedToken

from ..dataclass import dataclass
from .stated import StatedTokens, Token
from .vocabulary import Vocabulary

Around = tuple[list[int], list[int]]
"""The ids before and after a text."""
IdOf = Callable[[str], Any]
FLAGS = {"add_bos_token": "bos_token", "add_eos_token": "eos_token"}
"""The flags that ask for a token before a text and after it."""


def usual_extra(vocabulary: Vocabulary, stated: StatedTokens) -> Sequence[Token]:
    """The special tokens without a role, where none are stated: those of the vocabulary."""
    return vocabulary.control if vocabulary.control is not None else stated.additional or ()


def usual_added(vocabulary: Vocabulary, stated: StatedTokens) -> Mapping[int, AddedToken]:
    """The tokens beside the vocabulary: those of the file too, unless the directory lists all of them."""
    return stated.added if stated.lists_added else {**stated.added, **vocabulary.added}


@dataclass(frozen=True)
class Kind:
    """A class: ``build`` makes model, normaliser, pre-tokenizer and decoder of a vocabulary.

    ``tokens`` are the special ones by role, which ``finish`` completes; ``extra`` are those without a role, ``added``
    those that have ids beside the pieces. ``around`` says what encloses a text, given the id of a role, where the class
    does so whatever a file says. ``reorder`` puts a SentencePiece vocabulary in the order that the model was trained
    with; ``marks_all`` has every special token marked as one. ``files`` are those that are read where there is no
    tokenizer.json, ``follows`` are settings that no other class follows. ``codes`` are the languages that go around a
    text, before it or after; a text of which nobody names the language is in the ``usual_language``. ``starts`` says
    that a given output begins with the last id around it, as shifted to the right.
    """

    name: str
    build: Callable[[Vocabulary, StatedTokens], tokenizers.Tokenizer]
    tokens: Mapping[str, Token | None] = field(default_factory=dict)
    extra: Callable[[Vocabulary, StatedTokens], Sequence[Token]] = usual_extra
    added: Callable[[Vocabulary, StatedTokens], Mapping[int, AddedToken]] = usual_added
    around: Callable[[IdOf], Around] | None = None
    finish: Callable[[dict[str, Token]], dict[str, Token]] = lambda roles: roles
    reorder: Callable[[Vocabulary, StatedTokens], Vocabulary] = lambda vocabulary, _stated: vocabulary
    marks_all: bool = False
    files: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    codes: Sequence[str] = ()
    code_first: bool = False
    usual_language: str = "en_XX"
    starts: bool = True

    def usual(self, vocabulary: Vocabulary) -> Mapping[str, Token | None]:
        """The special tokens by role, unless others are stated: without any, those of a SentencePiece model."""
        return self.tokens or (vocabulary.model.named if vocabulary.model is not None else {})
