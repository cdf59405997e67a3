"""Write down what transformers makes of statements in `config.json` (extra `parity`).

    python tests/make_stated.py

- `tracer/models/model_types.txt`: the names of all families that transformers knows;
- `tests/fixtures/stated/defaults.json`: what each class of configurations takes for keys that are left out or null,
  and which other names it has for keys;
- `tests/fixtures/stated/scaled.json` and `scaled.safetensors`: what transformers computes for each published
  configuration of `configs.json`, its sizes made small, with the parameters that `engine/models/scaled.py` chooses;
- `tests/fixtures/stated/cases.json` and `expected.safetensors`: checkpoints of `tests/fixtures` with other statements,
  and the logits of a text, of its last places in one pass (`NAME/whole`) and step by step with a cache (`NAME/cached`).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from engine.models.scaled import CONFIGS, IDS, TARGET, numbers, scaled
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

FIXTURES = Path(__file__).parent / "fixtures"
STATED = FIXTURES / "stated"
MODEL_TYPES = Path(__file__).parents[1] / "tracer" / "models" / "model_types.txt"
FAMILIES = (
    *("bart", "gpt2", "llama", "marian", "mbart", "mistral", "qwen2", "qwen3", "t5"),
    *("gemma", "gemma2", "gemma3_text", "phi3", "olmo2", "smollm3", "granite", "mixtral", "qwen2_moe", "qwen3_moe"),
    *("bert", "distilbert", "gpt_neox", "m2m_100", "mt5", "opt", "roberta", "xlm-roberta"),
)
LENGTH, PROMPT, KEPT = 24, 12, 4
"""tokens of a text, of its part that is read in the first step, and places of the whole whose logits are kept"""

Statement = dict[str, Any]

LEFT_OUT: Mapping[str, list[Statement]] = {
    "bart": [{"pad_token_id": None}, {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 3}],
    "bert": [{"pad_token_id": None}, {"type_vocab_size": 3}],
    "distilbert": [{"dim": 60, "n_heads": 6}],
    "gpt_neox": [{"rotary_pct": 0.5, "rotary_emb_base": 500}],
    "m2m_100": [{"d_model": 64}],
    "mt5": [{"num_layers": 3}, {"tie_word_embeddings": False}, {"feed_forward_proj": "relu"}],
    "opt": [{"hidden_size": 60}, {"word_embed_proj_dim": 7}, {"do_layer_norm_before": False}],
    "gpt2": [{"n_embd": 60}, {"n_inner": None}, {"hidden_size": 48, "max_position_embeddings": 9}],
    "llama": [{"num_attention_heads": 16}, {"head_dim": None, "num_key_value_heads": None}],
    "marian": [
        {"vocab_size": 90, "pad_token_id": None},
        {"vocab_size": 90, "pad_token_id": 9, "share_encoder_decoder_embeddings": False},
    ],
    "mbart": [{"pad_token_id": None}],
    "mistral": [{"sliding_window": None}, {"num_attention_heads": 16}, {"head_dim": None}],
    "qwen2": [
        {"num_key_value_heads": None},
        {"use_sliding_window": True},
        {"use_sliding_window": True, "sliding_window": None},
        {"use_sliding_window": True, "num_hidden_layers": 30, "sliding_window": 7},
    ],
    "qwen3": [{"hidden_size": 64}, {"use_sliding_window": True, "max_window_layers": 0}],
    "gemma": [],
    "gemma2": [{"num_hidden_layers": 3}, {"layer_types": None, "sliding_window": 9}],
    "gemma3_text": [{"num_hidden_layers": 7}, {"sliding_window_pattern": 2}],
    "phi3": [{"sliding_window": 7}, {"num_key_value_heads": None}],
    "olmo2": [{"num_key_value_heads": None}],
    "smollm3": [{"use_sliding_window": True, "sliding_window": 9}, {"no_rope_layer_interval": 3}],
    "granite": [{"num_key_value_heads": None}],
    "mixtral": [{"sliding_window": 5}],
    "qwen2_moe": [{"use_sliding_window": True, "max_window_layers": 3}, {"norm_topk_prob": True}],
    "qwen3_moe": [{"num_hidden_layers": 3}],
    "t5": [
        {"num_layers": 3},
        {"num_hidden_layers": 3},
        {"feed_forward_proj": "gated-gelu"},
        {"tie_word_embeddings": False},
        {"pad_token_id": None, "head_dim": 7},
    ],
}
"""What little is stated, so that the rest is left out."""

FACTORS = {"short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [3.0, 1.0, 7.0, 2.0]}
LLAMA3 = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 20.0, "original_max_position_embeddings": 8}
SCALINGS: Mapping[str, Statement] = {
    "none": {"rope_parameters": None},
    "default": {"rope_parameters": {"rope_type": "default", "rope_theta": 50.0, "partial_rotary_factor": 0.5}},
    "linear": {"rope_parameters": {"rope_type": "linear", "factor": 4, "rope_theta": 777.0}},
    "linear_older": {"rope_parameters": ..., "rope_theta": 60.0, "rope_scaling": {"type": "linear", "factor": 2.5}},
    "linear_rounded": {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 0.9}},
    "both": {
        "rope_scaling": {"type": "linear", "factor": 2.0},
        "rope_parameters": {"rope_type": "linear", "factor": 9.0},
    },
    "empty_older": {"rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 777.0}},
    "null_older": {"rope_scaling": None, "rope_parameters": {"rope_type": "linear", "factor": 4.0}},
    "llama3_newer": {"rope_parameters": LLAMA3 | {"original_max_position_embeddings": 8, "rope_theta": 30.0}},
    "llama3_without_original": {"rope_parameters": ..., "rope_theta": 500.0, "rope_scaling": LLAMA3},
    "llama3_without_between": {"rope_parameters": LLAMA3 | {"high_freq_factor": 1.0}},
    "llama3_outside": {"rope_parameters": LLAMA3, "original_max_position_embeddings": 7},
    "dynamic": {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}},
    "dynamic_older": {"rope_parameters": ..., "rope_theta": 500.0, "rope_scaling": {"type": "dynamic", "factor": 3.0}},
    "yarn": {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4}},
    "yarn_exact": {"rope_parameters": YARN | {"beta_fast": 2.0, "beta_slow": 0.3, "truncate": False}},
    "yarn_scaled": {"rope_parameters": YARN | {"mscale": 1.5, "mscale_all_dim": 0.5}},
    "yarn_without_factor": {
        "rope_parameters": {"rope_type": "yarn", "factor": None, "original_max_position_embeddings": 4}
    },
    "yarn_attention": {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "attention_factor": 0.75}},
    "longrope": {"rope_parameters": {"rope_type": "longrope", "original_max_position_embeddings": 14, **FACTORS}},
    "longrope_factor": {"rope_parameters": {"rope_type": "longrope", "factor": 8.0, **FACTORS}},
    "proportional": {
        "rope_parameters": {"rope_type": "proportional", "rope_theta": 50.0, "partial_rotary_factor": 0.5}
    },
}
OF_ALL = ("dynamic", "yarn", "longrope")
"""The scalings that are tried in each family."""

WINDOWS = {"sliding_window": 5, "use_sliding_window": True}
FULL, SLIDING = "full_attention", "sliding_attention"
OTHERS: Mapping[str, tuple[str, Statement]] = {
    "qwen2 upper": ("qwen2", WINDOWS | {"max_window_layers": 1, "layer_types": ...}),
    "qwen2 lower": ("qwen2", WINDOWS | {"layer_types": [SLIDING, FULL]}),
    "qwen2 older": ("qwen2", WINDOWS | {"max_window_layers": 0, "layer_types": ["attention", SLIDING]}),
    "qwen3 upper": ("qwen3", WINDOWS | {"max_window_layers": 1, "layer_types": None}),
    "qwen3 all": ("qwen3", WINDOWS | {"max_window_layers": 0, "layer_types": ...}),
    "mistral by default": ("mistral_window", {"sliding_window": ...}),
    "mistral lower": ("mistral_window", {"layer_types": [SLIDING, FULL]}),
    "gemma": ("llama3_scaled", {"model_type": "gemma", "hidden_act": "gelu"}),
    "smollm3": ("llama3_scaled", {"model_type": "smollm3", "no_rope_layers": [1, 0]}),
    "smollm3 windows": ("llama3_scaled", {"model_type": "smollm3", "no_rope_layer_interval": 2} | WINDOWS),
    "gpt2 by layer": ("gpt2_untied", {"scale_attn_by_inverse_layer_idx": True}),
    "gpt2 unscaled": ("gpt2_untied", {"scale_attn_weights": False}),
    "gpt2 by layer alone": ("gpt2_untied", {"scale_attn_weights": False, "scale_attn_by_inverse_layer_idx": True}),
    "gpt2 upcast": ("gpt2_untied", {"reorder_and_upcast_attn": True}),
}
ROTATING = {"llama": "llama3_scaled", "mistral": "mistral_window", "qwen2": "qwen2", "qwen3": "qwen3"}


def cases() -> Iterator[tuple[str, str, Statement]]:
    """A name, a fixture, and what its file states otherwise; ``...`` takes a key away."""
    for family, fixture in ROTATING.items():
        for kind in SCALINGS if family == "llama" else OF_ALL:
            yield f"{family} {kind}", fixture, {"max_position_embeddings": 16} | fitting(SCALINGS[kind], fixture)
    for name, (fixture, stated) in OTHERS.items():
        yield name, fixture, stated


def fitting(stated: Statement, fixture: str) -> Statement:
    """The same with as many factors as the fixture has pairs."""
    pairs = read(FIXTURES / fixture / "config.json")["head_dim"] // 2
    inner = stated["rope_parameters"]
    if not isinstance(inner, dict) or "short_factor" not in inner:
        return stated
    return stated | {"rope_parameters": inner | {key: (FACTORS[key] * 2)[:pairs] for key in FACTORS}}


def make_cases() -> None:
    expected: dict[str, Tensor] = {}
    listed = []
    for name, fixture, stated in cases():
        left_out = [key for key, value in stated.items() if value is ...]
        states = {key: value for key, value in stated.items() if value is not ...}
        ids = text(read(FIXTURES / fixture / "config.json")["vocab_size"])
        with tempfile.TemporaryDirectory() as folder:
            directory = changed(Path(folder), fixture, states, left_out)
            expected[f"{name}/whole"] = whole(opened(directory), ids)
            expected[f"{name}/cached"] = cached(opened(directory), ids)
        listed.append({"name": name, "fixture": fixture, "states": states, "left_out": left_out, "ids": ids})
    save_file(expected, STATED / "expected.safetensors")
    write(STATED / "cases.json", {"transformers": transformers.__version__, "prompt": PROMPT, "cases": listed})


def text(vocabulary: int) -> list[int]:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(4, vocabulary - 4, (LENGTH,), generator=generator).tolist()


def changed(directory: Path, fixture: str, states: Statement, left_out: list[str]) -> Path:
    shutil.copytree(FIXTURES / fixture, directory, dirs_exist_ok=True)
    config = read(directory / "config.json") | states
    write(directory / "config.json", {key: value for key, value in config.items() if key not in left_out})
    return directory


def opened(directory: Path) -> Any:
    """A fresh model: what one text does to its frequencies must not be left to the next."""
    return transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager"
    ).eval()


@torch.no_grad()
def whole(model: Any, ids: list[int]) -> Tensor:
    return model(torch.tensor([ids]), use_cache=False).logits[0, -KEPT:].contiguous()


@torch.no_grad()
def cached(model: Any, ids: list[int]) -> Tensor:
    """The logits after the prompt, and after each further token."""
    rows, cache = [], None
    for start, stop in [(0, PROMPT), *((n, n + 1) for n in range(PROMPT, LENGTH))]:
        output = model(torch.tensor([ids[start:stop]]), cache=cache, use_cache=True)
        cache = output.cache
        rows.append(output.logits[0, -1])
    return torch.stack(rows)


VISION: Mapping[str, Statement] = {
    "clip_vision_model": {"image_size": 28, "patch_size": 14, "projection_dim": 16, "head_dim": 8},
    "pixtral": {"image_size": 28, "patch_size": 14, "head_dim": 8},
}
SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


def make_scaled() -> None:
    """The tensors of each model, by name with their shapes, and the logits of its last places."""
    shapes: dict[str, dict[str, list[int]]] = {}
    expected: dict[str, Tensor] = {}
    for name, published in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            shapes[name], expected[name] = of_scaled(Path(folder), with_small_vision(scaled(published)))
    save_file(expected, STATED / "scaled.safetensors")
    lines = [f" {json.dumps(name)}: {json.dumps(found)}" for name, found in shapes.items()]
    (STATED / "scaled.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def with_small_vision(config: Statement) -> Statement:
    seen = config.get("vision_config")
    return config | {"vision_config": seen | SMALL | VISION[seen["model_type"]]} if seen else config


def of_scaled(directory: Path, config: Statement) -> tuple[dict[str, list[int]], Tensor]:
    """What a class of transformers saves of a model, less what is not the text's, and computes from numbers by name."""
    kind = class_for(config)
    write(directory / "config.json", {key: value for key, value in config.items() if key != "auto_map"})
    stated = kind.config_class.from_pretrained(directory)
    kind._from_config(stated, dtype=torch.float32).save_pretrained(directory / "saved")
    saved = load_file(directory / "saved" / "model.safetensors")
    chosen = {name: torch.from_numpy(numbers(name, tuple(tensor.shape))) for name, tensor in saved.items()}
    save_file(chosen, directory / "model.safetensors", metadata={"format": "pt"})
    model = kind.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    ids, target = torch.tensor([IDS]), torch.tensor([TARGET])
    given = {"decoder_input_ids": target} if config.get("is_encoder_decoder") else {}
    with torch.no_grad():
        logits = model(input_ids=ids, **given).logits[0, -KEPT // 2 :].contiguous()
    texts = {
        name: tensor for name, tensor in chosen.items() if "vision" not in name and "multi_modal_projector" not in name
    }
    return {name: list(tensor.shape) for name, tensor in texts.items()}, logits


def class_for(config: Statement) -> Any:
    """The class that writes text, or fills in what is masked."""
    named = (config.get("architectures") or ["GPT2LMHeadModel"])[0]
    wanted = {
        "BartModel": "BartForConditionalGeneration",
        "BartForSequenceClassification": "BartForConditionalGeneration",
    }
    return getattr(transformers, wanted.get(named, named.replace("T5WithLMHeadModel", "T5ForConditionalGeneration")))


def make_defaults() -> None:
    found = {}
    for family in FAMILIES:
        kind = CONFIG_MAPPING[family]
        taken = [{"stated": stated, "is": values(family, stated)} for stated in [{}, *LEFT_OUT.get(family, [])]]
        found[family] = {"names": kind.attribute_map, "taken": taken}
    write(STATED / "defaults.json", {"transformers": transformers.__version__, "families": found})


def values(family: str, stated: Statement) -> Statement:
    """Every value that the class of configurations has then."""
    found = CONFIG_MAPPING[family].from_dict(dict(stated)).to_dict()
    return {key: value for key, value in found.items() if key not in ("model_type", "transformers_version")}


def make_model_types() -> None:
    MODEL_TYPES.write_text("\n".join(sorted(CONFIG_MAPPING.keys())) + "\n", encoding="utf-8")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make_model_types()
    make_defaults()
    make_cases()
    make_scaled()
