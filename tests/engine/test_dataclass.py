"""Dataclasses behave as those of the standard library do, which are the reference here."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from functools import cached_property
from typing import Any, ClassVar

import pytest

from tracer.dataclass import dataclass

HOW: list[dict[str, bool]] = [
    {},
    {"frozen": True},
    {"frozen": True, "eq": False},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"slots": True},
    {"frozen": True, "order": True},
    {"frozen": True, "order": True, "slots": True},
    {"eq": False, "repr": False},
]


def point(make: Callable[..., Any], **how: bool) -> Any:
    """A class of each kind of field."""

    @make(**how)
    class Point:
        """A place."""

        x: int
        y: int = 2
        names: list[str] = field(default_factory=list)
        hidden: int = field(default=0, repr=False, compare=False)
        last: str = field(default="z", kw_only=True)

    return Point


def colour(make: Callable[..., Any], **how: bool) -> Any:
    """A class that writes some methods itself, and is followed up."""

    @make(**how)
    class Colour:
        """A mixture."""

        red: int
        blue: int = 1
        sum: int = field(init=False, default=-1)

        def __post_init__(self) -> None:
            object.__setattr__(self, "sum", self.red + self.blue)

        def __repr__(self) -> str:
            return "colour"

        def __hash__(self) -> int:
            return 7

    return Colour


GIVEN: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, 3), {}),
    ((1, 3, ["a"]), {"last": "b"}),
    ((), {"x": 4, "hidden": 5}),
    ((), {"red": 4, "blue": 5}),
    ((), {}),
    ((1,), {"x": 1}),
    ((1, 2, [], 4, 5), {}),
    ((1,), {"unknown": 1}),
    ((1,), {"sum": 1}),
]


def told(make: Callable[[], Any]) -> Any:
    """What comes of a call: the fields of an object, or the kind of the error."""
    try:
        made = make()
    except TypeError:
        return TypeError
    return {each.name: getattr(made, each.name) for each in dataclasses.fields(made)}, dataclasses.asdict(made)


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("kind", [point, colour])
@pytest.mark.parametrize(("args", "named"), GIVEN, ids=str)
def test_objects_are_filled_alike(kind: Any, how: dict[str, bool], args: Any, named: Any) -> None:
    expected, ours = kind(dataclasses.dataclass, **how), kind(dataclass, **how)
    assert told(lambda: ours(*args, **named)) == told(lambda: expected(*args, **named))


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("kind", [point, colour])
def test_objects_are_compared_shown_and_hashed_alike(kind: Any, how: dict[str, bool]) -> None:
    def seen(make: Callable[..., Any]) -> list[Any]:
        one = kind(make, **how)
        a, b, c = one(1), one(1), one(2)
        shown = repr(a).replace(str(id(a)), "") if how.get("repr", True) else ""
        hashable = one.__hash__ is not None
        equal = [a == b, a == c, a != b, a == 1]
        return [shown, hashable, *equal, hashable and kind is colour and hash(a)]

    assert seen(dataclass) == seen(dataclasses.dataclass)


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("make", [dataclasses.dataclass, dataclass])
def test_those_with_an_order_compare_by_it(make: Any, slots: bool) -> None:
    one = point(make, order=True, slots=slots)
    assert (one(1) < one(2), one(1) <= one(1, hidden=3), one(1) > one(1, 1), one(2) >= one(3)) == (
        *(True, True, True),
        False,
    )
    with pytest.raises(TypeError):
        assert one(1) < 1


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("kind", [point, colour])
def test_fields_are_gathered_alike(kind: Any, how: dict[str, bool]) -> None:
    def seen(make: Callable[..., Any]) -> list[Any]:
        class More(kind(make, **how)):  # type: ignore[misc]
            """One that adds a field and a constant."""

            further: int = 5
            USUAL: ClassVar[int] = 3

        whole = make(**how)(More)
        every = dataclasses.fields(whole)
        told = [(each.name, each.type, each.init, each.repr, each.compare, each.kw_only) for each in every]
        return [told, whole.__match_args__, whole.USUAL, [*whole.__dict__.get("__slots__", [])], hasattr(whole, "x")]

    assert seen(dataclass) == seen(dataclasses.dataclass)


@pytest.mark.parametrize("make", [dataclasses.dataclass, dataclass])
def test_a_default_that_can_change_is_refused(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="default_factory"):

        @make
        class Wrong:
            """Refused."""

            x: Any = []  # noqa: RUF012


@dataclass(frozen=True, slots=True)
class Kept:
    """What can be pickled."""

    names: list[str]
    n: int = 2


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_frozen_object_with_slots_is_copied(again: Callable[[Any], Any]) -> None:
    assert again(Kept(["a"], 3)) == Kept(["a"], 3)


@pytest.mark.parametrize("make", [dataclasses.dataclass, dataclass])
def test_a_field_without_default_follows_none_with_one(make: Callable[..., Any]) -> None:
    with pytest.raises(TypeError):

        @make
        class Wrong:
            """Refused."""

            x: int = 1
            y: int  # type: ignore[misc]


@pytest.mark.parametrize("slots", [False, True])
def test_a_frozen_object_stays_as_it_is(slots: bool) -> None:
    made = point(dataclass, frozen=True, slots=slots)(1)
    with pytest.raises(FrozenInstanceError):
        made.x = 2
    with pytest.raises(FrozenInstanceError):
        del made.x
    assert made.x == 1
    assert dataclasses.replace(made, x=5).x == 5


def test_values_of_equal_fields_hash_alike() -> None:
    @dataclass(frozen=True)
    class Pair:
        """Two."""

        a: int
        b: str = ""

    assert len({Pair(1), Pair(1, ""), Pair(b="", a=1), Pair(2)}) == 2


def test_a_class_inherits_fields_and_may_add_what_is_cached() -> None:
    @dataclass(frozen=True)
    class Base:
        """One field."""

        a: int = 1

    @dataclass(frozen=True)
    class Derived(Base):
        """And another."""

        b: int = 2

        @cached_property
        def both(self) -> int:
            """Their sum."""
            return self.a + self.b

    class Free(Base):
        """No dataclass, so that what it adds is free."""

    assert (Derived(3).both, Derived(3) == Derived(3, 2), Derived(1) == Base(1)) == (5, True, False)
    free = Free()
    free.other = 4  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        free.a = 4  # type: ignore[misc]
