from xml.etree import ElementTree

import pytest

from tracer.document import Lines, Span
from tracer.export.svg import ADVANCE, HEIGHT, MARGIN, Writer, cells_of
from tracer.export.writer import Title

from .hostile import HOSTILE, LINES, document, written

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lines):
    writer = Writer()
    return ElementTree.fromstring(document(writer, writer.block(Lines(lines))))


def texts(root):
    return [(text.text, float(text.get("x")), float(text.get("textLength"))) for text in root.iter(f"{SVG}text")]


def at(column):
    return pytest.approx(MARGIN + column * ADVANCE, abs=0.06)


def cells(n):
    return pytest.approx(n * ADVANCE, abs=0.06)


def test_tokens_are_text():
    root = ElementTree.fromstring(written(Writer(), [LINES]))
    assert {element.tag for element in root.iter()} == {f"{SVG}{tag}" for tag in ("svg", "style", "rect", "text")}
    assert "".join(text for text, *_place in texts(root)).count(HOSTILE.replace(" ", "")) == 5


def test_a_chinese_character_takes_two_cells():
    assert texts(drawn([Span("0 我爱 i")])) == [
        ("0", at(0), cells(1)),
        ("我爱", at(2), cells(4)),
        ("i", at(7), cells(1)),
    ]
    assert cells_of("你 e\u0301") == 4


def test_heat_lies_behind_the_whole_cell():
    root = drawn([Span("我 "), Span("  0.5", "h9"), Span("x", "bold")])
    [_paper, ground] = root.iter(f"{SVG}rect")
    assert (float(ground.get("x")), float(ground.get("width"))) == (at(3), cells(5))
    assert [text.get("class") for text in root.iter(f"{SVG}text")] == [None, "h9", "bold"]


def test_a_picture_begins_with_what_it_is_about():
    root = ElementTree.fromstring(document(Writer(), title=Title("a & b", "gpt2")))
    assert root.findtext(f"{SVG}title") == "a & b"
    assert [text for text, *_place in texts(root)] == ["a", "&", "b", "gpt2"]
    assert float(root.get("height")) == 2 * MARGIN + 3 * HEIGHT


def test_the_picture_is_as_large_as_its_lines():
    root = drawn([Span("我" * 10)], [Span("x")])
    assert float(root.get("width")) == pytest.approx(2 * MARGIN + 20 * ADVANCE)
    assert float(root.get("height")) == 2 * MARGIN + 2 * HEIGHT
