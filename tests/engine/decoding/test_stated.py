"""What checkpoints state of decoding, followed as in transformers: `tests/make_decodings.py` made the values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.decisions import DECODING
from tracer.derive import derive
from tracer.errors import InputError

from ..conftest import FIXTURES

DECODINGS: list[dict[str, Any]] = json.loads((FIXTURES / "decodings.json").read_text(encoding="utf-8"))
STATED = [case for case in DECODINGS if "drawn_from" not in case]
SAMPLED = [case for case in DECODINGS if "drawn_from" in case]


def named(case: dict[str, Any]) -> str:
    return f"{case['name']} {case['stated']}"


def stating(directory: Path, name: str, stated: dict[str, Any], *, configured: bool = False) -> tracer.Model:
    """A fixture that states something else, in config.json where that is ``configured``."""
    for file in (FIXTURES / name).glob("*"):
        (directory / file.name).symlink_to(file)
    config, generation = directory / "config.json", directory / "generation_config.json"
    values, other = json.loads(generation.read_text()), json.loads(config.read_text())
    generation.unlink()
    config.unlink()
    config.write_text(json.dumps(other | (values | stated if configured else {})))
    if not configured:
        generation.write_text(json.dumps(values | stated))
    return tracer.load(directory)


@pytest.mark.parametrize("case", STATED, ids=named)
def test_what_is_stated_is_followed_as_in_transformers(case: dict[str, Any], tmp_path: Path) -> None:
    model = stating(tmp_path, case["name"], case["stated"], configured=case["configured"])
    assert tracer.trace(model, ids=case["source"], record=False).output_ids == case["plain"]
    assert tracer.trace(model, ids=case["source"], strategy="greedy", record=False).output_ids == case["greedy"]
    best = tracer.trace(model, ids=case["source"], strategy="beam", record=False).hypotheses[0]
    assert (best.ids, best.score) == (case["beam"], pytest.approx(case["score"], abs=5e-5, rel=5e-6))


@pytest.mark.parametrize("case", SAMPLED, ids=named)
def test_samples_are_drawn_from_what_the_checkpoint_states(case: dict[str, Any], tmp_path: Path) -> None:
    model = stating(tmp_path, case["name"], case["stated"] | {"do_sample": True})
    probs = tracer.trace(model, ids=case["source"], max_tokens=1)[1]["choice.probs"].array
    assert {str(i): pytest.approx(probs[i], abs=2e-5) for i in np.flatnonzero(probs)} == case["drawn_from"]


STARTS = {
    "bart_tied": (2, "the family's default, 2, begins the output, where transformers refuses"),
    "mbart_untied": (0, "the family's default, 0, begins the output, where transformers refuses"),
    "marian_two_vocabularies": (89, "the family's default, 89, begins the output, where transformers refuses"),
    "t5_v1_1": (0, "the family's default, 0, begins the output, where transformers refuses"),
}


def told(model: tracer.Model, *, odd: bool) -> list[str]:
    return [decision.what for decision in model.decisions if decision.odd is odd and decision.about == DECODING]


@pytest.mark.parametrize("name", STARTS)
def test_a_family_has_a_token_to_start_with(tmp_path: Path, name: str) -> None:
    stated = dict.fromkeys(("decoder_start_token_id", "bos_token_id"))
    model = stating(tmp_path, name, stated, configured=True)
    start, what = STARTS[name]
    assert model.start_id == start
    assert told(model, odd=True) == [f"config.json states neither decoder_start_token_id nor bos_token_id: {what}"]
    assert tracer.trace(model, ids=[5, 6, 2], max_tokens=1).tokens


@pytest.mark.parametrize("configured", [True, False])
def test_where_no_token_is_stated_for_it_a_text_s_first_starts(tmp_path: Path, configured: bool) -> None:
    stated = {"decoder_start_token_id": None, "bos_token_id": 6}
    model, file = stating(tmp_path, "bart_tied", stated, configured=configured), "config.json"
    assert model.start_id == 6
    file = "config.json" if configured else "generation_config.json"
    assert told(model, odd=False) == [f"{file} states no decoder_start_token_id: bos_token_id, 6, begins the output"]


def test_a_token_to_start_with_that_config_json_alone_states(tmp_path: Path) -> None:
    model = stating(tmp_path, "bart_tied", dict.fromkeys(("decoder_start_token_id", "bos_token_id")))
    assert model.start_id == 2
    assert any("decoder_start_token_id of config.json, 2, begins the output" in what for what in told(model, odd=True))


@pytest.mark.parametrize(("start", "expected"), [([2], 2), (2, 2)])
def test_a_list_of_one_token_to_start_with(tmp_path: Path, start: Any, expected: int) -> None:
    assert stating(tmp_path, "bart_tied", {"decoder_start_token_id": start}).start_id == expected


def test_tokens_for_several_texts_to_start_with_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"decoder_start_token_id is \[2, 3\]; expected one token id"):
        stating(tmp_path, "bart_tied", {"decoder_start_token_id": [2, 3]})


def test_every_step_under_penalties_is_derived(tmp_path: Path) -> None:
    stated = {"repetition_penalty": 1.4, "encoder_repetition_penalty": 0.6}
    model = stating(tmp_path, "gpt2_untied", stated)
    step = tracer.trace(model, ids=[5, 6, 7, 5], max_tokens=2)[2]
    z, source, all_read = (step[name].array for name in ("logits", "choice.encoder_repetition", "choice.repetition"))
    assert derive(step.tape.find("choice.repetition"), (6,)).value == pytest.approx(all_read[6])
    assert np.flatnonzero(source != z[-1]).tolist() == [5, 6, 7]
    assert step["choice.logits"].array[6] == all_read[6]
