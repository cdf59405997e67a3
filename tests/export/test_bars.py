"""Bars as a picture: from 0 to their numbers, with intervals, and nothing that could be markup."""

import math
import re

from tracer.document import Bar, Bars, Cell, Column, Span, Table
from tracer.export.bars import GAP, ROOM, bars
from tracer.export.html import Writer
from tracer.export.markdown import Writer as Markdown

TABLE = Table([Column("a")], [[Cell(Span("1"))]])


def rectangles(*values):
    drawn = bars(Bars("t", [Bar("", "", value, math.nan, math.nan) for value in values], TABLE))
    return [
        (float(x) - GAP, float(width)) for x, width in re.findall(r'<rect x="([\d.]+)" .*? width="([\d.]+)"', drawn)
    ]


def test_the_longest_fills_its_room():
    assert rectangles(1, 4) == [(0, ROOM / 4), (0, ROOM)]


def test_what_is_below_nothing_lies_on_the_other_side():
    assert rectangles(-1, 3) == [(0, ROOM / 4), (ROOM / 4, 3 * ROOM / 4)]


def test_what_is_no_number_has_no_bar():
    assert rectangles(math.nan, 0) == [(0, 1)]


def test_an_interval_is_a_line():
    assert '<path d="M130.0 30.0H250.0M130.0 26.0v8M250.0 26.0v8"/>' in bars(Bars("t", [Bar("", "", 1, 0.5, 1)], TABLE))


def test_names_are_escaped():
    block = Bars("<b>", [Bar("</svg><script>", '"x"', 1, 1, 1)], TABLE)
    page = Writer().block(block)
    assert "<script>" not in page
    assert "&lt;/svg&gt;&lt;script&gt;" in page
    assert page.count("</svg>") == 1
    assert "<table>" in page


def test_without_pictures_there_is_the_table():
    assert Markdown().block(Bars("t", [], TABLE)) == Markdown().block(TABLE)
