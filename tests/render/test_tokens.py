"""Texts in cells of a terminal."""

from tracer.document import Lines, Span
from tracer.render.folding import chopped, clipped, clipped_left, folded, padded
from tracer.views.tokens import token_strips
from tracer.views.view import View
from tracer.views.words import bound

from .screen import seen


def test_texts_are_measured_in_cells():
    assert padded("我", 4) == "我  "
    assert padded("我", 4, ">") == "  我"
    assert clipped("我爱你们", 5) == "我爱…"
    assert clipped("我爱你们", 8) == "我爱你们"
    assert clipped_left("我爱你们", 5) == "…你们"
    assert folded("我爱你们 北京", 5) == ["我爱", "你们", "北京"]


def test_a_line_of_chinese_neither_begins_with_what_closes_nor_ends_with_what_opens():
    assert folded("一行 softmax（算出），或数", 14) == ["一行 softmax", "（算出），或数"]
    assert folded("一二三四五，六", 10) == ["一二三四", "五，六"]
    assert folded("  two words", 9) == ["  two", "words"]


def test_what_is_bound_stays_in_one_line_if_it_can():
    text = f"x {bound('[head 2, key 3]')}"
    assert folded(text, 15) == ["x", "[head 2, key 3]"]
    assert folded(text, 9) == ["x", "[head 2,", "key 3]"]


def test_a_long_address_is_cut_at_its_joints():
    assert folded("at @1:decoder.0.ffn.norm[0,12] = 0.25", 14) == ["at", "@1:decoder.0.", "ffn.norm", "[0,12] = 0.25"]
    assert chopped("0123456789", 4) == ["0123", "4567", "89"]


def test_strips():
    strips = token_strips({"source": ["我", "爱", "你", "</s>"], "target": ["<s>"]})
    assert seen(strips) == "source  0 我   1 爱   2 你   3 </s>\ntarget  0 <s>\n"
    assert seen(token_strips({"target": ["[/INST]", ":smile:"]})) == "target  0 [/INST]   1 :smile:\n"


def test_strips_wrap_at_the_width():
    assert seen(token_strips({"source": ["我们"] * 5, "target": []}), 30) == (
        "source  0 我们   1 我们\n        2 我们   3 我们\n        4 我们\ntarget\n"
    )


def test_an_overlong_token_goes_on_below():
    assert "".join(seen(token_strips({"source": ["x" * 100]}), 30).split()) == "source0" + "x" * 100


def test_what_is_laid_out_wider_than_the_page_goes_on_below():
    assert seen(View(lambda _page: [Lines([[Span("0.12345", "bold"), Span("6789")]])]), 8) == "0.123456\n789\n"
