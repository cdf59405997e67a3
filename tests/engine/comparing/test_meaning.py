"""Names however they are spelt."""

from __future__ import annotations

import pytest

from tracer.comparing.meaning import LONGEST, find, normalised

from .runs import addresses, names_of

SPELT = [
    ("module/model.decoder.layers.0.fc1#0", "model.decoder.layers.0.fc1", 0),
    ("module.model.norm", "model.norm", 0),
    ("module.module._orig_mod.model.norm.output", "model.norm", 0),
    ("_orig_mod.model.layers.0._fsdp_wrapped_module.mlp", "model.layers.0.mlp", 0),
    ("base_model.model.model.layers.0.q_proj.base_layer", "base_model.model.model.layers.0.q_proj", 0),
    ("model.layers.0.mlp.output.0#3", "model.layers.0.mlp", 3),
    ("model.layers.0.mlp.outputs", "model.layers.0.mlp", 0),
    ("model.layers.0.mlp.outputs.0", "model.layers.0.mlp", 0),
    ("model.layers.0.mlp.out", "model.layers.0.mlp", 0),
    ("model.layers.0.mlp_out", "model.layers.0.mlp", 0),
    ("model.layers.0.self_attn.output[1]", "model.layers.0.self_attn.output.1", 0),
    ("model.layers.0.self_attn.outputs_1", "model.layers.0.self_attn.output.1", 0),
    ("model.encoder.output.0.last_hidden_state", "model.encoder", 0),
    ("model.decoder.output.hidden_states.2", "model.decoder.hidden_states.2", 0),
    ("MarianMTModel_outputs_logits", "MarianMTModel.logits", 0),
    ("layers/0/fc1", "layers.0.fc1", 0),
    ("layers[0].fc1", "layers.0.fc1", 0),
    ("model['layers'][0]->fc1", "model.layers.0.fc1", 0),
    ("model___layers___0:fc1", "model.layers.0.fc1", 0),
    ("params/decoder/layers_0/fc1", "params.decoder.layers.0.fc1", 0),
    ("h.0.ln_1", "h.0.ln_1", 0),
    ("model.layers.0.mlp.input", "model.layers.0.mlp.inputs.0", 0),
    ("model.layers.0.mlp.input.0#1", "model.layers.0.mlp.inputs.0", 1),
    ("model.layers.0.mlp.inputs[0]", "model.layers.0.mlp.inputs.0", 0),
    ("model.layers.0.mlp.inputs.args.0", "model.layers.0.mlp.inputs.0", 0),
    ("model.layers.0.mlp_inputs_args_0", "model.layers.0.mlp.inputs.0", 0),
    ("model.layers.0.self_attn.q_proj_in", "model.layers.0.self_attn.q_proj.inputs.0", 0),
    ("model.layers.0.self_attn.inputs.kwargs.hidden_states", "model.layers.0.self_attn.inputs.0", 0),
    ("model.layers.0.self_attn.input_kwargs.attention_mask", "model.layers.0.self_attn.inputs.attention_mask", 0),
    ("model.decoder_inputs_kwargs_encoder_hidden_states", "model.decoder.inputs.encoder_hidden_states", 0),
    ("non_intrusive__model.layers.0.mlp.output", "model.layers.0.mlp", 0),
    ("ggml:Qcur-0:MUL_MAT#1", "ggml:Qcur-0:MUL_MAT#1", 0),
    ("output", "output", 0),
    ("", "", 0),
]


@pytest.mark.parametrize(("text", "path", "call"), SPELT)
def test_a_name_is_spelt_as_transformers_would(text: str, path: str, call: int) -> None:
    assert normalised(text) == (path, call)


FC1 = ["@1:decoder.0.ffn.hidden"]
MLP = ["@1:decoder.0.ffn.output"]
FOUND = [
    ("marian_zh_en", "model.decoder.layers.0.fc1", FC1),
    ("marian_zh_en", "MarianMTModel.model.decoder.layers.0.fc1", FC1),
    ("marian_zh_en", "wrapped.inner.model.decoder.layers.0.fc1.output.0", FC1),
    ("marian_zh_en", "base_model.model.model.decoder.layers[0].fc1", FC1),
    ("marian_zh_en", "decoder/layers_0/fc1", FC1),
    ("marian_zh_en", "layers.0.fc1", []),
    ("marian_zh_en", "layers.0.encoder_attn.q_proj", ["@1:decoder.0.cross_attn.q"]),
    ("marian_zh_en", "MarianMTModel_outputs_logits", ["@1:logits"]),
    ("marian_zh_en", "model.decoder.layers.0.fc2_in", ["@1:decoder.0.ffn.activated"]),
    ("marian_zh_en", "lm_head", []),
    ("marian_zh_en", "MarianMTModel.lm_head.inputs.args.0", ["@1:decoder.1.ffn.norm"]),
    ("marian_zh_en", "MarianMTModel.model.encoder.layers.0.inputs.args.0", ["@0:encoder.embed.output"]),
    ("marian_zh_en", "MarianMTModel.model.encoder.layers.0.self_attn.q_proj.outputs", ["@0:encoder.0.self_attn.q"]),
    ("marian_zh_en", "MarianMTModel.model.decoder.inputs.kwargs.encoder_hidden_states", ["@0:encoder.1.ffn.norm"]),
    ("marian_zh_en", "model.decoder.layers.1.encoder_attn.input_kwargs.key_value_states#0", ["@0:encoder.1.ffn.norm"]),
    ("marian_zh_en", "model.decoder.layers.0.encoder_attn.output.1#0", ["@1:decoder.0.cross_attn.weights"]),
    ("marian_zh_en", "model.encoder.output.0.last_hidden_state#0", ["@0:encoder.1.ffn.norm"]),
    ("marian_zh_en", "model.encoder.embed_tokens.output.0#0", []),
    ("gpt2", "GPT2LMHeadModel.transformer.h.1.inputs.args.0", ["@1:decoder.0.ffn.residual"]),
    ("gpt2", "GPT2LMHeadModel.transformer.h.0.attn.inputs.kwargs.attention_mask", ["@1:decoder.0.self_attn.mask"]),
    ("llama_gqa", "model.layers.0.mlp", MLP),
    ("llama_gqa", "net.layers.0.mlp", MLP),
    ("llama_gqa", "language_model.model.layers.0.mlp", MLP),
    ("llama_gqa", "vision_model.encoder.layers.0.mlp", []),
    ("llama_gqa", "encoder.layers.0.mlp", []),
    ("llama_gqa", "LlamaForCausalLM.lm_head.output", ["@1:logits"]),
    ("llama_gqa", "mlp", []),
    ("llama_gqa", "0.mlp", MLP),
    ("llama_gqa", "model.rotary_emb", []),
    ("llama_gqa", "no.such.name", []),
    ("llama_gqa", "", []),
    ("gpt2", "transformer.h.0.mlp.output", MLP),
    ("gpt2", "model.transformer.h.0.mlp.output", MLP),
    ("gpt2", "h.0.mlp", MLP),
]


@pytest.mark.parametrize(("family", "name", "wanted"), FOUND)
def test_a_name_is_found_with_what_stands_before_it_or_without(family: str, name: str, wanted: list[str]) -> None:
    assert addresses(family, name) == wanted


def test_the_call_is_told() -> None:
    assert find("module/transformer.h.0.mlp#2", names_of("gpt2"))[1] == 2


@pytest.mark.parametrize(
    "name", ["." * 99, "#" * 99, "a." * LONGEST, "[" * 9, "_in" * 400, ".output" * 140, "a/#1\x00"]
)
def test_a_name_that_is_none_is_of_nothing(name: str) -> None:
    assert find(name, names_of("gpt2"))[0] == ()
