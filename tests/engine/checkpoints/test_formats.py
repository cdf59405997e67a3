"""A format is one file: what it recognises is opened, and nothing else has to know of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.checkpoints import formats
from tracer.checkpoints.formats import checkpoint_at
from tracer.errors import InputError

from ..conftest import FIXTURES, Checkpoint, cells

FLAT = """
import json
from functools import cached_property
from math import prod

from tracer.checkpoints.checkpoint import Checkpoint
from tracer.checkpoints.stored import ParameterFile, Contiguous
from tracer.models.stated import Stated


class Flat(Checkpoint):
    @classmethod
    def recognises(cls, path, names):
        return path.suffix == ".flat"

    @cached_property
    def config(self):
        return Stated(self._head["config"], str(self.path), decisions=self.decisions)

    @cached_property
    def generation(self):
        return Stated({"eos_token_id": 2}, str(self.path), decisions=self.decisions)

    def tokenizers(self, model_type):
        return None

    @cached_property
    def tensors(self):
        file, start, found = ParameterFile(self.path), len(self._line) + 1, {}
        for name, shape in self._head["shapes"].items():
            found[name] = Contiguous(file, name, "F32", tuple(shape), start, start + 4 * prod(shape))
            start = found[name].stop
        return found

    @property
    def listing(self):
        return self.path

    @cached_property
    def _line(self):
        return self.path.read_bytes().partition(b"\\n")[0]

    @cached_property
    def _head(self):
        return json.loads(self._line)
"""
"""A line of JSON with the configuration and the shapes, and then the numbers, in float32."""


@pytest.fixture
def flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a format that stands in a directory of its own."""
    (tmp_path / "flat.py").write_text(FLAT)
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    name = f"{formats.__name__}.flat"
    yield name
    sys.modules.pop(name, None)


def flattened(directory: Path, path: Path) -> Path:
    """The same checkpoint in that format."""
    tensors = load_file(directory / "model.safetensors")
    config = json.loads((directory / "config.json").read_text())
    head = {"config": config, "shapes": {name: tensor.shape for name, tensor in tensors.items()}}
    numbers = [np.ascontiguousarray(tensor, np.float32).tobytes() for tensor in tensors.values()]
    path.write_bytes(b"".join([json.dumps(head).encode(), b"\n", *numbers]))
    return path


@pytest.mark.usefixtures("flat")
def test_a_file_is_all_that_a_format_takes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    directory = checkpoint()
    model, same = tracer.load(directory), tracer.load(flattened(directory, tmp_path / "m.flat"))
    assert (same.name, same.path) == ("m.flat", tmp_path / "m.flat")
    one, other = (tracer.trace(m, ids=[5, 9, 2], max_tokens=3) for m in (model, same))
    assert list(cells(one)) == list(cells(other))
    assert same.computing_in("float64").parameters.keys() == model.parameters.keys()


@pytest.mark.usefixtures("flat")
def test_its_tensors_are_accounted_for(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = flattened(checkpoint(), tmp_path / "m.flat")
    path.write_bytes(path.read_bytes().replace(b'"logits.bias"', b'"logits.Bias"', 1))
    with pytest.raises(InputError, match=r"m\.flat: tensor logits\.bias is missing"):
        tracer.load(path)


def test_it_is_loaded_when_no_other_suits(flat: str, checkpoint: Checkpoint, tmp_path: Path) -> None:
    assert checkpoint_at(checkpoint()).format == "safetensors"
    assert flat not in sys.modules
    with pytest.raises(InputError, match="expected a checkpoint directory"):
        tracer.load(flattened(checkpoint(), tmp_path / "m.other"))
    assert flat in sys.modules
    assert checkpoint_at(flattened(checkpoint(), tmp_path / "m.flat")).format == "flat"


def test_a_checkpoint_is_read_as_it_is_asked_for(checkpoint: Checkpoint) -> None:
    path = checkpoint()
    found = checkpoint_at(path)
    (path / "config.json").write_text("{}")
    (path / "generation_config.json").write_text('{"eos_token_id": 7}')
    assert found.config.get("model_type") is None
    assert found.generation.ends("eos_token_id") == (7,)
    assert found.tokenizers("transformer") is None
    (path / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors: can't be read"):
        found.tensors  # noqa: B018


@pytest.mark.parametrize(
    ("name", "listing"), [("torch_post", "model.safetensors"), ("llama3_scaled", "model.safetensors.index.json")]
)
def test_what_says_which_tensors_there_are(name: str, listing: str) -> None:
    found = checkpoint_at(FIXTURES / name)
    assert found.listing == FIXTURES / name / listing
    assert found.tensors.keys() >= {parameter.address for parameter in tracer.load(found.path).parameters.values()}
