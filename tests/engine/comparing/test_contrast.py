"""What a mistake does otherwise, in a line."""

from __future__ import annotations

import pytest

from tracer.comparing.contrast import contrast
from tracer.edits import Call
from tracer.mistakes import mistake

from .ported import held, numbers, run_of

LAYER = "model.layers.0"


@pytest.mark.parametrize(
    ("family", "wrong", "at", "told"),
    [
        ("gpt2", "no_scale", "decoder.0.self_attn.scores", "here q kᵀ / √d_k; there q kᵀ"),
        ("llama_gqa", "activation relu", "decoder.0.ffn.activated", "here x / (1 + exp(−x)); there max(0, x)"),
        ("gpt2", "precision bf16", "decoder.0.ffn.hidden", "here x W + b; there bf16 of x W + b"),
        ("gpt2", "eps 1e-12", "decoder.norm", "here eps = 1e-05; there 1e-12"),
        ("gpt2", "position_offset", "decoder.embed.positions", "here positions = 0 to 8; there 1 to 9"),
        ("gpt2", "no_positions", "decoder.embed.positions", "here P[pos]; there 0"),
        ("gpt2", "missing_bias", "decoder.0.ffn.hidden", "here h.0.mlp.c_fc.bias; there none"),
        ("gpt2", "swapped norms", "decoder.0.ffn.norm", "here h.0.ln_2.weight; there h.0.ln_1.weight"),
        ("gpt2", "swapped q/k", "decoder.0.self_attn.q", "here part = 0; there 1"),
        (
            "torch_post",
            "swapped q/k",
            "encoder.0.self_attn.q",
            "here transformer.encoder.layers.0.self_attn.in_proj_weight; "
            "there transformer.encoder.layers.0.self_attn.in_proj_weight, from row 32 on",
        ),
        (
            "llama_gqa",
            "transposed",
            "decoder.0.self_attn.q",
            f"here {LAYER}.self_attn.q_proj.weight; there {LAYER}.self_attn.q_proj.weight, turned over",
        ),
        ("llama_gqa", "rope_theta", "decoder.0.self_attn.q_rotated", "here θ[1] = 0.1; there 0.037606"),
        (
            "gpt2",
            "no_causal",
            "decoder.0.self_attn.mask",
            "here causal: 36 hidden; there padding only: nothing hidden",
        ),
    ],
)
def test_it_is_said_in_a_line(family: str, wrong: str, at: str, told: str) -> None:
    run = run_of(family)
    here = Call.of(run.step(0 if at.startswith("encoder") else 1).find(at))
    there = mistake(wrong, run.model.named).wrong(here)
    assert there is not None
    found = contrast(here, there)
    assert found is not None
    assert found.told == told


@pytest.mark.parametrize(
    ("family", "wrong", "at"),
    [
        ("gpt2", "no_residual", "decoder.0.ffn.residual"),
        ("llama_gqa", "kv_tiling", "decoder.0.self_attn.scores"),
    ],
)
def test_of_other_inputs_there_is_nothing_to_say_in_a_line(family: str, wrong: str, at: str) -> None:
    here = Call.of(run_of(family).step(1).find(at))
    there = mistake(wrong).wrong(here)
    assert there is not None
    assert contrast(here, there) is None


@pytest.mark.parametrize(
    ("family", "wrong", "told"),
    [
        ("gpt2", "eps 1e-6", "here eps = 1e-05; there 1e-06"),
        ("torch_post", "post_pre_norm", "here norm = post; there pre"),
        ("gpt2", "no_residual", ""),
    ],
)
def test_a_cause_has_it(family: str, wrong: str, told: str) -> None:
    found = held(family, numbers(family, wrong))
    assert found.verdict is not None
    assert [cause.otherwise for cause in found.verdict.causes] == [told]
