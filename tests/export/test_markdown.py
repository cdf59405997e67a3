import re

import pytest

from tracer.document import Cell, Column, Formula, Lines, Paragraph, Span, Table
from tracer.export.markdown import Writer, code, escaped
from tracer.export.writer import Title
from tracer.views.page import Page
from tracer.views.tensors import tensor_view

from ..views.sample import matrix
from .hostile import BLOCKS, HOSTILE, table, written


def seen(*blocks):
    return "".join(map(Writer().block, blocks)).splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("[b]", r"\[b\]"),
        ("<s>", r"\<s\>"),
        ("`x`", r"\`x\`"),
        ("a_b*c", r"a\_b\*c"),
        ("$5 & #1", r"\$5 \& \#1"),
        ("- x", r"\- x"),
        ("-0.5", "-0.5"),
        ("1. x", r"1\. x"),
        ("1.5", "1.5"),
        ("\\", r"\\"),
        ("我爱你", "我爱你"),
    ],
)
def test_a_token_is_never_markup(text, expected):
    assert escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("x", "`x`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a```", "```` a``` ````")]
)
def test_no_backtick_ends_a_code_span_of_ours(text, expected):
    assert code(text) == expected


def test_a_table_has_a_head_an_alignment_and_as_many_cells_in_every_row():
    columns = [Column("key", "query", "<"), Column("0", "我")]
    rows = [[Cell(Span("0 <s>")), Cell(Span("0.5", "h9"))], [Cell(Span("… 2 more …")), Cell(Span(""))]]
    assert seen(Table(columns, rows)) == [
        "| key query | 0 我 |",
        "| :--- | ---: |",
        r"| 0 \<s\> | 0.5 |",
        "| … 2 more … |  |",
        "",
    ]


def test_no_cell_opens_another():
    rows = [line for line in seen(table()) if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_a_share_is_a_bar():
    assert seen(Table([Column("")], [[Cell(Span("max"), 0.25)]])) == ["█████ max", ""]
    assert seen(Table([Column("share")], [[Cell(Span("max"), 0.25)]]))[2] == "| █████ max |"


def test_a_formula_is_latex_between_dollars():
    assert seen(Paragraph([Span("softmax:"), Formula("x / y", r"\frac{x}{y}")])) == [r"softmax:   $\frac{x}{y}$", ""]


def test_a_fence_is_longer_than_any_within():
    assert seen(Lines([[Span("````")]])) == ["`````text", "````", "`````", ""]


def test_a_line_that_was_typed_is_a_heading():
    assert written(Writer(), BLOCKS).splitlines()[2].startswith("### ````(tx) <script>")
    assert escaped(HOSTILE) in written(Writer(), [])


def test_a_document_begins_with_what_it_is_about():
    assert Writer().opening(Title("a_b 我", "gpt2: decoder-only")) == "# a\\_b 我\n\ngpt2: decoder-only\n\n"
    assert Writer().opening() == ""


def test_a_footer_is_the_last_row():
    columns = [Column("layer", "", "<"), Column("memory")]
    assert seen(Table(columns, [[Cell(Span("0")), Cell(Span("1"))]], [Cell(Span("in all")), Cell(Span("1"))]))[2:] == [
        "| 0 | 1 |",
        "| in all | 1 |",
        "",
    ]


def test_a_matrix_is_cut_to_the_columns_of_a_page():
    assert (
        seen(*tensor_view(matrix(2, 100)).blocks(Page()))[2]
        == "| key | " + " | ".join([*map(str, range(10)), "…81…", *map(str, range(91, 100))]) + " |"
    )


def test_a_break_ends_a_line():
    assert seen(Paragraph([Span("one"), Span("\n"), Span("two")], gap=0)) == ["one\\", "two", ""]


def test_an_indent_stays():
    assert seen(Table([Column("module", "", "<")], [[Cell(Span("  ffn"))]]))[2] == "| &nbsp;&nbsp;ffn |"
