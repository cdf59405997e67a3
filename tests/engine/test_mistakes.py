"""Mistakes: what ports that make one compute, and what must hold of every one wherever it can be made."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.edits import Call
from tracer.errors import AddressError, InputError
from tracer.mistakes import Restated, catalogue, mistake, names
from tracer.tensor import Tensor

from .conftest import FIXTURES
from .test_edits import failures

MODELS = (
    "bart_tied",
    "gpt2",
    "llama_gqa",
    "marian_zh_en",
    "mistral_window",
    "qwen2",
    "t5_gated_silu",
    "t5_v1_0",
    "torch_post",
)
LLAMA = ["llama_gqa", "mistral_window", "qwen2"]
PAPER = ["bart_tied", "marian_zh_en", "torch_post"]
T5 = ["t5_gated_silu", "t5_v1_0"]
NO_T5 = [*PAPER, "gpt2", *LLAMA]
ALL = [*NO_T5, *T5]

APPLIES: dict[str, list[str]] = {
    "activation": ALL,
    "causal_off_by_one": ALL,
    "embed_scale": ALL,
    "eps": ALL,
    "extra_scale": ALL,
    "gelu_variant": ["bart_tied", "gpt2"],
    "head_order": ALL,
    "kv_tiling": ["llama_gqa", "qwen2"],
    "logits_bias": PAPER,
    "missing_bias": [*PAPER, "gpt2", "qwen2"],
    "no_causal": ALL,
    "no_final_norm": ["torch_post", "gpt2", *LLAMA, *T5],
    "no_residual": ALL,
    "no_scale": NO_T5,
    "padding_seen": [*PAPER, *T5],
    "position_offset": [*PAPER, "gpt2"],
    "precision bf16": ALL,
    "precision f16": ALL,
    "rope_interleaved": LLAMA,
    "rope_theta": LLAMA,
    "swapped q/k": ["gpt2", *PAPER, *T5],
    "swapped k/v": ALL,
    "swapped gate/up": [*LLAMA, "t5_gated_silu"],
    "transposed": [*PAPER, "gpt2", "llama_gqa", "mistral_window"],
    "wrong_axis": ALL,
}
"""The models that have what a mistake can be made in."""

PORTS = json.loads((FIXTURES / "ports" / "ports.json").read_text(encoding="utf-8"))


def given(name: str) -> tracer.Run:
    """A pass over ids, with padding at the end of what an encoder reads."""
    model = tracer.load(FIXTURES / name, "float64")
    pad = model.facts.pad_id
    source = [7, 11, 12, 5, 2]
    if "encode" not in model.texts.passes:
        return tracer.trace(model, ids=source, target_ids=[9, 4])
    assert pad is not None
    return tracer.trace(model, ids=[*source, pad, pad], target_ids=[pad, 17, 16, 35])


@pytest.fixture(scope="module", params=MODELS)
def run(request: pytest.FixtureRequest) -> tracer.Run:
    return given(request.param)


def test_every_mistake_is_tried() -> None:
    assert {*APPLIES, "post_pre_norm"} == {*names()}


@pytest.mark.parametrize("name", APPLIES)
def test_a_mistake_changes_something_where_it_can_be_made(name: str, run: tracer.Run) -> None:
    wrong = tracer.edit("**", mistake(name, run.model.named))
    if run.model.name not in APPLIES[name]:
        with pytest.raises(AddressError, match=f"{name} applies to .*; there is nothing of the kind here"):
            run.branch(wrong)
        return
    branch = run.branch(wrong).decode()
    edited = [record for step in branch for record in step if record.edits]
    assert edited
    assert all(name in record.written.formula and name in record.note for record in edited)
    assert any(one.changed for record in edited for one in record.edits)
    last = branch.steps[-1]["logits"].array
    assert not np.array_equal(last, run.steps[-1]["logits"].array, equal_nan=True)
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)


@pytest.mark.parametrize("name", APPLIES)
@pytest.mark.parametrize("model", ["gpt2", "marian_zh_en"])
def test_with_a_cache_too(name: str, model: str) -> None:
    if model not in APPLIES[name]:
        return
    loaded = tracer.load(FIXTURES / model)
    run = tracer.trace(loaded, ids=[7, 11, 12, 5, 2], max_tokens=3, cache=True)
    if name == "padding_seen":
        return
    branch = run.branch(tracer.edit("**", mistake(name, loaded.named))).decode()
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port["name"])
def test_a_port_with_the_mistake_computes_the_same(port: dict[str, Any]) -> None:
    model = tracer.load(FIXTURES / port["checkpoint"], "float64")
    run = tracer.trace(model, ids=port["ids"], target_ids=port["target_ids"])
    branch = run.branch(tracer.edit(port["at"], mistake(port["mistake"], model.named)))
    theirs = load_file(FIXTURES / "ports" / "logits.safetensors")[port["name"]]
    assert np.abs(branch[1]["logits"].array - theirs).max() < 1e-4
    assert np.abs(run[1]["logits"].array - theirs).max() > 1e-3
    edited = [record.address for step in branch.decode() for record in step if record.edits]
    assert {*edited} & {*port["first"]} or port["mistake"] == "causal_off_by_one"


def test_a_mistake_is_made_on_anybody_s_inputs() -> None:
    record = given("gpt2").step(1).find("decoder.0.self_attn.scores")
    theirs = [Tensor(tensor.array + 1, tensor.dims) for tensor in record.inputs]
    call = mistake("no_scale").wrong(Call.of(record)._replace(inputs=tuple(theirs)))
    assert call is not None
    q, k = (tensor.array for tensor in theirs)
    assert np.allclose(call.output().array, q @ k.swapaxes(1, 2))


def test_what_is_said_of_a_name_that_is_none() -> None:
    with pytest.raises(InputError, match="there is no mistake 'no_scal'; did you mean no_scale"):
        mistake("no_scal")
    with pytest.raises(InputError, match="swapped has no variant 'q/v'; it has q/k, k/v, gate/up"):
        mistake("swapped q/v")


def test_each_says_what_is_wrong_and_where_to_look() -> None:
    for name, one in catalogue().items():
        assert one.name == name
        assert all(str(told) for told in (one.sentence, one.where, one.needs))
        assert isinstance(one, Restated) is (name == "post_pre_norm")
