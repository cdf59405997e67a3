"""The values that a setting may have."""

from __future__ import annotations

from typing import Any

import pytest

from tracer.domains import SWITCH, Above, Domain, Number, Text, Whole, Words, words
from tracer.errors import InputError

WHOLE, SHARE, SIZE = Whole("N", 1, 64), Above("P", 0, 1), Number("X", -1.5, 2)
STOPPING = Words({"true": True, "never": "never"})


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (WHOLE, [1, 64], [0, 65, 2.0, "2", True, None]),
        (SHARE, [1, 1.0, 1e-30], [0, 0.0, 1.1, float("nan"), "1"]),
        (SIZE, [-1.5, 0, 2], [-1.6, 2.1, float("inf")]),
        (SWITCH, [True, False], ["on", None, 2]),
        (STOPPING, [True, "never"], ["true", False]),
        (Text("TEXT"), ["", "on"], [None, 1]),
    ],
)
def test_which_values_are_in(domain: Domain, inside: list[Any], outside: list[Any]) -> None:
    assert [value for value in inside if value not in domain] == []
    assert [value for value in outside if value in domain] == []
    assert [domain.read(domain.written(value)) for value in inside] == inside


@pytest.mark.parametrize(
    ("domain", "text", "problem"),
    [
        (WHOLE, "65", "'65' is not a whole number from 1 to 64"),
        (WHOLE, "2.0", "'2.0' is not a whole number from 1 to 64"),
        (SHARE, "0", "'0' is not a number above 0, at most 1"),
        (SIZE, "nan", "'nan' is not a number from -1.5 to 2"),
        (SWITCH, "o", "'o' is ambiguous: on, off"),
        (words("a", "b"), "", "'' is none of a, b"),
    ],
)
def test_what_is_refused_is_told_what_was_expected(domain: Domain, text: str, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        domain.read(text)
    assert str(refused.value) == problem


def test_how_values_are_named_in_help() -> None:
    assert (WHOLE.bounds, SHARE.bounds, SIZE.bounds, SWITCH.bounds) == ("1<=N<=64", "0<P<=1", "-1.5<=X<=2", "")
    assert (WHOLE.placeholder, STOPPING.placeholder, SWITCH.expected) == ("N", "true|never", "True / False")


def test_words_may_be_shortened() -> None:
    assert (SWITCH.read("of"), STOPPING.read("t")) == (False, True)
