import math

import numpy as np
import pytest
from rich.cells import cell_len

from tracer.addresses import At
from tracer.arithmetic import (
    Leaf,
    Named,
    Number,
    exp,
    over,
)
from tracer.derive import derive
from tracer.tensor import Axis, Tensor
from tracer.views.derivation import derivation_view
from tracer.views.expression import Writer
from tracer.views.numbers import Notation
from tracer.views.page import Page
from tracer.views.worked import worked_sum

from ..views.sample import tape
from .screen import seen


def why(address, *index, width=100, accessible=False):
    return seen(derivation_view(derive(tape().find(address), index)), width, accessible=accessible)


def cell(value):
    return Leaf("x", (0,), value, At(1))


def row(*values, address="@1:x", labels=None):
    return Tensor(np.array(values, float), (Axis("key", labels),), address).row()


def written(node, decimals=2, kind=Writer):
    return kind(Notation(Page(), decimals)).write(node)


def worked(node, count=4, width=100):
    with np.errstate(invalid="ignore"):
        return seen(worked_sum(node, total=node.evaluate(), count=count), width)


def test_scores():
    assert (
        why("decoder.0.self_attn.scores", 0, 1, 2)
        == """\
@2:decoder.0.self_attn.scores[0,1,2] = 1.5000
├── scores: q kᵀ / √d_k
├── = 3.0000 / 2
├──        0       1       2       3
│   ─────────────────────────────────────────────────────────────────
│   q      0  1.0000       0  1.0000  @2:decoder.0.self_attn.q[0,1,:]
│   k      0       0  1.0000  3.0000  @2:decoder.0.self_attn.k[0,2,:]
│   q · k  0       0       0  3.0000  Σ = 3.0000
├── √d_k = 2
├── @2:decoder.0.self_attn.q[0,1,3] = 1.0000
└── @2:decoder.0.self_attn.k[0,2,3] = 3.0000
this row times that column gives this cell: [2,3,4] · [2,4,3] → [2,3,3]
  q = @2:decoder.0.self_attn.q[0,1,:]
  k = @2:decoder.0.self_attn.k[0,2,:]
  [ 0.0000  1.0000  0.0000  1.0000 ]  ·  | 0.0000 |  = 3.0000
                                         | 0.0000 |
                                         | 1.0000 |
                                         | 3.0000 |
  @2:decoder.0.self_attn.scores[0,1,2] = 3.0000 / 2 = 1.5000
"""
    )


def test_a_row_of_softmax_has_score_minus_max_exp_and_sum():
    assert (
        why("decoder.0.self_attn.weights", 0, 1, 0)
        == """\
@2:decoder.0.self_attn.weights[0,1,0] = 0.3775
├── softmax: exp(x − max) / Σ exp(x − max)
├── = exp(0 − 0.5000) / 1.6065
├── = 0.6065 / 1.6065
├── max = @2:decoder.0.self_attn.masked[0,1,1] = 0.5000
├──                 0 <s>     1 i  2 爱
│   ─────────────────────────────────────────────────────────────────────────
│   x                   0  0.5000    −∞  @2:decoder.0.self_attn.masked[0,1,:]
│   x − max       -0.5000       0    −∞
│   exp(x − max)   0.6065  1.0000     0  Σ = 1.6065
├── @2:decoder.0.self_attn.masked[0,1,0] = 0
└── @2:decoder.0.self_attn.masked[0,1,1] = 0.5000
"""
    )


def test_a_mask_gives_its_reason():
    assert (
        why("decoder.0.self_attn.mask", 0, 1)
        == """\
@2:decoder.0.self_attn.mask[0,1] = −∞
├── mask: 0 where visible, −∞ where hidden
└── hidden by the causal mask: key 1 > query 0
"""
    )


def test_a_norm_shows_mean_variance_epsilon_and_gain():
    assert (
        why("norm", 1, 2)
        == """\
@2:norm[1,2] = 0.2520
├── layer_norm: (x − μ) / √(σ² + ε) · gain
├── = 0.1260 · 2.0000
├──         2       3       4       5
│   ───────────────────────────────────────────────────────────────────────────────────────
│   x  3.0000  4.0000  5.0000  6.0000  … 4 further terms = 4.0000   Σ = 22.0000   @2:x[1,:]
├── μ = 22.0000 / 8 = 2.7500
├──                 0        2       4        5        6
│   ──────────────────────────────────────────────────────────────────────────────────────────────
│   x          1.0000   3.0000  5.0000   6.0000        0  @2:x[1,:]
│   x − μ     -1.7500   0.2500  2.2500   3.2500  -2.7500
│   (x − μ)²   3.0625  0.06250  5.0625  10.5625   7.5625  … 3 further terms = 5.1875   Σ = 31.5000
├── σ² = 31.5000 / 8 = 3.9375
├── x̂ = (3.0000 − 2.7500) / √(3.9375 + 0.00001) = 0.1260
├── gain = norm.weight[2] = 2.0000
├── d_model = 8, ε = 0.00001
├── @2:x[1,2] = 3.0000
├── @2:x[1,5] = 6.0000
└── norm.weight[2] = 2.0000
"""
    )


def test_a_choice():
    assert (
        why("choice")
        == """\
@2:choice = 2
├── argmax
├── = 2, the place of 0.9910
└── @2:choice.probs[2] = 0.9910
"""
    )


def test_on_a_narrow_page_the_columns_go_on_below():
    assert (
        why("logits", 1, 2, width=40)
        == """\
@2:logits[1,2] = -3.7796
├── linear: x Wᵀ
├──              1       4        5
│   ───────────────────────────────
│   x      -0.7559  2.2678   3.2757
│   W       1.0000  1.0000  -1.0000
│   x · W  -0.7559  2.2678  -3.2757
│                7
│   ──────────────
│   x      -1.7638
│   W       1.0000
│   x · W  -1.7638
│   x      @2:norm[1,:]
│   W      embed[2,:]
│   x · W  … 4 further terms = -0.2520
│          Σ = -3.7796
├── @2:norm[1,5] = 3.2757
└── embed[2,5] = -1.0000
this row times that column gives this
cell: [3,8] · [8,5] → [3,5]
  x = @2:norm[1,:]
  W = embed[2,:]
  [ -1.7638  -0.7559  0.2520  …  -2.7717
  -1.7638 ]  ·  |  0.0000 |  = -3.7796
                |  1.0000 |
                | -1.0000 |
                |       … |
                |  0.0000 |
                |  1.0000 |
  @2:logits[1,2] = -3.7796
"""
    )


def test_ascii():
    text = why("norm", 1, 2, accessible=True)
    assert text.isascii()
    assert "+-- x_hat = (3.0000 - 2.7500) / sqrt (3.9375 + 0.00001) = 0.1260\n" in text


def test_where_no_column_fits_each_number_follows_its_place():
    node = over(lambda x: exp(x - Number(1.0, "max")), x=row(1.0, -2.5, labels=["我", "爱"]))
    assert worked(node, width=16).splitlines() == [
        "x 0 我: 1.000;",
        "  1 爱: -2.500;",
        "  @1:x[:]",
        "x − max 0 我: 0;",
        "  1 爱: -3.500;",
        "exp(x − max)",
        "  0 我: 1.000;",
        "  1 爱: 0.0302;",
        "  Σ = 1.030",
    ]


@pytest.mark.parametrize("width", [24, 40, 80, 160])
def test_no_line_is_wider_than_the_page(width):
    for record in tape():
        index = tuple(n - 1 for n in record.output.shape)
        lines = seen(derivation_view(derive(record, index)), width).splitlines()
        assert max(map(cell_len, lines)) <= width


def test_the_rest_of_a_long_sum_agrees_to_the_digits_shown():
    node = over(lambda x: x, x=row(0.3334, -5.1111, 4.4444, 0.2222, 3.7777, -0.1111, 2.5555))
    assert worked(node).splitlines()[-1] == (
        "x  -5.111  4.444  3.778  2.555  … 3 further terms = 0.445   Σ = 6.111   @1:x[:]"
    )


def test_what_rounding_takes_from_a_sum_that_is_whole_is_said():
    node = over(lambda x: x, x=row(0.33333, 0.33333, 0.33333))
    assert worked(node).splitlines()[-1] == "x  0.333  0.333  0.333  rounding = 0.001   Σ = 1.000   @1:x[:]"


def test_a_row_that_rounding_keeps_from_coming_out_is_marked():
    mean = Named("μ", cell(0.2276))
    text = worked(over(lambda x: x - mean, x=row(1.4784, 2.0)))
    assert text.splitlines()[2:] == ["x        1.478  2.000  @1:x[:]", "x − μ ≈  1.251  1.772  Σ = 3.023"]


def test_the_rest_is_nothing_only_where_it_is():
    few = row(9, 8, 7, 6, 5, 4, 2e-7)
    assert "… 3 further terms = 9.000   Σ" in worked(over(lambda x: x, x=few))
    assert "… 5 further terms = 1.00e-06   Σ" in worked(over(lambda x: x, x=row(9, 8, *[2e-7] * 5)), count=2)
    assert "… 5 further terms = 0   Σ" in worked(over(lambda x: x, x=row(9, 8, *[0.0] * 5)), count=2)
    assert "… 5 further terms = 0.000   Σ" in worked(over(lambda x: x, x=row(9.0004, 8.0004, *[-0.00016] * 5)), count=2)


def test_a_long_sum_with_an_infinity_or_nan():
    assert "−∞" in worked(over(lambda x: x, x=row(-math.inf, *[1.0] * 7)))
    assert "Σ = nan" in worked(over(lambda x: x, x=row(math.nan, -math.inf, *[1.0] * 7)))


def test_the_cells_asked_for_are_among_the_terms_shown():
    x = row(9, 1, 8, 7, 6, 5, 0.5, 0.25)
    strangers = row(*range(8), address="@1:y")
    text = seen(worked_sum(over(lambda x: x, x=x), total=36.75, count=3, asked=[x[6], x[0], strangers[1]]), 100)
    heads, _rule, terms = text.splitlines()
    assert [heads, terms] == [
        "       0      2      3      6",
        "x  9.000  8.000  7.000  0.500  … 4 further terms = 12.250   Σ = 36.750   @1:x[:]",
    ]


def test_all_terms_are_shown_when_asked_for():
    text = worked(over(lambda x: x, x=row(*range(30))), count=None, width=60)
    assert "further" not in text
    assert text.count("29.000") == 1
    assert max(map(cell_len, text.splitlines())) <= 60


def test_the_columns_of_tokens_have_their_labels():
    node = over(lambda x: x, x=row(1, 2, labels=["我", "爱"]))
    assert worked(node).splitlines()[0] == "    0 我   1 爱"
