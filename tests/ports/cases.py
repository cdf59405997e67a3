"""Which ports are made: the checkpoint, the mistake and where it is made, and how much of it a dump has."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One port; ``at`` is the address under which the mistake is made, empty where it is everywhere."""

    checkpoint: str
    mistake: str
    at: str = ""
    kind: str = "full"
    padded: str = ""
    """the side on which ids are hidden"""
    also: tuple[str, ...] = ()
    """other causes that may be named"""
    dtype: str = ""
    """of torch, in which all is computed and kept; float32 where it is empty"""
    attention: str = "eager"
    """how transformers computes attention"""
    prefix: tuple[str, str] = ("", "")
    """what the names of modules begin with, and in the dump"""

    @property
    def name(self) -> str:
        """The name of its directory."""
        kind = "" if self.kind == "full" else self.kind
        attention, prefix = self.attention.removeprefix("eager"), "renamed" if any(self.prefix) else ""
        how = (kind, self.padded, self.dtype, attention, prefix)
        parts = (self.checkpoint, self.mistake.replace("/", "_"), self.at, *how)
        return "-".join(part.replace(" ", "_") for part in parts if part)

    def renamed(self, name: str) -> str:
        """What a module is called in the dump."""
        before, after = self.prefix
        return after + name.removeprefix(before) if "." in name and name.startswith(before) else name

    @property
    def cause(self) -> str:
        """The key of the mistake; what else is said of it is for us."""
        word, *more = self.mistake.split()
        return f"{word} {more[0]}" if word in ("swapped", "precision") else word


WRONG = (
    # scores
    Case("bart_tied", "no_scale", "encoder.0.self_attn"),
    Case("gpt2", "no_scale"),
    Case("gpt2", "no_scale", "decoder.1.self_attn", "weights"),
    Case("llama_gqa", "no_scale"),
    Case("marian_two_vocabularies", "no_scale", "decoder.1.cross_attn"),
    Case("mbart_untied", "no_scale", "decoder.0.self_attn"),
    Case("qwen3", "no_scale", "decoder.1.self_attn"),
    Case("mistral_window", "no_scale", "", "hidden"),
    Case("marian_zh_en", "no_scale", "", "logits"),
    Case("t5_v1_0", "extra_scale"),
    Case("t5_v1_1", "extra_scale", "decoder.0.cross_attn", "weights"),
    Case("gpt2_untied", "extra_scale", "decoder.1.self_attn"),
    Case("qwen2", "extra_scale"),
    Case("marian_zh_en", "extra_scale", "encoder.1.self_attn"),
    Case("llama_gqa", "kv_tiling"),
    Case("llama3_scaled", "kv_tiling", "decoder.0.self_attn"),
    Case("qwen2", "kv_tiling", "", "weights"),
    Case("llama_gqa", "kv_tiling", "", "layers"),
    Case("llama_gqa", "kv_tiling values", "decoder.1.self_attn"),
    # softmax
    Case("gpt2", "wrong_axis"),
    Case("bart_tied", "wrong_axis", "decoder.0.cross_attn", "weights"),
    Case("t5_gated_silu", "wrong_axis", "decoder.1.self_attn"),
    Case("mistral_window", "wrong_axis", "decoder.0.self_attn"),
    Case("marian_zh_en", "wrong_axis", "encoder.0.self_attn"),
    # masks
    Case("gpt2", "no_causal"),
    Case("llama_gqa", "no_causal", "", "weights"),
    Case("bart_tied", "no_causal"),
    Case("t5_v1_0", "no_causal", "decoder.1.self_attn"),
    Case("mistral_window", "no_causal"),
    Case("qwen3", "no_causal", "", "logits"),
    Case("gpt2_untied", "causal_off_by_one", "", "weights"),
    Case("qwen2", "causal_off_by_one"),
    Case("t5_v1_1", "causal_off_by_one"),
    Case("mbart_untied", "causal_off_by_one", "", "hidden"),
    Case("torch_post", "causal_off_by_one"),
    Case("torch_post", "no_causal"),
    Case("marian_zh_en", "padding_seen", "encoder.0.self_attn", padded="right"),
    Case("marian_two_vocabularies", "padding_seen", "", padded="right"),
    Case("t5_v1_0", "padding_seen", "decoder.0.cross_attn", "weights", "right"),
    Case("bart_tied", "padding_seen", "decoder.0.cross_attn", padded="right"),
    Case("gpt2", "padding_seen", "", padded="left"),
    Case("llama_gqa", "padding_seen", "", padded="left"),
    # embedding
    Case("gpt2_untied", "position_offset"),
    Case("marian_zh_en", "position_offset"),
    Case("bart_tied", "position_offset"),
    Case("mbart_untied", "position_offset", "decoder"),
    Case("torch_post", "position_offset"),
    Case("gpt2", "position_offset", "", "hidden"),
    Case("marian_zh_en", "embed_scale"),
    Case("marian_two_vocabularies", "embed_scale", "", "hidden"),
    Case("bart_tied", "embed_scale"),
    Case("mbart_untied", "embed_scale"),
    Case("llama_gqa", "embed_scale"),
    Case("gpt2", "embed_scale"),
    Case("torch_post", "embed_scale"),
    # parameters
    Case("gpt2", "missing_bias", "decoder.0.self_attn.qkv"),
    Case("gpt2_untied", "missing_bias"),
    Case("qwen2", "missing_bias"),
    Case("bart_tied", "missing_bias", "decoder.0.cross_attn.v"),
    Case("marian_zh_en", "missing_bias", "decoder.1.ffn.output"),
    Case("torch_post", "missing_bias", "decoder.0.ffn.hidden"),
    Case("marian_zh_en", "logits_bias"),
    Case("bart_tied", "logits_bias", "", "logits"),
    Case("torch_post", "logits_bias"),
    Case("marian_zh_en", "transposed", "encoder.0.self_attn.output"),
    Case("gpt2", "transposed"),
    Case("bart_tied", "transposed"),
    Case("llama_gqa", "transposed", "decoder.1.self_attn.q"),
    Case("mistral_window", "transposed", "decoder.0.self_attn.output"),
    Case("gpt2", "swapped q/k", "decoder.0.self_attn", "weights"),
    Case("marian_zh_en", "swapped q/k"),
    Case("t5_v1_1", "swapped q/k", "decoder.0.cross_attn"),
    Case("torch_post", "swapped q/k", "encoder.0.self_attn"),
    Case("gpt2", "swapped k/v"),
    Case("llama_gqa", "swapped k/v", "decoder.1.self_attn"),
    Case("t5_gated_silu", "swapped k/v"),
    Case("bart_tied", "swapped k/v", "encoder.1.self_attn"),
    Case("torch_post", "swapped k/v", "decoder.0.self_attn"),
    Case("llama_gqa", "swapped gate/up"),
    Case("qwen3", "swapped gate/up", "decoder.1.ffn"),
    Case("t5_v1_1", "swapped gate/up"),
    Case("mistral_window", "swapped gate/up", "", "layers"),
    # norms and residual connections
    Case("gpt2", "eps"),
    Case("llama_gqa", "eps"),
    Case("qwen3", "eps"),
    Case("t5_v1_0", "eps"),
    Case("marian_zh_en", "eps"),
    Case("gpt2", "no_residual", "decoder.1.ffn"),
    Case("gpt2_untied", "no_residual"),
    Case("llama_gqa", "no_residual", "decoder.0.self_attn"),
    Case("marian_zh_en", "no_residual", "decoder.0.cross_attn"),
    Case("mbart_untied", "no_residual", "encoder.1.ffn"),
    Case("t5_v1_0", "no_residual", "decoder.1.cross_attn"),
    Case("qwen2", "no_residual", "decoder.1.self_attn", "layers"),
    Case("gpt2", "no_final_norm"),
    Case("llama3_scaled", "no_final_norm"),
    Case("t5_gated_silu", "no_final_norm", "encoder.norm"),
    Case("torch_post", "no_final_norm", "decoder.norm"),
    Case("llama_gqa", "no_final_norm", "", "logits"),
    Case("torch_post", "post_pre_norm"),
    # activations
    Case("gpt2_untied", "activation"),
    Case("llama_gqa", "activation", "decoder.1.ffn"),
    Case("t5_v1_0", "activation"),
    Case("marian_zh_en", "activation", "decoder.0.ffn"),
    Case("marian_two_vocabularies", "activation", "", "hidden"),
    Case("torch_post", "activation"),
    Case("bart_tied", "gelu_variant"),
    Case("gpt2_untied", "gelu_variant", "decoder.1.ffn"),
    Case("t5_v1_1", "gelu_variant"),
    Case("gpt2", "gelu_variant", "", "layers"),
    # rotary positions
    Case("llama_gqa", "rope_interleaved", "decoder.1.self_attn"),
    Case("llama3_scaled", "rope_interleaved", "", "weights"),
    Case("qwen2", "rope_interleaved"),
    Case("qwen3", "rope_interleaved"),
    Case("mistral_window", "rope_interleaved", "", "hidden"),
    Case("llama_gqa", "rope_theta"),
    Case("llama3_scaled", "rope_theta"),
    Case("qwen3", "rope_theta", "", "weights"),
    Case("mistral_window", "rope_theta"),
    # heads
    Case("gpt2", "head_order"),
    Case("llama_gqa", "head_order", "decoder.1.self_attn"),
    Case("marian_zh_en", "head_order", "decoder.1.cross_attn"),
    Case("t5_v1_0", "head_order"),
    Case("mistral_window", "head_order"),
    Case("bart_tied", "head_order", "", "attention"),
    # digits
    Case("gpt2", "precision bf16"),
    Case("llama_gqa", "precision f16"),
    Case("marian_zh_en", "precision bf16", "decoder.0.ffn.hidden"),
    Case("t5_v1_0", "precision f16", "encoder.1.self_attn.v"),
    Case("qwen2", "precision bf16 weights", "decoder.0.self_attn", "weights"),
    Case("bart_tied", "precision bf16"),
    # other names
    Case("gpt2", "activation", "decoder.0.ffn", prefix=("", "module.")),
    Case("bart_tied", "no_scale", "decoder.0.cross_attn", prefix=("model.", "")),
    Case("llama_gqa", "rope_theta", "", "weights", prefix=("model.", "my_llama.")),
    Case("gpt2_untied", "head_order", "decoder.0.self_attn", prefix=("transformer.", "")),
    # where all has fewer digits
    Case("gpt2", "no_scale", "decoder.0.self_attn", dtype="bfloat16"),
    Case("llama_gqa", "swapped gate/up", dtype="float16"),
    Case("t5_v1_0", "no_residual", "encoder.0.ffn", dtype="bfloat16"),
    Case("marian_zh_en", "logits_bias", dtype="float16"),
    Case("marian_zh_en", "no_norm_bias", "encoder.1.ffn"),
    # no mistake of a catalogue
    Case("gpt2", "unknown scaled_by_d_model"),
    Case("llama_gqa", "unknown half_turned"),
    Case("qwen3", "unknown slower_angles"),
    Case("llama3_scaled", "unknown rope_unscaled", also=("rope_theta",)),
    Case("t5_v1_0", "unknown bias_of_first_layer_alone"),
    Case("t5_gated_silu", "unknown one_sided_buckets"),
    Case("mistral_window", "unknown window_ignored"),
    Case("gpt2_untied", "unknown no_gain", "decoder.1.ffn"),
    Case("t5_v1_0", "unknown not_rescaled"),
    Case("qwen3", "unknown no_q_norm", "decoder.1.self_attn"),
    Case("llama_gqa", "unknown permuted_rows", "decoder.0.self_attn.q"),
    Case("gpt2", "unknown positions_of_padding", padded="left", also=("position_offset",)),
    Case("bart_tied", "unknown noise", "decoder.0.ffn.output"),
)
RIGHT = (
    *(Case(name, "none") for name in ("gpt2", "llama3_scaled", "t5_v1_1", "torch_post", "mbart_untied")),
    Case("qwen3", "none", "", "weights"),
    Case("mistral_window", "none", "", "hidden"),
    Case("marian_two_vocabularies", "none", "", "logits"),
    Case("t5_v1_0", "none", padded="right"),
    Case("gpt2_untied", "none", "", "weights", padded="left"),
    Case("llama_gqa", "none", padded="left"),
    Case("t5_gated_silu", "none", prefix=("", "module.")),
    Case("qwen2", "none", prefix=("model.", "")),
    Case("gpt2", "none", dtype="bfloat16"),
    Case("marian_zh_en", "none", dtype="bfloat16"),
    Case("qwen3", "none", dtype="bfloat16"),
    Case("llama_gqa", "none", dtype="float16"),
    Case("t5_v1_0", "none", dtype="float16"),
    Case("mbart_untied", "none", dtype="float16"),
    Case("qwen2", "none", attention="sdpa"),
    Case("bart_tied", "none", attention="sdpa"),
    Case("gpt2", "none", padded="right", attention="sdpa"),
)
CASES = (*WRONG, *RIGHT)
SUITE = (
    *("bart_tied-embed_scale", "gpt2_untied-activation", "gpt2_untied-missing_bias", "gpt2_untied-none-weights-left"),
    *("llama3_scaled-rope_theta", "marian_two_vocabularies-none-logits", "mistral_window-no_causal"),
    *("marian_two_vocabularies-padding_seen-right", "mbart_untied-no_residual-encoder.1.ffn"),
    *("mistral_window-no_scale-hidden", "qwen2-kv_tiling-weights", "qwen2-rope_interleaved", "qwen3-none-bfloat16"),
    *("t5_v1_1-swapped_q_k-decoder.0.cross_attn", "torch_post-post_pre_norm"),
)
"""small ones of many kinds, which are kept among the fixtures"""
