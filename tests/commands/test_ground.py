"""What the ground of a terminal is: as its environment says, or as it answers on a line of its own."""

import os
import pty
import select
import sys
import termios
import threading
import time

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from commands.output import ground, present
from commands.output.ground import answered, asked, is_owed, stated
from commands.output.present import Look, TerminalPresenter, TextPresenter
from commands.terminal.prompt import Prompt

LIGHT, DARK = b"\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\", b"\x1b]11;rgb:00/2b/36\x07"
KIND = b"\x1b[?64;1;2c"
XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [("15;0", "dark"), ("0;15", "light"), ("0;default;7", "light"), ("7;8", "dark"), ("x;y", None), ("1;99", None)],
)
def test_colorfgbg_names_the_ground_last(said, expected):
    assert stated({"COLORFGBG": said}) == expected


def test_an_environment_that_does_not_say():
    assert stated({}) is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (LIGHT, "light"),
        (DARK + KIND, "dark"),
        (b"\x1b]11;rgba:ffff/ffff/ffff/0\x07", "light"),
        (KIND, None),
        (b"", None),
    ],
)
def test_an_answer_in_any_number_of_digits(reply, expected):
    assert answered(reply) == expected


@pytest.fixture
def terminal(monkeypatch):
    """A terminal that answers what it is told to; ``ask`` tells what comes of asking it."""

    class Terminal:
        def __init__(self):
            self.far, self.near = pty.openpty()
            self.keyboard = self.screen = os.fdopen(self.near, "r", closefd=False)
            self.shown = b""

        def answer(self, reply):
            def run():
                self.shown += os.read(self.far, 100)
                os.write(self.far, reply)

            threading.Thread(target=run, daemon=True).start()

        def ask(self, environ=XTERM):
            return asked(self.keyboard, self.screen, environ)

    monkeypatch.setattr(ground, "_REPLIES", {})
    monkeypatch.setattr(os, "tcgetpgrp", lambda _handle: os.getpgrp())
    made = Terminal()
    yield made
    made.keyboard.close()
    os.close(made.near)
    os.close(made.far)


def test_a_terminal_is_asked_once_and_is_then_as_it_was(terminal):
    before = termios.tcgetattr(terminal.near)
    terminal.answer(LIGHT + KIND)
    assert [terminal.ask(), terminal.ask()] == ["light", "light"]
    assert terminal.shown == b"\x1b]11;?\x1b\\\x1b[c"
    assert termios.tcgetattr(terminal.near) == before
    assert not is_owed()


def test_a_terminal_that_knows_no_colours_is_not_waited_for(terminal):
    terminal.answer(KIND)
    start = time.monotonic()
    assert terminal.ask() is None
    assert time.monotonic() - start < ground.SECONDS
    assert not is_owed()


def test_a_mute_terminal_is_waited_for_a_moment(terminal):
    start = time.monotonic()
    assert terminal.ask() is None
    assert ground.SECONDS <= time.monotonic() - start < 10 * ground.SECONDS
    assert is_owed()


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}, {"TERM": "linux"}, XTERM | {"SSH_CONNECTION": "a 1 b 22"}])
def test_some_are_never_asked(terminal, environ):
    assert terminal.ask(environ) is None
    assert not select.select([terminal.far], [], [], 0)[0]
    assert not is_owed()


def test_keys_that_were_typed_before_are_left_alone(terminal):
    os.write(terminal.far, b"step\n")
    assert terminal.ask() is None
    assert os.read(terminal.near, 100) == b"step\n"


def test_ctrl_c_leaves_the_terminal_as_it_was(terminal, monkeypatch):
    def interrupted(_handle):
        raise KeyboardInterrupt

    before = termios.tcgetattr(terminal.near)
    monkeypatch.setattr(ground, "_reply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        terminal.ask()
    assert termios.tcgetattr(terminal.near) == before


@pytest.mark.parametrize("late", [LIGHT + KIND, DARK + KIND, KIND])
def test_an_answer_that_comes_late_is_nothing_typed(terminal, session, late):
    assert terminal.ask() is None
    with create_pipe_input() as pipe:
        prompt = Prompt(session, (), input=pipe, output=DummyOutput())
        pipe.send_bytes(b"st" + late + b"ep\r")
        assert prompt() == "step"


@pytest.mark.parametrize("presenter", [TextPresenter, TerminalPresenter])
def test_a_script_and_a_file_ask_nobody(presenter, monkeypatch, tmp_path):
    monkeypatch.setattr(present, "asked", lambda *_: pytest.fail("asked") if presenter is TextPresenter else None)
    monkeypatch.delenv("COLORFGBG", raising=False)
    with open(tmp_path / "file", "w") as file:
        assert presenter(file, Look(color="always"))._console.ground == "dark"


def test_a_theme_that_is_chosen_wins(monkeypatch):
    monkeypatch.setenv("COLORFGBG", "15;0")
    assert TextPresenter(sys.stdout, Look(theme="light"))._console.ground == "light"
    assert TextPresenter(sys.stdout, Look())._console.ground == "dark"


def test_the_box_of_a_script_has_no_frame_unless_it_is_chosen(play):
    assert "╭" not in play("token", "p dec.0.cross.weights[h0]")
    assert "╭" in play("set box rounded", "p dec.0.cross.weights[h0]")


def test_boxes_are_known_by_their_names(play, capsys):
    play("set box heavy_h", "show box", "set box bent")
    assert "heavy_head" in play("show box")
    assert "'bent' is none of auto, none, ascii" in capsys.readouterr().err
