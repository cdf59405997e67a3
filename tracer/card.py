"""Cards: what there is to say of the model behind a trace, whether or not it is there to compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Literal, Protocol

from .dataclass import dataclass
from .digits import whole_number
from .errors import InputError
from .i18n import _, spoken
from .models.text import SIDES, Side
from .tokenizers import Spoken

Dtype = Literal["float32", "float64"]


class Words(Protocol):
    """The vocabulary of one side, as far as it can be read: a tokenizer has more."""

    def piece(self, token: int) -> str:
        """The piece of an id."""

    def id_of(self, piece: str) -> int | None:
        """The id of a piece, given exactly or without its leading blank."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text that ids stand for."""


@dataclass(frozen=True, eq=False)
class Card:
    """What readers ask of a model.

    ``kind`` says what it is, in half a line; ``dtype`` is the type of its arithmetic. ``words`` are the vocabularies,
    None where tokens are known by their ids alone, and ``sizes`` how many ids each has. ``path`` is where it was read
    from, None where nobody knows. ``chosen`` are the languages that it was told to read and write, ``languages`` those
    that it has. ``ignored`` are the tensors in its files that it has no use for, each with the reason.
    """

    name: str
    kind: Callable[[], str]
    dtype: Dtype
    words: Mapping[Side, Words | None]
    sizes: Mapping[Side, int]
    path: Path | None = None
    chosen: Spoken = field(default_factory=Spoken)
    languages: Sequence[str] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        """The model in one line, as the banner has it."""
        return _("{name}: {kind}, {dtype}").format(name=self.name, kind=self.kind(), dtype=self.dtype)

    def piece(self, token: int, side: Side) -> str:
        """The piece that an id stands for, or the id where pieces are not known."""
        words = self.words[side]
        return str(token) if words is None else words.piece(token)

    def pieces(self, side: Side) -> Iterator[str]:
        """Every piece of one side; none where they are not known."""
        words = self.words[side]
        return iter(()) if words is None else map(words.piece, range(self.sizes[side]))

    def id_of(self, text: str, side: Side) -> int | None:
        """The id of a token on one side, None where it is none; where pieces are not known, a token is its id."""
        words = self.words[side]
        token = whole_number(text) if words is None else words.id_of(text)
        return token if token is not None and token < self.sizes[side] else None

    def text(self, ids: Sequence[int]) -> str:
        """The text of target ids, or the ids where pieces are not known."""
        words = self.words["target"]
        return " ".join(map(str, ids)) if words is None else words.decode(ids)

    def check_id(self, token: int, side: Side) -> None:
        """Insist that the vocabulary of one side has an id; raises `InputError` if not."""
        if not 0 <= token < self.sizes[side]:
            raise InputError(
                _("token id {id} is out of range: the {side} vocabulary of {name} has ids 0 to {last}").format(
                    id=token, side=spoken(SIDES[side]), name=self.name, last=self.sizes[side] - 1
                )
            )
