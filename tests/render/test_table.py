"""Tables of texts on pages of any width."""

from random import Random

import pytest
from rich.cells import cell_len

from tracer.render.tables import narrowed
from tracer.views.table import Column, Remark
from tracer.views.table import table as columned
from tracer.views.view import View

from .screen import seen

ADDRESS = "@1:decoder.0.cross_attn.weights[1,0]"
COLUMNS = [
    Column("address", [ADDRESS, "@2"], "<"),
    Column("score", ["-0.1234", "-12.5000"]),
    Column("fate", ["open", "closed"], "<", spare=1),
    Column("short", ["three short words", "one"], "<", free="end"),
    Column("text", ["我" * 20, "a text"], "<", free="end"),
]


def shown(block):
    return View(lambda _page: [block])


def table(*words):
    return shown(columned(COLUMNS, [Remark(word) for word in words or ("", "")], indent=0))


def test_what_has_room_is_whole():
    lines = seen(table(), 160).splitlines()
    assert len(lines) == 4
    assert lines[2].split() == [ADDRESS, "-0.1234", "open", "three", "short", "words", "我" * 20]


@pytest.mark.parametrize("width", range(60, 130, 7))
def test_an_address_a_number_and_a_name_are_never_cut(width):
    text = seen(table(), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert ADDRESS in text
    assert "-0.1234" in text
    assert ("open" in text) != ("left out, for want of room: fate" in text)


def test_the_longest_free_text_is_cut_first():
    [_head, _rule, first, second] = seen(table(), 92).splitlines()
    assert "three short words" in first
    assert first.endswith("我…")
    assert "one" in second
    assert "three s…" in seen(table(), 75)


def test_where_nothing_is_left_to_cut_a_row_is_a_paragraph():
    text = " ".join(seen(table(), 40).split())
    assert f"address: {ADDRESS}; score: -0.1234; fate: open; short: three short words;" in text


def test_what_is_left_out_is_said_at_the_end():
    columns = [Column("a", ["1"]), Column("b", ["2" * 20], spare=1), Column("c", ["3" * 20], spare=2)]
    rows = shown(columned(columns))
    assert seen(rows, 60).splitlines()[2:] == [f"  1  {'2' * 20}  {'3' * 20}"]
    assert seen(rows, 44).splitlines()[2:] == [f"  1  {'2' * 20}", "  left out, for want of room: c"]
    assert seen(rows, 20).splitlines()[2:] == ["  1", "  left out, for want", "  of room: b, c"]


def test_a_remark_is_folded_and_never_cut():
    [_heads, _rule, first, rest, _second] = seen(table("told of the first row", "of the second"), 96).splitlines()
    assert first.endswith("  told of the")
    assert rest.strip() == "first row"


def test_a_remark_without_room_stands_below_where_a_table_goes_on():
    rows = shown(columned(COLUMNS[:2], [Remark("told of the first row"), Remark()], indent=0, goes_on=True))
    assert seen(rows, 59).splitlines()[-2:] == [
        "@2                                    -12.5000",
        f"{ADDRESS}  told of the first row",
    ]


BARS = [Column("a", ["one", "two"], "<"), Column("other", ["x" * 12, "x"], "<", free="end"), Column("b", ["1", "2"])]


@pytest.mark.parametrize(("width", "cells"), [(60, 20), (37, 8), (33, 4), (22, 4), (19, 0)])
def test_bars_alone_are_shortened_before_texts_are_cut_and_then_left_out(width, cells):
    text = seen(shown(columned(BARS, [Remark(share=1.0), Remark(share=0.5)], indent=0)), width, box="rounded")
    assert [text.count("█"), text.count("…")] == [cells + cells // 2, int(width < 30)]
    assert all(cell_len(line) <= width for line in text.splitlines())


def test_a_table_at_its_narrowest_keeps_its_right_border():
    columns = [
        Column("#", ["1"]),
        Column("target token", ['"love"'], "<", free="end"),
        Column("best other", ['"other"'], "<", free="end"),
    ]
    text = seen(shown(columned(columns, [Remark("some words", share=0.8)], indent=2)), 50, box="rounded")
    assert {line[-1] for line in text.splitlines()} <= set("╮┤│╯")


def a_cell_at_a_time(widths, least, ranks, excess):
    found = list(widths)
    for _cell in range(excess):
        free = (n for n, width in enumerate(found) if width > least[n])
        found[max(free, key=lambda n: (ranks[n][0], found[n] - ranks[n][1]))] -= 1
    return found


@pytest.mark.parametrize("seed", range(50))
def test_columns_are_narrowed_as_if_a_cell_at_a_time(seed):
    random = Random(seed)
    widths = [random.randrange(40) for _column in range(random.randint(1, 5))]
    least = [random.randint(0, width) for width in widths]
    ranks = [(random.random() < 0.3, random.random() < 0.5) for _column in widths]
    excess = random.randint(-2, sum(widths) - sum(least))
    assert narrowed(widths, least, ranks, excess) == a_cell_at_a_time(widths, least, ranks, excess)


def test_a_long_text_is_narrowed_at_once():
    """A cell at a time this takes minutes."""
    assert narrowed([10, 10**9], [10, 1], [(False, False)] * 2, 10**9 - 50) == [10, 50]
