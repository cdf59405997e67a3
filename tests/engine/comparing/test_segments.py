"""Stretches of a computation, performed again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tracer.addresses import At
from tracer.comparing.segments import Altered, Key, Segment, Sources, key_of
from tracer.edits import Call
from tracer.tensor import Tensor

from .ported import run_of

FIRST = At(1)


def key(path: str, at: int = 1) -> Key:
    return At(at), path


def sources(family: str = "gpt2") -> Sources:
    return Sources(run_of(family))


def given(*paths: str, family: str = "gpt2", by: float = 1.0) -> dict[Key, Tensor]:
    """Numbers that somebody else has for some records: ours, so many times."""
    found = {}
    for path in paths:
        output = sources(family).records[key(path)].output
        found[key(path)] = output.replaced(output.array * np.float32(by))
    return found


def paths(segment: Segment) -> Sequence[str]:
    return [record.address for record in segment.records]


SELF = "decoder.0.self_attn"


def test_a_stretch_goes_back_to_what_is_given() -> None:
    there = given(f"{SELF}.q", f"{SELF}.k")
    found = sources().segment(key(f"{SELF}.weights"), there)
    assert paths(found) == [f"{SELF}.{name}" for name in ("scores", "mask", "masked", "weights")]
    assert {path for _at, path in found.beginning} == {f"{SELF}.q", f"{SELF}.k"}
    assert found.last.address == f"{SELF}.weights"


def test_and_no_further_than_where_it_is_told_to_end() -> None:
    found = sources().segment(key(f"{SELF}.weights"), {}, [key(f"{SELF}.scores")])
    assert paths(found) == [f"{SELF}.{name}" for name in ("mask", "masked", "weights")]


def test_without_anything_given_it_begins_with_the_text() -> None:
    found = sources("marian_zh_en").segment(key("logits"), {})
    assert (paths(found)[0], found.beginning) == ("encoder.embed.tokens", {})
    assert {record.at for record in found.records} == {At(0), At(1)}


@pytest.mark.parametrize("family", ["gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0"])
def test_performed_again_as_it_was_it_yields_the_same(family: str) -> None:
    every = sources(family)
    for there in ({}, given("decoder.0.self_attn.norm", "decoder.1.self_attn.q", family=family)):
        output = every.segment(key("logits"), there).result
        assert np.array_equal(output.array, every.records[key("logits")].output.array)


def test_other_numbers_at_its_beginning_lead_to_others() -> None:
    found = sources().segment(key(f"{SELF}.scores"), given(f"{SELF}.q", by=2)).result
    ours = sources().records[key(f"{SELF}.scores")].output
    assert np.array_equal(found.array, 2 * ours.array)
    assert found.axes == ours.axes


def test_everything_on_the_way_is_moved() -> None:
    seen: list[str] = []

    def moved(tensor: Tensor) -> Tensor:
        seen.append("")
        return tensor.replaced(tensor.array + 1)

    segment = sources().segment(key(f"{SELF}.residual"), given(f"{SELF}.output", "decoder.embed.output"))
    assert np.allclose(segment.where(moved).array, segment.result.array + 3)
    assert len(seen) == 3


def test_another_operation_takes_the_place_of_one() -> None:
    segment = sources().segment(key(f"{SELF}.residual"), given(f"{SELF}.output", "decoder.embed.output"))
    shown: list[str] = []

    def twice(call: Call) -> Call:
        shown.append(call.path)
        return call._replace(inputs=call.inputs[:1] * 2)

    altered = Altered(segment.records, segment.given, segment, {key(f"{SELF}.residual")}, twice)
    assert np.array_equal(altered.result.array, 2 * segment.last.inputs[0].array)
    assert shown == [f"{SELF}.residual"]


def test_what_a_change_does_not_reach_is_not_performed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    segment = sources().segment(key("logits"), {})
    right, performed = segment.outputs, []
    monkeypatch.setattr(Altered, "output", lambda _segment, key, call: performed.append(key) or call.output())
    altered = Altered(segment.records, segment.given, segment, {key("decoder.norm")}, lambda _call: None)
    assert np.array_equal(altered.result.array, right[key("logits")].array)
    assert [path for _at, path in performed] == ["decoder.norm", "logits"]


def test_replayed_every_record_is_what_comes_of_their_numbers_for_those_before_it() -> None:
    every = sources()
    there = given(f"{SELF}.norm", by=2)
    found = dict(every.replayed(there))
    ours = {place: record.output for place, record in every.records.items()}
    assert list(found) == list(ours)
    assert found[key(f"{SELF}.norm")] is ours[key(f"{SELF}.norm")]
    assert np.array_equal(found[key("decoder.embed.output")].array, ours[key("decoder.embed.output")].array)
    assert not np.allclose(found[key(f"{SELF}.q")].array, ours[key(f"{SELF}.q")].array)
    assert not np.allclose(found[key("logits")].array, ours[key("logits")].array)
    again = dict(every.replayed(there | given(f"{SELF}.residual")))
    assert np.array_equal(again[key("decoder.0.ffn.norm")].array, ours[key("decoder.0.ffn.norm")].array)


def test_what_it_costs_is_about_what_is_multiplied() -> None:
    hidden = sources().segment(key("decoder.0.ffn.hidden"), given("decoder.0.ffn.norm"))
    assert hidden.cost == 9 * 192 * 48
    assert sources().segment(key("decoder.0.ffn.activated"), given("decoder.0.ffn.hidden")).cost == 9 * 192


def test_what_no_pass_has_has_no_key() -> None:
    assert key_of(Tensor(np.zeros(2), sources().records[key("loss")].output.dims)) is None
