"""Make the adapters of the tests with peft and transformers (extra `parity`).

    python tests/make_adapters.py

Each is a random one for a checkpoint among the fixtures; `reference.safetensors` beside it has the logits that
transformers computes when peft has merged it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

FIXTURES = Path(__file__).parent / "fixtures"
ADAPTERS = FIXTURES / "adapters"
IDS = (5, 9, 2, 17)

SPECS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "turned": ("gpt2_untied", {"r": 3, "lora_alpha": 6, "target_modules": ["c_attn", "c_fc", "wte"], "bias": "all"}),
    "ranked": (
        "qwen3",
        {
            "r": 2,
            "lora_alpha": 5,
            "target_modules": ["q_proj", "v_proj", "down_proj"],
            "use_rslora": True,
            "rank_pattern": {"v_proj": 3},
            "alpha_pattern": {r"layers\.1\.self_attn\.q_proj": 2, "v_proj": 7},
            "modules_to_save": ["norm"],
        },
    ),
    "tied": (
        "llama3_scaled",
        {"r": 2, "lora_alpha": 4, "target_modules": ["o_proj"], "modules_to_save": ["embed_tokens"]},
    ),
}
"""The checkpoint that each is for, and how it is configured."""


def random_one(base: str, settings: Mapping[str, Any]) -> PeftModel:
    """An adapter in its model, all that can be trained changed at random."""
    torch.manual_seed(0)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(FIXTURES / base, dtype=torch.float32), LoraConfig(**settings)
    )
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model


def save(directory: Path, base: str, model: PeftModel) -> None:
    """The adapter alone, without its card, under a name of its model that says nothing of this machine."""
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory, save_embedding_layers=False)
    (directory / "README.md").unlink()
    path = directory / "adapter_config.json"
    config = json.loads(path.read_text()) | {"base_model_name_or_path": base}
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    """Make every one."""
    for name, (base, settings) in SPECS.items():
        model = random_one(base, settings)
        save(ADAPTERS / name, base, model)
        ids = torch.tensor([IDS])
        with torch.no_grad():
            logits = model.merge_and_unload().eval()(input_ids=ids).logits[0]
        save_file({"ids": ids[0], "logits": logits}, ADAPTERS / name / "reference.safetensors")
    tied = ADAPTERS / "tied"
    torch.save(load_file(tied / "adapter_model.safetensors"), tied / "adapter_model.bin")
    (tied / "adapter_model.safetensors").unlink()


if __name__ == "__main__":
    main()
