"""Make what ports with another ε in their norms would write down (extra `parity`).

    python tests/make_slips.py

Each is a fixture's checkpoint, or the built-in tiny model, computed with a tenth of the ε that it states: a few of the
results, in the order of the computation, as far as the first that differ.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
import transformers
from make_references import FIXTURES, TINY, Arrays, Model, outputs_of_modules
from plain_torch import PlainTorch, computed
from safetensors.torch import load_file, save_file

SLIPS = FIXTURES / "cases" / "epsilon"
KINDS = {
    "bart_tied": "BartForConditionalGeneration",
    "gpt2": "GPT2LMHeadModel",
    "llama_gqa": "LlamaForCausalLM",
    "t5_v1_1": "T5ForConditionalGeneration",
}
EPSILONS = ("eps", "variance_epsilon")
FEW = 5
"""results that are kept"""


def tenth(model: Model) -> None:
    """A tenth of ε in every norm."""
    for module in model.modules():
        for name in EPSILONS:
            if hasattr(module, name):
                setattr(module, name, getattr(module, name) / 10)


@torch.no_grad()
def slipped(name: str) -> Arrays:
    """Ids as int32, and what the first modules yield."""
    model = getattr(transformers, KINDS[name]).from_pretrained(FIXTURES / name, attn_implementation="eager").eval()
    tenth(model)
    reference = load_file(FIXTURES / name / "reference.safetensors")
    given = {key: reference[key] for key in ("input_ids", "decoder_input_ids") if key in reference}
    arrays: Arrays = {}
    with outputs_of_modules(model, arrays):
        model(**{key: ids.long() for key, ids in given.items()})
    return given | dict(list(arrays.items())[:FEW])


def slipped_tiny() -> Arrays:
    """The same of the tiny model, which plain torch computes: up to the second norm."""
    read = PlainTorch.read

    def other(directory: Path, *, is_cross_scaled: bool = True) -> PlainTorch:
        model = read(directory, is_cross_scaled=is_cross_scaled)
        return replace(model, config=model.config | {"norm_eps": model.config["norm_eps"] / 10})

    PlainTorch.read = other  # type: ignore[method-assign, assignment]
    arrays = computed(TINY)
    del arrays["greedy.ids"]
    kept = list(arrays).index("encoder.0.ffn.norm")
    return dict(list(arrays.items())[: kept + 1])


if __name__ == "__main__":
    SLIPS.mkdir(exist_ok=True)
    for fixture in KINDS:
        save_file(
            {key: array.contiguous() for key, array in slipped(fixture).items()}, SLIPS / f"{fixture}.safetensors"
        )
    save_file(slipped_tiny(), SLIPS / f"{TINY.name}.safetensors")
