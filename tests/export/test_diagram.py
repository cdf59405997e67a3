"""A diagram on a page and in a document: real boxes here, box characters there."""

from __future__ import annotations

from xml.etree import ElementTree

from tracer.diagrams.layout import drawn
from tracer.document import Diagram, Frame, Node, Span, Strand
from tracer.export.cells import cells_of
from tracer.export.diagram import picture
from tracer.export.html import Writer as Html
from tracer.export.markdown import Writer as Markdown

from .hostile import HOSTILE

STRAND = Strand(
    [Node("│", "我爱你", is_long=True), Node("■", "f", [0], tone="bold"), Node("⊕", "sum", [0, 1], note=Span("x + y"))],
    [Frame("layer", 1, 2)],
)
TWO = Diagram([STRAND, STRAND], [(2, [1])])


def elements(diagram: Diagram, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture(diagram)).iter(tag))


def test_every_node_is_a_box_and_every_frame_one_around_them() -> None:
    rects = elements(TWO, "rect")
    assert len(rects) == 2 * (3 + 1)
    assert [rect.get("class") for rect in rects if rect.get("class")] == ["frame"] * 2


def test_every_wire_is_a_line_and_one_across_has_an_arrow() -> None:
    paths = [path.get("d", "") for path in elements(TWO, "path")]
    assert len(paths) == len(drawn(TWO, 128, cells_of).wires)
    assert sum("l6 4l-6 4" in path for path in paths) == 1


def test_what_is_said_is_there_word_for_word() -> None:
    said = [text.text for text in elements(Diagram([STRAND]), "text")]
    assert said == ["layer", "│", "我爱你", "■", "f", "⊕", "sum", "x", "+", "y"]


def test_it_stands_on_the_page_and_is_fenced_in_a_document() -> None:
    assert Html().block(TWO).startswith('<svg class="diagram"')
    assert Markdown().block(TWO).startswith("```text\n")
    assert "╭─┼─ layer" in Markdown().block(TWO)


def test_names_are_never_markup() -> None:
    diagram = Diagram([Strand([Node("○", HOSTILE, note=Span(HOSTILE))], [Frame(HOSTILE, 0, 0)])])
    assert [one.tag for one in ElementTree.fromstring(picture(diagram)).iter() if one.tag in ("script", "i")] == []
