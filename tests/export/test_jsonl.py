import json

import numpy as np
import pytest

from tracer.export import jsonl
from tracer.tensor import FEATURE, Axis, Tensor


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """What has more than eight cells is large."""
    monkeypatch.setattr(jsonl, "AT_ONCE", 8)


@pytest.mark.parametrize("shape", [(2, 2, 10), (40,), (2, 3, 5), (13, 3), (1, 1, 9)], ids=str)
def test_a_large_tensor_is_written_as_a_small_one_is(shape):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 7
    array[(0,) * array.ndim], array[(-1,) * array.ndim] = np.nan, -np.inf
    shown = jsonl.tensor(Tensor(array, (Axis("a"), Axis("b"), FEATURE)[-array.ndim :], "我\n"), 1)
    expected = array.astype(object)
    expected[(0,) * array.ndim], expected[(-1,) * array.ndim] = "nan", "-inf"
    assert jsonl.dumps(shown) == jsonl.dumps({**shown, "values": expected.tolist()})


def test_of_a_large_tensor_a_part_at_a_time_is_made():
    large = np.arange(2000.0).reshape(5, 400)
    pieces = list(jsonl.pieces({"kind": "result", "data": {"value": jsonl.values(large), "axes": ["a"]}}))
    assert json.loads("".join(pieces))["data"] == {"value": large.tolist(), "axes": ["a"]}
    assert max(map(len, pieces)) < 0.02 * sum(map(len, pieces))


@pytest.mark.parametrize("things", [[], [{"a": 1}], [{"a": 1}, {"b": [2]}]])
def test_a_list_of_objects(things):
    assert "".join(jsonl.listed(things)) == json.dumps(things)
