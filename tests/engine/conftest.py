"""What the tests of the engine share: checkpoints small enough to compute in no time, and traced runs of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import ml_dtypes  # noqa: F401 (numpy knows bfloat16 from then on)
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer

FIXTURES = Path(__file__).parents[1] / "fixtures"
Dtype = Literal["float32", "float64"]
DTYPES: tuple[Dtype, ...] = ("float32", "float64")
CONFIG = {
    "model_type": "transformer",
    "d_model": 16,
    "heads": 2,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "ffn": 24,
    "source_vocab": 20,
    "target_vocab": 120,
    "norm": "pre",
    "final_norm": True,
    "activation": "gelu",
    "tied_output": False,
    "max_source": 12,
}
"""Of a random checkpoint; everything that the reference checkpoint `torch_post` is not."""

Checkpoint = Callable[..., Path]


def shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in a checkpoint of the model type `transformer`."""
    d, ffn = config["d_model"], config["ffn"]

    def linear(path: str, out: int, into: int) -> dict[str, tuple[int, ...]]:
        return {f"{path}.weight": (out, into), f"{path}.bias": (out,)}

    def norm(path: str) -> dict[str, tuple[int, ...]]:
        return {f"{path}.weight": (d,), f"{path}.bias": (d,)}

    found: dict[str, tuple[int, ...]] = {} if config["tied_output"] else linear("logits", config["target_vocab"], d)
    for stack, side, attentions in (
        ("encoder", "source", ["self_attn"]),
        ("decoder", "target", ["self_attn", "cross_attn"]),
    ):
        found[f"{stack}.embed.weight"] = (config[f"{side}_vocab"], d)
        found |= norm(f"{stack}.norm") if config["final_norm"] else {}
        for i in range(config[f"{stack}_layers"]):
            layer = f"{stack}.{i}"
            found |= linear(f"{layer}.ffn.hidden", ffn, d) | linear(f"{layer}.ffn.output", d, ffn)
            found |= norm(f"{layer}.ffn.norm")
            for attention in attentions:
                found |= norm(f"{layer}.{attention}.norm")
                for part in ("q", "k", "v", "output"):
                    found |= linear(f"{layer}.{attention}.{part}", d, d)
    return found


def write_checkpoint(directory: Path, seed: int = 0, **changes: Any) -> Path:
    """A checkpoint of random parameters in ``directory``; ``changes`` are to `CONFIG`."""
    directory.mkdir(parents=True, exist_ok=True)
    config = CONFIG | changes
    random = np.random.default_rng(seed)
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes(config).items()}
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, directory / "model.safetensors")
    return directory


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Writes a random checkpoint, with changes to `CONFIG`, and returns where."""
    return lambda **changes: write_checkpoint(tmp_path_factory.mktemp("checkpoint"), **changes)


@pytest.fixture(scope="session", params=DTYPES)
def dtype(request: pytest.FixtureRequest) -> Dtype:
    """Each type of arithmetic in turn."""
    found: Dtype = request.param
    return found


@pytest.fixture(scope="session")
def torch_post(dtype: Dtype) -> tracer.Model:
    """The reference checkpoint in each type of arithmetic."""
    return tracer.load(FIXTURES / "torch_post", dtype)


@pytest.fixture(scope="session")
def random_model(dtype: Dtype, checkpoint: Checkpoint) -> tracer.Model:
    """A pre-norm model with GELU and an output projection of its own, in each type of arithmetic."""
    return tracer.load(checkpoint(), dtype)


def file_of(model: tracer.Model) -> dict[str, Any]:
    """The tensors of a model's checkpoint, read by the reference library."""
    found: dict[str, Any] = {}
    for path in sorted(model.path.glob("model*.safetensors")):
        found |= load_file(path)
    return found


def cells(run: tracer.Run) -> Iterator[tuple[str, bytes]]:
    """The address and the bytes of everything a run recorded."""
    for step in run.steps:
        for record in step:
            yield record.output.address, record.output.array.tobytes()
