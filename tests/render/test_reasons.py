"""Views of formulas, products, contests and checks."""

import math

import pytest
from rich.cells import cell_len

import tracer
from tracer.derive import derive
from tracer.margin import margin
from tracer.ops import catalogue
from tracer.verify import Check
from tracer.views.checks import checks_view
from tracer.views.formula import formula_view
from tracer.views.margin import margin_view
from tracer.views.page import Page
from tracer.views.product import product_view

from ..views.sample import tape
from .screen import seen


def test_a_formula():
    assert (
        seen(formula_view(tape().find("decoder.0.self_attn.scores")))
        == """\
@2:decoder.0.self_attn.scores
  operation   scores
  formula     q kᵀ / √d_k
  shapes      q [head 2, query 3, d_k 4] · kᵀ [head 2, d_k 4, key 3] → [head 2, query 3, key 3]
              [2,3,4] · [2,4,3] → [2,3,3]
  operands    q = @2:decoder.0.self_attn.q
              k = @2:decoder.0.self_attn.k
  literature  Vaswani et al. 2017, eq. 1; Ainslie et al. 2023 (grouped keys)
"""
    )


def test_a_row_times_a_column_is_a_cell():
    assert (
        seen(product_view(derive(tape().find("decoder.0.self_attn.scores"), (0, 1, 2))))
        == """\
this row times that column gives this cell: [2,3,4] · [2,4,3] → [2,3,3]
  q = @2:decoder.0.self_attn.q[0,1,:]
  k = @2:decoder.0.self_attn.k[0,2,:]
  [ 0.000  1.000  0.000  1.000 ]  ·  | 0.000 |  = 3.000
                                     | 0.000 |
                                     | 1.000 |
                                     | 3.000 |
  @2:decoder.0.self_attn.scores[0,1,2] = 3.000 / 2 = 1.500
"""
    )


def test_why_this_token():
    found = margin(tape_of_a_run())
    shown = seen(margin_view(found, lambda token: f"t{token}"))
    winner, rival = found.winner.index[-1], found.rival.index[-1]
    assert shown.startswith(f'why "t{winner}" and not "t{rival}"\n')
    assert f'W["t{winner}"] − W["t{rival}"]' in shown
    assert f"= {found.size:.4f}" in shown
    assert "biases" not in shown


def tape_of_a_run():
    return tracer.trace(tracer.load("zh-en-tiny"), "我爱你", max_tokens=1).step(1)


def test_checks():
    good = Check("good", "cells", 12, 1.5e-7, "@1:x[0]")
    bad = Check("bad", "axes", 2, math.inf, "@1:y", ["axis key of @1:y is wrong"])
    assert (
        seen(checks_view([good, bad], title="step @1"))
        == """\
step @1
  check  of     checked  largest difference
  ────────────────────────────────────────────────────────────
  good   cells       12             1.5e-07  holds; at @1:x[0]
  bad    axes         2                 inf  does not hold (1)
    axis key of @1:y is wrong
"""
    )


@pytest.mark.parametrize("width", [48, 60, 80])
def test_an_address_in_a_check_is_never_broken(width):
    at = "@1:decoder.0.cross_attn.weights[1,0]"
    check = Check("softmax adds up to 1", "rows", 26, 2e-7, at)
    assert any(at in line for line in seen(checks_view([check], title=""), width).splitlines())


def test_where_a_check_holds_stands_below_its_numbers():
    check = Check("softmax adds up to 1", "rows", 26, 2e-7, "@1:decoder.0.cross_attn.weights[1,0]")
    lines = seen(checks_view([check], title=""), 80).splitlines()
    assert lines[-2:] == [
        "  softmax adds up to 1  rows       26             2.0e-07",
        "  softmax adds up to 1  holds; at @1:decoder.0.cross_attn.weights[1,0]",
    ]


def test_on_a_very_narrow_page_a_check_is_a_paragraph():
    text = seen(checks_view([Check("good", "cells", 12, 1.5e-7, "@1:x[0]")], title=""), 18)
    assert " ".join(text.split()) == (
        "check: good; of: cells; checked: 12; largest difference: 1.5e-07; holds; at @1:x[0]"
    )


def test_shapes_are_not_broken_within_brackets():
    for width in (60, 80, 100):
        for line in seen(formula_view(tape().find("decoder.0.self_attn.scores")), width).splitlines():
            assert line.count("[") == line.count("]"), line


def test_on_a_very_narrow_page_facts_are_paragraphs():
    lines = seen(formula_view(tape().find("decoder.0.self_attn.scores")), 24).splitlines()
    assert lines[2:6] == ["  operation  scores", "  formula  q kᵀ / √d_k", "  shapes", "    q [head 2, query 3,"]


@pytest.mark.parametrize("width", [24, 40, 80, 160])
def test_no_line_is_wider_than_the_page(width):
    for record in tape():
        index = tuple(n - 1 for n in record.output.shape)
        lines = seen(formula_view(record, derive(record, index)), width).splitlines()
        assert max(map(cell_len, lines)) <= width, lines
    lines = seen(margin_view(margin(tape_of_a_run()), str), width).splitlines()
    assert max(map(cell_len, lines)) <= width, lines


@pytest.mark.parametrize("op", catalogue().values(), ids=repr)
def test_every_formula_and_reference_can_be_written_in_ascii(op):
    assert Page(plain=True).text(f"{op.formula} {op.reference}").isascii()


def test_ascii():
    assert seen(formula_view(tape().find("logits"), derive(tape().find("logits"), (0, 0))), accessible=True).isascii()
