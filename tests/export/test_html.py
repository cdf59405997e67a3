from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tracer import i18n
from tracer.document import Cell, Column, Formula, Lines, Paragraph, Span, Table
from tracer.export.html import COLUMNS, Writer, sheet
from tracer.export.markup import mathml
from tracer.export.writer import Title
from tracer.ops import catalogue

from .hostile import BLOCKS, HOSTILE, table, written

VOID = {"meta", "link"}
FETCHING = {"script", "img", "iframe", "object", "embed", "video", "audio", "form", "base"}


class Reader(HTMLParser):
    """Checks that every element ends where it should, and gathers what the page says."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def count(self, tag):
        return self.tags.count(tag)


@pytest.fixture(scope="module")
def page():
    return Reader(written(Writer(), BLOCKS))


def test_every_element_ends_where_it_should(page):
    assert {"section", "table", "pre", "ul", "math"} <= set(page.tags)


def test_tokens_are_text(page):
    assert page.count("script") == 0
    assert page.texts.count(HOSTILE) >= 10
    assert f"(tx) {HOSTILE}" in page.texts


def test_nothing_is_fetched_and_no_script_needed(page):
    assert not FETCHING & set(page.tags)
    links = [value for name, value in page.attributes if name in ("src", "href", "action")]
    assert links == ["data:,"]
    assert not [name for name, _value in page.attributes if name.startswith("on")]
    assert "url(" not in sheet()
    assert "@import" not in sheet()


def test_light_dark_and_paper_have_their_colours():
    assert "prefers-color-scheme:dark" in sheet()
    assert "@media print" in sheet()
    assert ".h0{background:#7f3b08;color:#ffffff}" in sheet()
    assert ".h10{background:#d8daeb;color:#000000}" in sheet()


def test_a_wide_table_is_cut_to_the_width_of_paper_and_keeps_its_labels():
    wide = Reader(Writer().block(table(2 * COLUMNS + 1)))
    assert wide.count("table") == 3
    assert wide.count("td") == 3 * (2 * COLUMNS + 1)
    assert wide.texts.count("… 8 more …") == 3


def test_a_pointer_over_a_cell_is_told_its_row_and_column(page):
    titles = [value for name, value in page.attributes if name == "title"]
    assert titles[:2] == [f"{HOSTILE} · 0 {HOSTILE}", f"{HOSTILE} · 1 {HOSTILE}"]
    unnamed = Table([Column(), Column()], [[Cell(Span("key")), Cell(Span("1"))]])
    assert "title" not in Writer().block(unnamed)


def test_a_pointer_marks_a_column_over_its_cells_and_names_of_rows_stay_in_sight():
    assert "tbody td:hover { outline: 2px solid var(--mark); outline-offset: -2px; z-index: 1; }" in sheet()
    assert "section > .tables th:first-child { position: sticky; left: 0; z-index: 2; }" in sheet()


def test_a_page_of_no_command_is_a_page_too():
    assert Reader(written(Writer(), [])).count("section") == 2
    assert Reader(Writer().opening() + Writer().closing()).count("body") == 1


def test_a_page_begins_with_what_it_is_about():
    writer = Writer()
    page = Reader(writer.opening(Title(HOSTILE, "zh-en-tiny: encoder–decoder")) + writer.closing())
    assert page.tags[page.tags.index("body") + 1 :] == ["header", "h1", "p"]
    assert [text for text in page.texts if text.strip()][-2:] == [HOSTILE, "zh-en-tiny: encoder–decoder"]
    assert page.texts[page.texts.index(HOSTILE) :].count(HOSTILE) == 2


def test_a_document_begins_each_section_once():
    writer = Writer()
    both = Reader(writer.opening() + writer.command("one") + writer.command("two") + writer.closing())
    assert both.count("section") == both.count("h2") == 2


def test_a_footer_stands_apart():
    footed = Writer().block(Table([Column("layer")], [[Cell(Span("0"))]], [Cell(Span("in all"))]))
    assert "<tfoot><tr><th>in all</th></tr></tfoot>" in footed


def test_a_break_ends_a_line():
    assert "one</span><span><br></span><span>two" in Writer().block(
        Paragraph([Span("one"), Span("\n"), Span("two")], gap=0)
    )


def test_lines_keep_their_tones():
    assert Writer().block(Lines([[Span("a "), Span("b", "h9")], [Span("c")]])) == (
        '<pre>a <span class="h9">b</span>\nc</pre>\n'
    )


@pytest.mark.parametrize("op", catalogue().values(), ids=repr)
def test_every_formula_is_well_formed_mathml(op):
    root = ElementTree.fromstring(mathml(Formula(op.formula, op.latex)))
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert root.get("alttext") == op.formula
    assert "\\" not in "".join(root.itertext())


@pytest.mark.parametrize("op", [op for op in catalogue().values() if isinstance(op.latex, i18n.Message)], ids=repr)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_words_of_a_formula_are_in_the_users_language(op, language):
    i18n.use(language)
    root = ElementTree.fromstring(mathml(Formula(op.formula, i18n.spoken(op.latex))))
    i18n.use("en")
    words = "".join(element.text for element in root.iter("{http://www.w3.org/1998/Math/MathML}mtext"))
    assert ("否则" in words, "else" in words) == (language == "zh", language == "en")


def test_words_of_a_formula_stand_stand_upright_as_one():
    assert "softmax" in mathml(Formula("softmax", r"\mathrm{softmax}(x)"))
    assert "<math" in Writer().block(Paragraph([Formula("x", "x")]))
