"""Adapters: merged as peft merges them, derived to their factors, and refused where they are of another kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.checkpoints.adapter_config import scales
from tracer.checkpoints.changed import Turned
from tracer.checkpoints.merged import FORMULA, Factors, Merged
from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.errors import InputError
from tracer.models.stated import Stated

from ..conftest import FIXTURES

ADAPTERS = FIXTURES / "adapters"
BASES = {"turned": "gpt2_untied", "ranked": "qwen3", "tied": "llama3_scaled"}
PREFIX = "base_model.model."
C_ATTN = f"{PREFIX}transformer.h.0.attn.c_attn"


def base(name: str) -> Path:
    return FIXTURES / BASES[name]


@pytest.mark.parametrize("name", BASES)
def test_the_logits_are_those_of_transformers_with_what_peft_merged(name: str) -> None:
    reference = load_file(ADAPTERS / name / "reference.safetensors")
    model = tracer.load(base(name), adapter=ADAPTERS / name)
    for n in range(1, len(reference["ids"]) + 1):
        run = tracer.trace(model, ids=reference["ids"][:n].tolist(), max_tokens=1)
        np.testing.assert_allclose(run[1]["logits"].array.reshape(-1), reference["logits"][n - 1], atol=2e-5)
    plain = tracer.trace(tracer.load(base(name)), ids=reference["ids"].tolist(), max_tokens=1)
    assert np.abs(plain[1]["logits"].array.reshape(-1) - reference["logits"][-1]).max() > 0.1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["turned", "ranked"])
def test_a_matrix_is_read_from_any_number_on(name: str, dtype: Any) -> None:
    contents = tracer.load(base(name), adapter=ADAPTERS / name).contents
    merged = [stored for stored in contents.tensors.values() if isinstance(stored, Merged)]
    assert merged
    for stored in merged:
        whole = np.zeros(stored.size, dtype)
        stored.read_into(whole)
        for first in (1, stored.shape[1] - 1, stored.shape[1], stored.size - 5):
            room = np.zeros(min(50, stored.size - first), dtype)
            stored.read_into(room, first)
            np.testing.assert_allclose(room, whole[first : first + 50], rtol=1e-15)


@pytest.mark.parametrize("name", ["turned", "ranked"])
def test_a_cell_is_made_of_the_model_s_and_a_row_by_a_column(name: str) -> None:
    model = tracer.load(base(name), "float64", adapter=ADAPTERS / name)
    for stored in model.contents.tensors.values():
        if isinstance(stored, Merged):
            index = (1, stored.shape[1] - 1)
            made = stored.made(index)
            parameter = model.named.get(stored.name)
            assert parameter is not None
            assert made.expression.evaluate() == pytest.approx(parameter.array[index], rel=1e-12)
            b, a = stored.factors.b, stored.factors.a
            assert {leaf.path for leaf in made.expression.leaves()} == {a.name, b.name}
            assert len(list(made.expression.leaves())) == 2 * a.shape[0]
            assert made.formula == FORMULA
            assert str(ADAPTERS / name) in made.place


def test_what_an_adapter_did_is_told() -> None:
    model = tracer.load(base("turned"), adapter=ADAPTERS / "turned")
    told = "the adapter turned (made for gpt2_untied) is merged: 5 matrices are W + s·BA, summed in float64 and rounded"
    assert any(str(what).startswith(told) for _about, what, _odd in model.decisions)
    assert (model.name, model.adapter) == ("gpt2_untied+turned", ADAPTERS / "turned")
    assert model.computing_in("float64").adapter == model.adapter
    assert tracer.load(base("turned")).adapter is None


def test_a_tensor_in_place_of_another_leaves_what_was_tied_to_that() -> None:
    plain, model = tracer.load(base("tied")), tracer.load(base("tied"), adapter=ADAPTERS / "tied")
    head, embedding = (model.named.get(f"{name}.weight") for name in ("lm_head", "model.embed_tokens"))
    before = plain.named.get("model.embed_tokens.weight")
    assert head is not None
    assert embedding is not None
    assert before is not None
    np.testing.assert_array_equal(head.array, before.array)
    assert not np.array_equal(embedding.array, before.array)


def test_a_file_stands_for_its_directory() -> None:
    model = tracer.load(base("turned"), adapter=ADAPTERS / "turned" / "adapter_model.safetensors")
    assert model.adapter == ADAPTERS / "turned"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the adapter for the model of the family of GPT-2."""
    return Path(shutil.copytree(ADAPTERS / "turned", tmp_path / "adapter"))


def configure(path: Path, **keys: Any) -> None:
    config = json.loads((path / "adapter_config.json").read_text())
    (path / "adapter_config.json").write_text(json.dumps(config | keys))


def change(path: Path, name: str, array: Any) -> None:
    """Another tensor of a name; none for None."""
    tensors = load_file(path / "adapter_model.safetensors")
    tensors.pop(name, None)
    save_file(tensors if array is None else tensors | {name: array}, path / "adapter_model.safetensors")


def refused(path: Path | str, *parts: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(base("turned"), adapter=path)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"peft_type": "IA3"}, "peft_type is 'IA3'; expected one of LORA"),
        ({"peft_type": "PREFIX_TUNING"}, "expected one of LORA"),
        ({"use_dora": True}, "use_dora = True is not supported"),
        ({"lora_bias": True}, "lora_bias = True is not supported"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights = 'pissa' is not supported"),
        ({"layer_replication": [[0, 1]]}, "layer_replication"),
        ({"target_parameters": ["a.b"]}, "target_parameters"),
        ({"trainable_token_indices": [1, 2]}, "trainable_token_indices"),
        ({"use_other": 3}, "use_other = '3' is not known here, and may change what the adapter adds"),
        ({"r": 0}, "r is 0; expected a whole number from 1"),
        ({"lora_alpha": -1}, "lora_alpha is -1; expected a number above 0"),
        (
            {"rank_pattern": {"a": 0}},
            "rank_pattern: expected an object: patterns of modules, each with a number above 0",
        ),
        ({"alpha_pattern": [1]}, "alpha_pattern: expected an object: patterns of modules, each with a number above 0"),
        ({"alpha_pattern": {"(a+)+b": 1}}, "alpha_pattern: the pattern '(a+)+b' is not followed"),
        ({"alpha_pattern": {"a" * 300: 1}}, "is not followed"),
        ({"r": 7}, "is of rank 3; expected 7, as adapter_config.json says"),
    ],
)
def test_a_setting_that_is_not_followed(path: Path, keys: dict[str, Any], told: str) -> None:
    configure(path, **keys)
    refused(path, told)


def test_what_is_empty_or_over_is_no_setting(path: Path) -> None:
    configure(path, use_other=None, another=False, more={}, lora_dropout=0.1, eva_config={"rho": 2}, bias="all")
    tracer.load(base("turned"), adapter=path)


@pytest.mark.parametrize(
    ("module", "rank", "expected"),
    [
        ("a.layers.1.self_attn.q_proj", 4, 1.0),
        ("layers.1.self_attn.q_proj", 4, 1.0),
        ("a.layers.11.self_attn.q_proj", 4, 2.0),
        ("a.v_proj", 4, 1.5),
        ("a.my_v_proj", 4, 2.0),
        ("deep.a.v_projs", 2, 4.0),
    ],
)
def test_the_scale_is_that_of_the_module(module: str, rank: int, expected: float) -> None:
    patterns = {r"layers\.1\.self_attn\.q_proj": 4, "v_proj": 6}
    stated = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "alpha_pattern": patterns}
    assert scales(Stated(stated)).of(module, rank) == expected
    assert scales(Stated(stated | {"use_rslora": True})).of(module, rank) == pytest.approx(expected * rank**0.5)


def test_an_adapter_for_another_model(path: Path) -> None:
    with pytest.raises(
        InputError, match=r"is for a parameter that this model does not have.*another model\? It says gpt2"
    ):
        tracer.load(base("ranked"), adapter=path)
    configure(path, base_model_name_or_path=None)
    with pytest.raises(InputError, match=r"is the adapter for another model\?$"):
        tracer.load(base("ranked"), adapter=path)


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        (f"{C_ATTN}.lora_A.weight", np.zeros((3, 26), "f4"), "is [3, 26], and this model takes [3, 27]"),
        (f"{C_ATTN}.lora_B.weight", np.zeros((81, 2), "f4"), "is [81, 2], and this model takes [81, 3]"),
        (f"{C_ATTN}.lora_A.weight", np.zeros((), "f4"), "is of rank 0; expected 3"),
        (f"{C_ATTN}.lora_A.weight", np.zeros((3, 27), "i4"), "is of type I32; expected floating numbers"),
        (f"{C_ATTN}.lora_A.weight", None, "lora_B.weight is one of two factors, and the other is missing"),
        (f"{C_ATTN}.base_layer.bias", np.zeros(80, "f4"), "is [80], and this model takes [81]"),
        (f"{C_ATTN}.lora_magnitude_vector", np.zeros(81, "f4"), "is for a parameter that this model does not have"),
        (f"{PREFIX}transformer.h.9.ln_1.bias", np.zeros(27, "f4"), "is for a parameter that this model does not have"),
    ],
)
def test_a_tensor_that_does_not_fit(path: Path, name: str, array: Any, told: str) -> None:
    change(path, name, array)
    refused(path, f"{path / 'adapter_model.safetensors'}: tensor {PREFIX}", told)


def test_a_product_for_what_is_no_matrix(path: Path) -> None:
    for part, shape in (("A", (3, 27)), ("B", (27, 3))):
        change(path, f"{PREFIX}transformer.ln_f.lora_{part}.weight", np.zeros(shape, "f4"))
    refused(path, "is for transformer.ln_f.weight, which is no matrix")


def test_a_directory_that_is_none(path: Path) -> None:
    (path / "adapter_model.safetensors").unlink()
    refused(path, f"{path / 'adapter_model.safetensors'}: can't be read (No such file or directory)")
    (path / "adapter_config.json").write_text("[]")
    refused(path, f"{path / 'adapter_config.json'}: expected a JSON object")
    (path / "adapter_config.json").unlink()
    refused(path, f"{path}: is no adapter; expected a directory with adapter_config.json, as peft saves it")
    refused(path / "nowhere", f"there is no adapter at {path / 'nowhere'}: nothing stands there")
    refused("", "the path of the adapter is empty")


def test_a_broken_file(path: Path) -> None:
    file = path / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-7])
    refused(path, str(file), "truncated")


@pytest.mark.parametrize("given", ["", "adapter_model.safetensors", "adapter_model.bin"])
def test_an_adapter_in_place_of_a_model(path: Path, given: str) -> None:
    (path / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        tracer.load(path / given)
    assert str(caught.value) == (f"{path}: is an adapter, made for gpt2_untied; give both: -m MODEL --adapter {path}")


@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_that_its_file_has_the_other_way_round_is_merged_as_well(tmp_path: Path, turned: bool) -> None:
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal(shape) for name, shape in {"w": (7, 5), "b": (7, 2), "a": (2, 5)}.items()}
    save_file(arrays, tmp_path / "x.safetensors")
    inner, b, a = (SafetensorsFile(tmp_path / "x.safetensors").entries[name] for name in ("w", "b", "a"))
    factors = Factors(b, a, 0.5, turned=True)
    merged = Merged.of(Turned(inner), factors) if turned else Merged.of(inner, factors._replace(turned=False))
    assert merged.base.called("other").name == "other"
    expected = arrays["w"] + 0.5 * arrays["b"] @ arrays["a"]
    room = np.zeros(merged.size)
    for first in range(0, room.size, 4):
        merged.read_into(room[first : first + 4], first)
    np.testing.assert_allclose(room.reshape(7, 5), expected, rtol=1e-14)
    made = merged.made((3, 6) if turned else (6, 3))
    assert made.expression.evaluate() == pytest.approx(expected[6, 3], rel=1e-12)
