"""The prompt, without a terminal."""

import io
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from commands.keys import COMMANDS, bindings
from commands.presenting import Look, TextPresenter
from commands.registry import lookup
from commands.shell import Shell, history_file


@pytest.fixture
def shell(session):
    return Shell(session, TextPresenter(io.StringIO(), Look(80, "never")))


def typed(shell, *lines):
    """Open the shell and type; an exception stands for its key. What is written, and the status."""
    waiting = iter([*lines, EOFError()])

    def read():
        line = next(waiting)
        if isinstance(line, BaseException):
            raise line
        return line

    status = shell.open((), lambda: read)
    return shell.presenter.stream.getvalue(), status


def test_the_banner_names_model_tokens_and_first_steps(shell):
    shown, status = typed(shell)
    assert status == 0
    assert "zh-en-tiny: encoder–decoder" in shown
    assert "source   0 我   1 爱   2 你   3 </s>" in shown
    assert "h help   q quit" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_an_empty_line_repeats_the_last_motion(shell):
    typed(shell, "s", "where", "", "  ")
    assert shell.session.cursor.index == 3


def test_an_empty_line_repeats_nothing_else(shell):
    typed(shell, "", "where", "", "run", "")
    assert shell.session.cursor.index == 0


def test_control_c_clears_the_line_and_control_d_leaves(shell):
    typed(shell, "s", KeyboardInterrupt(), "s")
    assert shell.session.cursor.index == 2


def test_quit_leaves(shell):
    typed(shell, "s", "q", "s")
    assert shell.session.cursor.index == 1


def test_a_failure_is_shown_and_nothing_is_lost(shell, capsys):
    typed(shell, "s", "p wieghts", "我爱你", "bogus 1", "s")
    assert shell.session.cursor.index == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "run TEXT" in errors[1]


def test_an_interrupted_motion_leaves_a_usable_cursor(shell, capsys, monkeypatch):
    def interrupted(_session):
        raise KeyboardInterrupt

    typed(shell, "t")
    monkeypatch.setattr(type(shell.session), "token", interrupted)
    shell.obey("t")
    assert "interrupted; the cursor stands at @1 #" in capsys.readouterr().err


def test_commands_given_beforehand_run_first(session):
    from commands.batch import given

    shell = Shell(session, TextPresenter(io.StringIO(), Look(80, "never")))
    assert shell.open(given(["s", "q"])) == 0
    assert session.cursor.index == 1


def test_history_is_kept_in_the_state_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_file() == Path(tmp_path) / "tx-trace" / "history"
    assert history_file().parent.is_dir()


@pytest.mark.parametrize(("keys", "line"), [("\x1b[21~", "next"), ("\x1b[23~", "step"), ("\x1b[15~", "continue")])
def test_keys_enter_their_commands(keys, line):
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        prompt = PromptSession("(tx) ", key_bindings=bindings(), input=pipe, output=DummyOutput())
        assert prompt.prompt() == line


def test_keys_stand_for_commands_that_exist():
    assert [lookup(command).name for command in COMMANDS.values()] == list(COMMANDS.values())
