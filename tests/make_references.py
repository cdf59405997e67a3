"""Make the references with torch and transformers (extra `parity`).

    python tests/make_references.py [NAME …]

Every fixture is a small random checkpoint in the published layout, written by transformers itself, and beside it
`reference.safetensors` and `reference.json` with what transformers computed from it: hidden states, attention weights,
the outputs of all modules, logits, greedy and beam decoding, and, of an encoder–decoder, a padded batch. The same
versions give the same files.

`zh-en-tiny` is the built-in model of that name: plain torch computes its `reference.safetensors`, and the same with one
mistake its `port.safetensors`.
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

    @property
    def has_encoder(self) -> bool:
        return "decoder_start_token_id" in self.config


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
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
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
}


def make(name: str) -> None:
    """Write the fixture of that name, from the first seed whose decisions are clear and varied."""
    spec, directory = SPECS[name], FIXTURES / name
    for seed in count():
        model, inputs = build(spec, seed), ids(spec, seed)
        arrays = results(model, inputs)
        checks = margins(arrays)
        if min(checks.values()) > MARGIN and variety(arrays) > NEW_TOKENS // 2:
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
    configuration._attn_implementation = "eager"
    model = getattr(transformers, spec.family + spec.head)(configuration).eval()
    spec.change(model)
    special = ("eos_token_id", "pad_token_id", "decoder_start_token_id" if spec.has_encoder else "bos_token_id")
    defaults = {key: getattr(configuration, key) for key in special}
    model.generation_config = transformers.GenerationConfig(**defaults | spec.generation)
    with torch.no_grad():
        for name, parameter in [*model.named_parameters(), *model.named_buffers()]:
            if parameter.requires_grad or name == "final_logits_bias":
                fill(name, parameter)
                parameter.copy_(parameter.to(spec.dtype))
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias[:, model.generation_config.eos_token_id] += END
    return model


def fill(name: str, parameter: Tensor) -> None:
    """Gains about 1, biases about 0, matrices that keep the size of what they are given; T5's queries carry 1/√d_k."""
    if ("norm" in name or "ln_" in name) and name.endswith("weight"):
        parameter.normal_(1, 0.2)
    elif parameter.ndim == 1 or name == "final_logits_bias":
        parameter.normal_(0, 0.2)
    elif any(part in name for part in ("embed", "shared", "lm_head", "relative", "wte", "wpe")):
        parameter.normal_(0, 0.6)
    else:
        inputs = parameter.shape[0 if ".c_" in name else 1]
        parameter.normal_(0, (0.5 if name.endswith(".q.weight") else 1.5) * inputs**-0.5)


def ids(spec: Spec, seed: int) -> Arrays:
    """A prompt; or a source and a target, and a batch of two sources of which the second is padded."""
    generator = torch.Generator().manual_seed(seed)
    source_vocab = spec.config["vocab_size"]
    target_vocab = spec.config.get("decoder_vocab_size", source_vocab)

    def draw(vocab: int, rows: int, length: int) -> Tensor:
        return torch.randint(4, vocab - 4, (rows, length), generator=generator)

    if not spec.has_encoder:
        return {"input_ids": draw(source_vocab, 1, 14)}
    start, pad = spec.config["decoder_start_token_id"], spec.config.get("pad_token_id", 0 if spec.family == "T5" else 1)

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


@torch.no_grad()
def results(model: Model, inputs: Arrays) -> Arrays:
    """Everything that transformers computes from the ids, in float32; ids as int32."""
    arrays: Arrays = {}
    with outputs_of_modules(model, arrays):
        arrays |= states(forward(model, inputs))
    if "batch.input_ids" in inputs:
        batch = states(forward(model, inputs, "batch."))
        last = f"enc_hidden.{model.config.num_hidden_layers}"
        kept = [name for name in batch if name.startswith(("enc_attn", "cross_attn")) or name in ("logits", last)]
        arrays |= {f"batch.{name}": batch[name] for name in kept}
    arrays |= decoded(model, inputs["input_ids"], "greedy", GREEDY) | decoded(model, inputs["input_ids"], "beam4", BEAM)
    return {name: array.int() if array.dtype == torch.int64 else array for name, array in (inputs | arrays).items()}


def forward(model: Model, inputs: Arrays, prefix: str = "") -> Any:
    """One pass over a prompt, or over source and target."""
    source = inputs[f"{prefix}input_ids"]
    mask = inputs.get(f"{prefix}attention_mask", torch.ones_like(source))
    target = f"{prefix}decoder_input_ids"
    given = {"input_ids": source, "attention_mask": mask}
    given |= {"decoder_input_ids": inputs[target]} if target in inputs else {}
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

    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
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
        "kind": "seq2seq" if spec.has_encoder else "causal",
        "model_class": spec.family + spec.head,
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


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [*SPECS, TINY.name]:
        make_tiny() if wanted == TINY.name else make(wanted)
