import math

import numpy as np
import pytest

from tracer.addresses import At
from tracer.arithmetic import (
    MANY,
    Call,
    Given,
    Leaf,
    Max,
    Named,
    Node,
    Noted,
    Number,
    Replaced,
    Which,
    dot,
    exp,
    log,
    magnitude,
    over,
    sqrt,
    total,
)
from tracer.tensor import FEATURE, Axis, Tensor

X, Y = Leaf("x", (0,), 3.0, At(1)), Leaf("x", (1,), -2.0, At(1))
ROW = Tensor(np.array([3.0, -2.0]), (FEATURE,), "x", At(1)).row()
REVERSED = Tensor(np.array([-2.0, 3.0]), (FEATURE,), "y", At(1)).row()


@pytest.mark.parametrize(
    ("node", "value", "python", "size"),
    [
        (X + Y, 1.0, "(3.0 + (-2.0))", 5.0),
        (X - Y, 5.0, "(3.0 - (-2.0))", 5.0),
        (X * Y, -6.0, "(3.0 * (-2.0))", 6.0),
        (X / Y, -1.5, "(3.0 / (-2.0))", 1.5),
        (Y**2, 4.0, "((-2.0) ** 2)", 4.0),
        (-Y, 2.0, "(-(-2.0))", 2.0),
        ((X + Y) * (X - Y), 5.0, "((3.0 + (-2.0)) * (3.0 - (-2.0)))", 25.0),
        ((X + Y) ** 2 / Number(4.0), 0.25, "(((3.0 + (-2.0)) ** 2) / 4.0)", 6.25),
        (dot(x=ROW, y=REVERSED), -12.0, "((3.0 * (-2.0)) + ((-2.0) * 3.0))", 12.0),
        (Named("μ", X + Y), 1.0, "(3.0 + (-2.0))", 5.0),
        (Max((Number(0.0), Y)), 0.0, "max([0.0, (-2.0)])", 0.0),
        (exp(X - X), 1.0, "exp((3.0 - 3.0))", 1.0),
        (sqrt(Number(4.0, "ε")), 2.0, "sqrt(4.0)", 2.0),
        (log(Number(1.0)), 0.0, "log(1.0)", 1.0),
        (Call("erf", Number(0.0)), 0.0, "erf(0.0)", 0.0),
        (Which(Y), 1.0, "1.0", 1.0),
        (exp(Number(-math.inf) - X), 0.0, "exp(((-inf) - 3.0))", 0.0),
        (Given(X, (Y, Number(-2.0), X), ("≤", "<")), 3.0, "(3.0 if (-2.0) <= (-2.0) < 3.0 else nan)", 3.0),
        (Replaced(Number(-math.inf), X), -math.inf, "(-inf)", math.inf),
        (Noted(X + Y, "a word"), 1.0, "(3.0 + (-2.0))", 1.0),
    ],
)
def test_a_tree_has_a_value_a_text_and_a_size(node: Node, value: float, python: str, size: float) -> None:
    assert node.evaluate() == value
    assert node.python() == python
    assert magnitude(node) == size


@pytest.mark.parametrize(
    ("node", "value", "python"),
    [
        (Max((Number(0.0), Number(math.nan))), math.nan, "max([nan, 0.0])"),
        (Max((Number(math.nan), Number(0.0))), math.nan, "max([nan, 0.0])"),
        (exp(Number(1000.0)), math.inf, "inf"),
        (X / exp(Number(1000.0)), 0.0, "(3.0 / inf)"),
        (Number(1e200) ** 2, math.inf, "inf"),
        (X / Number(0.0), math.inf, "inf"),
        (Y / Number(0.0), -math.inf, "(-inf)"),
        (log(Number(0.0)), -math.inf, "(-inf)"),
        (sqrt(Y), math.nan, "nan"),
        (total([Number(1e308)] * 2), math.inf, "(1e+308 + 1e+308)"),
        (Given(X, (X, Y), ("<",)), math.nan, "(3.0 if 3.0 < (-2.0) else nan)"),
    ],
)
def test_where_python_raises_or_forgets_a_nan_the_value_is_that_of_floats(
    node: Node, value: float, python: str
) -> None:
    assert node.evaluate() == pytest.approx(value, nan_ok=True)
    assert node.python() == python


def test_some_cells_of_a_row_keep_their_addresses_and_labels() -> None:
    row = Tensor(np.array([[3.0, -2.0, 5.0]]), (FEATURE, Axis("vocab", "abc")), "x", At(1)).row(0).at([2, 0])
    assert list(map(str, row)) == ["@1:x[0,2]", "@1:x[0,0]"]
    assert row.values.tolist() == [5.0, 3.0]
    assert row.axis == Axis("vocab", ["c", "a"])
    assert [row.find(Leaf("x", (0, place), 0.0, At(1))) for place in range(3)] == [1, None, 0]
    assert row.address == "@1:x[0,:]"


def test_leaves_come_from_left_to_right() -> None:
    assert list(((X + Y) * Max((Y, Named("x", X)))).leaves()) == [X, Y, Y, X]
    assert list(Which(Y).leaves()) == [Y]
    assert list(Which(Y, by=(X,)).leaves()) == [Y, X]
    assert list(Given(Replaced(Number(1.0), X), (Y, X), ("<",)).leaves()) == [X, Y, X]
    assert list(Number(1.0).leaves()) == []


def test_terms_that_are_all_alike_are_made_when_asked_for() -> None:
    made = over(lambda x: exp(x - Number(3.0)), x=ROW)
    assert made.values() == [1.0, math.exp(-5.0)]
    assert list(made.leaves()) == [X, Y]
    assert made.python() == "(exp((3.0 - 3.0)) + exp(((-2.0) - 3.0)))"
    assert made.evaluate() == total(exp(x - Number(3.0)) for x in (X, Y)).evaluate()


def test_a_long_sum_is_written_as_a_list() -> None:
    assert total([X] * MANY).python().startswith("(3.0 + 3.0")
    assert total([X] * (MANY + 1)).python().startswith("sum([3.0, 3.0")


def test_a_sum_rounds_once() -> None:
    assert total([Number(1e16), Number(1.0), Number(-1e16)]).evaluate() == 1.0


def test_a_sum_that_is_not_finite_is_itself() -> None:
    assert total([Number(-math.inf), X]).evaluate() == -math.inf
    assert math.isnan(total([Number(-math.inf), Number(math.inf)]).evaluate())
