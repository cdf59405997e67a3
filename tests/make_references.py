"""Make the references with torch and transformers (extra `parity`).

    python tests/make_references.py [NAME …]

Every fixture is a small random checkpoint in the published layout, written by transformers itself, and beside it
`reference.safetensors` and `reference.json` with what transformers computed from it: hidden states, attention weights,
the outputs of all modules, logits, greedy and beam decoding, and, of an encoder–decoder, a padded batch. The same
versions give the same files.

`zh-en-tiny` is the built-in model of that name: plain torch computes its `reference.safetensors`, and the same with one
mistake its `port.safetensors` and, each with another, its `port-a.safetensors` to `port-d.safetensors`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import torch
import transformers
from mistaken_torch import PORTS
from plain_torch import computed
from safetensors.torch import save_file
from torch import Tensor, nn

FIXTURES = Path(__file__).parent / "fixtures"
TINY = Path(__file__).parents[1] / "tracer" / "builtin" / "zh-en-tiny"
NEW_TOKENS = 12
GENERATION = {"max_new_tokens": NEW_TOKENS, "do_sample": False}
GREEDY = {"num_beams": 1}
BEAM = {"num_beams": 4, "num_return_sequences": 4, "length_penalty": 1.0, "early_stopping": False}
MARGIN = 1e-3
"""Decisions closer than this could turn out either way in float32; another seed is taken."""
END = 3.5
"""Added to the logits of the end tokens, so that hypotheses end at different lengths."""

Arrays = dict[str, Tensor]
Model = Any


@dataclass(frozen=True)
class Spec:
    """A checkpoint to make: a family of transformers, its configuration, and what generation_config.json states."""

    family: str
    config: dict[str, Any]
    generation: dict[str, Any] = field(default_factory=dict)
    change: Callable[[Model], None] = lambda _model: None
    stated: dict[str, Any] = field(default_factory=dict)
    """what config.json says in place of what transformers writes"""
    head: str = "ForConditionalGeneration"
    dtype: torch.dtype = torch.float32
    """of the parameters as stored; transformers computes in float32"""
    shards: str = "1GB"
    """the most that one file holds"""
    model: str = ""
    """how the name of the model's class begins, where not with that of the family"""
    gains: float = 1.0
    """about which those of norms lie"""

    @property
    def named(self) -> str:
        """The class of the model."""
        return (self.model or self.family) + self.head

    @property
    def has_encoder(self) -> bool:
        return "decoder_start_token_id" in self.config

    @property
    def decodes(self) -> bool:
        return self.head != "ForMaskedLM"

    @property
    def kind(self) -> str:
        return "seq2seq" if self.has_encoder else "causal" if self.decodes else "encoder"


def untie(model: Model) -> None:
    """Give the output a projection of its own, as T5 v1.1 has it; transformers 5 ties it whatever the configuration."""
    model.lm_head.weight = nn.Parameter(torch.empty_like(model.lm_head.weight))


BART = {
    "vocab_size": 117,
    "max_position_embeddings": 32,
    "d_model": 24,
    "encoder_layers": 2,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 40,
    "decoder_layers": 1,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 36,
    "decoder_start_token_id": 2,
}
T5 = {
    "vocab_size": 120,
    "d_model": 24,
    "d_kv": 10,
    "d_ff": 36,
    "num_heads": 3,
    "num_layers": 2,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 20,
    "decoder_start_token_id": 0,
}
MARIAN = {
    "vocab_size": 90,
    "decoder_vocab_size": 113,
    "share_encoder_decoder_embeddings": False,
    "max_position_embeddings": 32,
    "d_model": 27,
    "encoder_layers": 1,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 40,
    "decoder_layers": 2,
    "decoder_attention_heads": 9,
    "decoder_ffn_dim": 36,
    "pad_token_id": 89,
    "decoder_start_token_id": 89,
}
GPT2 = {
    "vocab_size": 101,
    "n_positions": 40,
    "n_embd": 27,
    "n_head": 3,
    "n_layer": 2,
    "n_inner": 50,
    "activation_function": "gelu",
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
}
LLAMA = {
    "vocab_size": 101,
    "hidden_size": 36,
    "intermediate_size": 44,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 6,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
}
M2M_100 = {
    "vocab_size": 80,
    "max_position_embeddings": 32,
    "d_model": 21,
    "encoder_layers": 2,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 28,
    "decoder_layers": 1,
    "decoder_attention_heads": 7,
    "decoder_ffn_dim": 24,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
BERT = {
    "vocab_size": 80,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 28,
    "max_position_embeddings": 24,
}
DISTILBERT = {
    "vocab_size": 80,
    "dim": 24,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 28,
    "max_position_embeddings": 20,
}
OPT = {
    "vocab_size": 80,
    "hidden_size": 24,
    "word_embed_proj_dim": 18,
    "ffn_dim": 28,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "max_position_embeddings": 40,
    "bos_token_id": 2,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
GPT_NEOX = {
    "vocab_size": 80,
    "hidden_size": 30,
    "intermediate_size": 28,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "max_position_embeddings": 40,
    "rotary_pct": 0.4,
    "rotary_emb_base": 100,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
GEMMA3_ROPE = {
    "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
}
PHI3_ROPE = {
    "rope_type": "longrope",
    "rope_theta": 100.0,
    "partial_rotary_factor": 0.67,
    "short_factor": [1.0, 1.5],
    "long_factor": [2.0, 3.0],
    "attention_factor": 1.1,
}
SMALL = LLAMA | {"vocab_size": 71, "hidden_size": 24, "intermediate_size": 28}
MIXTURE = SMALL | {"intermediate_size": 16, "num_attention_heads": 4}
SPECS = {
    "bart_tied": Spec("Bart", BART, {"forced_bos_token_id": 0, "forced_eos_token_id": 2, "no_repeat_ngram_size": 2}),
    "mbart_untied": Spec(
        "MBart",
        BART | {"activation_function": "relu", "scale_embedding": True, "tie_word_embeddings": False},
        {"forced_bos_token_id": 100, "suppress_tokens": [7, 8], "begin_suppress_tokens": [9], "eos_token_id": [2, 3]},
    ),
    "t5_v1_1": Spec(
        "T5",
        T5 | {"feed_forward_proj": "gated-gelu", "num_decoder_layers": 1, "tie_word_embeddings": False},
        change=untie,
        stated={"tie_word_embeddings": False, "n_positions": 64},
    ),
    "t5_gated_silu": Spec("T5", T5 | {"feed_forward_proj": "gated-silu", "tie_word_embeddings": False}),
    "marian_two_vocabularies": Spec(
        "Marian",
        MARIAN | {"activation_function": "relu", "scale_embedding": True},
        {"bad_words_ids": [[89], [5, 6]], "forced_eos_token_id": 0, "renormalize_logits": True},
        head="MTModel",
    ),
    "m2m_100": Spec("M2M100", M2M_100, {"forced_bos_token_id": 79, "no_repeat_ngram_size": 2}),
    "mt5": Spec(
        "MT5",
        T5 | {"vocab_size": 80, "d_model": 18, "d_kv": 6, "d_ff": 24, "num_decoder_layers": 1},
        change=untie,
        stated={"tie_word_embeddings": False},
    ),
    "bert": Spec("Bert", BERT, head="ForMaskedLM"),
    "distilbert": Spec("DistilBert", DISTILBERT | {"tie_word_embeddings": False}, head="ForMaskedLM"),
    "roberta": Spec("Roberta", BERT | {"type_vocab_size": 1, "hidden_act": "gelu_new"}, head="ForMaskedLM"),
    "opt": Spec("OPT", OPT, {"eos_token_id": [2, 9, 30, 77]}, head="ForCausalLM"),
    "gpt_neox": Spec("GPTNeoX", GPT_NEOX, {"eos_token_id": [2, 9, 30]}, head="ForCausalLM"),
    "gpt2_untied": Spec(
        "GPT2",
        GPT2,
        {"eos_token_id": [2, 9, 30, 77], "bad_words_ids": [[9], [5, 6], [50]], "min_new_tokens": 5},
        head="LMHeadModel",
    ),
    "llama3_scaled": Spec(
        "Llama",
        LLAMA | {"head_dim": 8, "tie_word_embeddings": True, "rope_parameters": LLAMA3_ROPE},
        {"eos_token_id": [2, 3, 50, 70], "min_length": 17},
        head="ForCausalLM",
        dtype=torch.bfloat16,
        shards="30kB",
    ),
    "mistral_window": Spec(
        "Mistral",
        LLAMA | {"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 12, "sliding_window": 5},
        {"no_repeat_ngram_size": 2},
        head="ForCausalLM",
    ),
    "qwen2": Spec(
        "Qwen2",
        LLAMA | {"num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True},
        {"eos_token_id": [2, 3, 40, 60]},
        head="ForCausalLM",
    ),
    "qwen3": Spec(
        "Qwen3",
        LLAMA | {"num_attention_heads": 5, "num_key_value_heads": 1, "head_dim": 10, "attention_bias": False},
        {"suppress_tokens": [7, 8]},
        head="ForCausalLM",
    ),
    "gemma2": Spec(
        "Gemma2",
        SMALL
        | {"num_attention_heads": 4, "sliding_window": 5, "query_pre_attn_scalar": 12}
        | {"attn_logit_softcapping": 3.0, "final_logit_softcapping": 9.0},
        {"no_repeat_ngram_size": 1},
        head="ForCausalLM",
        gains=0.0,
    ),
    "gemma3_text": Spec(
        "Gemma3Text",
        SMALL
        | {"num_attention_heads": 4, "head_dim": 8, "sliding_window": 5, "query_pre_attn_scalar": 8}
        | {"layer_types": ["sliding_attention", "full_attention"], "rope_parameters": GEMMA3_ROPE},
        {"no_repeat_ngram_size": 1},
        head="ForCausalLM",
        model="Gemma3",
        gains=0.0,
    ),
    "phi3": Spec(
        "Phi3",
        SMALL
        | {"num_attention_heads": 4, "head_dim": 6, "pad_token_id": 0, "rope_parameters": PHI3_ROPE}
        | {"original_max_position_embeddings": 4},
        head="ForCausalLM",
    ),
    "olmo2": Spec("Olmo2", SMALL | {"num_attention_heads": 4, "rms_norm_eps": 1e-6}, head="ForCausalLM"),
    "granite": Spec(
        "Granite",
        SMALL
        | {"num_attention_heads": 4, "embedding_multiplier": 3.0, "attention_multiplier": 0.5}
        | {"residual_multiplier": 0.4, "logits_scaling": 0.5, "tie_word_embeddings": True},
        {"no_repeat_ngram_size": 1},
        head="ForCausalLM",
    ),
    "mixtral": Spec("Mixtral", MIXTURE | {"num_local_experts": 4, "num_experts_per_tok": 2}, head="ForCausalLM"),
    "qwen2_moe": Spec(
        "Qwen2Moe",
        MIXTURE
        | {"num_experts": 5, "num_experts_per_tok": 3, "moe_intermediate_size": 12}
        | {"shared_expert_intermediate_size": 12, "tie_word_embeddings": True},
        {"no_repeat_ngram_size": 2},
        head="ForCausalLM",
    ),
    "qwen3_moe": Spec(
        "Qwen3Moe",
        MIXTURE
        | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12, "norm_topk_prob": True}
        | {"mlp_only_layers": [0], "tie_word_embeddings": True},
        {"no_repeat_ngram_size": 2},
        head="ForCausalLM",
    ),
}


def make(name: str) -> None:
    """Write the fixture of that name, from the first seed whose decisions are clear and varied."""
    spec, directory = SPECS[name], FIXTURES / name
    for seed in count():
        model, inputs = build(spec, seed), ids(spec, seed)
        arrays = results(model, inputs)
        checks = margins(arrays) if spec.decodes else {}
        if not checks or (min(checks.values()) > MARGIN and variety(arrays) > NEW_TOKENS // 2):
            break
    write_checkpoint(model, spec, directory)
    checks["float32_vs_float64_logits"] = noise(model, inputs)
    checks["logits_std"] = arrays["logits"].std().item()
    checks["reload_logits_diff"] = reloaded(model, directory, inputs)
    save_file({key: array.contiguous() for key, array in arrays.items()}, directory / "reference.safetensors")
    write_json(directory / "reference.json", account(name, spec, seed, checks, arrays))
    print(f"{name}: seed {seed}, {sum(path.stat().st_size for path in directory.iterdir()) >> 10} kB, {checks}")


def build(spec: Spec, seed: int) -> Model:
    """A model with random parameters, spread so that its attention and its choices are decided ones."""
    torch.manual_seed(seed)
    configuration = getattr(transformers, f"{spec.family}Config")(**spec.config)
    configuration._attn_implementation = configuration._experts_implementation = "eager"
    model = getattr(transformers, spec.named)(configuration).eval()
    spec.change(model)
    if spec.decodes:
        special = ("eos_token_id", "pad_token_id", "decoder_start_token_id" if spec.has_encoder else "bos_token_id")
        defaults = {key: getattr(configuration, key) for key in special}
        model.generation_config = transformers.GenerationConfig(**defaults | spec.generation)
    with torch.no_grad():
        for name, parameter in [*model.named_parameters(), *model.named_buffers()]:
            if parameter.requires_grad or name == "final_logits_bias":
                fill(name, parameter, spec.gains)
                parameter.copy_(parameter.to(spec.dtype))
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias[:, model.generation_config.eos_token_id] += END
    return model


def fill(name: str, parameter: Tensor, gains: float = 1.0) -> None:
    """Gains about 1, biases about 0, matrices that keep the size of what they are given; T5's queries carry 1/√d_k."""
    if ("norm" in name.lower() or "ln_" in name) and name.endswith("weight"):
        parameter.normal_(gains, 0.2)
    elif parameter.ndim == 1 or name == "final_logits_bias":
        parameter.normal_(0, 0.2)
    elif any(part in name for part in ("embed", "shared", "lm_head", "relative", "wte", "wpe")):
        parameter.normal_(0, 0.6)
    else:
        inputs = parameter.shape[0 if ".c_" in name else -1]
        parameter.normal_(0, (0.5 if name.endswith(".q.weight") else 1.5) * inputs**-0.5)


def ids(spec: Spec, seed: int) -> Arrays:
    """A prompt; or a text or a source and a target, and a batch of two of which the second is padded."""
    generator = torch.Generator().manual_seed(seed)
    source_vocab = spec.config["vocab_size"]
    target_vocab = spec.config.get("decoder_vocab_size", source_vocab)

    def draw(vocab: int, rows: int, length: int) -> Tensor:
        return torch.randint(4, vocab - 4, (rows, length), generator=generator)

    if not spec.decodes:
        return encoded(spec, draw)
    if not spec.has_encoder:
        return {"input_ids": draw(source_vocab, 1, 14)}
    start, pad = (
        spec.config["decoder_start_token_id"],
        spec.config.get("pad_token_id", 0 if spec.family in ("T5", "MT5") else 1),
    )

    def started(rows: int) -> Tensor:
        return torch.cat([torch.full((rows, 1), start), draw(target_vocab, rows, 7)], 1)

    batch = draw(source_vocab, 2, 11)
    batch[1, 6:] = pad
    return {
        "input_ids": draw(source_vocab, 1, 14),
        "decoder_input_ids": started(1),
        "batch.input_ids": batch,
        "batch.decoder_input_ids": started(2),
        "batch.attention_mask": (batch != pad).long(),
    }


def encoded(spec: Spec, draw: Callable[[int, int, int], Tensor]) -> Arrays:
    """A text, of two segments where there are any, and a batch of two, the second of which is padded."""
    vocab, pad = spec.config["vocab_size"], 1 if spec.family == "Roberta" else 0
    batch = draw(vocab, 2, 11)
    batch[1, 6:] = pad
    segments = {"token_type_ids": (torch.arange(14) > 5).long()[None]} if spec.family == "Bert" else {}
    given = {"input_ids": draw(vocab, 1, 14), **segments}
    return {**given, "batch.input_ids": batch, "batch.attention_mask": (batch != pad).long()}


@torch.no_grad()
def results(model: Model, inputs: Arrays) -> Arrays:
    """Everything that transformers computes from the ids, in float32; ids as int32."""
    arrays: Arrays = {}
    with outputs_of_modules(model, arrays):
        arrays |= states(forward(model, inputs))
    if "batch.input_ids" in inputs:
        batch = states(forward(model, inputs, "batch."))
        depth = model.config.num_hidden_layers
        last = ("logits", f"enc_hidden.{depth}", f"hidden.{depth}")
        kept = [name for name in batch if name.startswith(("enc_attn", "cross_attn", "attn")) or name in last]
        arrays |= {f"batch.{name}": batch[name] for name in kept}
    if model.can_generate():
        arrays |= decoded(model, inputs["input_ids"], "greedy", GREEDY) | decoded(
            model, inputs["input_ids"], "beam4", BEAM
        )
    return {name: array.int() if array.dtype == torch.int64 else array for name, array in (inputs | arrays).items()}


def forward(model: Model, inputs: Arrays, prefix: str = "") -> Any:
    """One pass over a prompt, or over source and target."""
    source = inputs[f"{prefix}input_ids"]
    mask = inputs.get(f"{prefix}attention_mask", torch.ones_like(source))
    given = {"input_ids": source, "attention_mask": mask}
    given |= {
        name: inputs[full] for name in ("decoder_input_ids", "token_type_ids") if (full := prefix + name) in inputs
    }
    return model(**given, output_hidden_states=True, output_attentions=True)


def states(output: Any) -> Arrays:
    """Hidden states, attention weights and logits, by the names that the references use."""
    if "encoder_hidden_states" in output:
        lists = {
            "enc_hidden": output.encoder_hidden_states,
            "dec_hidden": output.decoder_hidden_states,
            "enc_attn": output.encoder_attentions,
            "dec_attn": output.decoder_attentions,
            "cross_attn": output.cross_attentions,
        }
    else:
        lists = {"hidden": output.hidden_states, "attn": output.attentions}
    named = {f"{name}.{i}": array for name, arrays in lists.items() for i, array in enumerate(arrays)}
    return named | {"logits": output.logits}


@contextmanager
def outputs_of_modules(model: Model, arrays: Arrays) -> Iterator[None]:
    """Note what every leaf module yields while the block runs, as ``module/NAME#0`` for its first call."""

    def note(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                arrays.setdefault(f"module/{name}#0", output.detach().clone())

        return hook

    named = [(name, module) for name, module in model.named_modules() if ".experts." not in name]
    leaves = [(name, module) for name, module in named if name.endswith(".experts") or not list(module.children())]
    hooks = [module.register_forward_hook(note(name)) for name, module in leaves if not isinstance(module, nn.Dropout)]
    yield
    for hook in hooks:
        hook.remove()


def decoded(model: Model, source: Tensor, name: str, settings: dict[str, Any]) -> Arrays:
    """The ids that decoding yields, start token first, and the scores: of every step, or of each hypothesis."""
    output = model.generate(
        source,
        attention_mask=torch.ones_like(source),
        output_scores=True,
        return_dict_in_generate=True,
        **GENERATION,
        **settings,
    )
    beam = settings["num_beams"] > 1
    scores = output.sequences_scores if beam else torch.stack(output.scores, 1)
    return {f"{name}.ids": output.sequences, f"{name}.scores": scores}


def margins(arrays: Arrays) -> dict[str, float]:
    """How narrowly decoding was decided: between the best two of a step, and between hypotheses."""
    best = arrays["greedy.scores"][0].topk(2).values
    free = best[best[:, 1].isfinite()]
    gaps = -arrays["beam4.scores"].diff()
    return {"greedy_min_margin": (free[:, 0] - free[:, 1]).min().item(), "beam_min_gap": gaps.min().item()}


def variety(arrays: Arrays) -> int:
    """How many different ids greedy decoding yields, the start token counted."""
    prompt = 0 if "decoder_input_ids" in arrays else arrays["input_ids"].shape[1]
    return len(arrays["greedy.ids"][0, prompt:].unique())


@torch.no_grad()
def noise(model: Model, inputs: Arrays) -> float:
    """The largest difference between float32 and float64 in the logits."""
    single = forward(model, inputs).logits
    difference = forward(model.double(), inputs).logits - single
    model.float()
    return difference.abs().max().item()


@torch.no_grad()
def reloaded(model: Model, directory: Path, inputs: Arrays) -> float:
    """The largest difference in the logits after writing and reading the checkpoint."""
    again = type(model).from_pretrained(directory, attn_implementation="eager", dtype=torch.float32).eval()
    return (forward(again, inputs).logits - forward(model, inputs).logits).abs().max().item()


def write_checkpoint(model: Model, spec: Spec, directory: Path) -> None:
    """The checkpoint in the published layout, in place of what was there."""
    shutil.rmtree(directory, ignore_errors=True)
    deepcopy(model).to(spec.dtype).save_pretrained(directory, max_shard_size=spec.shards)
    path = directory / "config.json"
    write_json(path, json.loads(path.read_text()) | spec.stated)


def account(name: str, spec: Spec, seed: int, checks: dict[str, float], arrays: Arrays) -> dict[str, Any]:
    """How the reference was made, and what is in it."""
    return {
        "fixture": name,
        "kind": spec.kind,
        "model_class": spec.named,
        "seed": seed,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "generation": GENERATION
        | {"greedy": GREEDY, "beam": BEAM, "note": "other settings from generation_config.json"},
        "checks": {key: float(f"{value:.4g}") for key, value in checks.items()},
        "arrays": {key: "x".join(map(str, array.shape)) for key, array in sorted(arrays.items())},
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def make_tiny() -> None:
    """Write the references beside the built-in tiny model; its parameters stay as they are."""
    save_file(computed(TINY), TINY / "reference.safetensors")
    save_file(computed(TINY, is_cross_scaled=False), TINY / "port.safetensors")
    for name, port in PORTS.items():
        save_file(computed(TINY, port), TINY / f"{name}.safetensors")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [*SPECS, TINY.name]:
        make_tiny() if wanted == TINY.name else make(wanted)
