import io
import time

import pytest

from tracer.document import Lines, Span
from tracer.export.svg import Writer
from tracer.export.writer import UNTITLED
from tracer.render.console import color_depth, make_console
from tracer.render.folding import clipped_left
from tracer.render.tables import Bars


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


def test_what_a_terminal_would_obey_is_written_out_whatever_is_printed():
    screen = io.StringIO()
    console = make_console(screen, width=80, color="never", accessible=False, environ={})
    console.print("a\x1b]52;\x9b\u202eb\nc")
    assert screen.getvalue() == "a\\x1b]52;\\x9b\\u202eb\nc\n"


def test_what_is_cut_and_what_is_drawn_takes_the_time_of_its_length():
    start = time.process_time()
    assert clipped_left("我" * 200_000, 9) == "…" + "我" * 4
    bars = Bars([(0.5, 3)] * 3000)
    assert {bars.whole(20) for _row in range(3000)} == {20}
    svg = Writer()
    drawn = svg.document(UNTITLED, [svg.block(Lines([[Span("a " * 20_000)]]))])
    assert sum(part.count("<text") for part in drawn) == 20_000
    assert time.process_time() - start < 5
