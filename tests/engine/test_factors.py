import tracer
from tracer.derive import derive
from tracer.factors import factors, row_by_column
from tracer.tape import Record

from .conftest import FIXTURES


def record(path: str, model: str = "torch_post") -> Record:
    return tracer.trace(tracer.load(FIXTURES / model), ids=[7, 11, 12, 5, 2], max_tokens=1).step(1).find(path)


def shapes(found: Record) -> list[tuple[str, list[int]]]:
    return [(factor.name, [n for _axis, n in factor.extents]) for factor in factors(found).operands]


def test_a_product_is_turned_so_that_its_inner_axes_meet() -> None:
    scores = record("decoder.0.self_attn.scores")
    (q, left), (k, right) = shapes(scores)
    assert (q, k) == ("q", "kᵀ")
    assert left[-1] == right[-2]
    assert [left[-2], right[-1]] == list(scores.output.shape[1:])
    (w, left), (v, right) = shapes(record("decoder.0.cross_attn.heads"))
    assert (w, v) == ("w", "v")
    assert left[-1] == right[-2]
    assert factors(scores).is_product


def test_a_bias_is_added() -> None:
    assert [name for name, _shape in shapes(record("decoder.0.ffn.hidden"))] == ["x", "Wᵀ", "b"]


def test_what_is_no_product_lists_what_it_takes() -> None:
    assert [name for name, _shape in shapes(record("decoder.0.ffn.norm"))] == ["residual", "weight", "bias"]
    assert not factors(record("decoder.0.ffn.norm")).is_product
    assert factors(record("decoder.0.self_attn.mask")).operands == []


def test_a_row_and_a_column_have_the_addresses_of_the_file() -> None:
    found = row_by_column(derive(record("decoder.0.ffn.hidden", "gpt2"), (0, 3)).expression)
    assert found is not None
    x, w = found[0].values()
    assert w.address.endswith("mlp.c_fc.weight[:,3]"), "GPT-2 stores [in, out]"
    assert x.address == "@1:decoder.0.ffn.norm[0,:]"
