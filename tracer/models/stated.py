"""Reading `config.json` and `generation_config.json`: each value is asked for by name, and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from ..i18n import _
from ..outward import SHORT
from .account import Account

LARGEST = 1 << 24
MOST_LAYERS = 1 << 10
"""No size in a configuration is larger; what claims to be is refused before anything is allocated."""

T = TypeVar("T")
REQUIRED: Any = object()
"""The default of a value that must be stated; the default of ``null`` where null counts as absent."""


class Stated(Account):
    """What one of these files states. Every method takes a key and, where it may be absent, a default.

    ``null`` is what null stands for, where that is not the default. ``taken`` is every value as it was read; the sizes
    and the numbers of layers among them that are not stated, and are what they are by default, are kept apart too.

    Raises:
        InputError: the key is missing, or its value is not what it should be.
    """

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.taken: dict[str, Any] = {}
        self.sizes_by_default: dict[str, int] = {}
        self.layers_by_default: dict[str, int] = {}

    def of_decoding(self) -> Stated:
        """The same, with an account of its own, as what is stated of decoding: transformers marks what it is of."""
        values = {**self._values, "_from_model_config": True}
        return type(self)(values, self._file, self._elsewhere, self.decisions)

    def size(self, key: str, default: Any = REQUIRED, *, null: Any = REQUIRED) -> Any:
        """A number of things, from 1."""
        size = self._checked(key, default, _("a whole number from 1 to {n}").format(n=LARGEST), _is_size, null)
        self._keep_apart(key, size, self.sizes_by_default)
        return size

    def count(self, key: str, default: Any = REQUIRED) -> Any:
        """A number of things, from 0."""
        expected = _("a whole number from 0 to {n}").format(n=LARGEST)
        return self._checked(key, default, expected, lambda v: not isinstance(v, bool) and _is_size(v + 1))

    def layers(self, key: str, default: int = REQUIRED) -> int:
        """A number of layers, from 1."""
        expected = _("a whole number from 1 to {n}").format(n=MOST_LAYERS)
        layers = self._checked(key, default, expected, lambda v: _is_size(v) and v <= MOST_LAYERS)
        self._keep_apart(key, layers, self.layers_by_default)
        return layers

    def token(self, key: str, default: Any = REQUIRED, *, null: Any = REQUIRED) -> Any:
        """A token id."""
        return self._checked(key, default, _("a token id"), _is_token, null)

    def tokens(self, key: str) -> tuple[int, ...]:
        """Token ids, whether stated as one, several or none."""
        expected = _("a token id or a list of token ids")
        value: Any = self._checked(key, [], expected, lambda v: _is_token(v) or _are_tokens(v))
        return tuple(value) if isinstance(value, list) else (value,)

    def ends(self, key: str) -> tuple[int, ...]:
        """Token ids likewise; a negative one is that of no token."""
        expected = _("a token id or a list of token ids")
        value: Any = self._checked(key, [], expected, lambda v: all(map(_is_id, v if isinstance(v, list) else [v])))
        return tuple(token for token in (value if isinstance(value, list) else [value]) if token >= 0)

    def words(self, key: str) -> tuple[tuple[int, ...], ...]:
        """Words, each of one token id or more."""
        expected = _("a list of lists of token ids, none of them empty")
        return tuple(map(tuple, self._checked(key, [], expected, _are_words)))

    def biases(self, key: str) -> tuple[tuple[tuple[int, ...], float], ...]:
        """Words, each of one token id or more, with a number; of a word stated twice, the last counts."""
        expected = _("a list of pairs of a list of token ids and a number, like [[[5, 6], -1.5]]")
        stated: Any = self._checked(key, [], expected, lambda v: isinstance(v, list) and all(map(_is_biased, v)))
        return tuple({tuple(word): float(bias) for word, bias in stated}.items())

    def decay(self, key: str) -> tuple[int, float] | None:
        """A number of things, from 0, and a positive factor, if they are there."""
        stated = self._checked(key, None, _("a whole number from 0 and a number above 0, like [15, 1.6]"), _is_decay)
        return None if stated is None else (stated[0], float(stated[1]))

    def name(self, key: str) -> str:
        """A name, of one character or more."""
        return str(self._checked(key, REQUIRED, _("a name"), lambda v: isinstance(v, str) and v.strip()))

    def number(self, key: str, default: float = REQUIRED) -> float:
        """A positive number."""
        return float(self._checked(key, default, _("a number above 0, of ordinary size"), _is_positive))

    def limit(self, key: str, default: float | None) -> float | None:
        """A positive number, or none: ``null`` is that."""
        expected = _("a number above 0, of ordinary size, or null")
        number: float | None = self._checked(key, default, expected, _is_positive, None)
        return None if number is None else float(number)

    def numbers(self, key: str, count: int) -> Sequence[float]:
        """Some positive numbers, ``count`` of them."""
        expected = _("a list of {n} numbers above 0").format(n=count)
        stated = self._checked(key, REQUIRED, expected, lambda v: _are_positive(v) and len(v) == count)
        return tuple(map(float, stated))

    def switches(self, key: str, count: int, default: Sequence[int]) -> Sequence[bool]:
        """Whether each of some things is on, 1, or off, 0; of more than there are, the first ones count."""
        expected = _("a list of {n} or more, each of them 0 or 1").format(n=count)
        stated = self._checked(key, default, expected, lambda v: _are_words_of(v, (0, 1)) and len(v) >= count)
        return tuple(map(bool, stated[:count]))

    def places(self, key: str) -> Collection[int]:
        """Numbers of layers, counted from 0."""
        return frozenset(self._checked(key, [], _("a list of whole numbers from 0"), _are_tokens))

    def flag(self, key: str, default: bool = REQUIRED) -> bool:
        """true or false."""
        return self._checked(key, default, _("true or false"), lambda value: isinstance(value, bool))

    def one_of(self, key: str, choices: Collection[str], default: str = REQUIRED) -> str:
        """One of some words."""
        return self._checked(key, default, _("one of {words}").format(words=", ".join(choices)), lambda v: v in choices)

    def each_of(self, key: str, choices: Collection[str], count: int, default: Sequence[str]) -> Sequence[str]:
        """Some words, ``count`` of them."""
        expected = _("a list of {n}, each of them one of {words}").format(n=count, words=", ".join(choices))
        return self._checked(key, default, expected, lambda v: _are_words_of(v, choices) and len(v) == count)

    def divided(self, size: str, parts: str) -> int:
        """The quotient of two sizes that were read before, the second of which must divide the first."""
        a, b = self.taken[size], self.taken[parts]
        if a % b:
            told = _("{parts} ({b}) must divide {size} ({a})")
            raise self.error(
                told.format(parts=self.name_of(parts), b=self.told(parts), size=self.name_of(size), a=self.told(size))
            )
        return int(a // b)

    def among(self, key: str, vocabulary: int) -> None:
        """Refuse a token, if there is one, that is none of so many; it was read before."""
        token = self.taken[key]
        expected = _("an id of the vocabulary, 0 to {last}").format(last=vocabulary - 1)
        self.insist(token is None or token < vocabulary, key, expected)

    def within(self, *keys: str) -> Stated:
        """The first of some objects that is there, to be read in the same manner; an empty one where none is."""
        return self.part(keys[0], next((value for key in keys if isinstance(value := self.get(key), dict)), {}))

    def part(self, key: str, values: Mapping[str, Any]) -> Stated:
        """What stands under a key, to be read in the same manner."""
        part = Stated(values, f"{self._file}: {key}", decisions=self.decisions)
        self.parts.append(part)
        return part

    def insist(self, holds: bool, key: str, expected: str) -> None:
        """Refuse a value that does not fit the others."""
        if not holds:
            raise self._unfit(key, self.told(key), expected)

    def told(self, key: str) -> str:
        """A value as it was read; whether by default."""
        value = self.get(key, self.taken.get(key))
        if self.get(key) is None and value is not None:
            return _("{value}, by default").format(value=SHORT.repr(value))
        return SHORT.repr(value)

    def _keep_apart(self, key: str, value: int | None, by_default: dict[str, int]) -> None:
        if value is not None and self.get(key) is None:
            by_default[key] = value

    def _checked(self, key: str, default: T, expected: str, fits: Any, null: T = REQUIRED) -> T:
        value = self.get(key)
        if value is None:
            value = null if self.is_null(key) and null is not REQUIRED else default
            if value is REQUIRED:
                raise self.error(_("{key} is missing; expected {expected}").format(key=key, expected=expected), key)
        elif not _holds(fits, value):
            raise self._unfit(key, SHORT.repr(value), expected)
        self.taken[key] = value
        return value  # type: ignore[no-any-return]

    def _unfit(self, key: str, value: str, expected: str) -> Exception:
        told = _("{key} is {value}; expected {expected}")
        return self.error(told.format(key=self.name_of(key), value=value, expected=expected), key)


def _holds(fits: Any, value: Any) -> bool:
    """Whether a value, which may be of any kind, is what it should be."""
    try:
        return bool(fits(value))
    except TypeError:
        return False


def _are_words_of(value: Any, choices: Collection[Any]) -> bool:
    return isinstance(value, list) and all(word in choices for word in value)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST


def _is_positive(value: Any) -> bool:
    return not isinstance(value, bool) and 1e-30 < value < 1e12


def _are_positive(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_positive, value))


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST


def _is_id(value: Any) -> bool:
    return _is_token(abs(value)) and not isinstance(value, bool)


def _are_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_token, value))


def _is_biased(value: Any) -> bool:
    word, bias = value if isinstance(value, list) and len(value) == 2 else ([], None)
    return bool(word) and _are_tokens(word) and _is_number(bias)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _is_decay(value: Any) -> bool:
    start, factor = value if isinstance(value, list) and len(value) == 2 else (None, None)
    return isinstance(start, int) and not isinstance(start, bool) and 0 <= start <= LARGEST and _is_positive(factor)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(word and _are_tokens(word) for word in value)
