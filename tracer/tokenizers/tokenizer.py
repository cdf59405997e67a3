"""What every tokenizer is to the rest of the house."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import overload

from ..errors import InputError
from ..i18n import _
from ..listed import listed
from ..namedtuple import NamedTuple
from ..pieces import Ids, with_parts

MOST_LANGUAGES = 12
"""so many are listed where one is not known"""


class Encoded(NamedTuple):
    """A text as ids and pieces; ``unknown`` are the parts of it that the vocabulary does not have, each once.

    The pieces are those of the vocabulary; those of ``ids`` say which of these parts they stand for.
    """

    ids: Ids
    pieces: list[str]
    unknown: list[str]


class Spoken(NamedTuple):
    """The codes of the languages of source and target, None for those that nobody names."""

    source: str | None = None
    target: str | None = None

    def over(self, other: Spoken) -> Spoken:
        """These, and those of another where none are named here."""
        return Spoken(*(theirs if ours is None else ours for ours, theirs in zip(self, other, strict=True)))


def languages_near(code: str, known: Iterable[str]) -> str:
    """The codes that begin like one that is not known, or the first of all, as a sentence lists them."""
    known = list(known)
    near = [name for name in known if code and name.lower().startswith(code.lower()[:2])] or known
    return listed(near, MOST_LANGUAGES)


def check_language(name: str, option: str, code: str | None, known: Sequence[str]) -> None:
    """Insist that the language an option asks for, if any, is one that the model of that name has.

    Raises:
        InputError: it is none, or the model has none to choose from.
    """
    if code is None or code in known:
        return
    if not known:
        raise InputError(
            _("{name} has no languages to choose from: leave out {option}").format(name=name, option=option)
        )
    raise InputError(
        _("{option}: {name} has no language {code!r}; it has {known}").format(
            option=option, name=name, code=code, known=languages_near(code, known)
        )
    )


class Tokenizer(ABC):
    """A vocabulary, and the way from text to its ids and back. Pieces are shown as text, a blank in them as ``▁``."""

    unknown_id: int | None = None
    """What stands for a part of a text that the vocabulary does not have."""
    files: Sequence[str] = ()
    """The names of the files that cut the words."""
    reads: Sequence[str] = ()
    """The codes of the languages that a text may be said to be in."""
    writes: Sequence[str] = ()
    """The codes of the languages that an output may be asked for in."""
    language: str | None = None
    """The code of the language that the texts of this side are in."""
    spoken: Spoken = Spoken()
    """The languages that were chosen, or are stated."""
    first_ids: Mapping[str, int] = MappingProxyType({})
    """The ids that an output begins with, by the code of its language."""

    start_id: int | None = None
    """What the decoder reads before a given output, where that does not go by the model (mBART: shift_tokens_right)."""

    def speaking(self, spoken: Spoken) -> Tokenizer:
        """The same, for other languages."""
        return self

    @abstractmethod
    def cut(self, text: str) -> Encoded:
        """Ids and pieces of a text alone."""

    def encode(self, text: str) -> Encoded:
        """Ids and pieces of a text, with the tokens before and after it that the vocabulary asks for.

        Raises:
            InputError: the library can't cut the text.
        """
        before, after = self._ends()
        alone = self.cut(text)
        first, last = (list(map(self.piece, ids)) for ids in (before, after))
        ids = Ids([*before, *alone.ids, *after], [*first, *alone.ids.pieces, *last])
        return Encoded(ids, [*first, *alone.pieces, *last], alone.unknown)

    @abstractmethod
    def _ends(self) -> tuple[list[int], list[int]]:
        """The ids before and after every text."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The text that ids stand for, special tokens left out."""

    @abstractmethod
    def __len__(self) -> int:
        """One more than the highest id."""

    @abstractmethod
    def _piece(self, token: int) -> str | None:
        """The piece of an id below the length, if there is one."""

    def piece(self, token: int) -> str:
        """The piece of an id; of one that the vocabulary does not have, as in a padded embedding, its number."""
        return (token < len(self) and self._piece(token)) or f"<id {token}>"

    def beyond(self, size: int) -> Iterator[str]:
        """The pieces of the ids from ``size`` on."""
        return (piece for i in range(size, len(self)) if (piece := self._piece(i)))

    @cached_property
    def pieces(self) -> Pieces:
        """Every piece, by id."""
        return Pieces(self)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in reversed(list(enumerate(self.pieces)))}

    def id_of(self, piece: str) -> int | None:
        """The id of a piece, given exactly or without its leading blank."""
        return next((self._ids[p] for p in (piece, f"▁{piece}") if p in self._ids), None)

    def _encoded(self, ids: list[int], unknown: Sequence[str], lost: Iterable[str] = ()) -> Encoded:
        """``unknown`` are the parts of the text at the places of the unknown token, in order; ``lost`` have no id."""
        parts, pieces = [part.lstrip("▁ ") for part in unknown], [self.piece(i) for i in ids]
        token = None if self.unknown_id is None else self.piece(self.unknown_id)
        is_told = token is not None and pieces.count(token) == len(parts)
        told = dict.fromkeys(part for part in (*parts, *(part.lstrip("▁") for part in lost)) if part not in ("", token))
        return Encoded(Ids(ids, with_parts(pieces, token, parts) if is_told else pieces), pieces, list(told))


class Pieces(Sequence[str]):
    """The pieces of a vocabulary by id, worked out when looked at, and kept once somebody goes through them all.

    ``size`` may exceed what the tokenizer has.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.size = len(tokenizer)

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        ids = range(self.size)[index]
        return self._tokenizer.piece(ids) if isinstance(ids, int) else tuple(map(self._tokenizer.piece, ids))

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return self[:]
