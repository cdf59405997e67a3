import tracer
from tracer.derive import derive
from tracer.operands import operands_of, row_by_column
from tracer.operands import shapes as told
from tracer.tape import Record

from .conftest import FIXTURES


def record(path: str, model: str = "torch_post") -> Record:
    return tracer.trace(tracer.load(FIXTURES / model), ids=[7, 11, 12, 5, 2], max_tokens=1).step(1).find(path)


def shapes(found: Record) -> list[tuple[str, list[int]]]:
    return [(operand.name, [n for _axis, n in operand.extents]) for operand in operands_of(found).operands]


def test_a_product_is_turned_so_that_its_inner_axes_meet() -> None:
    scores = record("decoder.0.self_attn.scores")
    (q, left), (k, right) = shapes(scores)
    assert (q, k) == ("q", "kᵀ")
    assert left[-1] == right[-2]
    assert [left[-2], right[-1]] == list(scores.output.shape[1:])
    (w, left), (v, right) = shapes(record("decoder.0.cross_attn.heads"))
    assert (w, v) == ("w", "v")
    assert left[-1] == right[-2]
    assert operands_of(scores).is_product


def test_a_bias_is_added() -> None:
    assert [name for name, _shape in shapes(record("decoder.0.ffn.hidden"))] == ["x", "Wᵀ", "b"]


def test_a_matrix_that_the_file_has_as_in_and_out_is_not_turned() -> None:
    hidden = record("decoder.0.ffn.hidden", "gpt2")
    (x, left), (w, right), (b, _bias) = shapes(hidden)
    assert (x, w, b) == ("x", "W", "b")
    assert left[-1] == right[-2]
    assert derive(hidden, (0, 0)).formula == "x W + b"
    assert hidden.op.convention(hidden).startswith("each vector is a row: x W + b, as the file has W [in, out]")


def test_what_is_no_product_lists_what_it_takes() -> None:
    assert [name for name, _shape in shapes(record("decoder.0.ffn.norm"))] == ["x", "gain", "bias"]
    assert [name for name, _shape in shapes(record("decoder.0.ffn.residual"))] == ["x", "y"]
    assert [name for name, _shape in shapes(record("decoder.embed.tokens", "gpt2"))] == ["E"]
    assert not operands_of(record("decoder.0.ffn.norm")).is_product
    assert operands_of(record("decoder.0.self_attn.mask")).operands == []


def test_the_shapes_of_a_product_and_its_split_into_heads() -> None:
    assert told(record("decoder.0.self_attn.scores", "qwen3")) == "[5,5,10] · [1,10,5] → [5,5,5]"
    assert told(record("decoder.0.self_attn.q", "qwen3")) == "[5,36] · [36,50] → [5,50], split into heads: [5,5,10]"


def test_a_cache_is_made_of_the_rows_before_and_the_new_ones() -> None:
    run = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=[7, 11, 12], max_tokens=3, cache=True)
    made = [operands_of(run.step(number).find("decoder.0.self_attn.k")).operands for number in (1, 3)]
    assert [[operand.name for operand in operands] for operands in made] == [["new"], ["past", "new"]]
    past, new = (operand.tensor for operand in made[1])
    assert past.address == "@2:decoder.0.self_attn.k"
    assert new.address == "@3:decoder.0.self_attn.k_new"
    assert (past.array == run.step(2)["decoder.0.self_attn.k"].array).all()


def test_a_row_and_a_column_have_the_addresses_of_the_file() -> None:
    found = row_by_column(derive(record("decoder.0.ffn.hidden", "gpt2"), (0, 3)).expression)
    assert found is not None
    x, w = found[0].values()
    assert w.address.endswith("mlp.c_fc.weight[:,3]"), "GPT-2 stores [in, out]"
    assert x.address == "@1:decoder.0.ffn.norm[0,:]"
