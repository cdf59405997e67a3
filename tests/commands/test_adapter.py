"""`--adapter DIR`, wherever a model is asked for: merged, said, explained, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save

FIXTURES = Path(__file__).parents[1] / "fixtures"
BASE, ADAPTER = str(FIXTURES / "gpt2_untied"), str(FIXTURES / "adapters" / "turned")
GIVEN = ("-m", BASE, "--adapter", ADAPTER)
WEIGHT = "transformer.h.0.attn.c_attn.weight"
CELL = f"{WEIGHT}[1,2]"

Run = Callable[..., Any]


@pytest.fixture
def model() -> tracer.Model:
    return tracer.load(BASE, "float64", adapter=ADAPTER)


@pytest.fixture
def session(model: tracer.Model) -> Session:
    return Session(Opener(model, "5 9 2", ids=True))


def test_a_run_is_one_of_the_merged_model(tx: Run, model: tracer.Model) -> None:
    done = tx(*GIVEN, "-t", "5 9 2", "--ids", "--dtype", "float64", "--format", "jsonl", "--batch", "-e", "token")
    token = json.loads(done.stdout.splitlines()[0])
    assert np.argmax(tracer.trace(model, ids=[5, 9, 2], max_tokens=1)[1]["logits"].array[-1]) == token["id"]


def test_models_says_what_was_merged(tx: Run) -> None:
    shown = " ".join(tx("models", BASE, "--adapter", ADAPTER).stdout.split())
    assert shown.startswith("gpt2_untied+turned: decoder-only")
    assert "the adapter turned (made for gpt2_untied) is merged: 5 matrices are W + s·BA" in shown


def test_one_for_another_model_is_one_sentence(tx: Run) -> None:
    for arguments in (("--adapter", ADAPTER, "-e", "token"), ("models", "zh-en-tiny", "--adapter", ADAPTER)):
        done = tx(*arguments)
        assert done.returncode == 2
        told = " ".join(f"{done.stdout} {done.stderr}".split())
        assert "is the adapter for another model? It says gpt2_untied" in told


def test_why_shows_the_sum_with_its_terms(play: Run) -> None:
    shown = play(f"why {CELL}").partition(f"{CELL} = ")[2]
    assert "w = W + s · Σ B·A" in shown
    assert "s = 2" in shown
    assert "lora_B.weight[2,:]" in shown
    assert "lora_A.weight[:,1]" in shown


def test_programs_have_the_terms_too(objects: Run) -> None:
    _facts, made = objects(f"why {CELL}")
    assert [term["index"] for term in made["terms"]] == [[2, 0], [0, 1], [2, 1], [1, 1], [2, 2], [2, 1]]
    assert made["value"] == pytest.approx(eval(made["expression"]), rel=1e-12)


def test_it_is_kept_with_the_session(model: tracer.Model, tmp_path: Path) -> None:
    save(Session(Opener(model, "5 9 2", ids=True)), tmp_path / "session.json")
    after = resume(tmp_path / "session.json", lambda _message: None).run.model
    assert (after.name, after.adapter) == (model.name, Path(ADAPTER))
    np.testing.assert_array_equal(after.named.get(WEIGHT).array, model.named.get(WEIGHT).array)


def test_a_model_is_opened_with_one_at_the_prompt(play: Run) -> None:
    assert "gpt2_untied+turned: decoder-only" in play(f"model {BASE} --adapter {ADAPTER}")


def test_a_trace_takes_none(tx: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "run.trace.safetensors")
    tx("--batch", "-e", f"record {file}")
    assert "leave out --adapter" in tx("-m", file, "--adapter", ADAPTER, "-e", "token").stderr


def test_the_command_that_leads_on_names_it(tx: Run) -> None:
    shown = tx("compare", str(FIXTURES / "gpt2_untied" / "reference.safetensors"), *GIVEN).stdout
    assert f"--adapter{ADAPTER}" in "".join(shown.split())
