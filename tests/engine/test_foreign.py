"""Runs of other programs: our records with their numbers, and a sentence for what they can't say."""

from __future__ import annotations

import numpy as np
import pytest

import tracer
from tracer.addresses import At
from tracer.errors import AddressError, InputError
from tracer.foreign import ForeignTrace, foreign
from tracer.trace import Trace

CROSS = "decoder.0.cross_attn"


@pytest.fixture(scope="module")
def ours() -> tracer.Run:
    return tracer.trace(tracer.load("zh-en-tiny"), "我爱你", target="i love you")


@pytest.fixture
def theirs(ours: tracer.Run) -> ForeignTrace:
    paths = (f"{CROSS}.masked", f"{CROSS}.weights", f"{CROSS}.mask", "logits", "probs", "loss")
    numbers = {path: ours.step(1).find(path).output.array * np.float32(2) for path in paths}
    return foreign(ours, {At(1): numbers, At(0): {}}, "port.npz")


def test_it_has_the_records_that_there_are_numbers_for(ours: tracer.Run, theirs: ForeignTrace) -> None:
    assert isinstance(theirs, Trace)
    assert (theirs.numbers, theirs.card.name, theirs.text) == (range(1, 2), "port.npz", "i love you")
    assert [record.address for record in theirs.step(1)] == [
        f"{CROSS}.mask", f"{CROSS}.masked", f"{CROSS}.weights", "logits", "probs", "loss",
    ]  # fmt: skip
    for record in theirs.step(1):
        live = ours.step(1).find(record.address)
        assert (record.op, record.written, record.output.labels) == (live.op, live.written, live.output.labels)
        assert np.array_equal(record.output.array, live.output.array * np.float32(2), equal_nan=True)


def test_inputs_are_theirs_where_they_have_them(theirs: ForeignTrace) -> None:
    tape = theirs.step(1)
    assert tape.find(f"{CROSS}.weights").inputs[0] is tape.find(f"{CROSS}.masked").output
    scores, mask = tape.find(f"{CROSS}.masked").inputs
    assert mask is tape.find(f"{CROSS}.mask").output
    assert scores.header == "[head 2, query 5, key 4]"
    with pytest.raises(AddressError, match=rf"^port.npz has no numbers of @1:{CROSS}.scores$"):
        scores.array  # noqa: B018


@pytest.mark.parametrize("number", [None, 0])
def test_what_it_can_not_say(ours: tracer.Run, theirs: ForeignTrace, number: int | None) -> None:
    ours.number = number
    record, where = theirs.step(1).find("probs"), "@1:probs" if number is None else "r0@1:probs"
    for asked in (lambda: record.derive((0, 0)), record.again):
        with pytest.raises(AddressError, match=f"^port.npz has numbers and no arithmetic; why {where} shows ours$"):
            asked()
    with pytest.raises(AddressError, match=r"^port.npz has no numbers of @1:decoder.0.ffn.output$"):
        theirs.step(1)["dec.0.ffn.output"]
    with pytest.raises(AddressError, match=r"^port.npz has nothing of step @0, and computes nothing$"):
        theirs.step(0)


def test_second_names_are_those_of_ours(ours: tracer.Run) -> None:
    output = ours.step(1).find("decoder.output").output
    theirs = foreign(ours, {At(1): {output.path: output.array}}, "x")
    assert theirs.step(1).find("decoder.output").output.array.tobytes() == output.array.tobytes()


def test_what_is_no_run(ours: tracer.Run) -> None:
    with pytest.raises(InputError, match="x: nothing in it is at an address of this run"):
        foreign(ours, {At(1): {}}, "x")
    with pytest.raises(InputError, match=r"x: @1:probs has the shape \[2\], and ours is \[position 5, vocab 79\]"):
        foreign(ours, {At(1): {"probs": np.zeros(2)}}, "x")


def test_their_numbers_are_not_written_to(ours: tracer.Run) -> None:
    array = np.zeros((5, 79), np.float32)
    theirs = foreign(ours, {At(1): {"probs": array}}, "x")
    assert not theirs.step(1)["probs"].array.flags.writeable
    assert array.flags.writeable
