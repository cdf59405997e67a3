import pytest

from tracer.addresses import Label, parse_selectors
from tracer.views.tokens import quoted, shown, spelt
from tracer.views.words import bound, words


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


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("two words", ["two ", "words"]),
        (f"x {bound('[head 2, key 3]')}", ["x ", bound("[head 2, key 3]")]),
        (f"{bound('0 我们')} {bound('1 你')}", [bound("0 我们") + " ", bound("1 你")]),
        ("一二，三", ["一", "二，", "三"]),
        ('key "我爱"', ["key ", '"我', '爱"']),
    ],
)
def test_a_line_may_end_between_words_and_beside_chinese(text, pieces):
    assert words(text) == pieces
