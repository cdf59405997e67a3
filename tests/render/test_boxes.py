"""The lines of tables: every box of rich keeps within the width, and labels over their columns."""

import io

import numpy as np
import pytest
from rich.cells import cell_len

from tracer.document import Cell, Column, Span, Table
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.render.sheet import BOXES
from tracer.tensor import Axis, Tensor
from tracer.views.heads import heads_view
from tracer.views.tensors import tensor_view
from tracer.views.view import View

TABLE = Table(
    [Column("id"), Column("token", align="<", room="cut"), Column("prob", spare=1), Column(align="<")],
    [[Cell(Span("1")), Cell(Span("爱")), Cell(Span("0.5")), Cell(Span("chosen"), 0.5)]],
    [Cell(Span("Σ")), Cell(Span("")), Cell(Span("0.5")), Cell(Span(""))],
)
WIDTHS = (40, 61, 100)


def drawn(view, box, width=100, file=None):
    file = file or io.StringIO()
    make_console(file, width=width, color="never", accessible=False, environ={}, box=box).print(Drawn(view))
    return file.getvalue().splitlines()


def matrix(rows, columns, labels=None):
    """[query, key]: the cell (i, j) is i + j / 1000."""
    array = np.arange(rows)[:, None] + np.arange(columns) / 1000
    return Tensor(array, (Axis("query"), Axis("key", labels)), "@1:m")


VIEWS = {
    "matrix": tensor_view(matrix(4, 30, [f"k{n}" for n in range(30)])),
    "narrow": tensor_view(matrix(3, 3, ["a", "b", "c"])),
    "heads": heads_view(
        Tensor(np.full((9, 3, 4), 0.25), (Axis("head"), Axis("query"), Axis("key")), "@1:w"), title="w"
    ),
    "table": View(lambda _page: [TABLE]),
}


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_nothing_is_wider_than_the_page(box, width, view):
    assert max(map(cell_len, drawn(view, box, width))) <= width


@pytest.mark.parametrize("box", BOXES)
def test_labels_end_where_their_numbers_do(box):
    _header, *lines = drawn(tensor_view(matrix(2, 3, ["爱", "b", "three"])), box)
    labels = next(line for line in lines if "three" in line)
    numbers = next(line for line in lines if "1.002" in line)
    for label, number in zip(["爱", "b", "three"], ["1.000", "1.001", "1.002"], strict=True):
        ends = [cell_len(line[: line.index(text) + len(text)]) for line, text in ((labels, label), (numbers, number))]
        assert ends[0] == ends[1], label


@pytest.mark.parametrize("box", BOXES)
def test_every_line_of_a_frame_is_as_wide_as_the_others(box):
    lines = [line for line in drawn(VIEWS["narrow"], box)[1:] if line.strip() and line[0] not in " q0123456789"]
    assert len({cell_len(line) for line in lines}) <= 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_person_at_a_terminal_sees_frames_and_a_file_has_none():
    assert any("╭" in line for line in drawn(VIEWS["narrow"], "auto", file=Terminal()))
    assert not any("│" in line for line in drawn(VIEWS["narrow"], "auto"))
