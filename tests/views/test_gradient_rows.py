"""Rows of gradients, worked out."""

import numpy as np
import pytest

from tracer.document import Table
from tracer.views.gradient_rows import has_row, loss_gradient_view, softmax_gradient_view
from tracer.views.page import Page
from tracer.views.view import View

from .catalogue import given, gradient


def table_of(view: View) -> Table:
    [table] = [block for block in view.blocks(Page()) if isinstance(block, Table)]
    return table


def texts(table: Table) -> list[list[str]]:
    return [[cell.content.text for cell in row] for row in table.rows]


def test_the_next_id_leads_and_its_y_is_1() -> None:
    record = gradient("logits")
    gold = record.parameters["gold"][1]
    row, *others = texts(table_of(loss_gradient_view(record, (1,))))
    name, z, p, y, less, cell = row
    assert name.startswith(str(gold))
    assert y == "1.000"
    assert {other[3] for other in others[:-1]} == {"0"}
    assert float(p) - 1 == pytest.approx(float(less), abs=1e-3)
    assert float(z) == pytest.approx(given().step(1)["logits"].array[1, gold], abs=1e-3)
    assert float(cell) == pytest.approx(record.output.array[1, gold], abs=1e-3)


def test_the_sum_of_a_softmax_row_is_what_is_taken_off() -> None:
    record = gradient("decoder.0.cross_attn.masked")
    dy, y = (tensor.array[1, 1] for tensor in record.inputs)
    table = table_of(softmax_gradient_view(record, (1, 1), decimals=9))
    assert float(table.footer[3].content.text) == pytest.approx(np.sum(dy * y), rel=1e-6)
    cells = [float(row[4]) for row in texts(table)]
    np.testing.assert_allclose(cells, record.output.array[1, 1], rtol=1e-6)


def test_where_no_id_is_predicted_there_is_nothing_to_work_out() -> None:
    record = gradient("logits")
    assert has_row(record, [len(record.parameters["gold"]) - 1])
    assert not has_row(record, [len(record.output.array) - 1])
    assert not has_row(given().step(1).find("logits"), [0])
