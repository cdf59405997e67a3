"""What views say to documents."""

from typing import cast

import pytest
from tracer.views.derivation import derivation_view
from tracer.render.described import blocks, laid_out, page
from tracer.views.distribution import top_view
from tracer.views.formula import formula_view
from tracer.views.mask import mask_view
from tracer.views.page import Page, Scientific
from tracer.views.records import listing, record_line
from tracer.views.softmax import softmax_view
from tracer.views.tensors import tensor_view

from tracer.addresses import At
from tracer.derive import derive
from tracer.document import Block, Formula, Lines, Paragraph, Span, Table, Tree
from tracer.tensor import FEATURE, Tensor

from .sample import matrix, tape


def sheet(rows: int = 20) -> Page:
    return page(100, is_plain=False, has_colours=True, decimals=3, rows=rows)


def said(view: object, rows: int = 20) -> list[Block]:
    return list(blocks(view, sheet(rows)))  # type: ignore[arg-type]


def table_of(view: object, rows: int = 20) -> Table:
    return next(block for block in said(view, rows) if isinstance(block, Table))


def texts(table: Table) -> list[list[str]]:
    return [[cell.content.text for cell in row] for row in table.rows]


def test_a_matrix_is_a_table_with_its_labels() -> None:
    table = table_of(tensor_view(matrix(2, 2, labels=True)))
    assert [(column.title, column.label) for column in table.columns] == [("key", "query"), ("0", "k0"), ("1", "k1")]
    assert texts(table) == [["0 q0", "0.000", "0.001"], ["1 q1", "1.000", "1.001"]]


def test_cells_have_the_tone_of_their_heat_and_plain_ones_none() -> None:
    rows = table_of(tensor_view(matrix(2, 1))).rows
    assert [cast(Span, row[1].content).tone for row in rows] == ["", "h10"]


def test_a_matrix_is_cut_both_ways_to_the_rows_of_the_page() -> None:
    table = table_of(tensor_view(matrix(100, 50)), rows=5)
    assert texts(table)[2] == ["… 96 more …"]
    assert [column.title for column in table.columns] == ["key", "0", "1", "…46…", "48", "49"]
    assert {len(row) for row in table.rows} == {1, 6}
    assert len(table_of(tensor_view(matrix(100, 50), full=True), rows=5).rows) == 100


def test_a_vector_is_one_row() -> None:
    vector = Tensor(matrix(1, 4).array[0], (FEATURE,), "v", At(1))
    assert texts(table_of(tensor_view(vector))) == [["0", "0.000", "0.001", "0.002", "0.003"]]


def test_a_mask_and_its_legend() -> None:
    blocks = said(mask_view(tape().find("decoder.0.self_attn.mask")))
    assert [type(block) for block in blocks] == [Paragraph, Table, Paragraph]
    assert texts(cast(Table, blocks[1]))[0] == ["0 <s>", "■", "·", "·"]


def test_shares_are_bars() -> None:
    record = tape().find("decoder.0.self_attn.weights")
    table = table_of(softmax_view(record, (0, 0), tape()))
    assert table.rows[0][-1].share == 1.0
    assert table.rows[0][-1].content.text == "max"


def test_likeliest_tokens() -> None:
    tensor = tape().find("choice.probs").output
    assert [column.title for column in table_of(top_view(tensor, tensor, str, n=2)).columns][:3] == [
        "rank",
        "id",
        "token",
    ]


@pytest.mark.parametrize("view", [record_line(tape().find("logits")), formula_view(tape().find("logits"))])
def test_a_formula_has_its_latex(view: object) -> None:
    assert Formula("x Wᵀ", r"x W^{\top}") in [
        part
        for block in said(view)
        for part in (block.parts if isinstance(block, Paragraph) else [c.content for r in block.rows for c in r])  # type: ignore[union-attr]
    ]


def test_a_derivation_is_a_tree_that_begins_with_its_formula() -> None:
    record = tape().find("decoder.0.self_attn.weights")
    _title, tree = said(derivation_view(derive(record, (0, 1, 0))))
    assert isinstance(tree, Tree)
    assert tree.branches[0].content == [Paragraph([Span("softmax:"), Formula(record.op.formula, record.op.latex)])]
    assert any(isinstance(block, Table) for branch in tree.branches for block in branch.content)


def test_the_current_record_of_a_listing_is_pointed_at() -> None:
    table = table_of(listing(tape().records[:3], current=2))
    assert [row[0].content.text for row in table.rows] == ["#1", "--> #2", "#3"]


def test_numbers_with_a_power_of_ten() -> None:
    assert texts(table_of(Scientific(tensor_view(matrix(1, 1)))))[0][1] == "0.000e+00"


def test_laid_out_it_is_the_lines_of_a_screen() -> None:
    view = tensor_view(matrix(1, 2))
    lines = laid_out(view, sheet()).lines
    assert ["".join(span.text for span in line) for line in lines][-1] == "0    0.000  0.001"


def test_texts_keep_their_lines_and_long_ones_are_folded() -> None:
    assert said("a\n  b") == [Lines([[Span("a")], [Span("  b")]])]
    assert len(laid_out("word " * 40, sheet()).lines) == 2
