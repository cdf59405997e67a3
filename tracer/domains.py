"""The values that a setting may have: which they are, how they are written, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from .dataclass import dataclass
from .errors import InputError
from .i18n import N_, Message, _, spoken


@dataclass(frozen=True)
class Text:
    """Any text. ``placeholder`` stands for a value in usage lines."""

    placeholder: str

    words: ClassVar[Iterable[str]] = ()
    """What may be typed, where that can be listed."""

    bounds: ClassVar[str] = ""
    """The limits of a number, such as ``1<=N<=64``."""

    @property
    def expected(self) -> str:
        """What a value that is none should have been."""
        return _("a text")

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str)

    def read(self, text: str) -> Any:
        """The value that a text is; raises `InputError` where it is none."""
        return text

    def written(self, value: Any) -> str:
        """What `read` takes for a value."""
        return str(value)


@dataclass(frozen=True)
class Words:
    """Some words, each with the value that it stands for; they may be shortened."""

    known: Mapping[str, Any]

    bounds: ClassVar[str] = ""

    @property
    def placeholder(self) -> str:
        return "|".join(self.known)

    @property
    def words(self) -> Iterable[str]:
        return self.known

    @property
    def expected(self) -> str:
        return " / ".join(map(str, self.known.values()))

    def __contains__(self, value: object) -> bool:
        return value in self.known.values()

    def read(self, text: str) -> Any:
        return self.known[meant(text, self.known)]

    def written(self, value: Any) -> str:
        return next(word for word, known in self.known.items() if known == value)


@dataclass(frozen=True)
class Listed:
    """Words that stand for themselves, too many for a usage line; they are listed when they are wanted."""

    placeholder: str
    known: Callable[[], Sequence[str]]

    bounds: ClassVar[str] = ""

    @property
    def words(self) -> Iterable[str]:
        return self.known()

    @property
    def expected(self) -> str:
        return " / ".join(self.known())

    def __contains__(self, value: object) -> bool:
        return value in self.known()

    def read(self, text: str) -> Any:
        return meant(text, self.known())

    def written(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``."""

    placeholder: str
    low: float
    high: float

    words: ClassVar[Iterable[str]] = ()
    kind: ClassVar[type[int] | type[float]] = float
    told: ClassVar[Message] = N_("a number from {low} to {high}")
    less: ClassVar[str] = "<="

    @property
    def bounds(self) -> str:
        return f"{self.low}{self.less}{self.placeholder}<={self.high}"

    @property
    def expected(self) -> str:
        return spoken(self.told.format(low=self.low, high=self.high))

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | self.kind) and not isinstance(value, bool) and self.low <= value <= self.high

    def read(self, text: str) -> Any:
        try:
            value = self.kind(text)
        except ValueError:
            value = math.nan
        if value not in self:
            raise InputError(_("{text!r} is not {expected}").format(text=text, expected=self.expected))
        return value

    def written(self, value: Any) -> str:
        return str(value)


class Whole(Number):
    """A whole number from ``low`` to ``high``."""

    kind = int
    told = N_("a whole number from {low} to {high}")


class Above(Number):
    """A number above ``low``, at most ``high``."""

    told = N_("a number above {low}, at most {high}")
    less = "<"

    def __contains__(self, value: object) -> bool:
        return value != self.low and super().__contains__(value)


Domain = Text | Words | Listed | Number


def words(*known: str) -> Words:
    """Words that stand for themselves."""
    return Words(dict(zip(known, known, strict=True)))


SWITCH = Words({"on": True, "off": False})


def meant(text: str, known: Iterable[str]) -> str:
    """The word that a text is, or is the beginning of; raises `InputError` where that is none, or several."""
    known = tuple(known)
    found = [text] if text in known else [word for word in known if text and word.startswith(text)]
    if len(found) == 1:
        return found[0]
    problem = _("{text!r} is ambiguous: {words}") if found else _("{text!r} is none of {words}")
    raise InputError(problem.format(text=text, words=", ".join(found or known)))
