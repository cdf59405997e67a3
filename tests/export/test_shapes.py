"""What a page and a picture are made of: each element where it belongs, in the tones it has."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from tracer.document import Cell, Column, Formula, Items, Paragraph, Prose, Scale, Span, Table
from tracer.export.html import Writer as Html
from tracer.export.svg import Writer as Svg
from tracer.render.drawing import laid_out
from tracer.render.sheet import coloured
from tracer.tensor import Axis, Tensor
from tracer.views.heads import heads_view
from tracer.views.page import Page
from tracer.views.tensors import tensor_view

from .hostile import document

SVG = "{http://www.w3.org/2000/svg}"
SHARES = np.array([[[0.1, 0.9], [0.5, 0.5]], [[1.0, 0.0], [0.3, 0.7]]])
WEIGHTS = Tensor(SHARES, (Axis("head"), Axis("query"), Axis("key")), "@1:w")
VOID = ("meta", "link", "hr", "br")


class Outline(HTMLParser):
    """Every element with those it stands in, and its text."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.texts = [], []
        self.feed(page)
        assert self.inside == []

    def handle_starttag(self, tag, attributes):
        name = ".".join([tag, *dict(attributes).get("class", "").split()])
        self.inside.append(name)
        self.texts.append([[*self.inside], ""])
        if tag in VOID:
            self.inside.pop()

    def handle_endtag(self, tag):
        assert self.inside.pop().partition(".")[0] == tag

    def handle_data(self, data):
        if self.texts:
            self.texts[-1][1] += data

    def within(self, *names):
        """The texts of the elements that stand in these, the last one being the element itself."""
        return [text.strip() for path, text in self.texts if path and path[-1] == names[-1] and {*names} <= {*path}]


def page(*blocks):
    writer = Html()
    return Outline(writer.opening() + writer.command("x") + "".join(map(writer.block, blocks)) + writer.closing())


def test_heads_stand_beside_one_another_each_under_its_name():
    seen = page(*heads_view(WEIGHTS, title="w").blocks(Page()))
    assert seen.within("div.tables.abreast", "caption") == ["head 0", "head 1"]
    assert seen.within("div.tables.abreast", "thead", "th")[-2:] == ["0", "1"]


def test_a_footer_stands_apart_from_the_rows():
    cells = [Cell(Span("Σ")), Cell(Span("1.0"))]
    seen = page(Table([Column("key", align="<"), Column("weight")], [[Cell(Span("0")), Cell(Span("1.0"))]], cells))
    assert seen.within("tfoot", "td") == ["1.0"]
    assert seen.within("tbody", "td") == ["1.0"]


def test_the_largest_of_a_row_is_bold_on_its_ground():
    seen = page(*tensor_view(WEIGHTS, probabilities=True).blocks(Page()))
    assert "0.900" in seen.within("td.h9.bold")


def test_a_scale_has_a_swatch_for_each_number():
    seen = page(Scale(["-1", "0", "1"], ["h0", "", "h10"]))
    assert [*seen.within("p.scale", "span.h0"), *seen.within("p.scale", "span.h10")] == ["-1", "1"]


def test_prose_has_lists_quotations_and_rules():
    def said(text):
        return Paragraph([Span(text), Formula("x²", "x^2")], gap=0)

    lists = [Items([" 2.", " 3."], [[said("second")], [said("third")]]), Items(["•"], [[said("any")]])]
    seen = page(Prose([*lists, Items(["│"], [[said("quoted")]], has_bar=True), Items(["─"], [[]], has_bar=True)]))
    assert seen.within("ol", "li", "p.text", "span") == ["second", "third"]
    assert seen.within("ul.items", "li", "p.text", "span") == ["any"]
    assert seen.within("blockquote", "p.text", "span") == ["quoted"]
    assert len(seen.within("hr")) == 1


def picture(view, box="rounded"):
    writer = Svg()
    return ElementTree.fromstring(document(writer, writer.block(laid_out(view, coloured(Page(), 100, box)))))


def test_a_bold_cell_of_a_picture_has_its_ground_and_its_ink():
    drawn = picture(tensor_view(WEIGHTS, probabilities=True))
    assert "h10" in [rect.get("class") for rect in drawn.iter(f"{SVG}rect")]
    [largest] = [text for text in drawn.iter(f"{SVG}text") if text.text == "0.900"]
    assert {*largest.get("class").split()} == {"bold", "h9"}


@pytest.mark.parametrize(("box", "signs"), [("rounded", "╭╮╰╯│"), ("simple", "─"), ("ascii2", "+|-")])
def test_the_lines_of_frames_are_as_they_are_in_a_terminal(box, signs):
    text = "".join(picture(tensor_view(WEIGHTS), box).itertext())
    assert {*signs} <= {*text}


def test_a_picture_that_nothing_is_said_of_has_frames():
    assert "╭" in "".join(picture(tensor_view(WEIGHTS), "auto").itertext())
