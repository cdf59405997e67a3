import pytest
from rich.segment import Segment
from tracer.views.page import BOLD, View, chopped, clipped, clipped_left, folded, padded
from tracer.views.tokens import quoted, shown, spelt, token_strips
from tracer.views.words import bound

from tracer.addresses import Label, parse_selectors

from .sample import seen


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ("[b]", "[b]"),
        ("▁love", "▁love"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u200db", r"a\u200db"),
        ("\u202eabc", r"\u202eabc"),
        ("❤\ufe0f", r"❤\ufe0f"),
        ("\u3000", r"\u3000"),
        ("\udc80", r"\udc80"),
        ("我们", "我们"),
    ],
)
def test_what_cannot_be_seen_is_written_out(piece, text):
    assert shown(piece) == text


def test_quoted():
    assert quoted('say "a"\n') == r'"say \"a\"\n"'


@pytest.mark.parametrize(
    ("piece", "text"),
    [("\n", r"\n"), (r"\n", r"\\n"), ("\\", r"\\"), ("\\\n", r"\\\n"), (r"\xe4", r"\xe4"), ("a\tb", r"a\tb")],
)
def test_a_piece_is_spelt_as_a_selector_names_it(piece, text):
    """A line break is told apart from a backslash before an n, and a byte stays marked as one."""
    assert spelt(piece) == text
    assert parse_selectors(quoted(piece)) == (Label(piece),)
    assert str(Label(piece)) == quoted(piece)


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
    assert seen(strips) == "source   0 我   1 爱   2 你   3 </s>\ntarget   0 <s>\n"
    assert seen(token_strips({"target": ["[/INST]", ":smile:"]})) == "target   0 [/INST]   1 :smile:\n"


def test_strips_wrap_at_the_width():
    assert seen(token_strips({"source": ["我们"] * 5, "target": []}), 30) == (
        "source   0 我们   1 我们\n         2 我们   3 我们\n         4 我们\ntarget\n"
    )


def test_an_overlong_token_is_clipped():
    assert seen(token_strips({"source": ["x" * 100]}), 30).splitlines()[0] == "source   0 " + "x" * 18 + "…"


class Wide(View):
    def lines(self, page):
        yield [Segment("0.12345", BOLD), Segment("6789")]


def test_what_is_wider_than_the_page_goes_on_below():
    assert seen(Wide(), 8) == "0.123456\n789\n"
