"""Several tensors as one."""

import numpy as np
import pytest

from tracer.addresses import parse_selectors
from tracer.stack import Ragged, by_step, common, padded, stacked
from tracer.tensor import Axis, Tensor

KEY = Axis("key", ["a", "b"])


def tensors(*dims, n=2):
    shape = [2] * len(dims)
    return [Tensor(np.full(shape, float(i)), dims) for i in range(n)]


@pytest.mark.parametrize(
    ("axis", "names"),
    [
        (Axis("layer", numbers=range(2)), ["@2:dec.0.w", "@2:dec.1.w"]),
        (Axis("layer", numbers=range(3, 5)), ["dec.3.w", "dec.4.w"]),
        (Axis("layer", ["0", "2"]), ["dec.0.w", "dec.2.w"]),
        (Axis("place", ["self", "cross"]), ["@1:dec.0.self.w", "@1:dec.0.cross.w"]),
        (Axis("place", ["enc.0.self", "dec.1.cross"]), ["@1:enc.0.self.w", "@1:dec.1.cross.w"]),
        (Axis("place", ["w", "1.w"]), ["dec.w", "dec.1.w"]),
    ],
)
def test_the_new_axis_says_what_differs(axis, names):
    whole = stacked(tensors(KEY), names)
    assert whole.dims == (axis, KEY)
    assert whole.array.tolist() == [[0, 0], [1, 1]]


def test_labels_that_differ_are_left_out():
    one, other = tensors(KEY)[0], tensors(Axis("key", ["a", "c"]))[1]
    assert stacked([one, other], ["x.0", "x.1"]).dims[1] == Axis("key")


def test_tensors_of_other_shapes_are_not_stacked():
    assert stacked([*tensors(KEY), *tensors(Axis("query"))], list("abcd")) is None
    assert stacked([*tensors(KEY, n=1), Tensor(np.zeros(3), (KEY,))], ["a", "b"]) is None


def test_what_names_have_in_common():
    assert common(["@2:dec.0.w", "@2:dec.1.w"]) == "@2:dec.*.w"
    assert common(["dec.0.w", "dec.0.v"]) == ""
    assert common(["dec.0.w"]) == ""


def test_one_alone_has_its_layer_where_its_name_has_one_number():
    assert stacked(tensors(KEY, n=1), ["@1:dec.3.w"]).dims == (Axis("layer", numbers=range(3, 4)), KEY)
    assert stacked(tensors(KEY, n=1), ["logits"]).dims == (Axis("place", ["logits"]), KEY)


def test_shorter_ones_have_cells_that_are_not_there():
    grown = [Tensor(np.arange(1.0, n + 1), (Axis("key", ["a", "b", "c"][:n]),)) for n in (1, 3)]
    whole = padded(grown, by_step([1, 2]))
    assert isinstance(whole, Ragged)
    assert whole.dims == (Axis("step", numbers=range(1, 3)), Axis("key", ["a", "b", "c"]))
    assert whole.array.tolist() == [[1, None, None], [1, 2, 3]]
    assert whole.there.tolist() == [[True, False, False], [True] * 3]
    assert whole.statistics() == Tensor(np.array([1.0, 1, 2, 3]), (KEY,)).statistics()
    part = whole.select(parse_selectors(':, "b"'))
    assert part.array.tolist() == [None, 2]
    assert part.statistics().max == 2


def test_shorter_ones_with_other_labels_leave_none():
    grown = [Tensor(np.zeros(len(labels)), (Axis("key", list(labels)),)) for labels in ("ab", "xyz")]
    assert padded(grown, by_step([1, 2])).dims[1] == Axis("key")


def test_steps_that_don_t_follow_one_another_are_labels():
    assert by_step([1, 3]) == Axis("step", ["1", "3"])
