"""The prompt, without a terminal."""

import io

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from commands.grammar.lines import given
from commands.output.present import Look, TextPresenter, fits
from commands.output.programs import page
from commands.registry import PROMPT, lookup
from commands.terminal.history import TypedLines, history_file
from commands.terminal.keys import COMMANDS
from commands.terminal.prompt import Prompt
from commands.terminal.shell import MORE, Shell
from commands.terminal.toolbar import standing


@pytest.fixture
def shell(session):
    return Shell(session, TextPresenter(io.StringIO(), Look(80, "never")))


def typed(shell, *lines):
    """Open the shell and type; an exception stands for its key. What is written, and the status."""
    waiting = iter([*lines, EOFError()])

    def read(_prompt):
        line = next(waiting)
        if isinstance(line, BaseException):
            raise line
        return line

    status = shell.open((), lambda _session: read)
    return shell.presenter.stream.getvalue(), status


def test_the_banner_names_model_tokens_and_first_steps(shell):
    shown, status = typed(shell)
    assert status == 0
    assert "zh-en-tiny: encoder–decoder" in shown
    assert "source  0 我   1 爱   2 你   3 </s>" in shown
    assert "h help   q quit" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_banner_of_a_session_that_goes_on_says_where(shell):
    shell.session.token()
    shown, _status = typed(shell)
    assert "h help   q quit" not in shown
    assert "@1 #" in shown


def test_an_empty_line_repeats_the_last_motion(shell):
    typed(shell, "s", "where", "", "  ")
    assert shell.session.cursor.index == 3


def test_an_empty_line_repeats_nothing_else(shell):
    typed(shell, "", "where", "", "run", "")
    assert shell.session.cursor.index == 0


def test_repeating_can_be_switched_off(shell):
    typed(shell, "set repeat off", "s", "", "")
    assert shell.session.cursor.index == 1


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


def test_commands_given_beforehand_run_first(shell):
    assert shell.open(given(["s", "q"])) == 0
    assert shell.session.cursor.index == 1


def test_a_block_is_asked_for_line_by_line_and_can_be_broken_off(shell, capsys):
    asked = []
    waiting = iter(
        ["b dec.0.cross.weights", "commands 1", "where", "end", "commands 1", KeyboardInterrupt, "commands 1"]
    )

    def read(prompt):
        asked.append(prompt)
        line = next(waiting, EOFError)
        if not isinstance(line, str):
            raise line
        return line

    shell.open((), lambda _session: read)
    assert asked[:6] == [PROMPT, PROMPT, MORE, MORE, PROMPT, MORE]
    assert [point.commands for point in shell.session.stops] == [("where",)]
    assert "lacks its last line" in capsys.readouterr().err


def test_lines_are_kept_for_the_next_session(shell, session):
    typed(shell, "s", "s", "where", "")
    assert history_file().read_text() == "s\nwhere\n"
    session.lines.clear()
    shown, _status = typed(Shell(session, shell.presenter), "history 2")
    assert shown.splitlines()[-2:] == ["    2  where", "    3  history 2"]


def test_lines_that_can_not_be_kept_are_one_sentence(tmp_path):
    told = []
    (tmp_path / "file").touch()
    lines = TypedLines(tmp_path / "file" / "history", told.append)
    assert lines.read() == []
    lines.add("s")
    lines.add("t")
    assert len(told) == 1
    folder = TypedLines(tmp_path, told.append)
    assert folder.read() == []
    assert len(told) == 2


def test_the_bar_names_model_step_token_address_and_breakpoints(session):
    assert standing(session) == "zh-en-tiny  not started"
    session.token()
    assert standing(session).startswith('zh-en-tiny  @1  token 1 "')
    assert standing(session).endswith("choice")
    list(lookup("break").function(session, "@2"))
    assert standing(session).endswith("1 breakpoint")


def test_what_fits_leaves_a_line_for_the_prompt():
    assert fits("a\n" * 23, 24)
    assert not fits("a\n" * 24, 24)


def test_without_a_pager_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert page("text") is False


@pytest.fixture
def prompted(session):
    """What the prompt returns for keys; ``then`` is pressed at the next one."""

    def ask(*keys, lines=()):
        with create_pipe_input() as pipe:
            prompt = Prompt(session, lines, input=pipe, output=DummyOutput())
            answers = []
            for pressed in keys:
                pipe.send_text(pressed)
                answers.append(prompt())
            return answers

    return ask


@pytest.mark.parametrize(("keys", "line"), [("\x1b[21~", "next"), ("\x1b[23~", "step"), ("\x1b[15~", "continue")])
def test_keys_enter_their_commands(keys, line, prompted):
    assert prompted(keys) == [line]


def test_what_was_typed_before_such_a_key_is_not_lost(prompted):
    assert prompted("p log\x1b[23~", "its\r") == ["step", "p logits"]


def test_keys_stand_for_commands_that_exist():
    assert [lookup(command).name for command in COMMANDS.values()] == list(COMMANDS.values())


def test_f4_switches_to_the_keys_of_vi_and_back(prompted, session):
    assert prompted("\x1bOSab\x1b0ix\r", "\x1bOSab\x01x\r") == ["xab", "xab"]
    assert session.preferences["vi"] is False


def test_suggestions_can_be_switched_off(prompted, session):
    session.preferences["suggest"] = False
    assert prompted("p lo\x05\r", lines=["p logits[0]"]) == ["p lo"]


def test_control_c_and_control_d(prompted):
    with pytest.raises(KeyboardInterrupt):
        prompted("p lo\x03")
    with pytest.raises(EOFError):
        prompted("\x04")
