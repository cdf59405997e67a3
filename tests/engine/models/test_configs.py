"""Published configurations open, and what is computed agrees with transformers: the same, with sizes made small.

`make_stated.py` says how the values came about; the tensors are under the names that transformers gives them when it
saves such a model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.models import known, published

from .scaled import CONFIGS, IDS, STATED, TARGET, Config, numbers, scaled

SHAPES: Mapping[str, Mapping[str, list[int]]] = json.loads((STATED / "scaled.json").read_text(encoding="utf-8"))
EXPECTED = load_file(STATED / "scaled.safetensors")
NOT_KNOWN = {
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B": [
        "config.json: rope_scaling: not known here, and not followed: attn_factor = 0.8782488562869419"
    ],
    "google/gemma-2-2b": ["config.json: not known here, and not followed: hidden_act = 'gelu_pytorch_tanh'"],
}
"""What transformers does not read either: it knows attention_factor, and hidden_activation."""
OF_2019 = "openai-community/gpt2 (gpt2-config.json of 2019)"


def family(config: Config) -> str:
    """The type of model that reads texts."""
    return str(config.get("text_config", config).get("model_type", "gpt2"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tracer.Model]:
    """The model of a published configuration, opened once for all that is asked of it."""
    return cache(lambda name: tracer.load(written(tmp_path_factory.mktemp("published"), name)))


def written(directory: Path, name: str) -> Path:
    """A small checkpoint with a published configuration."""
    tensors = {tensor: numbers(tensor, tuple(shape)) for tensor, shape in SHAPES[name].items()}
    save_file(tensors, directory / "model.safetensors")
    (directory / "config.json").write_text(json.dumps(scaled(CONFIGS[name])), encoding="utf-8")
    return directory


@pytest.mark.parametrize("name", CONFIGS)
def test_a_published_configuration_computes_what_transformers_does(
    opened: Callable[[str], tracer.Model], name: str
) -> None:
    model, expected = opened(name), EXPECTED[name]
    given: dict[str, Any] = {"target_ids": []} if model.texts.passes == ("decode",) else {"target_ids": TARGET}
    if model.texts.passes == ("encode",):
        given = {}
    run = tracer.trace(model, ids=IDS, **given)
    found = run[0 if model.texts.passes == ("encode",) else 1]["logits"].array[-len(expected) :]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


def test_there_is_one_of_every_family() -> None:
    assert {family(config) for config in CONFIGS.values()} == published() & {*known()}


def test_the_names_are_those_of_what_is_published() -> None:
    assert CONFIGS.keys() == SHAPES.keys() == EXPECTED.keys()
    assert "model_type" not in CONFIGS[OF_2019]


@pytest.mark.parametrize("name", CONFIGS)
def test_what_a_published_configuration_leaves_open_is_little(opened: Callable[[str], tracer.Model], name: str) -> None:
    """Nobody is told of keys that published files have: only of the numbers' type, and of what is odd in the file."""
    told = [decision.what for decision in opened(name).decisions if decision.odd]
    assert [what for what in told if "not known here" in what] == NOT_KNOWN.get(name, [])
