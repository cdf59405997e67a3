"""Lenses end in what the model itself says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.attribution.lens import AS_IS, BY_LAST_NORM, lens
from tracer.errors import AddressError, InputError
from tracer.ops.softmax import softmax
from tracer.tensor import Array, Axis, Tensor

from ..conftest import file_of, write_checkpoint
from .runs import BOTH, DECODING, ENCODERS, NAMES, TARGET, run

WAYS: dict[str, dict[str, Any]] = {
    "with a cache": {"cache": True},
    "without": {"cache": False},
    "given": {"target_ids": TARGET},
    "beams": {"strategy": "beam", "beams": 2},
}
POST = {"bart_tied", "marian_zh_en", "marian_two_vocabularies", "torch_post", *ENCODERS}
SHARED = {"bart_tied", "m2m_100", "marian_zh_en", "mbart_languages", "t5_gated_silu", "t5_v1_0"}
"""Whose encoder reads the matrix that the logits come of."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DECODING)
def test_the_last_row_of_every_family_is_the_models_own(name: str, way: str) -> None:
    traced = run(name, **WAYS[way])
    for step in {max(1, traced.first), traced.computed}:
        probs = traced.step(step)["probs"].array
        found = lens(traced, step=step)
        assert (found.stack, found.at.number) == ("decoder", step)
        assert found.gap is not None
        assert found.gap < 1e-14
        for reading in found.readings:
            rows = len(probs)
            assert reading.likeliest.ids[-1, -rows:].tolist() == probs.argmax(-1).tolist()
            np.testing.assert_allclose(reading.likeliest.probs[-1, -rows:], probs.max(-1), rtol=0, atol=1e-14)
            assert reading.likeliest.ids.shape == (len(found.layers), len(found.positions.labels or ()))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_two_conventions_where_a_norm_comes_last_in_a_layer(name: str) -> None:
    conventions = [reading.convention for reading in lens(run(name)).readings]
    assert conventions == ([AS_IS, BY_LAST_NORM] if name in POST else [AS_IS])


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_read_by_its_head(name: str) -> None:
    traced = run(name)
    found = lens(traced)
    assert found.stack == "encoder"
    assert found.gap == 0
    assert found.readings[0].likeliest.ids[-1].tolist() == traced.step(0)["probs"].array.argmax(-1).tolist()


def through(x: Array, gain: Array, bias: Array, eps: float) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    found: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * gain + bias
    return found


def likely(z: Array) -> Array:
    return softmax.forward(Tensor(z, (Axis("position"), Axis("vocab")))).array


def test_the_rows_of_marian_are_what_its_parameters_make_them() -> None:
    traced = run("marian_zh_en", cache=False)
    file, c, tape = file_of(traced.model), traced.model.config, traced.step(3)
    shared, bias = (np.asarray(file[key], np.float64) for key in ("model.shared.weight", "final_logits_bias"))
    norm = f"model.decoder.layers.{c.decoder_layers - 1}.final_layer_norm"
    gain, beta = (np.asarray(file[f"{norm}.{part}"], np.float64) for part in ("weight", "bias"))
    as_is, by_norm = lens(traced).readings
    states = [tape["decoder.embed.output"].array, tape["decoder.0.output"].array]
    for row, state in enumerate(states):
        probs = likely(state @ shared.T + bias.reshape(-1))
        assert as_is.likeliest.ids[row].tolist() == probs.argmax(-1).tolist()
        np.testing.assert_allclose(as_is.likeliest.probs[row], probs.max(-1), atol=1e-13)
    before = [states[0], tape["decoder.0.ffn.residual"].array]
    for row, state in enumerate(before):
        probs = likely(through(state, gain, beta, c.norm_eps) @ shared.T + bias.reshape(-1))
        np.testing.assert_allclose(by_norm.likeliest.probs[row], probs.max(-1), atol=1e-13)


def test_the_statistics_of_the_last_norm_are_those_of_the_state_in_hand() -> None:
    traced = run("gpt2", cache=False)
    file, eps = file_of(traced.model), traced.model.config.norm_eps
    named = {name.removeprefix("transformer."): np.asarray(value, np.float64) for name, value in file.items()}
    state = traced.step(3)["decoder.0.output"].array
    probs = likely(through(state, named["ln_f.weight"], named["ln_f.bias"], eps) @ named["wte.weight"].T)
    np.testing.assert_allclose(lens(traced).readings[0].likeliest.probs[1], probs.max(-1), atol=1e-13)


@pytest.mark.parametrize("name", BOTH)
def test_an_encoder_is_read_where_its_embedding_is_the_matrix_of_the_logits(name: str) -> None:
    traced = run(name)
    if name not in SHARED:
        with pytest.raises(InputError, match="no vocabulary reads the encoder"):
            lens(traced, "encoder")
        return
    found = lens(traced, "encoder")
    assert (found.stack, found.at.number, found.gap) == ("encoder", 0, None)
    assert found.readings[0].likeliest.ids.shape[1] == len(traced.source_ids)


def test_a_long_text_is_read_some_positions_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = run("gpt2", target_ids=TARGET)
    whole = lens(traced)
    monkeypatch.setattr("tracer.attribution.lens.ROWS", 2)
    assert lens(traced).readings[0].likeliest.ids.tolist() == whole.readings[0].likeliest.ids.tolist()


def test_a_prompt_read_with_a_cache_has_every_position() -> None:
    found = lens(run("gpt2", cache=True), step=1)
    assert found.readings[0].likeliest.ids.shape[1] == 5
    assert found.gap is not None
    assert found.gap < 1e-14


def test_an_edited_run_ends_in_what_it_says() -> None:
    traced = run("gpt2", cache=False)
    for address in ("decoder.0.output", "decoder.norm[-1]", "decoder.1.ffn.output"):
        branch = traced.branch(tracer.edit(address, 0.25)).decode()
        found = lens(branch)
        assert found.gap is not None
        assert found.gap < 1e-14


def test_a_model_of_one_layer_and_one_without_logits(tmp_path: Path) -> None:
    model = tracer.load(write_checkpoint(tmp_path / "one", decoder_layers=1), "float64")
    assert lens(tracer.trace(model, ids=[5, 2], max_tokens=1)).layers == ["embed", "0"]
    with pytest.raises(InputError, match="no decoder; it has encoder"):
        lens(run("bert"), "decoder")
    with pytest.raises(InputError, match="no encoder; it has decoder"):
        lens(run("gpt2"), "encoder")
    with pytest.raises(AddressError, match="step @0 has no layers of the decoder"):
        lens(run("marian_zh_en"), step=0)
    with pytest.raises(AddressError):
        lens(run("marian_zh_en"), step=99)
