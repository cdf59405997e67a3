"""Where an output ends, who says so, and where an end is forced; the values are transformers'."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.decoding.limits import Limit, limit_of
from tracer.decoding.rules import Rules
from tracer.errors import AddressError, InputError

from ..conftest import FIXTURES

CASE = FIXTURES / "cases" / "forced-end"
EXPECTED = json.loads((CASE / "expected.json").read_text(encoding="utf-8"))
SOURCE = EXPECTED["forced"]["source"]

Stating = Callable[..., tracer.Model]


@pytest.fixture
def stating(tmp_path: Path) -> Stating:
    """The case with other statements in its generation_config.json; None takes one out."""

    def stating(**stated: Any) -> tracer.Model:
        values = json.loads((CASE / "generation_config.json").read_text()) | stated
        values = {key: value for key, value in values.items() if value is not None}
        for name in ("config.json", "model.safetensors"):
            (tmp_path / name).symlink_to(CASE / name)
        (tmp_path / "generation_config.json").write_text(json.dumps(values))
        return tracer.load(tmp_path)

    return stating


@pytest.mark.parametrize(
    ("asked", "stated", "room", "expected"),
    [
        (None, {}, 99, Limit(20, "ours")),
        (None, {"max_length": 40}, 99, Limit(37, "stated")),
        (None, {"max_new_tokens": 40, "max_length": 9}, 99, Limit(40, "stated")),
        (12, {"max_length": 40}, 99, Limit(12, "asked")),
        (50, {"max_length": 40}, 99, Limit(50, "asked")),
        (50, {}, 30, Limit(30, "model")),
        (None, {}, 8, Limit(8, "model")),
    ],
)
def test_what_is_asked_goes_before_what_is_stated(
    asked: int | None, stated: dict[str, int], room: int, expected: Limit
) -> None:
    found = limit_of(asked, Rules(None, (), **stated), given=3, ours=20, room=room)  # type: ignore[arg-type]
    assert found == expected
    assert found.forces == (expected.tokens if expected.by in ("asked", "stated") else None)


def test_a_text_that_leaves_no_room_is_refused_as_in_transformers() -> None:
    with pytest.raises(InputError, match="states max_length = 3, and 3 tokens are given before the first"):
        limit_of(None, Rules(None, (), max_length=3), given=3, ours=20, room=99)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize(("how", "key"), [({"strategy": "greedy"}, "greedy"), ({"strategy": "beam"}, "beam4")])
def test_an_end_is_forced_at_the_greatest_length(stating: Stating, name: str, how: dict[str, Any], key: str) -> None:
    model = stating() if name == "forced" else stating(forced_eos_token_id=None)
    run = tracer.trace(model, ids=SOURCE, **how)
    assert run.output_ids == EXPECTED[name][key]
    told = "39 tokens, the most that the checkpoint allows; --max-tokens N goes on"
    assert run.ending == (f"0, forced: {told}" if name == "forced" else told)


def test_at_a_limit_of_ours_no_end_is_forced(stating: Stating) -> None:
    run = tracer.trace(stating(max_length=None), ids=SOURCE, strategy="greedy")
    assert run.output_ids == EXPECTED["forced"]["greedy"][:16]
    assert run.ending == "the limit of 16 tokens is tx-trace's own; --max-tokens N goes on"
    with pytest.raises(AddressError, match="the run ends with @16: the limit of 16 tokens is tx-trace's own"):
        run.step(17)


def test_at_a_limit_that_is_asked_for_an_end_is_forced(stating: Stating) -> None:
    run = tracer.trace(stating(), ids=SOURCE, strategy="greedy", max_tokens=6)
    assert run.output_ids == [*EXPECTED["forced"]["greedy"][:5], 0]
    assert run.ending == "0, forced: 6 tokens, the most allowed (--max-tokens)"


def test_where_the_positions_end_no_end_is_forced(stating: Stating) -> None:
    run = tracer.trace(stating(max_length=500), ids=SOURCE)
    assert (len(run.output_ids), run.output_ids[-1]) == (64, 9)
    assert run.ending == "64 tokens, the most that the model has positions for"


def test_a_given_output_may_be_longer_than_what_is_stated(stating: Stating) -> None:
    run = tracer.trace(stating(max_length=2), ids=SOURCE, target_ids=[60, 38, 38, 38])
    assert run.ending == "the given output is read"


def test_what_a_strategy_can_not_follow_is_refused_when_it_is_used(stating: Stating) -> None:
    model = stating(temperature=0.0)
    assert tracer.trace(model, ids=SOURCE, max_tokens=1).tokens
    with pytest.raises(InputError, match=r"what the checkpoint states can't be followed: temperature is 0\.0"):
        tracer.trace(model, ids=SOURCE, strategy="sample")
    assert tracer.trace(model, ids=SOURCE, strategy="sample", temperature=0.5, max_tokens=1).tokens
