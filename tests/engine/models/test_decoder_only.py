"""The decoder-only families against transformers: small checkpoints, number by number.

Each reference holds what transformers computed from a prompt: hidden states, attention weights, the outputs of modules,
logits, and what greedy and beam search yield. `make_references.py` says how those made here came about.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.comparing.comparison import compare
from tracer.decoding.settings import Settings
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.models import architecture
from tracer.models.stated import Stated
from tracer.models.text import Text
from tracer.past import Past
from tracer.run import Run
from tracer.tape import Tape

from ..conftest import FIXTURES, Dtype
from .published import changed
from .references import Reference, agree, log_softmax

MIXTURES = ("mixtral", "qwen2_moe", "qwen3_moe")
LLAMAS = (
    *("llama_gqa", "llama3_scaled", "mistral_window", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2"),
    *("granite", *MIXTURES),
)
NAMES = ("gpt2", "gpt2_untied", *LLAMAS, "opt", "gpt_neox")
REFERENCES = {name: Reference(name) for name in NAMES}
SEARCHED = [name for name in NAMES if "beam4.ids" in REFERENCES[name].arrays]
FFN = ("hidden", "activated", "output", "residual", "norm")


@pytest.fixture(scope="module", params=NAMES)
def reference(request: pytest.FixtureRequest) -> Reference:
    return REFERENCES[request.param]


@pytest.fixture(scope="module")
def model(reference: Reference, dtype: Dtype) -> tracer.Model:
    return tracer.load(FIXTURES / reference.name, dtype)


def address(name: str, layers: int) -> str:
    """Where the engine records a hidden state, attention weights or the logits of a reference."""
    kind, _dot, number = name.partition(".")
    if kind == "logits":
        return kind
    if kind == "attn":
        return f"decoder.{number}.self_attn.weights"
    return {0: "decoder.embed.output", layers: "decoder.output"}.get(int(number), f"decoder.{int(number) - 1}.output")


def states(reference: Reference) -> dict[str, str]:
    """The addresses of all hidden states, attention weights and the logits, by their names in the reference."""
    names = [name for name in reference.compared() if not name.startswith("module/")]
    layers = sum(name.startswith("attn.") for name in names)
    return {name: address(name, layers) for name in names}


def test_one_pass_over_a_prompt(model: tracer.Model, reference: Reference) -> None:
    run = tracer.trace(model, ids=reference.ids("input_ids"), target_ids=[])
    assert [step.number for step in run.steps] == [1]
    assert len(states(reference)) == 6
    for name, where in states(reference).items():
        agree(run[1][where].array, reference.arrays[name], reference, name)


def test_a_text_may_be_given_in_two_parts(model: tracer.Model, reference: Reference) -> None:
    ids = reference.ids("input_ids")
    run = tracer.trace(model, ids=ids[:4], target_ids=ids[4:])
    agree(run[1]["logits"].array, reference.arrays["logits"], reference, "logits")
    likely = log_softmax(reference.arrays["logits"][0, -2])[ids[-1]]
    agree(run[1]["loss"].array[-1], -likely, reference, "loss")
    assert run[1]["loss"].shape == (len(ids) - 4,)


def test_every_module(model: tracer.Model, reference: Reference) -> None:
    comparison = compare(model, open_dump(FIXTURES / reference.name / "reference.safetensors"))
    assert not [check for check in comparison.checks if not check.holds]
    assert {check.name for check in comparison.checks} >= {"logits", "attn.1", "hidden.2", "greedy.ids"}
    assert all("rotary_emb" in entry.name for entry in comparison.unmatched)


@pytest.mark.parametrize("cache", [False, True])
def test_greedy_decoding(model: tracer.Model, reference: Reference, cache: bool) -> None:
    how: dict[str, Any] = {"strategy": "greedy", "max_tokens": reference.limit, "cache": cache}
    run = tracer.trace(model, ids=reference.ids("input_ids"), **how)
    assert [*reference.ids("input_ids"), *run.output_ids] == reference.ids("greedy.ids")
    for n, expected in enumerate(reference.arrays["greedy.scores"][0], 1):
        allowed = np.isfinite(expected)
        found = run[n]["choice.logits"].array
        np.testing.assert_array_equal(np.isfinite(found), allowed)
        agree(log_softmax(found[allowed]), log_softmax(expected[allowed]), reference, f"step {n}")


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("name", SEARCHED)
def test_beam_search(name: str, dtype: Dtype, cache: bool) -> None:
    reference, model = REFERENCES[name], tracer.load(FIXTURES / name, dtype)
    prompt = reference.ids("input_ids")
    run = Run(model, prompt, Settings("beam", beams=4, max_tokens=reference.limit, cache=cache))
    expected = reference.arrays["beam4.ids"].tolist()
    assert len(run.hypotheses) == len(expected) == 4
    for hypothesis, ids in zip(run.hypotheses, expected, strict=True):
        length = len(prompt) + len(hypothesis.ids)
        assert [*prompt, *hypothesis.ids] == ids[:length]
        assert set(ids[length:]) <= {model.rules.pad_id, model.rules.eos_ids[0]}
    agree(np.array([h.score for h in run.hypotheses]), reference.arrays["beam4.scores"], reference, "scores")


def test_with_the_cache_each_step_is_a_row_of_the_one_pass(model: tracer.Model, reference: Reference) -> None:
    ids, prompt = reference.ids("input_ids"), 6
    for n, tape in enumerate(with_cache(model, ids, prompt), prompt):
        for name, where in states(reference).items():
            expected = reference.arrays[name][0][..., n - 1 : n, :]
            expected = expected[..., :n] if name.startswith("attn.") else expected
            found = tape[where].array
            agree(found[..., -1:, :], expected, reference, name)
            assert n == prompt or found.shape[-2] == 1


def with_cache(model: tracer.Model, ids: list[int], prompt: int) -> list[Tape]:
    """The passes over a text, a prompt first and then a token a step."""
    network, labels = model.architecture, list(map(str, ids))
    past, tapes = Past(len(ids)), []
    for n, read in enumerate(range(prompt, 1 + len(ids)), 1):
        tapes.append(Tape(n, past=past))
        network.decode(tapes[-1], Text(ids[:read], labels[:read]), start=0 if n == 1 else read - 1)
        past = Past(len(ids), tapes[-1].kept)
    return tapes


def test_with_the_cache_only_the_last_position_gets_logits(model: tracer.Model, reference: Reference) -> None:
    ids = reference.ids("input_ids")
    cached, whole = (tracer.trace(model, ids=ids, max_tokens=1, cache=cache)[1] for cache in (True, False))
    assert [step["logits"].shape[0] for step in (cached, whole)] == [1, len(ids)]
    agree(cached["logits"].array[0], whole["logits"].array[-1], reference, "logits")


def test_a_window_hides_what_lies_further_back(dtype: Dtype) -> None:
    model, ids = tracer.load(FIXTURES / "mistral_window", dtype), REFERENCES["mistral_window"].ids("input_ids")
    assert model.config.windows == (5, 5)
    assert len(ids) > 5
    weights = tracer.trace(model, ids=ids, max_tokens=3)[3]["decoder.0.self_attn.weights"].array
    np.testing.assert_array_equal((weights > 0).sum(axis=-1), np.full((3, 1), 5))


def test_a_mask_tells_what_each_of_its_rules_hides() -> None:
    run = tracer.trace(tracer.load(FIXTURES / "mistral_window"), ids=[5, 6, 7, 8, 9, 10, 11, 12], max_tokens=2)
    first, second = (step.tape.find("decoder.0.self_attn.mask") for step in run)
    assert first.op.note(first) == "causal: 28, window: 6 hidden"
    assert second.op.note(second) == "window: 4 hidden"
    run = tracer.trace(tracer.load(FIXTURES / "bart_tied"), ids=[5, 6, 1, 1], max_tokens=1)
    notes = {record.address: record.op.note(record) for step in run for record in step if record.name == "mask"}
    assert notes["encoder.0.self_attn.mask"] == "padding: 8 hidden"
    assert notes["decoder.0.self_attn.mask"] == "causal: nothing hidden"


ROPE = json.loads((FIXTURES / "llama3_scaled" / "config.json").read_text(encoding="utf-8"))["rope_parameters"]
WITHOUT_BASE = {key: value for key, value in ROPE.items() if key != "rope_theta"}


@pytest.mark.parametrize(
    "stated",
    [
        {"rope_parameters": ..., "rope_scaling": WITHOUT_BASE, "rope_theta": 100.0},
        {"rope_parameters": ..., "rope_scaling": ROPE},
        {"rope_parameters": WITHOUT_BASE, "rope_scaling": None, "rope_theta": 100},
        {"rope_parameters": ..., "rope_theta": 100.0, "rope_scaling": {**WITHOUT_BASE, "type": "llama3"}},
    ],
)
def test_rotary_settings_as_older_and_newer_files_state_them(tmp_path: Path, stated: dict[str, Any]) -> None:
    expected = tracer.load(FIXTURES / "llama3_scaled").config
    assert tracer.load(changed(tmp_path, "llama3_scaled", **stated)).config == expected


def test_frequencies_are_kept_blended_and_slowed() -> None:
    frequencies = tracer.load(FIXTURES / "llama3_scaled").config.rotary.at(range(1)).values
    ratios = [f / 100.0 ** (-i / 4) for i, f in enumerate(frequencies)]
    assert ratios[0] == 1
    assert 0.25 < ratios[1] < 1
    assert ratios[2:] == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize("name", ["mistral_window", "qwen2", "qwen3"])
def test_without_a_window_all_keys_are_seen(tmp_path: Path, name: str) -> None:
    assert tracer.load(changed(tmp_path, name, sliding_window=None)).config.windows == (None, None)


@pytest.mark.parametrize("name", ["qwen2", "qwen3"])
def test_a_window_that_is_not_in_use_is_none(tmp_path: Path, name: str) -> None:
    for width in (4, 0):
        stated = {"sliding_window": width, "use_sliding_window": False, "max_window_layers": 1, "layer_types": ...}
        assert tracer.load(changed(tmp_path, name, **stated)).config.windows == (None, None)


def test_a_window_that_is_not_in_use_is_none_in_smollm3(tmp_path: Path) -> None:
    stated = {"model_type": "smollm3", "no_rope_layers": [1, 0], "sliding_window": 0, "use_sliding_window": False}
    assert tracer.load(changed(tmp_path, "llama3_scaled", **stated)).config.windows == (None, None)
    stated |= {"sliding_window": 4, "use_sliding_window": True}
    assert tracer.load(changed(tmp_path, "llama3_scaled", **stated)).config.windows == (None, 4)


@pytest.mark.parametrize(
    ("name", "stated", "message"),
    [
        ("qwen2", {"layer_types": True}, "layer_types is True; expected a list of 2, each of them one of full_att"),
        ("qwen2", {"layer_types": ["full_attention"]}, "layer_types is .'full_attention'.; expected a list of 2"),
        ("qwen3", {"layer_types": ["full_attention", 3]}, "layer_types is .'full_attention', 3.; expected a list"),
        ("qwen3", {"layer_types": ["full_attention", "sliding_attention"]}, "expected full_attention in every layer"),
        ("mistral_window", {"sliding_window": 0}, "sliding_window is 0; expected a whole number from 1"),
        ("llama_gqa", {"num_key_value_heads": 3}, "num_key_value_heads is 3; expected a divisor"),
        ("llama_gqa", {"head_dim": 7}, "head_dim is 7; expected an even number"),
        ("llama_gqa", {"head_dim": 1 << 24}, "head_dim is 16777216; expected at most 16384"),
        ("llama_gqa", {"num_hidden_layers": "2"}, "num_hidden_layers is '2'; expected a whole number from 1 to 1024"),
        ("llama_gqa", {"num_attention_heads": 6}, r"num_attention_heads \(6\) must divide hidden_size \(64\)"),
        ("opt", {"num_attention_heads": 5}, r"num_attention_heads \(5\) must divide hidden_size \(24\)"),
        ("opt", {"layer_norm_elementwise_affine": False}, "layer_norm_elementwise_affine = False is not supported"),
        (
            "gpt_neox",
            {"rope_parameters": ..., "rotary_pct": 0.05},
            "rotary_pct is 0.05; expected a factor by which one pair of features or more, of head_dim = 10, is turned",
        ),
        ("gpt2", {"n_head": 5}, r"n_head \(5\) must divide n_embd \(48\)"),
        ("gpt2", {"scale_attn_weights": 1}, "scale_attn_weights is 1; expected true or false"),
    ],
)
def test_a_configuration_that_makes_no_sense(tmp_path: Path, name: str, stated: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.load(changed(tmp_path, name, **stated))


@pytest.mark.parametrize(
    "stated",
    [
        {"rope_parameters": ..., "rotary_pct": 0.4, "rotary_emb_base": 100},
        {"rope_parameters": {"rope_type": "default", "rope_theta": 100}, "rotary_pct": 0.4},
        {"rope_parameters": None, "rope_scaling": {"type": "default", "partial_rotary_factor": 0.4, "rope_theta": 100}},
    ],
)
def test_the_part_that_is_turned_as_older_and_newer_files_state_it(tmp_path: Path, stated: dict[str, Any]) -> None:
    expected = tracer.load(FIXTURES / "gpt_neox").config
    assert len(expected.rotary.at(range(1)).angles) == 2
    assert tracer.load(changed(tmp_path, "gpt_neox", **stated)).config == expected


def test_features_behind_the_part_that_is_turned_stay_as_they_are() -> None:
    step = tracer.trace(tracer.load(FIXTURES / "gpt_neox"), ids=[5, 6, 7], target_ids=[])[1]
    q, turned = (step[f"decoder.0.self_attn.{name}"].array for name in ("q", "q_rotated"))
    np.testing.assert_array_equal(turned[..., 4:], q[..., 4:])
    assert (turned[:, 1:, :4] != q[:, 1:, :4]).all()


def test_what_is_hidden_has_a_position_of_its_own_in_opt() -> None:
    run = tracer.trace(tracer.load(FIXTURES / "opt"), ids=[5, 6, 7, 8], target_ids=[], mask=[0, 1, 0, 1])
    found = run[1].tape.find("decoder.embed.positions")
    assert (found.parameters["positions"], found.parameters["offset"]) == ([-1, 0, -1, 1], 2)


def test_the_norms_of_opt_may_come_after_and_the_last_one_be_missing(tmp_path: Path) -> None:
    stated = {"do_layer_norm_before": False}
    with pytest.raises(InputError, match=r"tensor model\.decoder\.final_layer_norm\.bias is unknown"):
        tracer.load(changed(tmp_path / "after", "opt", **stated))
    path = changed(tmp_path / "without", "opt", **stated)
    tensors = load_file(path / "model.safetensors")
    kept = {name: array for name, array in tensors.items() if ".decoder.final" not in name}
    save_file(kept, path / "model.safetensors")
    tape = tracer.trace(tracer.load(path), ids=[5, 6, 7], target_ids=[])[1].tape
    names = [address for address in tape.addresses if address.startswith(("decoder.1.ffn", "decoder.projected"))]
    assert names == [*(f"decoder.1.ffn.{name}" for name in FFN), "decoder.projected"]


@pytest.mark.parametrize("name", ["gpt2", "gpt2_untied"])
def test_a_text_longer_than_the_position_table(name: str) -> None:
    model = tracer.load(FIXTURES / name)
    most = model.facts.longest_source
    run = tracer.trace(model, ids=[5] * (most - 1), max_tokens=10)
    assert len(run.output_ids) <= 2
    with pytest.raises(InputError, match=rf"has {most + 1} tokens, and {name} takes at most {most} tokens"):
        tracer.trace(model, ids=[5] * (most + 1))


@pytest.mark.parametrize("name", LLAMAS)
def test_a_text_longer_than_the_model_is_made_for(tmp_path: Path, name: str) -> None:
    """What a file says of lengths ends no text: rotary positions go on."""
    reference, model = REFERENCES[name], tracer.load(changed(tmp_path, name, max_position_embeddings=5))
    run = tracer.trace(model, ids=reference.ids("input_ids"), target_ids=[])
    agree(run[1]["logits"].array, reference.arrays["logits"], reference, "logits")
    with pytest.raises(InputError, match="has 65537 tokens, and at most 65536 tokens are taken here; shorten it"):
        tracer.trace(model, ids=[5] * 65537)


@pytest.mark.parametrize("name", LLAMAS)
def test_the_parameters_are_those_of_the_configuration(name: str) -> None:
    config = json.loads((FIXTURES / name / "config.json").read_text(encoding="utf-8"))
    model = tracer.load(FIXTURES / name)
    stated = architecture(config["model_type"]).configure(Stated(config))
    assert stated == model.config
    assert ("lm_head.weight" in model.parameters) is not config["tie_word_embeddings"]
    assert bool(re.search("q_proj.bias", " ".join(model.parameters))) is (name in ("qwen2", "qwen2_moe"))
