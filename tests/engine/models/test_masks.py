"""Masks, positions and pads, as transformers follows them: `make_masks.py` says how the values came about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.errors import InputError

from ..conftest import FIXTURES
from .references import Reference

EXPECTED = json.loads((FIXTURES / "masks.json").read_text(encoding="utf-8"))
IDS, MASKS, POSITIONS, TARGET_MASK = (EXPECTED[name] for name in ("ids", "masks", "positions", "target_mask"))
CASES = [(name, where) for name in EXPECTED["models"] for where in MASKS]
CAUSAL = [(name, where) for name, where in CASES if "target" not in EXPECTED["models"][name]]
SEARCH = {"greedy": {}, "beam": {"strategy": "beam", "beams": 3}}


def loaded(name: str, folder: Path) -> tracer.Model:
    """A checkpoint of the fixtures whose pad id decoding knows."""
    shutil.copytree(FIXTURES / name, folder, dirs_exist_ok=True)
    return stating(folder, pad_token_id=EXPECTED["models"][name]["pad"])


def stating(folder: Path, **generation: int | None) -> tracer.Model:
    """The checkpoint with more, or less, in its generation_config.json."""
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | generation))
    return tracer.load(folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tracer.Model]:
    return {name: loaded(name, tmp_path_factory.mktemp(name)) for name in EXPECTED["models"]}


def agree(run: tracer.Run, expected: list[list[float]], name: str) -> None:
    """Ten times the noise of float32 on the first logits of every position."""
    found = run[1]["logits"].array[:, : len(expected[0])]
    np.testing.assert_allclose(found, expected, rtol=0, atol=10 * Reference(name).noise)


@pytest.mark.parametrize(("name", "where"), CASES)
def test_one_pass_follows_the_mask(models: dict[str, tracer.Model], name: str, where: str) -> None:
    found = EXPECTED["models"][name]
    masks = {"mask": MASKS[where]} | ({"target_mask": TARGET_MASK} if "target" in found else {})
    run = tracer.trace(models[name], ids=IDS, target_ids=found.get("target", []), **masks)
    agree(run, found["cases"][where]["one_pass"], name)


@pytest.mark.parametrize(("name", "where"), CAUSAL)
def test_one_pass_follows_positions(models: dict[str, tracer.Model], name: str, where: str) -> None:
    run = tracer.trace(models[name], ids=IDS, target_ids=[], mask=MASKS[where], positions=POSITIONS)
    agree(run, EXPECTED["models"][name]["cases"][where]["placed"], name)


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("search", SEARCH)
@pytest.mark.parametrize(("name", "where"), CASES)
def test_decoding_goes_on_as_the_mask_has_it(
    models: dict[str, tracer.Model], name: str, where: str, search: str, cache: bool
) -> None:
    run = tracer.trace(models[name], ids=IDS, mask=MASKS[where], max_tokens=8, cache=cache, **SEARCH[search])
    assert EXPECTED["models"][name]["cases"][where]["decoded"][search] == run.output_ids


@pytest.mark.parametrize("search", SEARCH)
@pytest.mark.parametrize(("name", "where"), CAUSAL)
def test_decoding_goes_on_from_positions(models: dict[str, tracer.Model], name: str, where: str, search: str) -> None:
    given = {"mask": MASKS[where], "positions": POSITIONS, "max_tokens": 8}
    run = tracer.trace(models[name], ids=IDS, **given, **SEARCH[search])
    assert EXPECTED["models"][name]["cases"][where]["decoded_placed"][search] == run.output_ids


def padded(name: str, where: str) -> list[int]:
    """The ids with the pad id where the mask hides them."""
    pad = EXPECTED["models"][name]["pad"]
    return [i if seen else pad for i, seen in zip(IDS, MASKS[where], strict=True)]


@pytest.mark.parametrize("search", SEARCH)
@pytest.mark.parametrize(("name", "where"), [case for case in CASES if case in CAUSAL or case[1] in ("left", "middle")])
def test_decoding_takes_pad_ids_as_transformers_does(
    models: dict[str, tracer.Model], name: str, where: str, search: str
) -> None:
    run = tracer.trace(models[name], ids=padded(name, where), max_tokens=8, **SEARCH[search])
    assert EXPECTED["models"][name]["cases"][where]["inferred"][search] == run.output_ids


@pytest.mark.parametrize("name", sorted({name for name, _where in CASES} - {name for name, _where in CAUSAL}))
def test_pad_ids_at_the_end_of_an_encoders_text_are_hidden(models: dict[str, tracer.Model], name: str) -> None:
    run = tracer.trace(models[name], ids=padded(name, "right"), max_tokens=8)
    assert EXPECTED["models"][name]["cases"]["right"]["decoded"]["greedy"] == run.output_ids


def told(run: tracer.Run) -> list[str]:
    return list(map(str, run.remarks))


ALONE = "the text is padding alone: no query sees a key of it, and every weight is the same"
READ = "padding is not hidden, as transformers has it, at {} places: {}; --attention-mask hides it"
HIDDEN = "padding is hidden at {} places: {}"
OURS = (
    "padding at the end is hidden, at {} places: {}; transformers hides it only if an attention_mask says so, "
    "as --attention-mask does"
)


def test_what_an_encoder_makes_of_pads_is_said(models: dict[str, tracer.Model]) -> None:
    bart = models["bart_tied"]
    assert told(tracer.trace(bart, ids=[5, 6, 1], max_tokens=1)) == [OURS.format("1 of 3", "1 (id 1)")]
    assert told(tracer.trace(bart, ids=[1, 5, 6], max_tokens=1)) == [READ.format("1 of 3", "1 (id 1)")]
    assert told(tracer.trace(bart, ids=[1, 1], max_tokens=1)) == [ALONE]
    assert told(tracer.trace(bart, ids=[1, 5, 6], mask=[1, 1, 1], max_tokens=1)) == []
    assert told(tracer.trace(bart, ids=[1, 5, 6], mask=[0, 0, 0], max_tokens=1)) == [ALONE]


def test_the_papers_own_architecture_hides_pads_anywhere() -> None:
    run = tracer.trace(tracer.load("zh-en-tiny"), ids=[0, 5, 0, 6], target_ids=[1])
    assert np.isneginf(run[0]["encoder.0.self_attn.mask"].array[0]).tolist() == [True, False, True, False]
    assert told(run) == [HIDDEN.format("2 of 4", "<pad> (id 0)")]


def test_what_a_decoder_makes_of_pads_is_said(models: dict[str, tracer.Model]) -> None:
    qwen2 = models["qwen2"]
    assert told(tracer.trace(qwen2, ids=[13, 5, 6], target_ids=[])) == [READ.format("1 of 3", "13 (id 13)")]
    hidden, last = told(tracer.trace(qwen2, ids=[13, 5, 13], max_tokens=1))
    assert hidden == HIDDEN.format("2 of 3", "13 (id 13)")
    assert "pad before the text" in last


def test_positions_beyond_those_of_training_are_said(models: dict[str, tracer.Model]) -> None:
    told_of = told(tracer.trace(models["qwen2"], ids=[5, 6], positions=[0, 64], max_tokens=1))
    assert len(told_of) == 1
    assert told_of[0].startswith("positions reach 64, and ")


@pytest.mark.parametrize("pad", [None, 2])
def test_a_prompt_hides_no_pads_that_decoding_does_not_know(tmp_path: Path, pad: int | None) -> None:
    loaded("qwen2", tmp_path)
    run = tracer.trace(stating(tmp_path, pad_token_id=pad, eos_token_id=2), ids=[2, 2, 6], max_tokens=1)
    assert not np.isneginf(run[1]["decoder.0.self_attn.mask"].array[2]).any()
    assert told(run) == ([READ.format("2 of 3", "2 (id 2)")] if pad else [])


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("bart_tied", {"mask": [1, 1]}, "--attention-mask has 2 numbers, and the source text has 3 tokens: 5 9 2"),
        ("bart_tied", {"mask": [1, 2, 1]}, "0 for what is hidden and 1 for the rest; 2 is neither"),
        ("bart_tied", {"mask": [1, 0.5, 1]}, "takes whole numbers, and .* are not"),
        ("bart_tied", {"positions": [0, 1, 2]}, "counts the positions of its texts itself"),
        ("bart_tied", {"target_mask": [1]}, "the target text has 0 tokens"),
        ("llama_gqa", {"positions": [0]}, "--position-ids has 1 number, and the source text has 3 tokens"),
        ("gpt2_untied", {"positions": [0, 40, 1]}, "position 40 is out of range: .* has positions 0 to 39"),
        ("gpt2_untied", {"positions": [0, -1, 1]}, "position -1 is out of range"),
    ],
)
def test_a_mask_or_positions_that_do_not_fit(
    models: dict[str, tracer.Model], name: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        tracer.trace(models[name], ids=[5, 9, 2], **given)


def test_a_mask_may_be_an_array(models: dict[str, tracer.Model]) -> None:
    lists, array = ([0, 1, 1], np.array([False, True, True]))
    ours = [tracer.trace(models["qwen2"], ids=[5, 9, 2], mask=mask, max_tokens=3).output_ids for mask in (lists, array)]
    assert ours[0] == ours[1]


def test_a_text_ends_where_the_positions_do(models: dict[str, tracer.Model]) -> None:
    assert len(tracer.trace(models["gpt2_untied"], ids=[5, 9], positions=[36, 37]).output_ids) <= 3
