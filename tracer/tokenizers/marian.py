"""Marian's vocabularies: SentencePiece cuts the text, and vocab.json, which both sides may share, numbers pieces.

Tokens beside the pieces are found first; their ids are the source's on both sides (transformers: MarianTokenizer).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count, groupby
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from ..checkpoints.json_file import read_json
from ..checkpoints.kinds import check_downloaded
from ..checkpoints.regular import read_bounded
from ..dataclass import dataclass
from ..decisions import TOKENIZER
from ..errors import InputError
from ..i18n import N_, _, cause
from .cleaning import cleaned
from .kind import Around
from .library import cutting
from .notes import note_enclosing
from .stated import StatedTokens, Token
from .tokenizer import Encoded, Spoken, Tokenizer

TOKENS: Mapping[str, Token] = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
LANGUAGE = re.compile(r">>.*?<<", re.DOTALL)
"""Before a text: the language that a multilingual model is to translate it into."""
LARGEST = 1 << 24


@dataclass(frozen=True)
class Beside:
    """The tokens beside the pieces, by id; ``unknown`` and ``eos`` are two of them, ``special`` are no text.

    ``roles`` are the ids of those that have a role.
    """

    tokens: Mapping[int, AddedToken]
    unknown: str
    eos: int
    roles: Mapping[str, int]
    special: frozenset[int]
    is_split: bool
    cleans: bool

    def role(self, name: str) -> int | None:
        """The id of the token with a role."""
        return self.roles.get(name)

    @cached_property
    def names(self) -> dict[int, str]:
        """Them by id."""
        return {i: token.content for i, token in self.tokens.items()}

    @cached_property
    def ids(self) -> dict[str, int]:
        """Their ids."""
        return {name: i for i, name in self.names.items()}


@dataclass(frozen=True)
class Side:
    """What cuts a text of one side, and numbers its pieces."""

    processor: Any
    numbers: Mapping[str, int]

    @cached_property
    def names(self) -> dict[int, str]:
        """The pieces by id."""
        return {i: piece for piece, i in self.numbers.items()}


class MarianTokenizer(Tokenizer):
    """The source's pieces, or with an ``output`` of its own those that texts are made of; eos follows every text."""

    unknown_id: int

    def __init__(self, own: Side, beside: Beside, output: Side | None = None, spoken: Spoken | None = None) -> None:
        self._own, self._beside, self._output = own, beside, output
        self._names, self._written = ({**side.names, **beside.names} for side in (own, output or own))
        self.unknown_id = own.numbers[beside.unknown]
        self.spoken = spoken or Spoken()
        self.writes = [code[2:-2] for code in own.numbers if LANGUAGE.fullmatch(code)]

    def __len__(self) -> int:
        return max(self._names) + 1

    def speaking(self, spoken: Spoken) -> Tokenizer:
        found = MarianTokenizer(self._own, self._beside, self._output, spoken.over(self.spoken))
        found.files = self.files
        return found

    def encode(self, text: str) -> Encoded:
        return super().encode(text if self._output else self._asking(text))

    def _asking(self, text: str) -> str:
        """A text that asks for the language chosen, if one was."""
        code = self.spoken.target and f">>{self.spoken.target}<<"
        asked = LANGUAGE.match(text)
        if code and asked and asked[0] != code:
            what = _("the text asks for {asked}, and target-lang for {code}; leave out one")
            raise InputError(what.format(asked=asked[0], code=code))
        return f"{code} {text}" if code and not asked else text

    def cut(self, text: str) -> Encoded:
        with cutting(text):
            pieces = [piece for part in self._parts(text) for piece in self._pieces_of(part)]
        numbers = self._own.numbers
        ids = [self._beside.ids.get(piece, numbers.get(piece, self.unknown_id)) for piece in pieces]
        return self._encoded(ids, [piece for piece, i in zip(pieces, ids, strict=True) if i == self.unknown_id])

    def _ends(self) -> tuple[list[int], list[int]]:
        return [], [self._beside.eos]

    def _parts(self, text: str) -> list[str]:
        """A text cut around the tokens beside the pieces, which may take the blanks next to them, or be no word."""
        parts = [text] if self._beside.is_split else split_at(self._beside.ids, text)
        for i, part in enumerate(parts):
            if part in self._beside.ids:
                _join(parts, i, self._beside.tokens[self._beside.ids[part]])
        return [part for part in parts if part]

    def _pieces_of(self, part: str) -> Iterator[str]:
        if part in self._beside.ids and not self._beside.is_split:
            yield part
            return
        if language := LANGUAGE.match(part):
            yield language[0]
            part = part[language.end() :]
        yield from map(str, self._own.processor.encode(part, out_type=str))

    def decode(self, ids: Sequence[int]) -> str:
        special = self._beside.special
        pieces = (self._written[i] for i in ids if i in self._written and i not in special)
        names = {self._beside.names[i] for i in special}
        text = "".join(self._joined(is_special, run) for is_special, run in groupby(pieces, names.__contains__))
        text = text.replace("▁", " ").strip()
        return cleaned(text) if self._beside.cleans else text

    def _joined(self, is_special: bool, pieces: Iterable[str]) -> str:
        """Pieces as text; special tokens, which have other ids on the other side, as they are."""
        if is_special:
            return "".join(f"{piece} " for piece in pieces)
        return str((self._output or self._own).processor.decode_pieces(list(pieces)))

    def _piece(self, token: int) -> str | None:
        return self._names.get(token)


def _join(parts: list[str], i: int, token: AddedToken) -> None:
    """Give a token the blanks next to it that it takes; where it is part of a word, join it to the rest."""
    left, right = parts[i - 1] if i else "", parts[i + 1] if i + 1 < len(parts) else ""
    if token.rstrip and right:
        parts[i + 1] = right.lstrip()
    if token.lstrip and left:
        parts[i - 1] = left.rstrip()
    if token.single_word and left and left[-1] != " ":
        parts[i - 1] += parts[i]
        parts[i] = ""
    elif token.single_word and right and right[0] != " ":
        parts[i + 1] = parts[i] + parts[i + 1]
        parts[i] = ""


def split_at(tokens: Iterable[str], text: str) -> list[str]:
    """A text cut before and after every one of some tokens that occurs in it."""
    longest_first = sorted(map(re.escape, tokens), key=len, reverse=True)
    return [part for part in re.split(f"({'|'.join(longest_first)})", text) if part]


def read_marian(directory: Path, stated: StatedTokens) -> tuple[Tokenizer, Tokenizer]:
    """A Marian directory: source and target, with one vocabulary or one each.

    Raises:
        InputError: a file can't be read, or the vocabulary has no unknown token or no end token.
    """
    path = directory / "vocab.json"
    other = directory / "target_vocab.json"
    separate = other if stated.flag("separate_vocabs") else path
    if separate is path and other.exists():
        stated.decisions.note(TOKENIZER, N_("target_vocab.json is not read, since nothing states separate_vocabs"))
    source, target = (
        Side(processor_at(directory / f"{side}.spm"), numbers_at(numbers))
        for side, numbers in (("source", path), ("target", separate))
    )
    beside = beside_of(source.numbers, path, stated, TOKENS)
    ends: Around = [], [beside.eos]
    note_enclosing(lambda: ends, "MarianTokenizer", stated, beside.role)
    output = target if separate is not path else Side(source.processor, target.numbers)
    return MarianTokenizer(source, beside), MarianTokenizer(target, beside, output)


def processor_at(path: Path) -> Any:
    """The SentencePiece model of a file.

    Raises:
        InputError: it is none.
    """
    from sentencepiece import SentencePieceProcessor

    check_downloaded(path)
    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(read_bounded(path))
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except RuntimeError as error:
        raise InputError(_("{path}: is no SentencePiece model").format(path=path)) from error
    return processor


def numbers_at(path: Path) -> Mapping[str, int]:
    """The ids of pieces; raises `InputError` where the file has something else."""
    numbers = read_json(path)
    if not all(type(i) is int and 0 <= i < LARGEST for i in numbers.values()):
        raise InputError(_("{path}: expected a vocabulary, from pieces to ids").format(path=path))
    return numbers


def beside_of(
    numbers: Mapping[str, int], path: Path, stated: StatedTokens, usual: Mapping[str, Token | None]
) -> Beside:
    """The tokens beside the pieces of a file: the special ones by role, as stated or ``usual``, and others stated.

    Raises:
        InputError: the vocabulary has no unknown token or no end token.
    """
    roles = {role: str(token) for role, token in stated.roles(usual).items()}
    named = dict.fromkeys((*roles.values(), *map(str, stated.extra or stated.additional or ())))
    tokens = dict(stated.added)
    ids = {token.content: i for i, token in tokens.items()}
    free = count(len({*numbers, *ids}))
    for name in named:
        if name not in ids:
            ids[name] = numbers[name] if name in numbers else next(free)
            tokens[ids[name]] = AddedToken(name, special=True)
    for role in ("unk_token", "eos_token"):
        if roles.get(role) not in numbers:
            raise InputError(_("{path}: has no token {token}").format(path=path, token=roles.get(role) or usual[role]))
    return Beside(
        tokens,
        roles["unk_token"],
        ids[roles["eos_token"]],
        {role: ids[name] for role, name in roles.items()},
        frozenset(ids[name] for name in named),
        bool(stated.flag("split_special_tokens")),
        bool(stated.flag("clean_up_tokenization_spaces")),
    )
