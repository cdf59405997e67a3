"""Make dumps of what transformers computes of every fixture (extra `parity`).

    python tests/ports/clean.py DIRECTORY

In `NAME-TYPE`, where the type is f32, bf16 or f16, `dump.safetensors` is what `tracer.capture` writes; `states.npz` and
`states.pt` have hidden states and attention weights alone, as a model of transformers returns them, and `tuples.pt` as
the tuples that they are there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from families import FIXED, Arrays, opened

import tracer

KINDS = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def make(name: str, kind: str, directory: Path) -> None:
    """Write the dumps of one fixture in one type."""
    directory.mkdir(parents=True, exist_ok=True)
    port = opened(name, KINDS[kind])
    tracer.capture(port.model, port.inputs, directory / "dump.safetensors")
    if name != "torch_post":
        tuples = states(port.model, port.inputs)
        torch.save(port.inputs | tuples, directory / "tuples.pt")
        found = port.inputs | {f"{key}.{n}": array for key, value in tuples.items() for n, array in enumerate(value)}
        torch.save(found, directory / "states.pt")
        arrays = {name: array.float() if array.is_floating_point() else array for name, array in found.items()}
        np.savez(directory / "states.npz", **{name: array.numpy() for name, array in arrays.items()})


@torch.no_grad()
def states(model: torch.nn.Module, inputs: Arrays) -> dict[str, tuple[torch.Tensor, ...]]:
    """What a model returns of itself when it is asked to."""
    answer = model(**inputs, output_hidden_states=True, output_attentions=True)
    return {key: value for key, value in answer.items() if key.endswith(("hidden_states", "attentions"))}


def main() -> None:
    torch.set_num_threads(1)
    for name in FIXED:
        for kind in KINDS:
            make(name, kind, Path(sys.argv[1]) / f"{name}-{kind}")


if __name__ == "__main__":
    main()
