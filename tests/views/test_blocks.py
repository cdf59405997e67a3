"""What views say, before anyone draws it."""

from typing import cast

import numpy as np
import pytest

from tracer.addresses import At
from tracer.derive import derive
from tracer.document import Block, Formula, Matrix, Paragraph, Scale, Span, Table, Tree
from tracer.tensor import FEATURE, Tensor
from tracer.views import tensors
from tracer.views.below import below, ending, led, scientific, sentence
from tracer.views.derivation import derivation_view
from tracer.views.distribution import top_view
from tracer.views.formula import formula_view
from tracer.views.heads import heads_view
from tracer.views.inventory import tensors_view
from tracer.views.mask import mask_view
from tracer.views.page import Page
from tracer.views.records import listing, record_line, record_lines
from tracer.views.softmax import softmax_view
from tracer.views.tensors import tensor_view
from tracer.views.view import View

from .sample import matrix, tape

ROOM = 100


def said(view: View, rows: int = 20) -> list[Block]:
    return list(view.blocks(Page(rows=rows)))


def table_of(view: View, rows: int = 20, room: int = ROOM) -> Table:
    """The first of its tables, or the whole of its first matrix."""
    [first] = [block for block in said(view, rows) if isinstance(block, Table | Matrix)][:1]
    return first if isinstance(first, Table) else first.whole(room)


def texts(table: Table) -> list[list[str]]:
    return [[cell.content.text for cell in row] for row in table.rows]


def test_a_matrix_is_a_table_with_its_labels() -> None:
    table = table_of(tensor_view(matrix(2, 2, labels=True)))
    assert [(column.title, column.label) for column in table.columns] == [("key", "query"), ("0", "k0"), ("1", "k1")]
    assert texts(table) == [["0 q0", "0.000", "0.001"], ["1 q1", "1.000", "1.001"]]


def test_of_more_cells_than_a_table_has_a_window_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = said(tensor_view(matrix(30, 2), full=True), rows=4)
    monkeypatch.setattr(tensors, "MOST_WHOLE", 59)
    cut = said(tensor_view(matrix(30, 2), full=True), rows=4)
    counts = [len(block.whole(ROOM).rows) for block in (*whole, *cut) if isinstance(block, Matrix)]
    assert (counts[0], counts[1] < 10) == (30, True)
    assert "60 cells are too many for a table of all" in str([block for block in cut if isinstance(block, Paragraph)])


def test_a_matrix_without_labels_has_the_name_of_its_columns_alone() -> None:
    table = table_of(tensor_view(matrix(2, 1)))
    assert [(column.title, column.label) for column in table.columns] == [("key", ""), ("0", "")]


def test_cells_have_the_tone_of_their_heat_and_plain_ones_none() -> None:
    rows = table_of(tensor_view(matrix(2, 1))).rows
    assert [cast(Span, row[1].content).tone for row in rows] == ["bold", "h10 bold"]


def test_the_largest_cell_of_a_row_is_bold() -> None:
    [row] = table_of(tensor_view(matrix(1, 3))).rows
    assert ["bold" in cast(Span, cell.content).tone for cell in row[1:]] == [False, False, True]
    [row] = table_of(mask_view(tape().find("decoder.0.self_attn.mask"))).rows[:1]
    assert not any("bold" in cast(Span, cell.content).tone for cell in row)


def test_a_matrix_is_cut_both_ways() -> None:
    table = table_of(tensor_view(matrix(100, 50)), rows=5, room=5)
    assert texts(table)[2][0] == "… 96 more …"
    assert [column.title for column in table.columns] == ["key", "0", "1", "…46…", "48", "49"]
    assert {len(row) for row in table.rows} == {6}


def test_all_of_a_matrix_is_in_several_parts() -> None:
    [whole] = [block for block in said(tensor_view(matrix(100, 50), full=True), rows=5) if isinstance(block, Matrix)]
    assert list(map(len, whole.columns_shown(20))) == [20, 20, 10]
    assert len(whole.rows_shown()) == 100


def test_cells_are_formatted_when_they_are_asked_for() -> None:
    [block] = [block for block in said(tensor_view(matrix(4, 4000))) if isinstance(block, Matrix)]
    assert len(texts(block.table([0], [0, 3999]))[0]) == 3
    assert texts(block.table([0, 1], [])) == [["0"], ["1"]]


def test_a_vector_is_one_row_that_is_read_like_text() -> None:
    vector = Tensor(matrix(1, 4).array[0], (FEATURE,), "v", At(1))
    [_heading, row, _scale] = said(tensor_view(vector))
    assert isinstance(row, Matrix)
    assert row.is_wrapped
    assert texts(row.whole(ROOM)) == [["0", "0", "1.000e-03", "2.000e-03", "3.000e-03"]]


def test_a_mask_and_its_legend() -> None:
    blocks = said(mask_view(tape().find("decoder.0.self_attn.mask")))
    assert isinstance(blocks[1], Matrix)
    assert [type(block) for block in blocks[::2]] == [Paragraph, Paragraph]
    assert texts(blocks[1].whole(ROOM))[0] == ["0 <s>", "■", "·", "·"]


def test_the_scale_says_what_the_colours_stand_for() -> None:
    view = tensor_view(tape()["decoder.0.self_attn.weights"], probabilities=True)
    [scale] = [block for block in said(view) if isinstance(block, Scale)]
    assert scale == Scale(["·    ", "0.500", "1.000"], ["dim", "h7", "h10"])


def test_heads_are_abreast_and_lists_in_plain() -> None:
    view = heads_view(tape()["decoder.0.self_attn.weights"], title="w")
    assert [type(block).__name__ for block in said(view)] == ["Paragraph", "Abreast", "Paragraph", "Scale"]
    assert {type(block) for block in view.blocks(Page(plain=True))} == {Paragraph}


def test_shares_are_bars() -> None:
    record = tape().find("decoder.0.self_attn.weights")
    table = table_of(softmax_view(record, (0, 0), tape()))
    assert table.rows[0][-1].share == 1.0
    assert table.rows[0][-1].content.text == "max"


def test_sums_are_a_footer() -> None:
    table = table_of(softmax_view(tape().find("decoder.0.self_attn.weights"), (0, 1), tape()))
    assert [cell.content.text for cell in table.footer] == ["", "Σ", "", "1.6065", "1.000", ""]


def test_likeliest_tokens() -> None:
    tensor = tape().find("choice.probs").output
    heads = [column.title for column in table_of(top_view(tensor, tensor, str, n=2)).columns]
    assert heads[:3] == ["rank", "id", "token"]


@pytest.mark.parametrize("view", [record_line(tape().find("logits")), formula_view(tape().find("logits"))])
def test_a_formula_has_its_latex(view: View) -> None:
    [table] = [block for block in said(view) if isinstance(block, Table)]
    assert Formula("x Wᵀ", r"x W^{\top}") in [cell.content for row in table.rows for cell in row]


def test_a_derivation_is_a_tree_that_begins_with_its_formula() -> None:
    record = tape().find("decoder.0.self_attn.weights")
    [tree] = said(derivation_view(derive(record, (0, 1, 0))))
    assert isinstance(tree, Tree)
    [cell] = tree.branches
    written = Formula(cast(str, record.op.formula), cast(str, record.op.latex))
    assert cell.branches[0].content == [Paragraph([Span("softmax:"), written], gap=1)]
    assert any(isinstance(block, Table) for branch in cell.branches for block in branch.content)


def test_the_current_record_of_a_listing_is_pointed_at() -> None:
    table = table_of(listing(tape().records[:3], current=2))
    assert [row[0].content.text.strip() for row in table.rows] == ["#1", "--> #2", "#3"]


def test_tensors_that_are_no_quantities_are_ids_or_masks() -> None:
    ids, hidden = Tensor(np.array([3, 4]), (FEATURE,), "x"), Tensor(np.array([True, False]), (FEATURE,), "m")
    table = table_of(tensors_view([("", "x", ids, None), ("", "m", hidden, None)]))
    assert [row[-1] for row in texts(table)] == ["ids", "a mask"]


def test_numbers_with_a_power_of_ten() -> None:
    assert texts(table_of(scientific(tensor_view(matrix(1, 1)))))[0][1] == "0"


def test_words_lead_the_first_line_of_another_view() -> None:
    assert said(led("$1 = ", sentence("x"))) == [Paragraph([Span("$1 = x")])]
    lead, table = said(led("$1 = ", tensors_view([("", "x", tape().find("logits").output, None)])))
    assert lead == Paragraph([Span("$1 =", "dim")])
    assert isinstance(table, Table)


def test_words_lead_the_first_row_of_a_table_and_the_others_stand_below_it() -> None:
    [table] = said(led("$1 = ", record_lines(tape().records[:2], ["", ""])))
    assert [row[0].content.text for row in table.rows] == ["$1 = @2 #1", "     @2 #2"]


def test_a_view_ends_with_what_stands_below_its_last_table_or_with_the_last_row() -> None:
    lines = record_lines(tape().records[:2], ["", ""])
    assert said(ending(below(sentence("a"), lines, sentence("b"), sentence("c")))) == [
        Paragraph([Span("b")]),
        Paragraph([Span("c")]),
    ]
    [table] = said(ending(below(sentence("a"), lines)))
    assert [row[0].content.text for row in table.rows] == ["@2 #2"]
    assert said(ending(sentence("a"))) == []
