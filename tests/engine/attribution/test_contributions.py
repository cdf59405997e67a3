"""What the parts of a model add to a logit adds up to it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.attribution import catalogue
from tracer.attribution.contributions import Contributions, contributions
from tracer.errors import AddressError, InputError
from tracer.ops.activation import sigmoid
from tracer.ops.linear import rescale
from tracer.run import Run
from tracer.tape import Tape
from tracer.tensor import FEATURE, Array, Axis, Tensor

from ..conftest import file_of
from .runs import DECODING, ENCODERS, TARGET, model, run

TOLERANCE = {"float64": 1e-12, "float32": 2e-5}
"""Beside the size of the terms: what rounding leaves."""
WAYS: dict[str, dict[str, Any]] = {
    "with a cache": {"cache": True},
    "without": {"cache": False},
    "given": {"target_ids": TARGET},
    "beams": {"strategy": "beam", "beams": 2},
}


def size(found: Contributions) -> float:
    return max(1.0, sum(abs(part.value) for part in found.parts))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DECODING)
def test_the_parts_of_every_family_add_up_to_the_logit(name: str, way: str) -> None:
    traced = run(name, **WAYS[way])
    for step in {max(1, traced.first), traced.computed}:
        logits = traced.step(step)["logits"].array
        for token, rival in ((int(logits[-1].argmax()), None), (3, 5)):
            found = contributions(traced, token, rival, step=step)
            assert abs(found.remainder) <= TOLERANCE["float64"] * size(found)
            if not found.is_capped:
                lead = logits[-1, token] - (0 if rival is None else logits[-1, rival])
                assert found.total == pytest.approx(lead, abs=1e-10)


@pytest.mark.parametrize("name", DECODING)
def test_in_single_precision_they_do_but_for_its_rounding(name: str) -> None:
    found = contributions(run(name, "float32", cache=True), 3)
    assert abs(found.remainder) <= TOLERANCE["float32"] * size(found)


@pytest.mark.parametrize("name", ENCODERS)
def test_logits_that_are_no_sum_of_the_layers_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"the way back ends at @0:transform\.activated"):
        contributions(run(name), 3)


def by_hand(traced: Run, token: int) -> dict[str, float]:
    """The parts of a marian step, worked out from its parameters and from what its heads and feed-forwards yield."""
    tape, file, c = traced.step(traced.computed), file_of(traced.model), traced.model.config
    wide = {name: np.asarray(value, np.float64) for name, value in file.items()}
    shared = wide["model.shared.weight"]
    found = {"logits.bias": float(wide["final_logits_bias"].reshape(-1)[token])}
    g: Array = shared[token]

    def back(g: Array, name: str, x: Array) -> Array:
        """The factors before LayerNorm(x)."""
        scaled = g * wide[f"{name}.weight"] / np.sqrt(x.var() + c.norm_eps)
        return scaled - scaled.mean()

    for i in reversed(range(c.decoder_layers)):
        theirs = f"model.decoder.layers.{i}"
        for ours, norm, out in (
            ("ffn", "final_layer_norm", "fc2"),
            ("cross_attn", "encoder_attn_layer_norm", "encoder_attn.out_proj"),
            ("self_attn", "self_attn_layer_norm", "self_attn.out_proj"),
        ):
            scope = f"decoder.{i}.{ours}"
            found[f"{scope} norm.bias"] = float(g @ wide[f"{theirs}.{norm}.bias"])
            g = back(g, f"{theirs}.{norm}", tape[f"{scope}.residual"].array[-1])
            found[f"{scope} output.bias"] = float(g @ wide[f"{theirs}.{out}.bias"])
            before = g @ wide[f"{theirs}.{out}.weight"]
            if ours == "ffn":
                found[f"{scope} activated"] = float(before @ tape[f"{scope}.activated"].array[-1])
                continue
            heads = tape[f"{scope}.heads"].array[:, -1]
            for h, (ours_, z) in enumerate(zip(before.reshape(heads.shape), heads, strict=True)):
                found[f"{scope} h{h}"] = float(ours_ @ z)
    ids = traced.decoder_ids[: traced.computed]
    tokens = shared[ids[-1]] * (np.sqrt(c.d_model) if c.scaled else 1.0)
    found["decoder.embed tokens"] = float(g @ tokens)
    found["decoder.embed positions"] = float(g @ tape["decoder.embed.positions"].array[-1])
    return found


def test_the_parts_of_marian_are_what_its_parameters_make_them() -> None:
    traced = run("marian_zh_en", cache=False)
    expected = by_hand(traced, 17)
    found = contributions(traced, 17)
    parts = {f"{part.module} {part.name}".replace("logits bias", "logits.bias"): part.value for part in found.parts}
    assert parts.keys() == expected.keys()
    for name, value in expected.items():
        assert parts[name] == pytest.approx(value, abs=1e-12), name
    assert sum(expected.values()) == pytest.approx(traced.step(3)["logits"].array[-1, 17], abs=1e-12)


def test_heads_are_parts_of_their_attention_and_come_by_size() -> None:
    found = contributions(run("gpt2"), 5)
    sums = [abs(group.value) for group in found.groups]
    assert sums == sorted(sums, reverse=True)
    assert sum(group.value for group in found.groups) == pytest.approx(found.total)
    [attention] = [group for group in found.groups if group.module == "decoder.1.self_attn"]
    assert {part.name for part in attention.parts} == {"h0", "h1", "h2", "h3", "output.bias"}
    [head] = [part for part in attention.parts if part.name == "h2"]
    row = found.of.output.shape[0] - 1
    assert str(head.address) == f"@{found.at.number}:decoder.1.self_attn.heads[h2, {row}]"


def test_an_expert_of_a_mixture_goes_by_its_number() -> None:
    traced = run("mixtral", cache=True)
    found = contributions(traced, 5)
    chosen = traced.step(traced.computed)["decoder.0.ffn.router.chosen"].array[-1]
    names = {part.name for part in found.parts if part.module == "decoder.0.ffn"}
    assert names == {f"expert {n}" for n in chosen}


def test_a_capped_logit_is_taken_before_the_cap() -> None:
    traced = run("gemma2", cache=True)
    found = contributions(traced, 5)
    tape = traced.step(traced.computed)
    assert found.is_capped
    assert found.value == tape["logits_raw"].array[-1, 5] != tape["logits"].array[-1, 5]
    assert not contributions(run("granite"), 5).is_capped


def test_logits_that_something_else_was_made_of_are_not_taken_before_it() -> None:
    tape = Tape(1)
    tape(sigmoid, "logits", tape(rescale, "logits_raw", Tensor(np.ones((1, 4)), (Axis("position"), FEATURE))))
    traced = SimpleNamespace(computed=1, step=lambda _number: tape)
    with pytest.raises(
        InputError, match="@1:logits is no sum of what the layers yield: the way back ends at @1:logits"
    ):
        contributions(traced, 3)  # type: ignore[arg-type]


def test_a_row_may_be_any_position() -> None:
    traced = run("gpt2", target_ids=TARGET)
    logits = traced.step(1)["logits"].array
    for position in (0, 2, -1):
        assert contributions(traced, 5, position=position).total == pytest.approx(logits[position, 5], abs=1e-12)


def test_what_an_edit_put_in_is_a_part_by_itself() -> None:
    traced = run("gpt2", cache=False)
    branch = traced.branch(tracer.edit("decoder.0.output", 0.5)).decode()
    found = contributions(branch, 5)
    assert [part.name for part in found.parts if part.module == "decoder.0.ffn"] == ["residual"]
    assert not [part for part in found.parts if part.module == "decoder.embed"]
    assert abs(found.remainder) < 1e-12


def test_a_trace_that_was_kept_has_them_if_it_has_the_parameters(tmp_path: Path) -> None:
    traced = run("gpt2", cache=False)
    traced.save(tmp_path / "whole.safetensors")
    kept = tracer.open(tmp_path / "whole.safetensors")
    with pytest.raises(AddressError, match="was not kept with this trace"):
        contributions(kept, 5)
    traced.save(tmp_path / "some.safetensors", only="logits")
    with pytest.raises((AddressError, InputError)):
        contributions(tracer.open(tmp_path / "some.safetensors"), 5)


def test_what_is_not_there_is_told() -> None:
    traced = run("marian_zh_en")
    with pytest.raises(AddressError):
        contributions(traced, 5, step=0)
    with pytest.raises(InputError, match="there is no row 7; @3:logits has 1"):
        contributions(run("marian_zh_en", cache=True), 5, position=7)
    with pytest.raises(InputError, match="there is no token 999"):
        contributions(traced, 999)
    with pytest.raises(InputError, match="no lead over itself"):
        contributions(traced, 5, 5)
    with pytest.raises(InputError, match="there is no token -1"):
        contributions(traced, 5, -1)


def test_it_is_in_the_catalogue_with_what_it_leaves_out() -> None:
    known = catalogue()
    assert {"lens", "decoderlens", "contributions"} <= known.keys()
    ranks = [one.trust for one in known.values()]
    assert ranks == sorted(ranks)
    assert all(one.formula and one.latex and one.reference and one.leaves_out for one in known.values())
    assert model("gpt2").dtype == "float64"
