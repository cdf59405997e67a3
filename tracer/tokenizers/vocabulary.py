"""Vocabularies out of the files that hold them: pieces, with ids or scores, and how two are merged."""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, models

from ..checkpoints.json_file import read_json
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from .library import refusing
from .sentence_pieces import Model, read_model

Merges = list[tuple[str, str]]

PARTS = ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")
EMPTY: dict[str, Any] = {"version": "1.0", **dict.fromkeys(PARTS)}
NO_VOCABULARY = {"added_tokens": [], "model": {"type": "WordLevel", "vocab": {}, "unk_token": ""}}


@dataclass(frozen=True)
class Vocabulary:
    """What a file holds. ``pieces`` go by name with their ids, or in the order of ids with their scores.

    ``merges`` is None where the pieces themselves say what is merged. ``charsmap`` is SentencePiece's table of
    characters; ``added`` are the tokens beside the pieces, ``control`` the pieces of a SentencePiece ``model`` that are
    never parts of others. ``parts`` is a `tokenizer.json` without its vocabulary, ``options`` what it says of that.
    """

    path: Path
    pieces: Mapping[str, int] | Sequence[tuple[str, float]]
    merges: Merges | None = None
    charsmap: bytes | None = None
    added: Mapping[int, AddedToken] = field(default_factory=dict)
    control: Sequence[AddedToken] | None = None
    model: Model | None = None
    parts: tokenizers.Tokenizer | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The pieces by name."""
        if isinstance(self.pieces, Mapping):
            return dict(self.pieces)
        return {piece: i for i, (piece, _score) in enumerate(self.pieces)}

    @cached_property
    def scores(self) -> list[tuple[str, float]]:
        """The pieces with their scores.

        Raises:
            InputError: they have none.
        """
        if isinstance(self.pieces, Mapping):
            what = _("{path}: its pieces have no scores; expected a Unigram vocabulary")
            raise InputError(what.format(path=self.path))
        return list(self.pieces)

    @cached_property
    def pairs(self) -> Merges:
        """What is merged, in order."""
        return merges_of(self.ids) if self.merges is None else self.merges

    def byte_pairs(self, **options: Any) -> models.BPE:
        """The pieces and what is merged, as the library has them; ``options`` are its own."""
        return models.BPE(self.ids, self.merges or [], **options)


@dataclass(frozen=True)
class TwoFiles(Vocabulary):
    """GPT-2's kind of vocabulary, with a file of merges beside it: the library reads both, and none is seen here."""

    merges_name: str = "merges.txt"

    def byte_pairs(self, **options: Any) -> models.BPE:
        """The same; raises `InputError` where one of the files can't be read."""
        what = _("{path}: is no vocabulary of byte pairs, with {merges} beside it")
        with refusing(what.format(path=self.path, merges=self.merges_name)):
            return models.BPE.from_file(str(self.path), str(self.path.with_name(self.merges_name)), **options)


def merges_of(ids: Mapping[str, int]) -> Merges:
    """Every way to make a piece of two others, the pieces in the order of their ids."""
    ways = [
        (i, len(left), ids[left], ids[right], left, right)
        for piece, i in ids.items()
        for left, right in ((piece[:cut], piece[cut:]) for cut in range(1, len(piece)))
        if left in ids and right in ids
    ]
    return [(left, right) for *_order, left, right in sorted(ways, key=lambda way: (way[0], way[1]))]


def read_serialized(path: Path) -> Vocabulary:
    """The vocabulary in a `tokenizer.json`, and the parts around it.

    Raises:
        InputError: the file is none.
    """
    stated = read_json(path)
    model = stated.get("model", {})
    with refusing(_("{path}: is no tokenizer.json").format(path=path)):
        parts = tokenizers.Tokenizer.from_str(json.dumps(EMPTY | stated | NO_VOCABULARY))
        tokens = [dict(token) for token in stated.get("added_tokens") or ()]
        added = {operator.index(token.pop("id")): AddedToken(**token) for token in tokens}
        pieces = model["vocab"]
        pieces = pieces if isinstance(pieces, dict) else [(str(piece), float(score)) for piece, score in pieces]
        merges = [_pair(merge) for merge in model.get("merges") or ()]
        charsmap = _charsmap(stated.get("normalizer"))
        options = {key: value for key, value in model.items() if key not in ("vocab", "merges")}
    return Vocabulary(path, pieces, merges, charsmap, added, parts=parts, options=options)


def _pair(merge: Any) -> tuple[str, str]:
    """What is merged, which is written in one or in two."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return str(left), str(right)


def _charsmap(normalizer: Any) -> bytes | None:
    """The table of characters among the steps of a normaliser."""
    steps = [normalizer or {}, *((normalizer or {}).get("normalizers") or ())]
    found = (step["precompiled_charsmap"] for step in steps if step.get("type") == "Precompiled")
    return next((base64.b64decode(table) for table in found), None)


def read_pieces(path: Path) -> Vocabulary:
    """The vocabulary in a SentencePiece model.

    Raises:
        InputError: the file is none.
    """
    model = read_model(path)
    control = [AddedToken(p.text, normalized=False, special=p.is_control) for p in model.pieces if p.is_whole]
    pieces = [(piece.text, piece.score) for piece in model.pieces]
    return Vocabulary(path, pieces, charsmap=model.charsmap, control=control, model=model)
