"""The shell on real terminals."""

import json
import shutil

import numpy as np
import pytest
from rich.cells import cell_len
from safetensors.numpy import load_file, save_file
from terminal import ROOT, Terminal

ENTER, TAB, CONTROL_C, CONTROL_D, F11, UP = "\r", "\t", "\x03", "\x04", "\x1b[23~", "\x1b[A"


@pytest.fixture
def terminal():
    opened = []

    def start(*arguments, columns=80, lines=24, **environ):
        opened.append(Terminal(columns, lines, *arguments, **environ))
        return opened[-1]

    yield start
    for there in opened:
        there.close()


def bar(text):
    """The line at the bottom has a text."""
    return lambda lines: text in lines[-1]


def prompted(lines):
    """The last line above the bar is an empty prompt."""
    return [line for line in lines[:-1] if line][-1:] == ["(tx)"]


def seen(text):
    return lambda lines: any(text in line for line in lines)


def test_the_menu_says_what_may_come_next(terminal):
    there = terminal()
    there.wait(bar("zh-en-tiny  not started"))
    there.type("p enc.0.self.we")
    lines = there.wait(seen("enc.0.self.weights  [2,4,4] softmax"))
    assert lines[-1].startswith("print [/a]")
    there.type(TAB + "[")
    there.wait(seen("h1     head"))
    there.type("h1]" + ENTER)
    there.wait(seen("@0:encoder.0.self_attn.weights[h1]"))
    there.wait(prompted)


def test_tab_types_what_is_certain_a_level_at_a_time(terminal):
    there = terminal()
    there.wait(bar("not started"))
    there.type("p @1:dec" + TAB)
    there.wait(seen("(tx) p @1:decoder."))
    there.wait(seen("decoder.0.      30 tensors"))
    there.type("0.c" + TAB + "w" + TAB)
    there.wait(seen("(tx) p @1:decoder.0.cross_attn.weights"))
    there.type("[h1]" + ENTER)
    there.wait(seen("$1 = @1:decoder.0.cross_attn.weights[h1]"))
    there.type("p max($)" + ENTER)
    there.wait(seen("$2 = max($) = 0."))


def test_keys_step_and_the_bar_follows(terminal):
    there = terminal()
    there.wait(bar("not started"))
    there.type(F11)
    there.wait(bar("#1 encoder.embed.tokens"))
    there.type(ENTER)
    there.wait(bar("#2 encoder.embed.positions"))
    there.type("b dec.0.cross.weights" + ENTER)
    there.wait(bar("1 breakpoint"))


@pytest.fixture
def endless(tmp_path):
    """A checkpoint that goes on for thousands of tokens."""
    folder = tmp_path / "endless"
    shutil.copytree(ROOT / "tests/fixtures/gpt2", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "n_positions": 8192, "n_ctx": 8192}))
    tensors = load_file(folder / "model.safetensors")
    [positions] = [name for name in tensors if name.endswith("wpe.weight")]
    tensors[positions] = np.random.default_rng(0).normal(0, 0.02, (8192, 48)).astype(np.float32)
    save_file(tensors, folder / "model.safetensors")
    (folder / "generation_config.json").write_text('{"eos_token_id": 3}')
    return str(folder)


def test_control_c_stops_a_run_at_a_cursor_from_which_it_goes_on(terminal, endless):
    there = terminal("-m", endless, "-t", "Once", "--max-tokens", "8000", columns=100)
    there.wait(bar("not started"))
    there.type("continue" + ENTER)
    there.wait(seen("  p 0."))
    there.type(CONTROL_C)
    there.wait(seen("interrupted; the cursor stands at @"))
    stopped = int(there.wait(bar("endless  @"))[-1].split("@")[1].split()[0])
    assert stopped < 7000
    there.type("token" + ENTER)
    there.wait(bar(f"@{stopped + 1} "))


def test_control_c_clears_a_line_and_control_d_leaves(terminal):
    there = terminal()
    there.wait(bar("not started"))
    there.type("p logi")
    there.wait(seen("p logi"))
    there.type(CONTROL_C)
    there.wait(prompted)
    there.type(CONTROL_D)
    assert there.status() == 0


def test_another_size_leaves_a_clean_screen(terminal):
    there = terminal(columns=100, lines=24)
    there.wait(bar("not started"))
    there.type("s 3" + ENTER)
    there.wait(bar("#3 encoder.embed.output"))
    for columns, lines in ((60, 16), (120, 30)):
        there.resize(columns, lines)
        there.type(CONTROL_C)
        shown = there.wait(bar("#3 encoder.embed.output"))
        assert sum("zh-en-tiny  @0" in line for line in shown) == 1


def test_chinese_lines_up(terminal):
    there = terminal("--box", "simple", "-e", "p enc.0.self.weights[h0]")
    lines = there.wait(bar("not started"))
    [head] = [line for line in lines if line.startswith("query")]
    rows = lines[lines.index(head) + 2 :][:4]
    assert [row.split()[1] for row in rows] == ["我", "爱", "你", "</s>"]
    ends = {cell_len(row) for row in rows}
    assert ends == {cell_len(head)}


def test_lines_of_the_session_before_come_back(terminal):
    first = terminal()
    first.wait(bar("not started"))
    first.type("s 2" + ENTER)
    first.wait(bar("#2"))
    first.type("q" + ENTER)
    assert first.status() == 0
    second = terminal()
    second.wait(bar("not started"))
    second.type(UP + UP + ENTER)
    second.wait(bar("#2"))


def test_a_session_is_resumed_where_it_stood(terminal):
    first = terminal("-t", "我们爱你")
    first.wait(bar("not started"))
    first.type("b dec.0.cross.weights if max(weights) > .5" + ENTER + "t" + ENTER)
    first.wait(bar("decoder.0.cross_attn.weights  1 breakpoint"))
    first.type(CONTROL_D)
    assert first.status() == 0
    second = Resumed()
    try:
        lines = second.wait(bar("decoder.0.cross_attn.weights  1 breakpoint"))
        assert seen("source  0 我们   1 爱   2 你")(lines)
    finally:
        second.close()


class Resumed(Terminal):
    """``tx-trace --resume``."""

    always = ("--resume",)

    def __init__(self):
        super().__init__(80, 24)


def test_a_session_is_kept_when_the_terminal_hangs_up(terminal, tmp_path):
    there = terminal()
    there.wait(bar("not started"))
    there.type("s 2" + ENTER)
    there.wait(bar("#2"))
    there.close()
    assert json.loads((tmp_path / "state/tx-trace/session.json").read_text())["cursor"] == [0, 2]


def test_the_bar_stands_near_the_prompt_until_there_is_a_menu(terminal):
    there = terminal()
    lines = there.wait(bar("not started"))
    assert len(lines) - lines.index("(tx)") <= 4
    there.type("set ")
    lines = there.wait(seen("theme"))
    assert len(lines) - lines.index("(tx) set") >= 8


def test_what_does_not_fit_is_paged_unless_that_is_off(terminal):
    there = terminal(lines=20)
    there.wait(bar("not started"))
    there.type("help all" + ENTER)
    lines = there.wait(lambda lines: lines[-1] == "space: next page   q: back")
    assert "forward" in lines
    there.type("q")
    there.wait(bar("not started"))
    there.type("set pager off" + ENTER + "help all" + ENTER)
    there.wait(seen("help COMMAND says more"))
    there.wait(prompted)


def test_no_colour_is_no_colour(terminal):
    for environ, has_colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        there = terminal("-e", "p enc.0.self.weights[h0]", **environ)
        there.wait(bar("not started"))
        cells = [cell for line in there.screen.buffer.values() for cell in line.values()]
        assert any("default" not in (cell.fg, cell.bg) for cell in cells) is has_colours


def test_a_line_typed_before_is_suggested(terminal, tmp_path):
    (tmp_path / "state/tx-trace").mkdir(parents=True)
    (tmp_path / "state/tx-trace/history").write_text("p enc.0.self.weights[h1]\n")
    there = terminal()
    there.wait(bar("not started"))
    there.type("p enc.0.s")
    there.wait(seen("(tx) p enc.0.self.weights[h1]"))
    there.type("\x05" + ENTER)
    there.wait(seen("@0:encoder.0.self_attn.weights[h1]"))


def test_a_dumb_terminal_gets_a_plain_prompt(terminal):
    there = terminal(TERM="dumb")
    there.wait(prompted_plainly)
    there.type("s\r")
    there.wait(lambda lines: seen("@0 #1  encoder.embed.tokens")(lines) and prompted_plainly(lines))
    there.type("q\r")
    assert there.status() == 0


def prompted_plainly(lines):
    return [line for line in lines if line][-1:] == ["(tx)"]


def test_accessible_is_ascii_without_a_bar(terminal):
    there = terminal("--accessible")
    there.wait(prompted_plainly)
    there.type("s" + ENTER)
    there.wait(lambda lines: seen("encoder.embed.tokens")(lines) and prompted_plainly(lines))
    ours = [line for line in there.lines if not line.startswith("source")]
    assert all(line.isascii() for line in ours[3:])


def test_twenty_columns_are_enough(terminal):
    there = terminal(columns=20, lines=16)
    there.wait(bar("zh-en-tiny  not sta…"))
    there.type("s" + ENTER)
    there.wait(bar("zh-en-tiny  @0  #1"))
    there.type("p enc.0.self.we")
    there.wait(seen("enc.0.self.wei"))


def test_settings_of_the_file_hold_and_its_faults_are_told(terminal, tmp_path):
    (tmp_path / "config/tx-trace").mkdir(parents=True)
    (tmp_path / "config/tx-trace/config").write_text("toolbar = off\ncolor = blue\n")
    there = terminal()
    there.wait(prompted_plainly)
    assert "config:2: color: 'blue' is none of auto, always, never" in "".join(there.lines)
