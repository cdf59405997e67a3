"""What a file states is followed as transformers follows it: the same checkpoints with other statements, and logits.

`make_stated.py` says how the values came about.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.errors import InputError

from ..conftest import FIXTURES
from .published import changed
from .references import Reference, agree
from .test_decoder_only import with_cache

LISTED = json.loads((FIXTURES / "stated" / "cases.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in LISTED["cases"]}
EXPECTED = load_file(FIXTURES / "stated" / "expected.safetensors")
CLOSE = {"rtol": 0, "atol": 1e-4}


def loaded(directory: Path, name: str) -> tracer.Model:
    case = CASES[name]
    return tracer.load(changed(directory, case["fixture"], **case["states"], **dict.fromkeys(case["left_out"], ...)))


@pytest.mark.parametrize("name", CASES)
def test_one_pass(tmp_path: Path, name: str) -> None:
    expected = EXPECTED[f"{name}/whole"]
    found = tracer.trace(loaded(tmp_path, name), ids=CASES[name]["ids"], target_ids=[])[1]["logits"].array
    np.testing.assert_allclose(found[-len(expected) :], expected, **CLOSE)


@pytest.mark.parametrize("name", CASES)
def test_step_by_step_with_the_cache(tmp_path: Path, name: str) -> None:
    expected = EXPECTED[f"{name}/cached"]
    tapes = with_cache(loaded(tmp_path, name), CASES[name]["ids"], LISTED["prompt"])
    np.testing.assert_allclose([tape["logits"].array[-1] for tape in tapes], expected, **CLOSE)


@pytest.mark.parametrize("kind", ["dynamic", "longrope"])
def test_what_was_cached_stays_turned_as_it_was(kind: str) -> None:
    """A text that grows beyond what the model was made for is then not what the same text is in one pass."""
    cached, whole = EXPECTED[f"llama {kind}/cached"], EXPECTED[f"llama {kind}/whole"]
    assert np.abs(cached[-1] - whole[-1]).max() > 1e-2


def test_t5_takes_texts_beyond_what_it_is_made_for(tmp_path: Path) -> None:
    """Nothing in it reads how many positions there are; distances beyond the farthest share a bucket."""
    reference = Reference("t5_v1_0")
    model = tracer.load(changed(tmp_path, "t5_v1_0", n_positions=3))
    run = tracer.trace(model, ids=reference.ids("input_ids"), target_ids=reference.ids("decoder_input_ids"))
    agree(run[1]["logits"].array, reference.arrays["logits"], reference, "logits")


@pytest.mark.parametrize("name", ["gpt2", "bart_tied", "mbart_untied", "marian_zh_en"])
def test_a_table_of_positions_ends_a_text(name: str) -> None:
    model = tracer.load(FIXTURES / name)
    ids = [5] * (model.facts.longest_source + 1)
    with pytest.raises(InputError, match=f"has {len(ids)} tokens, and {name} takes at most {len(ids) - 1} tokens"):
        tracer.trace(model, ids=ids)
