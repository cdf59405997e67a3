import re

import numpy as np
import pytest
from rich.cells import cell_len

from tracer.addresses import At, Span
from tracer.tensor import FEATURE, HEAD, Axis, Tensor
from tracer.views.tensors import tensor_view

from ..views.sample import matrix, tape
from .screen import seen

WEIGHTS = """\
@2:decoder.0.self_attn.weights   [head 2, query 3, key 3]   x∈[0.000, 1.000]   μ 0.333   σ 0.316
head 0
key        0      1      2
query    <s>      i     爱
──────────────────────────
0 <s>  1.000  ·      ·
1 i    0.378  0.622  ·
2 爱   0.186  0.307  0.506
head 1
key        0      1      2
query    <s>      i     爱
──────────────────────────
0 <s>  1.000  ·      ·
1 i    0.500  0.500  ·
2 爱   0.155  0.422  0.422
· exactly 0, as where a mask hides a key
"""


def test_attention_weights():
    assert seen(tensor_view(tape()["decoder.0.self_attn.weights"], probabilities=True)) == WEIGHTS


def test_a_large_matrix_is_cut_from_the_middle():
    assert (
        seen(tensor_view(matrix(30, 40, labels=True), max_rows=6), 40)
        == """\
@1:m   [query 30, key 40]
x∈[0.000, 29.039]   μ 14.520   σ 8.655
key               0              39
query            k0    …38…     k39
───────────────────────────────────
 0 q0         0.000       …   0.039
 1 q1         1.000       …   1.039
 2 q2         2.000       …   2.039
… 25 more …
28 q28       28.000       …  28.039
29 q29       29.000       …  29.039
"""
    )


def test_the_current_row_and_its_maximum_stay_visible():
    array = np.zeros((50, 50))
    array[20, 33] = 7.25
    text = seen(tensor_view(Tensor(array, (Axis("query"), Axis("key"))), max_rows=8, focus=20), 60)
    head = next(line for line in text.splitlines() if line.startswith("key")).split()
    row = next(line for line in text.splitlines() if line.startswith("20 ")).split()
    assert row[head.index("33")] == "7.250"


def test_full_shows_every_cell_in_blocks_of_columns():
    text = seen(tensor_view(matrix(3, 40), full=True), 40)
    assert "…" not in text
    assert "more" not in text
    assert all(f"2.{i:03}" in text for i in range(40))


@pytest.mark.parametrize("accessible", [False, True])
@pytest.mark.parametrize("width", [30, 40, 80, 100, 160])
@pytest.mark.parametrize(
    "tensor",
    [
        matrix(64, 64, labels=True),
        matrix(7, 200),
        Tensor(
            np.linspace(-9999, 9999, 24 * 24).reshape(24, 24), (Axis("position", ["我们" * 20] * 24), FEATURE), "@1:x"
        ),
        Tensor(np.arange(500.0), (Axis("vocab", ["[/INST]", ":smile:", "好", "x" * 90, "\n"] * 100),), "logits", At(1)),
        Tensor(np.ones((8, 5, 5)), (HEAD, Axis("query"), Axis("key")), "w", At(1)),
    ],
)
def test_no_line_is_wider_than_the_page_and_no_number_is_cut(tensor, width, accessible):
    for full in (False, True):
        lines = seen(tensor_view(tensor, full=full), width, accessible=accessible).splitlines()
        assert max(map(cell_len, lines)) <= width
        assert not any(line.endswith(" ") for line in lines)
    flat = [f"{x:.3f}" for x in tensor.array.reshape(-1).tolist()]
    assert all(any(number in line for line in lines) for number in flat)


def test_other_heads_are_announced():
    tensor = Tensor(np.ones((8, 5, 5)), (HEAD, Axis("query"), Axis("key")), "w", At(1))
    last = seen(tensor_view(tensor, max_rows=8)).splitlines()[-1]
    assert last == "… 6 more along head: print [h2] to [h7], or print /a for all"
    last = seen(tensor_view(tensor.select([Span(0, 3)]), max_rows=8)).splitlines()[-1]
    assert last == "… 1 more along head: print [h2], or print /a for all"
    assert seen(tensor_view(tensor, full=True)).count("head ") == 9


def test_a_row_is_read_like_text():
    row = Tensor(np.array([0.5, -1.0, np.nan, -np.inf]), (Axis("vocab", ["我", "i", "[b]", "\t"]),), "logits", At(1))
    assert (
        seen(tensor_view(row), 60)
        == """\
@1:logits   [vocab 4]   x∈[-1.000, 0.500]
μ -0.250   σ 0.750   2 not finite
0 我    0.500     1 i    -1.000     2 [b]     nan
3 \\t       −∞
"""
    )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([-np.inf] * 3, "all −∞"),
        ([np.inf] * 3, "all ∞"),
        ([np.inf, -np.inf, np.inf], "nothing finite"),
        ([np.nan, -np.inf, np.inf], "nothing finite"),
    ],
)
def test_a_row_with_nothing_finite(cells, told):
    head, _numbers = seen(tensor_view(Tensor(np.array(cells), (Axis("key"),), "masked", At(1))), 60).splitlines()
    assert head == f"@1:masked   [key 3]   {told}"


def test_one_value():
    assert seen(tensor_view(Tensor(np.asarray(7), (), "choice", At(1)))) == "@1:choice = 7\n"
    assert seen(tensor_view(Tensor(np.asarray(-1e-9), (), "x", At(1)), title="x[0]")) == "x[0] = -1.00e-09\n"


def test_nothing():
    assert (
        seen(tensor_view(Tensor(np.zeros((0, 3)), (Axis("query"), Axis("key")), "x", At(1))))
        == "@1:x   [query 0, key 3]\n"
    )


@pytest.mark.parametrize("array", [np.array([[True, False]]), np.array([[3, -4]])])
def test_other_types_than_floats(array):
    assert "." not in seen(tensor_view(Tensor(array, (Axis("a"), Axis("b"))), title="t")).splitlines()[-1]


def test_accessible_is_a_list_in_ascii():
    assert seen(tensor_view(tape()["decoder.0.self_attn.masked"].select([])), 70, accessible=True).startswith(
        "@2:decoder.0.self_attn.masked   [head 2, query 3, key 3]\n"
        "x in [0.000, 2.000]   mean 0.875   std 0.582   6 not finite\n"
        "head 0\n"
        "query 0 <s>:  0 <s>: 1.500;  1 i: -inf;  2 爱: -inf;\n"
    )


TRUE = {"FORCE_COLOR": "1", "COLORTERM": "truecolor"}
COLOURED = Tensor(np.array([[1.0, -1.0, 0.0, -np.inf, np.nan]]), (Axis("a"), Axis("b")), "")


def coloured(**environ: str) -> str:
    return next(line for line in seen(tensor_view(COLOURED), **environ).splitlines() if "nan" in line)


GAP = "\x1b[2m \x1b[0m"


def test_colours():
    assert coloured(FORCE_COLOR="1", COLORTERM="truecolor") == GAP.join(
        [
            "\x1b[2m0\x1b[0m",
            "\x1b[1;38;2;0;0;0;48;2;216;218;235m  1.000\x1b[0m",
            "\x1b[38;2;0;0;0;48;2;254;224;182m -1.000\x1b[0m",
            "  0.000",
            "\x1b[2m     −∞\x1b[0m",
            "\x1b[1;7m    nan\x1b[0m",
        ]
    )


def test_the_scale_is_seen_where_cells_are_coloured_from_behind():
    last = [seen(tensor_view(COLOURED), **environ).splitlines()[-1] for environ in (TRUE, {"FORCE_COLOR": "1"}, {})]
    assert re.findall(r"(?<=m) -?\d\.000 (?=\x1b)", last[0]) == [" -1.000 ", " 0.000 ", " 1.000 "]
    assert ["nan" in line for line in last] == [False, True, True]


def test_sixteen_colours_paint_the_digits():
    assert f"\x1b[1;95m  1.000\x1b[0m{GAP}\x1b[1;33m -1.000\x1b[0m" in coloured(FORCE_COLOR="1")


def test_no_colour_is_no_escape_at_all():
    plain = "0   1.000  -1.000   0.000      −∞     nan"
    assert coloured(**TRUE, NO_COLOR="1") == plain
    assert coloured() == plain


def test_probabilities_have_one_hue():
    weights = Tensor(np.array([[0.0, 0.1, 0.5, 1.0]]), (Axis("a"), Axis("b")), "")
    row = seen(tensor_view(weights, probabilities=True), FORCE_COLOR="1").splitlines()[-2]
    assert "33m" not in row
    assert "\x1b[2m ·    \x1b[0m" in row
