"""Reading `config.json` and `generation_config.json`: each value is asked for by name, and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from ..addresses import suggestion
from ..decisions import Decisions
from ..errors import InputError
from ..i18n import _

LARGEST = 1 << 24
MOST_LAYERS = 1 << 10
"""No size in a configuration is larger; what claims to be is refused before anything is allocated."""

T = TypeVar("T")
REQUIRED: Any = object()


class Stated:
    """What one of these files states. Every method takes a key and, where it may be absent, a default.

    ``elsewhere`` names the files of those values that come from another than ``file``; ``decisions`` is told what is
    made of a statement that leaves a choice.

    Raises:
        InputError: the key is missing, or its value is not what it should be.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        file: str = "config.json",
        elsewhere: Mapping[str, str] | None = None,
        decisions: Decisions | None = None,
    ) -> None:
        self._values = values
        self._file = file
        self._elsewhere = elsewhere or {}
        self._asked = {"model_type"}
        self.decisions = Decisions() if decisions is None else decisions

    def size(self, key: str, default: int = REQUIRED) -> int:
        """A number of things, from 1."""
        return self._checked(key, default, _("a whole number from 1 to {n}").format(n=LARGEST), _is_size)

    def count(self, key: str, default: Any = REQUIRED) -> Any:
        """A number of things, from 0."""
        expected = _("a whole number from 0 to {n}").format(n=LARGEST)
        return self._checked(key, default, expected, lambda v: not isinstance(v, bool) and _is_size(v + 1))

    def layers(self, key: str, default: int = REQUIRED) -> int:
        """A number of layers, from 1."""
        expected = _("a whole number from 1 to {n}").format(n=MOST_LAYERS)
        return self._checked(key, default, expected, lambda v: _is_size(v) and v <= MOST_LAYERS)

    def token(self, key: str, default: Any = REQUIRED) -> Any:
        """A token id."""
        return self._checked(key, default, _("a token id"), _is_token)

    def tokens(self, key: str) -> tuple[int, ...]:
        """Token ids, whether stated as one, several or none."""
        expected = _("a token id or a list of token ids")
        value: Any = self._checked(key, [], expected, lambda v: _is_token(v) or _are_tokens(v))
        return tuple(value) if isinstance(value, list) else (value,)

    def words(self, key: str) -> tuple[tuple[int, ...], ...]:
        """Words, each of one token id or more."""
        expected = _("a list of lists of token ids, none of them empty")
        return tuple(map(tuple, self._checked(key, [], expected, _are_words)))

    def name(self, key: str) -> str:
        """A name, of one character or more."""
        return str(self._checked(key, REQUIRED, _("a name"), lambda v: isinstance(v, str) and v.strip()))

    def number(self, key: str, default: float = REQUIRED) -> float:
        """A positive number."""
        return float(
            self._checked(key, default, _("a number above 0"), lambda v: not isinstance(v, bool) and 0 < v < 1e12)
        )

    def flag(self, key: str, default: bool = REQUIRED) -> bool:
        """true or false."""
        return self._checked(key, default, _("true or false"), lambda value: isinstance(value, bool))

    def one_of(self, key: str, choices: Collection[str], default: str = REQUIRED) -> str:
        """One of some words."""
        return self._checked(key, default, _("one of {words}").format(words=", ".join(choices)), lambda v: v in choices)

    def divided(self, size: str, parts: str) -> int:
        """The quotient of two sizes, the second of which must divide the first."""
        a, b = self.size(size), self.size(parts)
        if a % b:
            raise self._error(_("{parts} ({b}) must divide {size} ({a})").format(parts=parts, b=b, size=size, a=a))
        return a // b

    def within(self, *keys: str) -> Stated:
        """The first of some objects that is there, to be read in the same manner; an empty one where none is."""
        inner = next((value for key in keys if isinstance(value := self.get(key), dict)), {})
        return Stated(inner, f"{self._file}: {keys[0]}", decisions=self.decisions)

    def insist(self, holds: bool, key: str, expected: str) -> None:
        """Refuse a value that does not fit the others."""
        if not holds:
            raise self._error(
                _("{key} is {value!r}; expected {expected}").format(key=key, value=self.get(key), expected=expected),
                key,
            )

    def file_of(self, key: str) -> str:
        """The file that states a value, or would."""
        return self._elsewhere.get(key, self._file)

    def get(self, key: str, default: Any = None) -> Any:
        """Whatever is stated, unchecked; null counts as absent."""
        self._asked.add(key)
        value = self._values.get(key)
        return default if value is None else value

    def refuse(self, key: str, *harmless: Any) -> None:
        """Insist that a setting which would change the arithmetic is absent or harmless."""
        if (value := self.get(key)) not in (None, *harmless):
            raise self._error(_("{key} = {value!r} is not supported").format(key=key, value=value), key)

    def refuse_unknown(self) -> None:
        """Insist that every key was asked for."""
        for key in self._values.keys() - self._asked:
            nearest = suggestion(key, self._asked)
            hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
            raise self._error(_("unknown key {key}{hint}").format(key=key, hint=hint))

    def _checked(self, key: str, default: T, expected: str, fits: Any) -> T:
        value = self.get(key)
        if value is None:
            if default is REQUIRED:
                raise self._error(_("{key} is missing; expected {expected}").format(key=key, expected=expected), key)
            return default
        try:
            sound = fits(value)
        except TypeError:
            sound = False
        if not sound:
            raise self._error(
                _("{key} is {value!r}; expected {expected}").format(key=key, value=value, expected=expected), key
            )
        return value  # type: ignore[no-any-return]

    def _error(self, what: str, key: str = "") -> InputError:
        return InputError(f"{self.file_of(key)}: {what}")


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST


def _are_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_token, value))


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(word and _are_tokens(word) for word in value)
