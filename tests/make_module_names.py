"""Make `fixtures/module_names.json` with torch and transformers (extra `parity`): what their modules take and yield.

    python tests/make_module_names.py

For one checkpoint of each family, every module is hooked in a pass over the ids of its reference. Each tensor that goes
in or comes out is held against what is recorded here; its name is kept, with the address whose numbers are the same, or
with null where there is none. Of the layers, the first is kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

import tracer
from tracer.tensor import Array

FIXTURES = Path(__file__).parent / "fixtures"
MODELS = (
    *("gpt2", "llama_gqa", "qwen3", "marian_zh_en", "mbart_untied", "t5_v1_0", "t5_gated_silu"),
    *("opt", "gpt_neox", "m2m_100", "bert", "distilbert", "roberta"),
)
KINDS = {"seq2seq": AutoModelForSeq2SeqLM, "causal": AutoModelForCausalLM, "encoder": AutoModelForMaskedLM}
OPTIONS = {"seq2seq": {"use_cache": False}, "causal": {"use_cache": False}, "encoder": {}}
LATER = re.compile(r"(?:layers|h|block|(?:encoder|transformer)\.layer)\.[1-9]")
Named = Iterator[tuple[str, Array]]


def tensors(name: str, value: Any) -> Named:
    """The tensors of floats in what a module takes or yields, with their places in it."""
    if torch.is_tensor(value):
        if value.is_floating_point():
            yield name, value.detach().numpy()
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from tensors(f"{name}.{key}", part)
    elif isinstance(value, tuple | list):
        for place, part in enumerate(value):
            yield from tensors(f"{name}.{place}", part)


@torch.no_grad()
def hooked(path: Path, given: dict[str, Array]) -> list[tuple[str, Array]]:
    """What every module takes and yields, by name and call."""
    kind = json.loads((path / "reference.json").read_text(encoding="utf-8"))["kind"]
    model = KINDS[kind].from_pretrained(path, attn_implementation="eager", dtype=torch.float32).eval()
    calls: Counter[str] = Counter()
    found: list[tuple[str, Array]] = []

    def hook(name: str) -> Any:
        def keep(_module: Any, args: Any, kwargs: Any, output: Any) -> None:
            for part, value in (("output", output), ("inputs", args), ("inputs", kwargs)):
                found.extend((f"{called}#{calls[name]}", array) for called, array in tensors(f"{name}.{part}", value))
            calls[name] += 1

        return keep

    for name, module in model.named_modules():
        if name:
            module.register_forward_hook(hook(name), with_kwargs=True)
    model(**{name: torch.tensor(ids) for name, ids in given.items()}, **OPTIONS[kind], output_attentions=True)
    return found


def shapes(ours: Array) -> Iterator[Array]:
    """The shapes in which a module may have what a record has."""
    yield ours
    if ours.ndim == 3:
        yield ours.transpose(1, 0, 2)
        yield ours.transpose(1, 0, 2).reshape(ours.shape[1], -1)
        yield ours.transpose(1, 2, 0)


def is_same(theirs: Array, ours: Array) -> bool:
    """Whether a record has these numbers, but for noise, in some shape."""
    shown = [np.maximum(np.squeeze(array), -1e30) for array in (theirs, *shapes(ours))]
    return any(array.shape == shown[0].shape and np.allclose(shown[0], array, 1e-4, 1e-4) for array in shown[1:])


def names(path: Path) -> dict[str, list[str]]:
    """The addresses that have the same numbers, by the name of each tensor."""
    stored = load_file(path / "reference.safetensors")
    kinds = ("input_ids", "decoder_input_ids", "token_type_ids")
    given = {name: stored[name][:1] for name in kinds if name in stored}
    model = tracer.load(path)
    target = given["decoder_input_ids"][0].tolist() if "decoder_input_ids" in given else model.texts.unstated
    segments = given["token_type_ids"][0].tolist() if "token_type_ids" in given else None
    run = tracer.Run(model, given["input_ids"][0].tolist(), target_ids=target, segments=segments).decode()
    records = [record for step in run.steps for record in step]
    kept = [(name, array) for name, array in hooked(path, given) if not LATER.search(name)]
    return {
        name: [record.output.address for record in records if is_same(array, record.output.array)]
        for name, array in kept
    }


def main() -> None:
    """Write what all of them are called."""
    found = {name: names(FIXTURES / name) for name in MODELS}
    (FIXTURES / "module_names.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
