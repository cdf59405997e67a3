import math

import pytest
from rich.cells import cell_len

from tracer.arithmetic import Call, Leaf, Minus, Named, Number, Power, Product, Quotient, Sum, dot
from tracer.derive import derive
from tracer.render.derivation import Branch, derivation_view, drawn
from tracer.render.expression import Writer, named_parts, reduced
from tracer.render.numbers import Notation
from tracer.render.operands import operands
from tracer.render.page import Page

from .sample import seen, tape


def why(address, *index, width=100, accessible=False):
    return seen(derivation_view(derive(tape().find(address), index)), width, accessible=accessible)


def cell(value):
    return Leaf("@1:x", (0,), value)


def written(node, decimals=2):
    return Writer(Notation(Page(80), decimals)).write(node)


def test_scores():
    assert (
        why("decoder.0.self_attn.scores", 0, 1, 2)
        == """\
@2:decoder.0.self_attn.scores[0,1,2] = 1.5000
├─ scores: q kᵀ / √d_k
├─ = (0 · 0 + 1.0000 · 0 + 0 · 1.0000 + 1.0000 · 3.0000) / 2
├─ = 3.0000 / 2
├─ @2:decoder.0.self_attn.q[0,1,:]         0  1.0000       0  1.0000
└─ @2:decoder.0.self_attn.k[0,2,:]         0       0  1.0000  3.0000
"""
    )


def test_a_mask_gives_its_reason():
    assert (
        why("decoder.0.self_attn.mask", 0, 1)
        == """\
@2:decoder.0.self_attn.mask[0,1] = −∞
├─ mask: 0 where visible, −∞ where hidden
└─ hidden by the causal mask: key 1 > query 0
"""
    )


def test_named_parts_have_a_line_each():
    assert (
        why("norm", 1, 2)
        == """\
@2:norm[1,2] = 0.2520
├─ layer_norm: (x − μ) / √(σ² + ε) · gain + bias
├─ = 0.1260 · 2.0000
├─ μ = (3.0000 + 4.0000 + 5.0000 + 6.0000 + (… 4 further terms = 4.0000)) / 8 = 2.7500
├─ σ² = (3.0000² + 4.0000² + 5.0000² + 6.0000² + (… 4 further terms = 6.0000)) / 8 − 2.7500² =
│    3.9375
├─ x̂ = (3.0000 − 2.7500) / √(3.9375 + 0.00001) = 0.1260
├─ @2:x[1,:]    1.0000  2.0000  3.0000  4.0000  5.0000  6.0000       0  1.0000
└─ norm.weight[2] = 2.0000
"""
    )


def test_a_choice():
    assert (
        why("choice")
        == """\
@2:choice = 2
├─ argmax
├─ = 2, the place of 0.9910
└─ @2:choice.probs[2] = 0.9910
"""
    )


def test_ascii():
    text = why("norm", 1, 2, accessible=True)
    assert text.isascii()
    assert "|- x_hat = (3.0000 - 2.7500) / sqrt (3.9375 + 0.00001) = 0.1260\n" in text


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_page(width):
    for record in tape():
        index = tuple(n - 1 for n in record.output.shape)
        lines = seen(derivation_view(derive(record, index)), width).splitlines()
        assert max(map(cell_len, lines)) <= width


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
        (Named("μ", Quotient(cell(1.0), cell(4.0))), "0.25"),
    ],
)
def test_few_parentheses(node, text):
    assert written(node) == text


def test_the_rest_of_a_long_sum_agrees_to_the_digits_shown():
    node = Sum(tuple(cell(x) for x in (0.333, -5.111, 4.444, 0.222, 3.777, -0.111, 2.555)))
    assert written(node) == "-5.11 + 4.44 + 3.78 + 2.56 + (… 3 further terms = 0.44)"
    assert round(sum((-5.11, 4.44, 3.78, 2.56, 0.44)), 2) == round(node.evaluate(), 2)


def test_a_long_sum_with_an_infinity():
    assert written(Sum((cell(-math.inf), *[cell(1.0)] * 7))).endswith("(… 4 further terms = −∞)")


def test_reduced():
    product = dot([cell(1.0), cell(2.0)], [cell(3.0), cell(4.0)])
    assert written(reduced(Quotient(product, Number(2.0)))) == "11.00 / 2"
    assert reduced(Sum((cell(1.0), cell(2.0)))) is None


def test_named_parts_come_after_what_they_are_made_of():
    mean = Named("μ", cell(1.0))
    assert list(named_parts(Product(Named("x̂", Minus(cell(2.0), mean)), mean))) == ["μ", "x̂"]


def test_operands_of_a_row_share_a_line():
    row = [Leaf("@1:q", (0, 2, i), float(i)) for i in range(4)]
    assert [str(o) for o in operands([*row, *row], {"@1:q": (2, 3, 4)})] == ["@1:q[0,2,:]"]
    assert [str(o) for o in operands(row, {"@1:q": (2, 3, 8)})] == ["@1:q[0,2,0:4]"]
    assert [str(o) for o in operands(row, {})] == ["@1:q[0,2,0:4]"]
    assert [str(o) for o in operands(row[:2], {})] == ["@1:q[0,2,0]", "@1:q[0,2,1]"]
    scattered = [Leaf("w", (i, i), 0.0) for i in range(5)]
    assert len(list(operands(scattered, {}))) == 5


def test_a_tree():
    tree = [Branch("a", branches=[Branch("b c"), Branch("d")]), Branch("e")]
    lines = ["".join(text for text, *_ in line) for line in drawn(tree, Page(20))]
    assert lines == ["├─ a", "│  ├─ b c", "│  └─ d", "└─ e"]
