"""Expressions in writing."""

import math

import numpy as np
import pytest

from tracer.addresses import At
from tracer.arithmetic import (
    Call,
    Given,
    Leaf,
    Max,
    Minus,
    Named,
    Negation,
    Number,
    Power,
    Product,
    Quotient,
    Replaced,
    Sum,
    Which,
    dot,
    exp,
    over,
)
from tracer.tensor import Axis, Tensor
from tracer.views.expression import SymbolWriter, Writer, parts, reduced, symbols
from tracer.views.numbers import Notation
from tracer.views.page import Page


def cell(value):
    return Leaf("@1:x", (0,), value)


def row(*values):
    return Tensor(np.array(values, float), (Axis("key"),), "x", At(1)).row()


def written(node, decimals=2, kind=Writer):
    return kind(Notation(Page(), decimals)).write(node)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Sum((cell(1.5), cell(-2.0), cell(0.0))), "1.50 − 2.00 + 0"),
        (Product(cell(-2.0), cell(-3.0)), "-2.00 · (-3.00)"),
        (Product(Sum((cell(1.0), cell(2.0))), cell(3.0)), "(1.00 + 2.00) · 3.00"),
        (Minus(cell(1.0), Sum((cell(1.0), cell(2.0)))), "1.00 − (1.00 + 2.00)"),
        (Minus(cell(1.0), cell(-2.0)), "1.00 − (-2.00)"),
        (Minus(cell(1.0), Product(cell(-2.0), cell(3.0))), "1.00 − (-2.00 · 3.00)"),
        (Quotient(cell(1.0), Product(cell(2.0), cell(3.0))), "1.00 / (2.00 · 3.00)"),
        (Product(Quotient(cell(-1.0), Number(2.0)), cell(4.0)), "-1.00 / 2 · 4.00"),
        (Power(cell(-2.0), 2), "(-2.00)²"),
        (Call("sqrt", Sum((cell(1.0), Number(1e-5, "ε")))), "√(1.00 + 0.00001)"),
        (Call("exp", Minus(cell(-math.inf), cell(1.0))), "exp(−∞ − 1.00)"),
        (Max((Number(0.0), cell(-1.0))), "max(0, -1.00)"),
        (Call("exp", Negation(cell(-1.0))), "exp(−(-1.00))"),
        (Call("exp", Negation(cell(1.0))), "exp(−1.00)"),
        (Replaced(Number(-math.inf), cell(2.0)), "−∞ in place of 2.00"),
        (
            Given(Which(cell(2.0)), (Number(0.5), cell(2.0), cell(3.0)), ("≤", "<")),
            "0, the place of 2.00, as 0.5 ≤ 2.00 < 3.00",
        ),
        (Named("μ", Quotient(cell(1.0), cell(4.0))), "0.25"),
        (Quotient(dot(x=row(1, 2), y=row(3, 4)), Number(2.0)), "11.00 / 2"),
    ],
)
def test_few_parentheses(node, text):
    assert written(node) == text


def test_symbols_take_the_place_of_cells():
    general = over(lambda x: exp(x - Named("max", cell(2.0))), x=row(1, 2)).terms.general
    assert written(general, kind=SymbolWriter) == "exp(x − max)"


@pytest.mark.parametrize(
    ("node", "whole", "text"),
    [
        (cell(1.04) + cell(1.04), 2.08, "1.04 + 1.04"),
        (cell(1.34) - cell(1.16), 0.18, "1.34 − 1.16"),
        (cell(1.34) - cell(1.16), 0.2, "1.3 − 1.2 + 0.10 (rounding)"),
        (cell(4.2) / cell(2.0), 2.1, "4.2 / 2.0"),
        (cell(1.37) * cell(1.37), 1.8769, "1.37 · 1.37"),
        (exp(cell(-9.87654)), 0.0000513586, "exp(-9.88)"),
        (cell(1.0) / cell(3.0), 0.5, "1.0 / 3.0 + 0.17 (rounding)"),
        (cell(1.0) / cell(3.0), math.inf, "1.0 / 3.0"),
        (exp(cell(9999.0)), 0.5, "exp(9999.0)"),
    ],
)
def test_a_line_has_the_digits_that_it_needs_to_come_out(node, whole, text):
    assert Writer(Notation(Page(), 1)).line(node, whole) == text


def test_a_number_far_from_one_has_a_power_of_ten():
    assert written(Quotient(cell(1.5e-14), cell(1.004)), 4) == "1.500e-14 / 1.0040"
    assert written(cell(-2.5e10), 4) == "-2.500e+10"
    assert written(Number(1e300)) == "1e+300"
    assert written(Number(1e-12, "ε")) == "1e-12"


def test_reduced():
    assert written(reduced(Quotient(Product(cell(3.0), cell(4.0)), Number(2.0)))) == "12.00 / 2"
    assert reduced(Quotient(dot(x=row(1, 2), y=row(3, 4)), Number(2.0))) is None
    assert reduced(Sum((cell(1.0), cell(2.0)))) is None
    assert reduced(dot(x=row(1, 2), y=row(3, 4))) is None


def test_parts_come_after_what_they_are_made_of():
    mean = Named("μ", over(lambda x: x, x=row(1, 2)) / Number(2.0, "n"))
    found = list(parts(Named("x̂", cell(2.0) - mean)))
    assert [part.symbol if isinstance(part, Named) else "Σ" for part in found] == ["Σ", "μ", "x̂"]
    assert [number.symbol for number in symbols(mean)] == ["n"]
