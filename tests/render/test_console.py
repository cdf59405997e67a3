import io

import pytest

from tracer.render.console import color_depth, make_console


@pytest.mark.parametrize(
    ("color", "environ", "is_terminal", "depth"),
    [
        ("auto", {}, False, None),
        ("auto", {"TERM": "xterm"}, True, "standard"),
        ("auto", {"TERM": "xterm-256color"}, True, "256"),
        ("auto", {"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, "truecolor"),
        ("auto", {"NO_COLOR": "1", "TERM": "xterm"}, True, None),
        ("auto", {"NO_COLOR": "", "TERM": "xterm"}, True, "standard"),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, None),
        ("auto", {"FORCE_COLOR": "1"}, False, "standard"),
        ("auto", {"FORCE_COLOR": "0", "TERM": "xterm"}, True, None),
        ("auto", {"CLICOLOR_FORCE": "1", "TERM": "dumb"}, False, "standard"),
        ("auto", {"CLICOLOR": "0", "TERM": "xterm"}, True, None),
        ("auto", {"TERM": "dumb"}, True, None),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, "standard"),
        ("never", {"FORCE_COLOR": "1", "COLORTERM": "truecolor"}, True, None),
    ],
)
def test_the_decision_about_colour(color, environ, is_terminal, depth):
    assert color_depth(color, environ, is_terminal=is_terminal) == depth


def printed(text, **options):
    file = io.StringIO()
    make_console(file, width=40, environ={}, **{"color": "never", "accessible": False, **options}).print(text)
    return file.getvalue()


@pytest.mark.parametrize("text", ["[b]bold[/b]", "[/INST]", ":smile:", "3.14 True 'x'"])
def test_text_is_never_markup_emoji_or_highlighted(text):
    assert printed(text) == text + "\n"
    assert printed(text, color="always") == text + "\n"


def test_accessible_asks_renderables_for_ascii():
    assert make_console(io.StringIO(), width=40, color="auto", accessible=True, environ={}).options.ascii_only
    assert not make_console(io.StringIO(), width=40, color="auto", accessible=False, environ={}).options.ascii_only
