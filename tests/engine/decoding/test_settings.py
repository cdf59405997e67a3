from typing import Any

import pytest

from tracer.decoding.settings import Settings
from tracer.errors import InputError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategy": "greed"}, "strategy is 'greed'; expected greedy / sample / beam"),
        ({"strategy": "sample", "temperature": 0}, "temperature is 0; expected a number above 0"),
        ({"strategy": "sample", "temperature": float("nan")}, "temperature is nan"),
        ({"strategy": "sample", "top_k": 0}, "top_k is 0"),
        ({"strategy": "sample", "top_p": 0}, "top_p is 0"),
        ({"strategy": "sample", "top_p": 1.1}, r"top_p is 1\.1; expected a number above 0, at most 1"),
        ({"strategy": "beam", "beams": 0}, "beams is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1 << 64}, "expected a whole number from 0 to 18446744073709551615"),
        ({"max_tokens": 0}, "max_tokens is 0; expected a whole number from 1 to 65536"),
        ({"max_tokens": 2.5}, r"max_tokens is 2\.5; expected a whole number"),
        ({"seed": "1"}, "seed is '1'; expected a whole number"),
        ({"strategy": "sample", "top_k": 2.0}, r"top_k is 2\.0; expected a whole number"),
        ({"strategy": "sample", "temperature": "hot"}, "temperature is 'hot'; expected a number"),
        (
            {"strategy": "greedy", "temperature": 1.0},
            "belongs to strategy sample, and this is greedy; choose strategy sample, or leave",
        ),
        ({"strategy": "beam", "top_k": 3}, "top_k belongs to strategy sample, and this is beam"),
        ({"strategy": "greedy", "beams": 3}, "beams belongs to strategy beam"),
        ({"strategy": "beam", "early_stopping": "soon"}, "early_stopping is 'soon'; expected True / False / never"),
        ({"strategy": "sample", "early_stopping": True}, "early_stopping belongs to strategy beam"),
        ({"beam": 3}, "beam is no setting; known are strategy"),
    ],
)
def test_a_setting_out_of_range_is_explained(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings.of(**values)


def test_the_limits_themselves_are_in_range() -> None:
    assert Settings.of(strategy="sample", top_p=1.0, top_k=1, seed=(1 << 64) - 1, max_tokens=1)


def test_what_is_left_open_is_filled_for_the_strategy_alone() -> None:
    stated = {"beams": 6, "early_stopping": "never", "temperature": 0.7, "cache": False}
    assert Settings("beam", beams=3).filled(stated) == Settings("beam", beams=3, early_stopping="never", cache=False)
    assert Settings("sample").filled(stated) == Settings("sample", temperature=0.7, cache=False)
    assert Settings(cache=True).filled(stated) == Settings(cache=True)


def test_what_is_filled_in_is_checked() -> None:
    with pytest.raises(InputError, match="beams is 99; expected a whole number from 1 to 64"):
        Settings("beam").filled({"beams": 99})
