"""Tables of texts on pages of any width."""

import pytest
from rich.cells import cell_len
from tracer.views.table import Column, Remark, Table

from .sample import seen

ADDRESS = "@1:decoder.0.cross_attn.weights[1,0]"
COLUMNS = [
    Column("address", [ADDRESS, "@2"], "<"),
    Column("score", ["-0.1234", "-12.5000"]),
    Column("fate", ["open", "closed"], "<", spare=1),
    Column("short", ["three short words", "one"], "<", free=True),
    Column("text", ["我" * 20, "a text"], "<", free=True),
]


def table(*words):
    return Table(COLUMNS, [Remark(word) for word in words or ("", "")], indent=0)


def test_what_has_room_is_whole():
    lines = seen(table(), 160).splitlines()
    assert len(lines) == 3
    assert lines[1].split() == [ADDRESS, "-0.1234", "open", "three", "short", "words", "我" * 20]


@pytest.mark.parametrize("width", range(60, 130, 7))
def test_an_address_a_number_and_a_name_are_never_cut(width):
    text = seen(table(), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert ADDRESS in text
    assert "-0.1234" in text
    assert ("open" in text) != ("left out, for want of room: fate" in text)


def test_the_longest_free_text_is_cut_first():
    [_head, first, second, *_rest] = seen(table(), 90).splitlines()
    assert "three short words" in first
    assert "我…" in first
    assert "one" in second
    assert "three sho…" in seen(table(), 75)


def test_where_nothing_is_left_to_cut_a_row_is_a_paragraph():
    text = " ".join(seen(table(), 40).split())
    assert f"address: {ADDRESS}; score: -0.1234; fate: open; short: three short words;" in text


def test_what_is_left_out_is_said_at_the_end():
    columns = [Column("a", ["1"]), Column("b", ["2" * 20], spare=1), Column("c", ["3" * 20], spare=2)]
    rows = Table(columns, [Remark()])
    assert seen(rows, 60).splitlines()[1:] == [f"  1  {'2' * 20}  {'3' * 20}"]
    assert seen(rows, 50).splitlines()[1:] == [f"  1  {'2' * 20}", "  left out, for want of room: c"]
    assert seen(rows, 20).splitlines()[1:] == ["  1", "  left out, for want", "  of room: b, c"]


def test_a_remark_without_room_stands_below_and_further_in():
    lines = seen(table("told of the first row", "of the second"), 76).splitlines()
    assert lines[2] == "    told of the first row"
