"""What went into the passes of a dump."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.comparing.given import Pass, checked, passes, readings
from tracer.dumps.dump import Entry
from tracer.dumps.evidence import Printed
from tracer.errors import InputError
from tracer.i18n import spoken
from tracer.models.texts import Given

from ...dumped import Told, statistics, values
from .ported import run_of


def told(arrays: Mapping[str, Any]) -> Told:
    """A dump of some lists of whole numbers."""
    return Told(Entry(name, values(np.array(array))) for name, array in arrays.items())


def rows(arrays: Mapping[str, Any], stated: Given | None = None, otherwise: Given | None = None) -> list[Pass]:
    return passes(told(arrays), stated, otherwise)


def only(arrays: Mapping[str, Any], stated: Given | None = None, otherwise: Given | None = None) -> Pass:
    [found] = rows(arrays, stated, otherwise)
    return found


TWO = {"input_ids": [[5, 6, 7], [8, 9, 0]], "attention_mask": [[1, 1, 1], [1, 1, 0]]}
IDS = [
    {"input_ids": [5, 6]},
    {"input_ids": [[5, 6]]},
    {"source_ids": [[5, 6]]},
    {"model.inputs.input_ids": [[5, 6]]},
    {"model.forward_batch_info.input_ids#0": [5, 6]},
    {"transformer.wte.inputs.0": [[5, 6]]},
    {"model.decoder.inputs.input_ids": [[5, 6]]},
    {"MarianMTModel.model.encoder.embed_tokens.inputs.0#0": [[5, 6]]},
    {"other": [[1, 2]], "input_ids": [5, 6], "z.input_ids": [7, 8]},
]


@pytest.mark.parametrize("arrays", IDS, ids=lambda arrays: next(iter(arrays)))
def test_ids_go_by_their_name_or_are_what_is_embedded(arrays: dict[str, Any]) -> None:
    assert only(arrays) == Pass("", 0, 1, [5, 6], None)


def test_what_a_decoder_read_is_told_from_what_an_encoder_read() -> None:
    for names in (
        ("input_ids", "decoder_input_ids"),
        ("source_ids", "target_ids"),
        ("m.inputs.input_ids", "m.inputs.decoder_input_ids"),
        ("m.encoder.inputs.input_ids", "m.decoder.inputs.input_ids"),
        ("m.encoder.embed_tokens.inputs.0", "m.decoder.embed_tokens.inputs.0"),
    ):
        found = only(dict(zip(names, ([[5, 6]], [[0, 7, 8]]), strict=True)))
        assert (found.source, found.target) == ([5, 6], [0, 7, 8])


def test_masks_and_positions_are_read() -> None:
    found = only({"input_ids": [[0, 5, 6]], "attention_mask": [[0, 1, 1]], "position_ids": [[0, 0, 1]]})
    assert (found.mask, found.positions, found.target_mask) == ([0, 1, 1], [0, 0, 1], None)
    found = only({"input_ids": [5], "decoder_input_ids": [0, 7], "decoder_attention_mask": [[1, 1]]})
    assert (found.mask, found.target_mask) == (None, [1, 1])


def test_each_row_of_a_batch_is_a_pass() -> None:
    found = rows({**TWO, "position_ids": [[0, 1, 2]]})
    assert [(one.row, one.rows, one.source, one.mask, one.positions) for one in found] == [
        (0, 2, [5, 6, 7], [1, 1, 1], [0, 1, 2]),
        (1, 2, [8, 9, 0], [1, 1, 0], [0, 1, 2]),
    ]
    assert [one.name for one in found] == ["input_ids[0]", "input_ids[1]"]


def test_a_second_batch_has_names_of_its_own() -> None:
    found = rows({"input_ids": [[5]], **{f"batch.{name}": array for name, array in TWO.items()}})
    assert [one.name for one in found] == ["input_ids", "batch.input_ids[0]", "batch.input_ids[1]"]
    assert [one.mask for one in found] == [None, [1, 1, 1], [1, 1, 0]]


def test_whole_numbers_that_were_printed_count() -> None:
    places = np.argwhere(np.ones((1, 2), bool))
    ids = Printed((1, 2), "I64", places=places, values=np.array([5.0, 6.0]), half=np.zeros(2))
    assert passes(Told([Entry("input_ids", ids)]))[0].source == [5, 6]
    half = Printed((1, 2), "I64", places=places[:1], values=np.array([5.0]), half=np.zeros(1))
    for evidence in (half, statistics(np.ones((1, 2)))):
        with pytest.raises(InputError, match="holds no input_ids"):
            passes(Told([Entry("input_ids", evidence)]))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, r"port\.npz: holds no input_ids to compute from; state what went in: --text and --target"),
        ({"logits": [[1, 2]]}, "holds no input_ids"),
        (
            {"input_ids": [[5.5, 6]]},
            r"is no list of whole numbers, or of rows of them: its shape is \[1, 2\]",
        ),
        ({"input_ids": [[[5]]]}, r"its shape is \[1, 1, 1\]"),
        ({"input_ids": 5}, r"its shape is \[\]"),
        ({**TWO, "attention_mask": [[1, 1, 1]] * 3}, "input_ids has 2 rows, and what goes with it has 3"),
    ],
)
def test_what_can_not_be_read_as_ids(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(arrays)


def test_what_is_stated_goes_before_what_the_dump_says() -> None:
    there = {"input_ids": [[0, 5, 6]], "decoder_input_ids": [[0, 7]], "attention_mask": [[0, 1, 1]]}
    assert only(there, Given([4, 4], [0, 1])) == Pass("", 0, 1, [4, 4], [0, 1])
    same = only(there, Given([0, 5, 6], None, positions=[0, 0, 1]))
    assert (same.target, same.mask, same.positions) == ([0, 7], [0, 1, 1], [0, 0, 1])
    assert only(there, Given([], None, mask=[1, 1, 1])).mask == [1, 1, 1]
    assert only({}, Given([4], None)) == Pass("", 0, 1, [4], None)


def test_what_went_in_otherwise_counts_where_the_dump_says_nothing() -> None:
    otherwise = Given([5, 6], [0, 7], mask=[0, 1], positions=[0, 0])
    assert only({}, otherwise=otherwise) == Pass("", 0, 1, [5, 6], [0, 7], [0, 1], None, [0, 0])
    there = only({"input_ids": [8, 9]}, otherwise=otherwise)
    assert (there.source, there.target, there.mask) == ([8, 9], None, None)
    same = only({"input_ids": [5, 6], "attention_mask": [1, 1]}, otherwise=otherwise)
    assert (same.target, same.mask, same.positions) == (None, [1, 1], [0, 0])


def model(name: str) -> tracer.Model:
    return run_of(name).model


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Pass("", 0, 1, [5, 480], []), "token id 480 is out of range"),
        (Pass("", 0, 1, [], []), "."),
        (Pass("", 0, 1, [5, 6], [], mask=[1]), "attention_mask"),
        (Pass("batch.", 0, 1, [5, 6], [], mask=[1, 2]), r"batch\.attention_mask"),
        (Pass("", 0, 1, [5, 6], [], positions=[0, -1]), "position -1 is out of range"),
    ],
)
def test_what_the_model_can_not_take_is_refused(given: Pass, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checked(model("gpt2"), given)


def test_positions_are_left_aside_by_a_model_that_takes_none() -> None:
    given = Pass("", 0, 1, [5, 6], [0, 7], positions=[3, 4])
    assert checked(model("t5_v1_0"), given).positions is None
    assert checked(model("gpt2"), Pass("", 0, 1, [5, 6], None, positions=[3, 4])).positions == [3, 4]


def ways(name: str, given: Pass) -> list[tuple[Any, Any, list[str]]]:
    found = readings(model(name), checked(model(name), given))
    return [(one.mask, one.positions, [spoken(note) for note in one.assumed]) for one in found]


def test_what_is_open_is_tried_both_ways() -> None:
    pad = model("marian_zh_en").facts.pad_id
    assert pad is not None
    usual, seen = ways("marian_zh_en", Pass("", 0, 1, [5, 6, pad], [pad, 7]))
    assert usual == (None, None, [])
    told = "input_ids: no attention_mask is stated; it agrees with one that hides no padding"
    assert seen == ([1, 1, 1], None, [told])
    assert len(ways("marian_zh_en", Pass("", 0, 1, [5, 6, pad], [pad, 7], mask=[1, 1, 0]))) == 1
    usual, counted = ways("gpt2", Pass("", 0, 1, [5, 6, 7], [], mask=[0, 1, 1]))
    assert (usual[1], list(counted[1])) == (None, [0, 0, 1])
    assert len(ways("gpt2", Pass("", 0, 1, [5, 6, 7], [], mask=[0, 1, 1], positions=[0, 1, 2]))) == 1
    assert len(ways("gpt2", Pass("", 0, 1, [5, 6, 7], []))) == 1
