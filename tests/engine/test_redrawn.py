"""Models that have learned nothing."""

from __future__ import annotations

import numpy as np
import pytest

import tracer
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
