"""Fields of JSON that somebody else wrote: each is what it is said to be, or the file is refused in a sentence."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from .errors import InputError
from .i18n import _

T = TypeVar("T")


class Fields:
    """An object of JSON in a file; ``where`` is its place there, ``refuse`` makes an error of what is wrong."""

    def __init__(self, stated: Mapping[str, Any], where: str, refuse: Callable[[str], InputError]) -> None:
        self._stated = stated
        self._where = where
        self._refuse = refuse

    def __call__(self, name: str, hint: Any) -> Any:
        """A field of a type, as annotations write it; raises `InputError` where it is missing, or something else."""
        value = self._stated.get(name)
        if not is_of(value, hint):
            raise self.error(name, _("expected {hint}").format(hint=_named(hint)))
        return value

    @property
    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._stated)

    def each(self, name: str) -> Iterator[Fields]:
        """The objects in a list."""
        for place, stated in enumerate(self(name, list[dict[str, Any]])):
            yield Fields(stated, f"{self._place(name)}[{place}]", self._refuse)

    def within(self, name: str) -> Fields:
        """An object in this one."""
        return Fields(self(name, dict[str, Any]), self._place(name), self._refuse)

    def read(self, name: str, hint: Any, reader: Callable[[Any], T]) -> T:
        """What a reader makes of a field; it raises `ValueError` with a sentence for what it can't read."""
        try:
            return reader(self(name, hint))
        except ValueError as error:
            raise self.error(name, str(error)) from None

    def insist(self, is_so: bool, name: str, what: str) -> None:
        """Refuse the file unless something is so."""
        if not is_so:
            raise self.error(name, what)

    def error(self, name: str, what: str) -> InputError:
        """What is wrong with a field."""
        return self._refuse(f"{self._place(name)}: {what}")

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


Check = Callable[[Any], bool]


def is_of(value: Any, hint: Any) -> bool:
    """Whether a value is of a type as annotations write it: plain data, sequences, mappings and choices of them."""
    return _check(hint)(value)


@cache
def _check(hint: Any) -> Check:
    """What tells values of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is None:
        return _plain(hint)
    if origin in (Union, types.UnionType):
        checks = list(map(_check, arguments))
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        return lambda value: type(value) is str and value in arguments
    if origin is type:
        base = get_origin(arguments[0]) or arguments[0]
        return lambda value: isinstance(value, type) and issubclass(value, base)
    if origin is tuple:
        return _tuple(*arguments)
    return _mapping(origin, *arguments) if issubclass(origin, Mapping) else _sequence(origin, *arguments)


def _plain(hint: Any) -> Check:
    """Of a class; neither True nor a whole number stands for the other."""
    if hint is Any:
        return lambda _value: True
    if hint in (None, type(None)):
        return lambda value: value is None
    exact = {float: (int, float), int: (int,), bool: (bool,)}.get(hint)
    return (lambda value: isinstance(value, hint)) if exact is None else (lambda value: type(value) in exact)


def _tuple(*hints: Any) -> Check:
    if hints[1:] == (...,):
        return _sequence(tuple, hints[0])
    checks = [_check(hint) for hint in hints]

    def holds(value: Any) -> bool:
        is_long = isinstance(value, tuple) and len(value) == len(checks)
        return is_long and all(check(one) for check, one in zip(checks, value, strict=True))

    return holds


def _sequence(kind: type[Collection[Any]], hint: Any) -> Check:
    check = _check(hint)

    def holds(value: Any) -> bool:
        if isinstance(value, range):
            return isinstance(value, kind) and hint is int
        return isinstance(value, kind) and not isinstance(value, str) and all(map(check, value))

    return holds


def _mapping(kind: type[Mapping[Any, Any]], key: Any, hint: Any) -> Check:
    is_key, check = _check(key), _check(hint)
    return lambda value: isinstance(value, kind) and all(map(is_key, value)) and all(map(check, value.values()))


def _named(hint: Any) -> str:
    """How a type is written."""
    return getattr(hint, "__name__", str(hint)) if get_origin(hint) is None else str(hint)
