"""Prose in Markdown, at several widths, in two languages, with tokens as data."""

import pytest
from rich.cells import cell_len

from tracer.views.markup import literal
from tracer.views.progress import progress_bar
from tracer.views.prose import prose

from .screen import seen


def lines(markdown, width=80, **options):
    return seen(prose(markdown), width, **options).splitlines()


TOKENS = [
    "</s>", "<s>", "▁love", "*", "**", "_x_", "[/INST]", "[b](c)", ":smile:", "`", "``", "a|b", "- a", "1. a", "# a",
    "> a", "~~~", "&lt;", "&#60;", "\\", "\\*", "  a  ", "    a", "$", "!", "---", "爱", "、", "é", "…", "→", "·", "−",
    "<b>x</b>", "https://example.org",
]  # fmt: skip


@pytest.mark.parametrize("accessible", [False, True])
@pytest.mark.parametrize("token", TOKENS)
def test_a_token_stays_what_it_is(token, accessible):
    assert lines(f"({literal(token)})", accessible=accessible) == [f"({token})"]
    assert lines(f"**({literal(token)})**", accessible=accessible) == [f"({token})"]
    assert lines(f"x `{literal(token)}`", accessible=accessible) == [f"x `{token}`"]
    assert lines(f"```\n{literal(token)}|\n```", accessible=accessible) == [f"    {token}|"]


@pytest.mark.parametrize("token", ["- a", "1. a", "# a", "> a", "---", "```", "    a"])
def test_a_token_at_the_start_of_a_paragraph_begins_no_block(token):
    assert lines(literal(token)) == [token]


@pytest.mark.parametrize(("token", "expected"), [("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ("\u200d", "\\u200d")])
def test_what_can_not_be_seen_is_written_out(token, expected):
    assert lines(literal(token)) == [expected]
    assert lines(f"`{literal(token)}`") == [f"`{expected}`"]


def test_nothing_in_a_file_instructs_the_terminal():
    assert lines("a\x1b[31mb `\x1b]0;x`\n\n```\n\x1b[0m\n```") == ["a\\x1b[31mb `\\x1b]0;x`", "", "    \\x1b[0m"]


def test_there_are_no_links_and_no_html():
    text = "[a](b) ![c](d) <b>e</b> <https://f.g> d_model _h_ :smile:"
    assert lines(text) == [text]
    assert lines("<div>\n*a*\n</div>") == ["<div> a </div>"]
    assert lines("[a]: b\n\n[a]") == ["[a]: b", "", "[a]"]


def test_a_paragraph_is_broken_at_the_width_between_words():
    text = "The largest score gets the largest weight, since softmax keeps the order of what it is given.\nAlways."
    assert lines(text, 40) == [
        "The largest score gets the largest",
        "weight, since softmax keeps the order of",
        "what it is given. Always.",
    ]


def test_lines_stay_readable_on_a_wide_screen():
    assert max(map(len, lines("word " * 60, 200))) in range(80, 89)
    assert max(map(cell_len, lines("字" * 160, 200))) == 88


def test_blocks_stand_apart_and_items_do_not():
    text = "# Title\nWords\nmore.\n\n- one\n- two\n\n9. nine\n10. ten\n\n> Said.\n>\n> Twice.\n\n---\n```\np  x\n```"
    assert lines(text, 12) == [
        "Title",
        "",
        "Words more.",
        "",
        "• one",
        "• two",
        "",
        " 9. nine",
        "10. ten",
        "",
        "│ Said.",
        "│",
        "│ Twice.",
        "",
        "────────────",
        "",
        "    p  x",
    ]


def test_what_goes_on_is_indented_below_its_beginning():
    assert lines("- one that goes on\n  and on", 12) == ["• one that", "  goes on", "  and on"]
    assert lines("> one that goes on", 12) == ["│ one that", "│ goes on"]


def test_a_hard_break_ends_a_line():
    assert lines("one\\\ntwo  \nthree") == ["one", "two", "three"]


def test_accessible_prose_is_ascii():
    assert lines("- √d_k → `x·y`\n\n> −1\n\n---", 10, accessible=True) == [
        "- sqrt d_k",
        "  -> `x·y`",
        "",
        "| -1",
        "",
        "----------",
    ]


def test_colours_take_the_place_of_backquotes():
    written = seen(prose("# A\n\n**b** *c* `d` **`e`**"), FORCE_COLOR="1", TERM="xterm")
    assert written == ("\x1b[1mA\x1b[0m\n\n\x1b[1mb\x1b[0m \x1b[3mc\x1b[0m \x1b[36md\x1b[0m \x1b[1;36me\x1b[0m\n")


def test_code_is_not_torn_unless_it_is_longer_than_a_line():
    assert lines("Now look at `p scores[h0, 0]`, please.", 24) == ["Now look at", "`p scores[h0, 0]`,", "please."]
    assert lines("现在看一看 `p scores[爱, 我]`，好", 24) == ["现在看一看", "`p scores[爱, 我]`，好"]
    assert lines("See `print dec.0.cross.scores[h0, 0]`.", 16) == ["See `print", "dec.0.cross.", "scores[h0, 0]`."]


def test_chinese_is_broken_between_any_two_characters():
    assert lines("softmax 把每一行分数变成权重", 12) == ["softmax 把每", "一行分数变成", "权重"]
    assert lines("一二三四五六**七八**九", 9) == ["一二三四", "五六七八", "九"]


@pytest.mark.parametrize("mark", "，。、；：！？）》」』”’…")
def test_no_line_begins_with_what_closes(mark):
    assert lines(f"一二三{mark}四五六", 6)[0] == "一二"
    assert lines(f"一二**三**{mark}四五六", 6)[0] == "一二"


def test_western_marks_stay_with_the_chinese_before_them():
    assert lines("一二三, 四", 6) == ["一二", "三, 四"]
    assert lines("一二，.json", 8) == ["一二，", ".json"]


@pytest.mark.parametrize("mark", "（《「『“‘")
def test_no_line_ends_with_what_opens(mark):
    assert lines(f"一二{mark}三四五六", 6)[0] == "一二"


@pytest.mark.parametrize("width", range(8, 41))
def test_no_line_is_wider_than_the_page(width):
    text = "现在用 `p dec.0.cross.scores` 看一看**“分数”**（softmax 之前的）：`s`。\n\n- 编码器、解码器\n\n> 引用"
    assert all(cell_len(line) <= width for line in lines(text, width))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("一\n二", "一二"),
        ("一。\nA", "一。A"),
        ("A\n，一", "A，一"),
        ("一\nA", "一 A"),
        ("A\n一", "A 一"),
        ("A\nB", "A B"),
        ("**一**\n*二*", "一二"),
        ("`一`\n二", "`一` 二"),
    ],
)
def test_the_end_of_a_source_line_is_no_blank_within_chinese(source, expected):
    assert lines(source) == [expected]


@pytest.mark.parametrize("text", ["得到**“权重”**的", "得到**</s>**的", "**（一）**二", "一**`a`**二", "a **b**, *c*."])
def test_emphasis_works_beside_chinese(text):
    assert "*" not in lines(text)[0]


@pytest.mark.parametrize("text", ["2 * 3 * 4", "** a **", "*", "a*", "**"])
def test_stars_that_emphasise_nothing_are_stars(text):
    assert lines(f"x {text}") == [f"x {text}"]


TABLE = f"""
| token | 权重 | what it is |
| --- | ---: | --- |
| 我 | 0.27 | **first**, of two |
| {literal("a|b")} | −1.5 | `p x` |
"""


def test_a_table_is_aligned_in_cells():
    assert lines(TABLE) == [
        "token  权重  what it is",
        "──────────────────────────",
        "我     0.27  first, of two",
        "a|b    −1.5  `p x`",
    ]


def test_code_in_a_table_is_code_as_elsewhere_and_its_head_is_words():
    written = seen(prose("| `a` | b |\n|-|-|\n| `c` | d `e` |"), FORCE_COLOR="1", TERM="xterm")
    assert "`" not in written
    assert "\x1b[36mc\x1b[0m" in written


def test_numbers_stand_at_the_right_of_their_column():
    assert lines("| | `</s>` |\n|:-|-:|\n| a | 0.199 |\n| b | −0.775 |") == [
        "     </s>",
        "─────────",
        "a   0.199",
        "b  −0.775",
    ]


def test_a_short_formula_is_not_torn():
    assert lines("The mean is μ = (1 + 3 + 5) / 3.", 24) == ["The mean is", "μ = (1 + 3 + 5) / 3."]
    assert lines("公式写作 x + y，就是两项之和。", 15) == ["公式写作", "x + y，就是两项", "之和。"]
    long = " + ".join(["0.123"] * 8)
    assert len(lines(f"It is {long}.", 40)) == 2


def test_a_narrow_table_folds_its_widest_column():
    assert lines(TABLE.replace("of two", "of two words"), 28) == [
        "token  权重  what it is",
        "────────────────────────────",
        "我     0.27  first, of two",
        "             words",
        "a|b    −1.5  `p x`",
    ]


def test_where_lists_are_wanted_a_row_is_a_paragraph():
    assert lines(TABLE, 60, accessible=True) == [
        "token: 我; 权重: 0.27; what it is: first, of two;",
        "token: a|b; 权重: -1.5; what it is: `p x`;",
    ]


def test_a_table_without_titles_or_rows():
    assert lines("| | |\n|-|-|\n| a | b |") == ["a  b"]
    assert lines("| a |\n|-|") == ["a", "─"]


def test_nothing_is_nothing():
    assert lines("") == []


def test_a_bar_shows_what_is_done():
    assert seen(progress_bar(3, 8, 10)) == "███▊······  3/8\n"
    assert seen(progress_bar(3, 8, 10), accessible=True) == "####......  3/8\n"
    assert seen(progress_bar(0, 0, 4)) == "····  0/0\n"
    assert seen(progress_bar(2, 2, 4)) == "████  2/2\n"
