"""Fields of JSON that somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pytest

from tracer.errors import InputError
from tracer.fields import Fields, is_of
from tracer.tensor import Axis


@pytest.mark.parametrize(
    ("hint", "fits", "others"),
    [
        (int, [0, -1], [True, 1.0, "1", None]),
        (float, [0, 1.5, float("nan")], [True, "1", None]),
        (bool, [True], [0, 1, None]),
        (str | None, ["", None], [0, []]),
        (Any, [0, None, []], []),
        (list[str], [[], ["a"]], ["a", ["a", 1], {"a": 1}, ("a",)]),
        (Sequence[int], [[1], (1,), range(3)], ["12", [1.0], [None]]),
        (Sequence[str], [["a"], ("a",)], ["a", range(3)]),
        (dict[str, int], [{}, {"a": 1}], [[], {"a": "b"}, {1: 1}]),
        (Mapping[int, str], [{1: "a"}], [{"1": "a"}]),
        (tuple[int, str], [(1, "a")], [[1, "a"], (1,), ("a", 1), (1, "a", 1)]),
        (tuple[int, ...], [(), (1, 2)], [[1], ("a",)]),
        (Literal["a", "b"], ["a"], ["c", 1, None, []]),
        (type[np.floating[Any]], [np.float32], [np.int64, 1, "float32"]),
        (Axis, [Axis("head")], ["head", ("head", None)]),
    ],
    ids=str,
)
def test_a_value_is_of_a_type_or_not(hint: Any, fits: list[Any], others: list[Any]) -> None:
    assert all(is_of(value, hint) for value in fits)
    assert not any(is_of(value, hint) for value in others)


def test_what_is_wrong_is_said_with_its_place() -> None:
    fields = Fields({"a": {"b": [{"c": 1}, {"c": "x"}]}, "n": "12"}, "", InputError)
    first, second = fields.within("a").each("b")
    assert first("c", int) == 1
    with pytest.raises(InputError, match=r"^a.b\[1\].c: expected int$"):
        second("c", int)
    with pytest.raises(InputError, match=r"^a: expected list\[dict\[str, typing\.Any\]\]$"):
        list(fields.each("a"))
    with pytest.raises(InputError, match=r"^n: no$"):
        fields.read("n", str, _refuse)
    assert fields.read("n", str, int) == 12
    assert fields.names == ["a", "n"]


def _refuse(_text: str) -> None:
    raise ValueError("no")
