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
RELU = ["torch_post", "t5_v1_0"]
GELU = ["bart_tied", "gpt2"]
SILU = ["marian_zh_en", *LLAMA, "t5_gated_silu"]

APPLIES: dict[str, list[str]] = {
    **{f"activation {name}": [*SILU, *RELU] for name in ("gelu", "gelu_new", "quick_gelu")},
    "activation relu": [*SILU, *GELU],
    "activation silu": [*RELU, *GELU],
    "causal_off_by_one": ALL,
    "embed_scale": ALL,
    "eps 1e-5": ["mistral_window", "qwen2", *T5],
    "eps 1e-6": [*PAPER, "gpt2", "llama_gqa"],
    "eps 1e-8": ALL,
    "eps 1e-12": ALL,
    "extra_scale": ALL,
    "gelu_variant erf": ["gpt2"],
    "gelu_variant sigmoid": GELU,
    "gelu_variant tanh": ["bart_tied"],
    "head_order": ALL,
    "kv_tiling": ["llama_gqa", "qwen2"],
    "logits_bias": PAPER,
    "missing_bias": [*PAPER, "gpt2", "qwen2"],
    "no_causal": ALL,
    "no_final_norm": ["torch_post", "gpt2", *LLAMA, *T5],
    "no_norm": ALL,
    "no_norm_bias": [*PAPER, "gpt2"],
    "no_positions": NO_T5,
    "no_residual": ALL,
    "no_scale": NO_T5,
    "padding_seen": [*PAPER, *T5],
    "position_offset from_0": [],
    "position_offset shifted": [*PAPER, "gpt2"],
    "precision bf16": ALL,
    "precision f16": ALL,
    "rope_interleaved": LLAMA,
    "rope_theta": LLAMA,
    "swapped q/k": ["gpt2", *PAPER, *T5],
    "swapped k/v": ALL,
    "swapped norms": ALL,
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


@pytest.mark.parametrize(
    ("model", "name", "usual"),
    [
        ("gpt2", "activation", "activation relu"),
        ("torch_post", "activation", "activation gelu"),
        ("gpt2", "gelu_variant", "gelu_variant erf"),
        ("bart_tied", "gelu_variant", "gelu_variant tanh"),
        ("gpt2", "eps", "eps 1e-6"),
        ("qwen2", "eps", "eps 1e-5"),
        ("gpt2", "swapped", "swapped q/k"),
        ("gpt2", "position_offset", "position_offset shifted"),
    ],
)
def test_where_no_variant_is_named_it_is_the_usual_one(model: str, name: str, usual: str) -> None:
    run = given(model)
    alone, named = (run.branch(tracer.edit("**", mistake(one, run.model.named))) for one in (name, usual))
    assert np.array_equal(alone.step(1)["logits"].array, named.step(1)["logits"].array)
    assert str(alone.edits[0].value) in (name, usual)


def test_a_replacement_has_one_name() -> None:
    """No two mistakes make the same call of one that a model makes."""
    for name in MODELS:
        run = given(name)
        every = [mistake(one, run.model.named) for one in names()]
        for record in {record.op: record for step in run for record in step}.values():
            made = [call for one in every if (call := one.wrong(Call.of(record))) is not None]
            others = [call.op for call in made if call.op is not record.op]
            assert len(others) == len({*others})


def test_positions_that_are_not_counted_from_0_may_be_counted_so() -> None:
    run = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=[7, 11, 12, 5, 2], target_ids=[], positions=[1, 1, 0, 1, 2])
    own = run.step(1).find("decoder.embed.positions")
    branch = run.branch(tracer.edit("**", mistake("position_offset from_0")))
    table = own.parameters["weight"].array
    assert [*own.parameters["positions"]][2:] == [0, 1, 2]
    assert np.array_equal(branch.step(1)["decoder.embed.positions"].array, table[:5])
    assert [failures(branch, step.tape) for step in branch.decode().steps] == [[]]
    assert (
        mistake("position_offset from_0").wrong(Call.of(given("gpt2").step(1).find("decoder.embed.positions"))) is None
    )


def test_what_is_said_of_a_name_that_is_none() -> None:
    with pytest.raises(InputError, match="there is no mistake 'no_scal'; did you mean no_scale"):
        mistake("no_scal")
    with pytest.raises(InputError, match="swapped has no variant 'q/v'; it has q/k, k/v, gate/up, norms"):
        mistake("swapped q/v")


def test_each_says_what_is_wrong_and_where_to_look() -> None:
    for name, one in catalogue().items():
        assert one.name == name
        assert all(str(told) for told in (one.sentence, one.where, one.needs))
        assert isinstance(one, Restated) is (name == "post_pre_norm")
        assert {*one.places} <= {*one.variants}


def test_a_variant_may_have_a_place_of_its_own() -> None:
    assert "gate_proj and up_proj" in mistake("swapped gate/up").hint
    assert "gate_proj" not in mistake("swapped q/k").hint
    assert mistake("no_scale").hint == mistake("no_scale").where


@pytest.mark.parametrize("kind", ["bf16", "f16"])
def test_the_ids_of_experts_are_not_rounded(kind: str) -> None:
    before = tracer.trace(tracer.load(FIXTURES / "mixtral"), ids=[7, 11, 12], target_ids=[9])
    branch = before.branch(tracer.edit("**", mistake(f"precision {kind}")))
    chosen = branch[1].tape.find("decoder.0.ffn.router.chosen")
    assert (chosen.output.array.dtype.kind, chosen.edits) == ("i", ())
    assert branch[1].tape.find("decoder.0.ffn.router.probs").edits
