"""Models that have learned nothing."""

from __future__ import annotations

import numpy as np
import pytest

import tracer
from tracer.errors import InputError
from tracer.redrawn import redrawn

from .conftest import FIXTURES
from .test_verify import failures

SOURCE, TARGET = [7, 11, 12, 5, 2], [1, 17, 16]


def run_of(name: str, seed: int = 1, dtype: str = "float64") -> tracer.Run:
    model = tracer.load(name if name.startswith("zh") else FIXTURES / name, dtype)  # type: ignore[arg-type]
    how = {"target_ids": TARGET} if "decode" in model.texts.passes else {}
    return redrawn(tracer.trace(model, ids=SOURCE, **how), seed)


def drawn(name: str, seed: int = 1, dtype: str = "float64") -> tracer.Model:
    return run_of(name, seed, dtype).model


def test_matrices_are_drawn_biases_are_0_and_norms_multiply_by_1() -> None:
    found = {name: p.array for name, p in drawn("zh-en-tiny").parameters.items()}
    hidden, embedding = found["decoder.0.ffn.hidden.weight"], found["decoder.embed.weight"]
    bound = (6 / sum(hidden.shape)) ** 0.5
    assert 0.9 * bound < np.max(np.abs(hidden)) < bound
    assert float(embedding.std()) == pytest.approx(16**-0.5, rel=0.05)
    assert not any(array.any() for name, array in found.items() if name.endswith("bias"))
    assert all((array == 1).all() for name, array in found.items() if name.endswith("norm.weight"))


def test_a_seed_says_which() -> None:
    name = "decoder.0.ffn.hidden.weight"
    one, same, other = (drawn("zh-en-tiny", seed).parameters[name].array for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.array_equal(drawn("zh-en-tiny", 1, "float32").parameters[name].array, one.astype(np.float32))


def test_where_a_family_adds_1_to_gains_they_are_0() -> None:
    gains = [p.array for name, p in drawn("gemma2").parameters.items() if name.endswith("norm.weight")]
    assert gains
    assert not any(array.any() for array in gains)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("bart_tied", "model.shared.weight"),
        ("bart_tied", "model.encoder.embed_positions.weight"),
        ("bert", "bert.embeddings.position_embeddings.weight"),
        ("bert", "bert.embeddings.token_type_embeddings.weight"),
        ("opt", "model.decoder.embed_positions.weight"),
    ],
)
def test_rows_of_positions_and_segments_are_drawn_as_those_of_tokens(name: str, table: str) -> None:
    array = drawn(name).parameters[table].array
    assert float(array.std()) == pytest.approx(array.shape[1] ** -0.5, rel=0.2 if len(array) == 2 else 0.1)


def test_an_output_that_is_not_tied_is_a_matrix() -> None:
    array = drawn("gpt2_untied").parameters["lm_head.weight"].array
    bound = (6 / sum(array.shape)) ** 0.5
    assert 0.9 * bound < np.max(np.abs(array)) < bound


@pytest.mark.parametrize("name", ["gpt2", "t5_v1_0", "mixtral", "marian_zh_en"])
def test_every_family_computes_with_them(name: str) -> None:
    run = run_of(name)
    assert failures(run, 1) == []
    assert float(run[1]["loss"].array.mean()) < 12


LARGER = [
    ("zh-en-tiny", {"decoder_layers": 3, "encoder_layers": 2}, "decoder.2.cross_attn.norm.weight"),
    ("marian_zh_en", {"d_model": 32, "decoder_layers": 3}, "model.decoder.layers.2.self_attn_layer_norm.weight"),
    ("gpt2", {"n_layer": 4}, "transformer.h.3.ln_1.weight"),
    ("llama_gqa", {"num_hidden_layers": 3}, "model.layers.2.input_layernorm.weight"),
    ("t5_v1_0", {"num_decoder_layers": 3}, "decoder.block.2.layer.0.layer_norm.weight"),
    ("mixtral", {"num_hidden_layers": 3, "num_local_experts": 6}, "model.layers.2.input_layernorm.weight"),
]


@pytest.mark.parametrize(("name", "stated", "gain"), LARGER)
def test_a_model_of_another_size_is_drawn_and_computes(name: str, stated: dict[str, int], gain: str) -> None:
    run = run_of(name)
    assert gain not in run.model.parameters or "d_model" in stated
    larger = redrawn(run, 1, stated)
    assert (larger.model.parameters[gain].array == 1).all()
    assert failures(larger, 1) == []
    assert larger.descend(1e-3, "sum(loss)")[1]["loss"].array.sum() < larger[1]["loss"].array.sum()


def test_what_is_of_the_same_size_is_drawn_alike() -> None:
    name, run = "decoder.0.ffn.hidden.weight", run_of("zh-en-tiny")
    larger = redrawn(run, 1, {"decoder_layers": 2})
    assert np.array_equal(larger.model.parameters[name].array, run.model.parameters[name].array)
    assert larger.edits[-1].value.told("@*:**") == "all parameters drawn anew, seed 1, decoder_layers = 2"


def test_a_vocabulary_stays_as_it_is() -> None:
    with pytest.raises(InputError, match="zh-en-tiny keeps its vocabulary; other sizes may change"):
        redrawn(run_of("zh-en-tiny"), 1, {"target_vocab": 80})


def test_what_is_larger_than_the_machine_is_refused_before_it_is_made() -> None:
    with pytest.raises(InputError, match="which is more memory than there is"):
        redrawn(run_of("zh-en-tiny"), 1, {"d_model": 1 << 24})
