"""What dumps call the records of a run."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import tracer
from tracer.comparing.meaning import find
from tracer.comparing.names import known
from tracer.tensor import Array

from ..conftest import FIXTURES
from .runs import FAMILIES, addresses, names_of, reference, run_of

HOOKED = json.loads((FIXTURES / "module_names.json").read_text(encoding="utf-8"))
"""What modules of transformers take and yield, with the addresses whose numbers are the same."""
HANDED_ON = re.compile(r"inputs\.position_bias|block\.0\.output\.1|rotary_emb\.inputs|embed_positions\.inputs\.1")
"""What is handed from layer to layer beside the hidden states, and is compared where it is made."""
CONTEXT = re.compile(r"(?:batch\.)?.*(?:_ids|_mask|\.ids|\.scores)|batch\..*|.*rotary_emb.*")
"""What went in, what decoding yields, a second batch; and angles, which are settings here."""


def shapes(ours: Array) -> list[Array]:
    """The shapes in which a record may be stored."""
    turned = [np.moveaxis(ours, 0, 1), np.moveaxis(ours, 0, -1)] if ours.ndim == 3 else []
    return [np.squeeze(array) for array in (ours, *turned, *(array.reshape(len(array), -1) for array in turned[:1]))]


def agrees(theirs: Array, ours: Array) -> bool:
    """Whether the numbers are the same but for rounding, in some shape."""
    theirs = np.squeeze(theirs)
    return any(theirs.shape == array.shape and np.allclose(theirs, array, 1e-4, 1e-4) for array in shapes(ours))


def is_unnamed(family: str, name: str) -> bool:
    """Whether no record has the numbers: rows before they are scaled, logits before their bias."""
    scaled_after = family.startswith("marian") and name.endswith("embed_tokens#0")
    is_biased = family.startswith(("marian", "bart", "mbart")) and name == "module/lm_head#0"
    return scaled_after or is_biased


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_of_a_reference_is_that_of_the_record_with_its_numbers(family: str) -> None:
    wrong = []
    for name, array in reference(family).items():
        if CONTEXT.fullmatch(name):
            continue
        records, call = find(name, names_of(family))
        right = (not records) if is_unnamed(family, name) else agrees(array, records[call].output.array)
        wrong += [] if right else [name]
    assert wrong == []


@pytest.mark.parametrize("family", HOOKED)
def test_what_modules_take_and_yield_has_the_numbers_of_a_record_that_it_may_be(family: str) -> None:
    wrong = {}
    for name, same in HOOKED[family].items():
        found = addresses(family, name)
        is_right = not {*found}.isdisjoint(same) if same else not found
        if not is_right and not (HANDED_ON.search(name) and not found):
            wrong[name] = (found, same)
    assert wrong == {}


PORTED = {
    "gpt2": "wte wpe drop h.0.ln_1 h.0.attn.c_attn h.0.attn.c_proj h.0.attn.resid_dropout h.0.attn h.0.ln_2 "
    "h.0.mlp.c_fc h.0.mlp.act h.0.mlp.c_proj h.0.mlp.dropout h.1 ln_f",
    "llama_gqa": "embed_tokens layers.0.input_layernorm layers.0.self_attn.q_proj layers.0.self_attn.k_proj "
    "layers.0.self_attn.v_proj layers.0.self_attn.o_proj layers.0.self_attn layers.0.post_attention_layernorm "
    "layers.0.mlp.gate_proj layers.0.mlp.act_fn layers.0.mlp.up_proj layers.0.mlp.down_proj layers.1 norm",
    "marian_zh_en": "encoder.embed_positions encoder.layers.0.self_attn.q_proj encoder.layers.0.self_attn "
    "encoder.layers.0.activation_fn encoder.layers.0.final_layer_norm encoder.layers.0 decoder.embed_positions "
    "decoder.layers.0.encoder_attn.k_proj decoder.layers.0.encoder_attn decoder.layers.0.encoder_attn_layer_norm "
    "decoder.layers.0.fc1 decoder.layers.0.fc2 decoder.layers.1",
}


@pytest.mark.parametrize("family", PORTED)
def test_what_ports_dump_has_names(family: str) -> None:
    base = run_of(family).model.architecture.base
    for name in PORTED[family].split():
        found = addresses(family, f"{base}{name}")
        assert found != [], name
        assert found == addresses(family, name) == addresses(family, f"module.{base}{name}.output#0"), name


TORCH = {
    "src_embed": [],
    "transformer.encoder.layers.0.self_attn": ["@0:encoder.0.self_attn.output"],
    "transformer.encoder.layers.0.self_attn.output.1": ["@0:encoder.0.self_attn.weights"],
    "transformer.encoder.layers.1.linear1": ["@0:encoder.1.ffn.hidden"],
    "transformer.encoder.layers.1.dropout": ["@0:encoder.1.ffn.activated"],
    "transformer.encoder.layers.1.dropout2": ["@0:encoder.1.ffn.output"],
    "transformer.encoder.layers.1": ["@0:encoder.1.ffn.norm"],
    "transformer.encoder.norm": ["@0:encoder.norm"],
    "transformer.encoder": ["@0:encoder.norm"],
    "transformer.decoder.layers.0.inputs.0": ["@1:decoder.embed.output"],
    "transformer.decoder.layers.0.inputs.memory": ["@0:encoder.norm"],
    "transformer.decoder.layers.0.multihead_attn": ["@1:decoder.0.cross_attn.output"],
    "transformer.decoder.layers.0.norm2": ["@1:decoder.0.cross_attn.norm"],
    "transformer.decoder.layers.0.norm2.inputs.0": ["@1:decoder.0.cross_attn.residual"],
    "transformer": ["@1:decoder.norm"],
    "generator": ["@1:logits"],
    "generator.inputs.0": ["@1:decoder.norm"],
}
LENS = {
    "gpt2": {
        "hook_embed": "decoder.embed.tokens",
        "hook_pos_embed": "decoder.embed.positions",
        "blocks.0.hook_resid_pre": "decoder.embed.output",
        "blocks.0.ln1.hook_normalized": "decoder.0.self_attn.norm",
        "blocks.0.attn.hook_q": "decoder.0.self_attn.q",
        "blocks.1.attn.hook_attn_scores": "decoder.1.self_attn.masked",
        "blocks.1.attn.hook_pattern": "decoder.1.self_attn.weights",
        "blocks.1.attn.hook_z": "decoder.1.self_attn.heads",
        "blocks.1.hook_attn_out": "decoder.1.self_attn.output",
        "blocks.1.hook_resid_mid": "decoder.1.self_attn.residual",
        "blocks.1.mlp.hook_pre": "decoder.1.ffn.hidden",
        "blocks.1.mlp.hook_post": "decoder.1.ffn.activated",
        "blocks.1.hook_mlp_out": "decoder.1.ffn.output",
        "blocks.1.hook_resid_post": "decoder.1.ffn.residual",
        "ln_final.hook_normalized": "decoder.norm",
        "unembed.hook_out": "logits",
        "blocks.0.attn.qkv.hook_out": "decoder.0.self_attn.qkv",
    },
    "llama_gqa": {
        "blocks.0.ln1.hook_normalized": None,
        "blocks.0.ln2.hook_out": "decoder.0.ffn.norm",
        "blocks.0.attn.hook_rot_k": "decoder.0.self_attn.k_rotated",
        "blocks.0.attn.o.hook_in": "decoder.0.self_attn.concat",
        "blocks.0.mlp.hook_pre": "decoder.0.ffn.gate",
        "blocks.0.mlp.hook_pre_linear": "decoder.0.ffn.up",
        "blocks.0.mlp.hook_post": "decoder.0.ffn.hidden",
        "blocks.0.mlp.out.hook_in": "decoder.0.ffn.hidden",
        "blocks.1.hook_in": "decoder.0.ffn.residual",
        "ln_final.hook_out": "decoder.norm",
    },
    "t5_v1_0": {
        "encoder.1.attn.hook_pattern": "encoder.1.self_attn.weights",
        "decoder.0.cross_attn.hook_z": "decoder.0.cross_attn.heads",
        "decoder.0.hook_cross_attn_out": "decoder.0.cross_attn.output",
        "decoder.0.hook_resid_mid_cross": "decoder.0.cross_attn.residual",
        "decoder.0.ln3.hook_out": "decoder.0.ffn.norm",
        "decoder.0.mlp.hook_pre": "decoder.0.ffn.hidden",
    },
    "marian_zh_en": {
        "embed.hook_out": None,
        "encoder_blocks.0.hook_out": "encoder.0.ffn.norm",
        "decoder_blocks.1.self_attn.q.hook_out": "decoder.1.self_attn.q",
        "decoder_blocks.1.cross_attn.hook_pattern": "decoder.1.cross_attn.weights",
        "decoder_blocks.1.mlp.in.hook_out": "decoder.1.ffn.hidden",
        "decoder_pos_embed.hook_out": "decoder.embed.positions",
    },
}
GGML = {
    "llama_gqa": {
        "inp_embd:GET_ROWS#0": "decoder.embed.tokens",
        "attn_norm-0:MUL#0": "decoder.0.self_attn.norm",
        "Qcur-0:MUL_MAT#0": "decoder.0.self_attn.q",
        "Qcur-0 (reshaped):RESHAPE#0": "decoder.0.self_attn.q",
        "Kcur-1:ROPE#0": "decoder.1.self_attn.k_rotated",
        "Kcur-1:MUL_MAT#1": None,
        "kq-0:MUL_MAT#0": None,
        "kq_soft_max-0:SOFT_MAX#0": "decoder.0.self_attn.weights",
        "kqv-0:MUL_MAT#0": "decoder.0.self_attn.heads",
        "kqv_out-0:CONT#0": "decoder.0.self_attn.concat",
        "kqv_out-0:MUL_MAT#0": "decoder.0.self_attn.output",
        "attn_out-0:MUL_MAT#0": "decoder.0.self_attn.output",
        "ffn_inp-0:ADD#0": "decoder.0.self_attn.residual",
        "ffn_gate-0:MUL_MAT#0": "decoder.0.ffn.gate",
        "ffn_silu-0:SILU#0": "decoder.0.ffn.activated",
        "ffn_swiglu-0:SWIGLU#0": "decoder.0.ffn.hidden",
        "ffn_out-0:MUL_MAT#0": "decoder.0.ffn.output",
        "l_out-1:ADD#0": "decoder.1.ffn.residual",
        "result_norm:MUL#0": "decoder.norm",
        "result_output:MUL_MAT#0": "logits",
    },
    "qwen2": {"Qcur-0:MUL_MAT#0": None, "Qcur-0:ADD#0": "decoder.0.self_attn.q"},
    "qwen3": {"Qcur_normed-0:MUL#0": "decoder.0.self_attn.q_norm", "Qcur-0:ROPE#0": "decoder.0.self_attn.q_rotated"},
    "gpt2": {
        "pos_embd:GET_ROWS#0": "decoder.embed.positions",
        "inpL:ADD#0": "decoder.embed.output",
        "attn_norm-0:ADD#0": "decoder.0.self_attn.norm",
        "wqkv_b-0:ADD#0": "decoder.0.self_attn.qkv",
        "Vcur-0:VIEW#0": "decoder.0.self_attn.v",
        "ffn_up_b-1:ADD#0": "decoder.1.ffn.hidden",
        "ffn_gelu-1:GELU#0": "decoder.1.ffn.activated",
        "ffn_out-1:ADD#0": "decoder.1.ffn.output",
    },
    "t5_v1_0": {
        "kq-0:MUL_MAT#1": "decoder.0.self_attn.scores",
        "attn_norm_cross-0:MUL#0": "decoder.0.cross_attn.norm",
        "cross_inp-0:ADD#0": "decoder.0.self_attn.residual",
        "ffn_inp-0:ADD#1": "decoder.0.cross_attn.residual",
        "ffn_relu-0:RELU#1": "decoder.0.ffn.activated",
    },
}


@pytest.mark.parametrize("name", TORCH)
def test_modules_of_torch(name: str) -> None:
    assert addresses("torch_post", name)[:1] == TORCH[name]


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, names in LENS.items() for name in names])
def test_hooks_of_transformer_lens(family: str, name: str) -> None:
    wanted = LENS[family][name]
    assert [found.partition(":")[2] for found in addresses(family, name)[:1]] == ([wanted] if wanted else [])


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, names in GGML.items() for name in names])
def test_nodes_of_llama_cpp(family: str, name: str) -> None:
    wanted = GGML[family][name]
    assert [found.partition(":")[2] for found in addresses(family, f"ggml:{name}")] == ([wanted] if wanted else [])


STATES = [
    ("mbart_untied", "encoder_hidden_states.2", ["@0:encoder.norm", "@0:encoder.1.ffn.residual"]),
    ("mbart_untied", "hidden_states.0", ["@1:decoder.embed.norm", "@0:encoder.embed.norm"]),
    ("mbart_untied", "model.decoder.output.hidden_states.0", ["@1:decoder.embed.norm"]),
    ("gpt2", "hidden.2", ["@1:decoder.norm", "@1:decoder.1.ffn.residual"]),
    ("gpt2", "hidden_states.1", ["@1:decoder.0.ffn.residual"]),
    ("gpt2", "attentions.1", ["@1:decoder.1.self_attn.weights"]),
    ("marian_zh_en", "dec_hidden.2", ["@1:decoder.1.ffn.norm"]),
    ("marian_zh_en", "cross_attentions.1", ["@1:decoder.1.cross_attn.weights"]),
    ("marian_zh_en", "decoder.0.cross_attn", ["@1:decoder.0.cross_attn.weights"]),
    ("marian_zh_en", "memory", ["@0:encoder.1.ffn.norm"]),
    ("marian_zh_en", "last_hidden_state", ["@1:decoder.1.ffn.norm", "@0:encoder.1.ffn.norm"]),
]


@pytest.mark.parametrize(("family", "name", "wanted"), STATES)
def test_hidden_states_by_the_likeliest_first(family: str, name: str, wanted: list[str]) -> None:
    assert addresses(family, name) == wanted


def test_addresses_are_names_with_their_step_or_without() -> None:
    assert addresses("gpt2", "decoder.0.output") == addresses("gpt2", "@1:decoder.0.output")
    assert addresses("gpt2", "@0:decoder.0.output") == []


def test_a_table_for_both_sides_is_called_twice() -> None:
    assert addresses("t5_v1_0", "shared#0")[:2] == ["@0:encoder.embed.tokens", "@1:decoder.embed.tokens"]
    assert addresses("t5_v1_0", "shared#1") == ["@1:decoder.embed.tokens"]


def test_a_mask_goes_into_an_attention_and_into_the_layer_that_it_is_in() -> None:
    for module in ("decoder.layers.0", "decoder.layers.0.self_attn"):
        name = f"model.{module}.inputs.kwargs.attention_mask"
        assert addresses("marian_zh_en", name) == ["@1:decoder.0.self_attn.mask"]


def test_later_passes_are_later_calls() -> None:
    run = tracer.Run(tracer.load(FIXTURES / "marian_zh_en"), [5, 9, 17, 0]).decode()
    names = known(run)
    records = names["model.decoder.layers.0.self_attn.k_proj"]
    assert [record.output.address for record in records[:2]] == [f"@{n}:decoder.0.self_attn.k_new" for n in (1, 2)]
    keys = names["model.decoder.layers.0.encoder_attn.k_proj"]
    assert [record.output.address for record in keys] == ["@1:decoder.0.cross_attn.k"], "it is kept from then on"
    assert names["model.decoder.layers.0.encoder_attn.inputs.key_value_states"] == [run[0].tape.find("encoder.output")]
