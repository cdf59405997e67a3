"""Dumps of live modules: what is written of one that looks like torch's, and of one that is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.dumps.opening import open_dump
from tracer.errors import InputError

BF16 = np.dtype(ml_dtypes.bfloat16)


class Fake:
    """An array with what is used of torch's tensors."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)
        self.shape = self.array.shape
        self.dtype = f"torch.{self.array.dtype}"

    def detach(self) -> Fake:
        return self

    def cpu(self) -> Fake:
        return self

    def float(self) -> Fake:
        return Fake(self.array.astype(np.float32))

    def long(self) -> Fake:
        return Fake(self.array.astype(np.int64))

    def numpy(self) -> np.ndarray[Any, Any]:
        assert self.array.dtype != BF16, "as torch, NumPy knows no bfloat16"
        return self.array


class Hook:
    """What is given back for a hook, to remove it."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook
        hooks.append(hook)

    def remove(self) -> None:
        self._hooks.remove(self._hook)


class Module:
    """A function of tensors, with modules within."""

    def __init__(self, forward: Callable[..., Any], **parts: Module) -> None:
        self.training = False
        self.forward, self.parts = forward, parts
        self.hooks: list[Any] = []

    def __call__(self, *given: Any, **named: Any) -> Any:
        output = self.forward(*given, **named)
        for hook in self.hooks:
            hook(self, given, output)
        return output

    def register_forward_hook(self, hook: Any) -> Hook:
        return Hook(self.hooks, hook)

    def named_modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        yield path, self
        for name, part in self.parts.items():
            yield from part.named_modules(f"{path}.{name}".lstrip("."))


def plus(number: float) -> Module:
    return Module(lambda x: Fake(x.array + np.float32(number)))


@pytest.fixture
def model() -> Module:
    """Embeds, attends, embeds once more and yields logits."""
    embed, q = plus(1), plus(10)

    def attend(x: Fake) -> tuple[Fake, None, Fake]:
        return q(x), None, Fake(np.full(3, 0.5, np.float32))

    attn = Module(attend, q=q)

    def forward(input_ids: Fake, attention_mask: Fake | None = None) -> SimpleNamespace:
        del attention_mask
        x, _nothing, _weights = attn(embed(Fake(input_ids.array.astype(np.float32))))
        return SimpleNamespace(logits=embed(x), hidden_states=(x, x), cache=object())

    return Module(forward, embed=embed, attn=attn)


IDS = Fake(np.array([[3, 4, 5]]))
NAMES = [
    *("input_ids", "embed", "attn.q", "attn", "attn.output.2", "embed#1", "logits"),
    *("hidden_states.0", "hidden_states.1"),
]


def test_names_are_in_the_order_of_computation(model: Module, tmp_path: Path) -> None:
    path = tmp_path / "dump.safetensors"
    assert tracer.capture(model, {"input_ids": IDS}, path) == NAMES
    assert [entry.name for entry in open_dump(path).entries] == NAMES


def test_every_number_is_there(model: Module, tmp_path: Path) -> None:
    tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump.safetensors")
    found = load_file(tmp_path / "dump.safetensors")
    expected = {"input_ids": [[3, 4, 5]], "embed": [[4, 5, 6]], "attn": [[14, 15, 16]], "embed#1": [[15, 16, 17]]}
    for name, array in expected.items():
        assert array == found[name].tolist()
    assert found["attn.output.2"].tolist() == [0.5, 0.5, 0.5]


def test_inputs_in_order_have_the_names_of_parameters(model: Module, tmp_path: Path) -> None:
    mask = Fake(np.array([[True, True, False]]))
    path = tmp_path / "dump.safetensors"
    assert tracer.capture(model, (IDS, mask), path)[:2] == ["input_ids", "attention_mask"]
    assert load_file(path)["attention_mask"].tolist() == [[True, True, False]]
    assert tracer.capture(model, IDS, path) == NAMES


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("attn*", ["attn.q", "attn", "attn.output.2"]),
        (["logits", "embed#?"], ["embed#1", "logits"]),
    ],
)
def test_only_what_is_wanted(model: Module, tmp_path: Path, only: Any, names: list[str]) -> None:
    assert tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump.safetensors", only) == ["input_ids", *names]


KINDS = [
    ("F64", np.float64, np.float64),
    ("F16", np.float16, np.float16),
    ("BF16", BF16, BF16),
    ("F32", np.dtype(ml_dtypes.float8_e5m2), np.float32),
    ("I32", np.int32, np.int32),
    ("I16", np.int16, np.int16),
    ("U8", np.uint8, np.uint8),
]


@pytest.mark.parametrize(("stored", "kind", "read"), KINDS, ids=lambda kind: str(kind))
def test_numbers_keep_their_type(tmp_path: Path, stored: str, kind: Any, read: Any) -> None:
    array = np.array([[1, 2, 3.5]]).astype(kind)
    path = tmp_path / "dump.safetensors"
    tracer.capture(Module(lambda x: x, leaf=plus(0)), (Fake(array),), path)
    assert stored == open_dump(path).entries[0].evidence.dtype
    found = load_file(path)["logits"]
    assert (np.dtype(read), array.astype(read).tolist()) == (found.dtype, found.tolist())


def test_every_tensor_lies_where_others_read_it(tmp_path: Path) -> None:
    inputs = {"mask": Fake([True, False, True]), "x": Fake(np.ones(3, np.float32)), "ids": Fake(np.arange(3))}
    path = tmp_path / "dump.safetensors"
    tracer.capture(Module(lambda **_inputs: None), inputs, path)
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + size])
    assert list(entries) == ["__metadata__", "mask", "x", "ids"]
    assert {name: entries[name]["data_offsets"] for name in inputs} == {"ids": [0, 24], "x": [24, 36], "mask": [36, 39]}


def test_what_is_overwritten_later_is_kept_as_it_was(tmp_path: Path) -> None:
    double, leaf = Module(lambda x: x), plus(0)

    def forward(x: Fake) -> Fake:
        y: Fake = double(x)
        y.array[:] = 7
        return y

    tracer.capture(Module(forward, double=double, leaf=leaf), (Fake(np.ones(2, np.float32)),), tmp_path / "dump")
    assert load_file(tmp_path / "dump")["double"].tolist() == [1, 1]


def test_a_tensor_that_is_handed_on_is_written_once(tmp_path: Path) -> None:
    weights = Fake(np.ones(2, np.float32))
    attn = Module(lambda x: (x, weights))
    layer = Module(lambda x: attn(x), attn=attn)
    names = tracer.capture(Module(lambda x: layer(x)[0], layer=layer), (Fake(np.ones(2)),), tmp_path / "dump")
    assert names[1:] == ["layer.attn", "layer.attn.output.1", "layer", "logits"]


def test_what_another_module_yields_first_is_no_other_part(tmp_path: Path) -> None:
    attn = plus(1)

    def layer(x: Fake) -> tuple[Fake, Fake]:
        attended = attn(x)
        return plus(2)(attended), attended

    module = Module(layer, attn=attn)
    names = tracer.capture(Module(lambda x: module(x)[0], layer=module), (Fake(np.ones(2)),), tmp_path / "dump")
    assert names[1:] == ["layer.attn", "layer", "logits"]


def test_what_is_not_wanted_is_not_known_from_before(tmp_path: Path) -> None:
    attn = Module(lambda x: (x, Fake(np.ones(2))))
    layer = Module(lambda x: attn(x), attn=attn)
    module = Module(lambda x: layer(x)[0], layer=layer)
    names = tracer.capture(module, (Fake(np.ones(2)),), tmp_path / "dump", "layer.output.1")
    assert names[1:] == ["layer.output.1"]


class Pair(NamedTuple):
    """Two tensors, of which neither is the states."""

    mean: Any
    deviation: Any


@dataclass
class Output:
    """As transformers' own: the states behind something else."""

    pooled: Any
    last_hidden_state: Any
    cache: Any = None


X, Y = Fake([1.0]), Fake([2.0])
YIELDED: list[tuple[Any, list[str]]] = [
    (X, ["part"]),
    ([X, Y], ["part", "part.output.1"]),
    ((None, Y), []),
    ((), []),
    (Pair(X, Y), ["part", "part.output.deviation"]),
    (Pair(None, X), ["part"]),
    (Output(Y, X), ["part", "part.output.pooled"]),
    ({"pooled": Y, "last_hidden_state": X}, ["part", "part.output.pooled"]),
    ({"first": X, "other": Y, "none": None}, ["part", "part.output.other"]),
    (object(), []),
    (None, []),
]


@pytest.mark.parametrize(("yielded", "names"), YIELDED)
def test_whatever_a_module_within_yields(tmp_path: Path, yielded: Any, names: list[str]) -> None:
    part = Module(lambda: yielded)
    assert tracer.capture(Module(lambda: part() and None, part=part), {}, tmp_path / "dump") == names
    assert not names or load_file(tmp_path / "dump")["part"].tolist() == [1.0]


def test_complex_numbers_are_left_out(tmp_path: Path) -> None:
    turns = Module(lambda x: (x, Fake(np.ones(2, np.complex64))))
    module = Module(lambda x: turns(x), turns=turns)
    inputs = {"x": Fake(np.ones(2, np.complex128))}
    assert tracer.capture(module, inputs, tmp_path / "dump") == []
    assert tracer.capture(module, Fake(np.ones(2)), tmp_path / "dump") == ["x", "turns", "logits"]


RETURNED: list[tuple[Any, list[str]]] = [
    (Fake([1.0]), ["logits"]),
    ((Fake([1.0]), (Fake([2.0]), Fake([3.0]))), ["logits", "output.1.0", "output.1.1"]),
    ({"logits": Fake([1.0]), "loss": None, "states": [Fake([2.0])]}, ["logits", "states.0"]),
    ((), []),
    (None, []),
]


@pytest.mark.parametrize(("returned", "names"), RETURNED)
def test_whatever_is_returned(tmp_path: Path, returned: Any, names: list[str]) -> None:
    assert names == tracer.capture(Module(lambda: returned), {}, tmp_path / "dump")


def test_hooks_are_gone_afterwards(model: Module, tmp_path: Path) -> None:
    tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump")
    assert [part.hooks for _name, part in model.named_modules()] == [[]] * 4


def test_hooks_are_gone_when_the_module_fails_and_nothing_is_written(tmp_path: Path) -> None:
    part = plus(1)

    def fail(x: Fake) -> Fake:
        part(x)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        tracer.capture(Module(fail, part=part), (IDS,), tmp_path / "dump")
    assert part.hooks == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_t_be_written_leaves_nothing(model: Module, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/dump: can't be written \(No such file or directory\)"):
        tracer.capture(model, {"input_ids": IDS}, tmp_path / "nowhere" / "dump")
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there: can't be written"):
        tracer.capture(model, {"input_ids": IDS}, tmp_path / "there")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


TRAINED: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("attn.q", {"p": 0.1}),
    ("attn", {"dropout": 0.5}),
    ("attn", {"dropout_p": 1}),
    ("embed", {"track_running_stats": True}),
]


@pytest.mark.parametrize(("path", "attributes"), TRAINED)
def test_a_module_in_training_is_refused(model: Module, tmp_path: Path, path: str, attributes: dict[str, Any]) -> None:
    part = dict(model.named_modules())[path]
    vars(part).update(training=True, **attributes)
    told = rf"^{path or 'Module'} is in training mode, where every pass may be another; call eval\(\) of the"
    with pytest.raises(InputError, match=told):
        tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump")


@pytest.mark.parametrize("attributes", [{}, {"p": 0.0}, {"dropout": plus(0)}, {"dropout": True}])
def test_training_that_changes_nothing_is_none(model: Module, tmp_path: Path, attributes: dict[str, Any]) -> None:
    vars(model.parts["attn"]).update(training=True, **attributes)
    assert tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump") == NAMES


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".pt", ".PTH", ".bin", ".json"])
def test_a_name_of_another_format_is_refused(model: Module, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match=r"is written as safetensors; call the file dump\.safetensors"):
        tracer.capture(model, {"input_ids": IDS}, tmp_path / f"dump{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what is to be captured is str; expected a module of torch"):
        tracer.capture("gpt2", {}, tmp_path / "dump")


def test_a_name_that_is_none_is_said(model: Module, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing that the module computes is called attention\*, q"):
        tracer.capture(model, {"input_ids": IDS}, tmp_path / "dump", ["attention*", "q"])
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    linear = torch.nn.Linear(4, 3).to(torch.bfloat16)
    model = torch.nn.Sequential(linear, torch.nn.ReLU(inplace=True)).eval()
    x = torch.randn(2, 4, dtype=torch.bfloat16)
    assert tracer.capture(model, x, tmp_path / "dump") == ["input", "0", "1", "logits"]
    found, expected = load_file(tmp_path / "dump"), linear(x).detach().float().numpy()
    assert np.array_equal(found["0"].astype(np.float32), expected)
    assert np.array_equal(found["1"].astype(np.float32), np.maximum(expected, 0))


def test_modules_of_torch_that_are_made_anew_are_in_training_and_change_nothing(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.GELU()).eval()
    model[1] = torch.nn.GELU()
    assert tracer.capture(model, torch.ones(2, 4), tmp_path / "dump") == ["input", "0", "1", "logits"]
    for part in (torch.nn.Dropout(0.1), torch.nn.BatchNorm1d(3)):
        model[1] = part
        with pytest.raises(InputError, match="1 is in training mode"):
            tracer.capture(model, torch.ones(2, 4), tmp_path / "dump")
