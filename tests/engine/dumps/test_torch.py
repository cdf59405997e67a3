"""What `torch.save` has written, by name; how its files are read is tested with `torch_zip`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.leaves import Call, Part, _meaning

from ..conftest import FIXTURES
from .samples import DUMPS, opened, read, refused, rezipped

TORCH = DUMPS / "torch"


def test_tensors_have_the_names_of_where_they_lie() -> None:
    found = opened(TORCH / "hooks.pt")
    act = ["plain", "view_t", "row", "bf16", "f16", "ids", "mask", "scalar", "empty", "param"]
    assert list(found) == [*(f"act.{name}" for name in act), "hidden_states.0", "hidden_states.1"]
    assert [found[f"act.{name}"].evidence.dtype for name in ("bf16", "ids", "mask")] == ["BF16", "I64", "BOOL"]
    np.testing.assert_array_equal(read(found["act.view_t"]), read(found["act.plain"]).T)


def test_steps_of_generate_are_calls() -> None:
    found = opened(TORCH / "generated.pt")
    assert found["sequences"].meaning == "sequences"
    assert found["logits.2"].meaning == "logits#2"
    assert found["hidden_states.1.0"].meaning == "hidden_states.0#1"
    assert found["hidden_states.0.2"].meaning == "hidden_states.2#0"
    assert found["attentions.2.1"].meaning == "attentions.1#2"
    assert [found[f"hidden_states.{step}.0"].evidence.shape for step in range(3)] == [(1, 3, 8), (1, 1, 8), (1, 1, 8)]


def test_layers_of_one_pass_are_no_calls() -> None:
    found = opened(TORCH / "output.pt")
    assert [name for name in found if name.startswith("hidden")] == [f"hidden_states.{n}" for n in range(3)]
    assert all(entry.means == "" for entry in found.values())


def test_what_a_module_gives_in_parts_and_with_each_call() -> None:
    found = opened(TORCH / "modules.pt")
    assert found["transformer.h.0.ln_1"].meaning == "transformer.h.0.ln_1"
    assert found["transformer.h.0.attn.1"].meaning == "transformer.h.0.attn.output.1"
    assert found["transformer.h.1.1"].meaning == "transformer.h.1#1"


@pytest.mark.parametrize(
    ("keys", "meaning"),
    [
        (("model.layers.0.mlp",), "model.layers.0.mlp"),
        (("model.layers.0.mlp", Call(2), Part(1)), "model.layers.0.mlp.output.1#2"),
        (("model.layers.0.mlp.output", Part(1)), "model.layers.0.mlp.output.1"),
        (("model.layers.0.mlp.inputs", Part(0)), "model.layers.0.mlp.inputs.0"),
        (("model.layers.0.mlp.inputs", Call(3), Part(0)), "model.layers.0.mlp.inputs.0#3"),
        (("output.hidden_states", Part(4)), "output.hidden_states.4"),
        (("out", "decoder_attentions", Part(1), Part(3)), "out.decoder_attentions.3#1"),
        (("encoder_attentions", Part(3)), "encoder_attentions.3"),
        (("acts", Call(3)), "acts.3"),
        (("acts", "h", Part(1)), "acts.h.1"),
    ],
)
def test_what_the_place_of_a_tensor_means(keys: tuple[str | Part | Call, ...], meaning: str) -> None:
    assert _meaning(keys) == meaning


STORAGE = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" + b"0X\3\0\0\0cpuK\x0ctQ"
ROW = b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\0K\3\x85K\1\x85\x89NtR"
"""The opcodes of three numbers of the first storage, which has twelve."""


@pytest.fixture
def made(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a file with another pickle in it."""

    def write(program: bytes) -> Path:
        path = Path(shutil.copy(TORCH / "hooks.pt", tmp_path / "layers.pt"))
        rezipped(path, lambda name, data: (name, b"\x80\2" + program + b"." if name.endswith("data.pkl") else data))
        return path

    return write


@pytest.mark.parametrize(
    ("program", "names"),
    [
        (ROW, ["layers"]),
        (b"]" + ROW + b"a", ["layers.0"]),
        (ROW + ROW + b"\x86", ["layers.0", "layers.1"]),
        (b"}K\5" + ROW + b"s", ["5"]),
        (b"}X\3\0\0\0a\nb" + ROW + b"s", ["a\\nb"]),
        (b"N", []),
    ],
)
def test_what_is_saved_without_names_has_that_of_the_file(
    made: Callable[[bytes], Path], program: bytes, names: list[str]
) -> None:
    assert list(opened(made(program))) == names


def test_a_name_that_comes_twice_is_refused(made: Callable[[bytes], Path]) -> None:
    twice = b"}X\3\0\0\0a.b" + ROW + b"sX\1\0\0\0a}X\1\0\0\0b" + ROW + b"ss"
    refused(made(twice), r"has a\.b twice")


def test_a_type_that_can_not_be_read_is_refused_by_its_name(made: Callable[[bytes], Path]) -> None:
    row = ROW.replace(b"FloatStorage", b"ComplexFloatStorage")
    refused(made(b"}X\3\0\0\0cis" + row + b"s"), "tensor cis: type C64 is not supported; known are F64, F32")


@pytest.mark.parametrize(
    ("file", "message"),
    [("legacy.pt", r"before 1\.6"), ("refuse_me.pt", r"asks for posix\.system, which is not opened")],
)
def test_what_is_not_opened_is_told(file: str, message: str) -> None:
    refused(FIXTURES / "refused" / file, message)
