import json

import numpy as np
import pytest

from tracer.addresses import At, Selector, parse_selectors
from tracer.arithmetic import Leaf
from tracer.errors import SelectorError
from tracer.tensor import FEATURE, HEAD, Axis, Parameter, Statistics, Tensor

KEYS = ["▁the", "▁cat", "▁the", "s", "the"]


@pytest.fixture
def weights() -> Tensor:
    """[head 2, query 3, key 5], counted through."""
    array = np.arange(30, dtype=np.float32).reshape(2, 3, 5)
    return Tensor(array, (HEAD, Axis("query", ["<s>", "▁a", "▁b"]), Axis("key", KEYS)), "weights", At(1))


def selectors(text: str) -> tuple[Selector, ...]:
    return parse_selectors(text)


def test_axes_carry_names_and_labels(weights: Tensor) -> None:
    assert weights.axes == ("head", "query", "key")
    assert weights.shape == (2, 3, 5)
    assert weights.labels == {"query": ["<s>", "▁a", "▁b"], "key": KEYS}
    assert repr(weights) == "<Tensor @1:weights [head 2, query 3, key 5] float32>"


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("", (slice(0, 2), slice(0, 3), slice(0, 5))),
        ("h1", (1, slice(0, 3), slice(0, 5))),
        ("-1, -3, -5", (1, 0, 0)),
        ("0, 1:, :-1", (0, slice(1, 3, 1), slice(0, 4, 1))),
        ('0, "<s>", "▁the"', (0, 0, 0)),
        ('0, "a", "the"', (0, 1, 4)),
        ('0, "a", "▁the"#2', (0, 1, 2)),
        ('0, "b", "cat"', (0, 2, 1)),
    ],
)
def test_selectors_become_an_index(weights: Tensor, text: str, index: tuple[int | slice, ...]) -> None:
    located = weights.locate(selectors(text))
    assert [weights.array[located].tolist()] == [weights.array[index].tolist()]
    assert [type(where) for where in located] == [type(where) for where in index]


def test_a_label_is_exact_before_it_is_bare() -> None:
    axis = Axis("key", ["▁a", "a", "▁b", "▁b"])
    tensor = Tensor(np.arange(4.0), (axis,))
    assert tensor.locate(selectors('"a"')) == (1,)
    assert tensor.locate(selectors('"b"')) == (2,)
    assert tensor.locate(selectors('"b"#2')) == (3,)


def test_a_selection_keeps_the_labels_of_what_it_keeps(weights: Tensor) -> None:
    part = weights.select(selectors("h0, 1, 1:4:2"))
    assert part.array.tolist() == [6, 8]
    assert part.dims == (Axis("key", ["▁cat", "s"], range(1, 4, 2)),)
    assert part.select(selectors("1:")).dims[0].numbers == range(3, 5, 2)
    assert part.address == "@1:weights"
    assert weights.select(selectors("0, :, ::-1")).labels["key"] == KEYS[::-1]
    assert weights.select(selectors("0, 0, 0")).shape == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2", "index 2 is out of range on axis head: it has 2 places, 0 to 1"),
        ("0, -4", "index -4 is out of range on axis query: it has 3 places, 0 to 2"),
        ("0, h1", "h1 names a head, and this axis is query; write 1"),
        ('"the"', "axis head has no labels; give a number"),
        ('0, 0, "dog"', 'axis key has no "dog"; it runs over "▁the", "▁cat", "s", "the"'),
        ('0, 0, "teh"', 'axis key has no "teh"; did you mean "▁the"?'),
        ('0, 0, "▁ca"', 'axis key has no "▁ca"; did you mean "▁cat"?'),
        ('0, 0, "▁the"#3', 'axis key has no "▁the"#3; it runs over'),
        ("0, 0, 0, 0", r"@1:weights has 3 axes \(head, query, key\), and 4 selectors were given; leave 1 out"),
    ],
)
def test_a_selector_that_fits_nowhere_is_explained(weights: Tensor, text: str, message: str) -> None:
    with pytest.raises(SelectorError, match=message):
        weights.select(selectors(text))


def test_statistics_leave_out_what_is_not_finite() -> None:
    tensor = Tensor(np.array([1.0, 3.0, np.inf, -np.inf, np.nan]), (FEATURE,))
    assert tensor.statistics() == Statistics(1.0, 3.0, 2.0, 1.0, 3)
    assert json.dumps(tensor.statistics()._asdict())


@pytest.mark.parametrize(
    ("values", "statistics"),
    [
        ([-np.inf, -np.inf], Statistics(-np.inf, -np.inf, -np.inf, 0.0, 2)),
        ([np.inf], Statistics(np.inf, np.inf, np.inf, 0.0, 1)),
        ([np.inf, -np.inf], Statistics(-np.inf, np.inf, np.nan, np.nan, 2)),
        ([np.inf, np.nan], Statistics(np.nan, np.nan, np.nan, np.nan, 2)),
        ([], Statistics(np.nan, np.nan, np.nan, np.nan, 0)),
    ],
)
def test_statistics_where_nothing_is_finite(values: list[float], statistics: Statistics) -> None:
    np.testing.assert_equal(Tensor(np.array(values, np.float32), (FEATURE,)).statistics(), statistics)


def test_a_cell_is_an_operand(weights: Tensor) -> None:
    assert weights.leaf(1, 2, 4) == Leaf("weights", (1, 2, 4), 29.0, At(1))
    assert [leaf.value for leaf in weights.row(0, 1)] == [5, 6, 7, 8, 9]


def test_a_part_of_a_parameter_knows_its_place_in_the_file() -> None:
    stored = np.arange(12.0).reshape(6, 2)
    parts = Parameter(stored, (FEATURE, FEATURE), "in_proj").split(3)
    for i, part in enumerate(parts):
        leaf = part.leaf(1, 0)
        assert (leaf.address, leaf.index) == ("in_proj", (2 * i + 1, 0))
        assert leaf.value == stored[leaf.index]


def test_a_transposed_parameter_is_read_the_other_way_round() -> None:
    stored = np.arange(6.0).reshape(2, 3)
    leaf = Parameter(stored.T, (FEATURE, FEATURE), "c_attn", transposed=True).leaf(2, 1)
    assert leaf.index == (1, 2)
    assert leaf.value == stored[leaf.index]


def test_a_wrapped_parameter_has_one_more_index_in_the_file() -> None:
    stored = np.arange(4.0).reshape(1, 4)
    leaf = Parameter(stored[0], (FEATURE,), "final_logits_bias", within=(0,)).leaf(3)
    assert leaf.index == (0, 3)
    assert leaf.value == stored[leaf.index]
