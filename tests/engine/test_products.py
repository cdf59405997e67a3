"""What products are made with lies in memory as is fast for one row, and nobody can tell by an index."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.models.layout import Layout
from tracer.products import Order, order_of
from tracer.tensor import EXPERT, FEATURE, Array, Axis

from .conftest import FIXTURES

VOCAB = Axis("vocab")


@pytest.mark.parametrize(
    ("order", "out", "into"),
    [("F", 50257, 768), ("F", 3072, 768), ("F", 9, 8), ("C", 768, 768), ("C", 768, 3072), ("C", 8, 9)],
)
def test_wide_products_lie_with_their_inputs_first(order: Order, out: int, into: int) -> None:
    assert order_of(out, into) == order


def features(*sizes: int) -> list[tuple[Axis, int]]:
    return [(FEATURE, size) for size in sizes]


@pytest.mark.parametrize(
    ("order", "sizes", "how"),
    [
        ("F", (12, 4), {}),
        ("C", (12, 4), {"transposed": True}),
        ("C", (4, 4), {}),
        ("F", (4, 4), {"transposed": True}),
        ("C", (4, 12), {}),
        ("F", (4, 12), {"transposed": True}),
    ],
)
def test_the_order_is_by_the_axes_of_the_file(order: Order, sizes: tuple[int, int], how: dict[str, bool]) -> None:
    layout = Layout()
    layout.add("x", "x", *features(*sizes), **how)
    assert layout.orders({"x"}) == {"x": order}


def test_the_parts_of_a_tensor_decide() -> None:
    layout, several = Layout(), (EXPERT, 5)
    layout.stack("one", ("{}.one",), several, *features(12, 4))
    layout.stack("three", ("{}.a", "{}.b", "{}.c"), several, *features(12, 4))
    assert layout.orders({"one", "three"}) == {"one": "F", "three": "C"}


def test_of_tables_only_what_is_multiplied_with_is_told_where_to_lie() -> None:
    tables, places = (VOCAB, 70), (Axis("position"), 70)
    tied, apart = Layout(), Layout()
    tied.head({"in": "embed.weight"}, tables, *features(4), tied=True)
    apart.head({"in": "embed.weight"}, tables, *features(4), tied=False)
    for layout in (tied, apart):
        layout.add("places", "embed.positions.weight", places, *features(4))
        layout.norm("norm", "norm", (FEATURE, 4))
    found = {"in", "places", "norm.weight", "norm.bias"}
    assert tied.orders(found) == {"in": "F"}
    assert apart.orders({*found, "lm_head.weight"}) == {"lm_head.weight": "F"}
    assert apart.orders({"lm_head.weight"}) == {"lm_head.weight": "F"}


def next_in_memory(matrix: Array) -> Order:
    """Which index of a matrix is the next number in memory."""
    return "C" if matrix.strides[-1] == matrix.itemsize else "F"


@pytest.mark.parametrize("name", ["gpt2", "gpt2_untied", "mixtral", "phi3", "torch_post", "marian_zh_en"])
def test_every_product_finds_its_matrix_as_it_wants_it(name: str) -> None:
    model = tracer.load(FIXTURES / name)
    run = tracer.trace(model, ids=[5, 6], max_tokens=1)
    matrices = {
        weight.address: weight.array
        for step in run
        for record in step
        if record.op.name in ("linear", "project")
        for at, weight in record.trained
        if at == "weight" and weight.axes[-2:] != ("expert", "feature")
    }
    assert "logits" in run[1].tape.addresses
    assert len(matrices) > 3
    assert {at: next_in_memory(w) for at, w in matrices.items()} == {
        at: order_of(*w.shape) for at, w in matrices.items()
    }


@pytest.mark.parametrize("name", ["gpt2", "gpt2_untied", "mixtral", "phi3", "torch_post", "marian_zh_en"])
def test_every_index_is_that_of_the_file(name: str) -> None:
    model, whole = tracer.load(FIXTURES / name), load_file(FIXTURES / name / "model.safetensors")
    for own, stored in whole.items():
        if (parameter := model.named.get(own)) is not None:
            np.testing.assert_array_equal(parameter.array, stored.astype(np.float32))
    for parameter in model.parameters.values():
        cell = parameter.leaf(*(n - 1 for n in parameter.shape))
        assert cell.value == np.float32(whole[cell.path][cell.index])


def test_a_tied_table_serves_look_ups_and_the_product() -> None:
    model = tracer.load(FIXTURES / "gpt2")
    p = model.architecture.parameters
    looked_up, multiplied = p.decoder.embed.tokens.weight.array, p.logits.weight.array
    assert np.shares_memory(looked_up, multiplied)
    assert next_in_memory(looked_up) == "F"
    run = tracer.trace(model, ids=[7, 5, 7], max_tokens=1)
    tokens = run[1]["decoder.embed.tokens"].array
    assert tokens.flags.c_contiguous
    np.testing.assert_array_equal(tokens, looked_up[[7, 5, 7]])


def test_parts_and_names_are_views_of_one_memory() -> None:
    model = tracer.load(FIXTURES / "torch_post")
    for parameter in model.architecture.parameters.leaves():
        assert np.shares_memory(parameter.array, model.parameters[parameter.path].array)
        assert not parameter.array.flags.writeable


def test_both_ways_yield_the_same_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    here = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=[5, 6, 7], max_tokens=3)
    monkeypatch.setattr(Layout, "orders", lambda *_: {})
    there = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=[5, 6, 7], max_tokens=3)
    table = there.model.parameters["transformer.wte.weight"].array
    assert next_in_memory(table) == "C"
    assert here.output_ids == there.output_ids
    for step in here:
        np.testing.assert_allclose(step["logits"].array, there[step.number]["logits"].array, rtol=1e-5, atol=1e-5)
