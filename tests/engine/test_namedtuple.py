"""Tuples with names behave as those of the standard library do, which are the reference here."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tracer.namedtuple import NamedTuple


def place(kind: Any) -> Any:
    """A class with a default, a method and a property."""

    class Place(kind):  # type: ignore[misc]
        """A place."""

        x: int
        y: str = "a"

        KNOWN = 3

        def moved(self) -> Any:
            return self._replace(x=self.x + 1)

        @property
        def both(self) -> str:
            return f"{self.x}{self.y}"

        @classmethod
        def first(cls) -> Any:
            return cls(0)

    return Place


def empty(kind: Any) -> Any:
    class Nothing(kind):  # type: ignore[misc]
        pass

    return Nothing


OURS, THEIRS = place(NamedTuple), place(typing.NamedTuple)

SAME: dict[str, Callable[[Any], object]] = {
    "by place": lambda kind: kind(1, "b"),
    "by name": lambda kind: kind(y="b", x=1),
    "preset": lambda kind: kind(1),
    "equal": lambda kind: kind(1) == (1, "a"),
    "hash": lambda kind: hash(kind(1)) == hash((1, "a")),
    "shown": lambda kind: repr(kind(1)),
    "sorted": lambda kind: sorted([kind(2), kind(1, "z")]),
    "unpacked": lambda kind: [*kind(1)],
    "method": lambda kind: kind(1).moved(),
    "property": lambda kind: kind(1).both,
    "class method": lambda kind: kind.first(),
    "made": lambda kind: kind._make(iter([1, 2])),
    "replaced": lambda kind: kind(1)._replace(y=2),
    "as a dict": lambda kind: kind(1)._asdict(),
    "fields": lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__),
    "annotations": lambda kind: [*kind.__annotations__],
    "documented": lambda kind: (kind.__doc__, kind.x.__doc__, kind.y.__doc__),
    "class": lambda kind: (kind.__name__, kind.__qualname__, kind.__module__, kind.__mro__[1:], type(kind)),
    "signature": lambda kind: [(one.name, one.default) for one in inspect.signature(kind).parameters.values()],
    "copied": lambda kind: (copy.copy(kind(1)), copy.deepcopy(kind(1)), kind(1).__getnewargs__()),
    "no slot": lambda kind: hasattr(kind(1), "__dict__"),
}
WRONG: dict[str, Callable[[Any], object]] = {
    "too few": lambda kind: kind(),
    "too many": lambda kind: kind(1, 2, 3),
    "unknown": lambda kind: kind(1, z=2),
    "twice": lambda kind: kind(1, x=2),
    "replaced": lambda kind: kind(1)._replace(z=2),
    "made": lambda kind: kind._make([1]),
    "put": lambda kind: setattr(kind(1), "x", 2),
    "new": lambda kind: setattr(kind(1), "z", 2),
}


class Known(NamedTuple):
    """One that can be found by its name."""

    number: int
    others: tuple[Known, ...] = ()
    kind: Literal["a", "b"] = "a"


@pytest.mark.parametrize("name", SAME)
def test_what_it_does_is_the_same(name):
    assert SAME[name](OURS) == SAME[name](THEIRS)


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_is_told_in_the_same_way(name):
    with pytest.raises((TypeError, ValueError, AttributeError)) as theirs:
        WRONG[name](THEIRS)
    with pytest.raises(theirs.type) as ours:
        WRONG[name](OURS)
    assert str(ours.value).rpartition(".")[2] == str(theirs.value).rpartition(".")[2]


def test_one_without_fields_is_empty():
    assert empty(NamedTuple)() == empty(typing.NamedTuple)() == ()


def test_a_field_without_a_default_after_one_with_it_is_refused():
    with pytest.raises(TypeError, match="without a default"):

        class _Wrong(NamedTuple):
            x: int = 1
            y: int  # type: ignore[misc]


def test_it_is_kept_and_read_again():
    assert pickle.loads(pickle.dumps(Known(1, (Known(2),)))) == Known(1, (Known(2),))


def test_types_can_be_asked_for():
    assert typing.get_type_hints(Known)["number"] is int


def test_it_can_be_taken_apart():
    match Known(1, kind="b"):
        case Known(number, _others, "b"):
            assert number == 1
        case _:
            pytest.fail("no match")


def test_a_subclass_adds_to_it():
    class More(Known):
        def doubled(self) -> int:
            return self.number * 2

    assert (More(2).doubled(), repr(More(2)), More(2)._replace(number=3)) == (
        4,
        "More(number=2, others=(), kind='a')",
        More(3),
    )
