"""What is chosen has one declaration, and every face has it from there."""

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer

import tracer
from commands.application import app
from commands.completion import completions
from commands.main import main
from commands.opener import Opener
from commands.output.present import Look
from commands.session import Session
from commands.settings import LOOK, PROMPT, RUN, SETTINGS
from commands.terminal.config import configure
from commands.terminal.resume import resume, save
from tracer.decoding import settings as declaring
from tracer.domains import SWITCH, Listed, Number, Words

ROOT = Path(__file__).parents[2]
MBART = ROOT / "tests" / "fixtures" / "mbart_languages"
OF_ONE_CALL = {
    *("text", "ids", "attention_mask", "position_ids", "segment_ids", "model", "adapter"),
    *("batch", "execute", "keep_going", "format_", "output", "resume", "_version", "help"),
}
"""Options that are about one call of the program, and nothing that stays chosen."""


def options(*subcommand):
    command = typer.main.get_command(app)
    for name in subcommand:
        command = command.commands[name]
    return {parameter.name: parameter for parameter in command.get_params(typer.Context(command))}


def another(setting):
    """A value that is not the default."""
    match setting.domain:
        case Words(known):
            return next(value for value in reversed(known.values()) if value != setting.default)
        case Listed():
            return next(value for value in setting.domain.words if value != setting.default)
        case Number(high=high):
            return high
        case _:
            return "i love you"


def test_what_is_both_an_option_and_a_setting_is_declared_once():
    assert set(options()) == OF_ONE_CALL | {setting.keyword for setting in (LOOK | RUN).values()}
    assert {*options("learn")} - {"lesson", "checked", "graded", "seed", "help", "format_", "output"} == LOOK.keys()
    assert OF_ONE_CALL.isdisjoint(setting.keyword for setting in SETTINGS.values())


def test_every_setting_stands_in_one_table():
    assert len(SETTINGS) == len(LOOK) + len(PROMPT) + len(RUN)
    assert {name for name, setting in SETTINGS.items() if setting.is_kept} == {*LOOK, *PROMPT}


def test_the_look_begins_as_the_settings_do():
    assert {field.name: field.default for field in fields(Look)} == {
        field.name: SETTINGS[field.name].default for field in fields(Look)
    }


def test_keywords_in_python_are_the_settings_of_a_run():
    taken = inspect.signature(tracer.trace).parameters
    assert [setting.keyword for setting in RUN.values() if setting.keyword not in taken] == []
    for name in declaring.DECLARED:
        assert (taken[name].kind, taken[name].default) == (inspect.Parameter.KEYWORD_ONLY, RUN[dashed(name)].default)


def dashed(name):
    return name.replace("_", "-")


@pytest.mark.parametrize("name", RUN | LOOK)
def test_help_of_the_command_line_and_of_the_shell_say_the_same(name, tx, play):
    [shown] = re.findall(rf"^  --{name} (.*?)(?=^  -|^$)", tx("--help").stdout, re.DOTALL | re.MULTILINE)
    told = " ".join(shown.split())
    assert SETTINGS[name].summary in told
    assert SETTINGS[name].domain.bounds in told
    assert SETTINGS[name].domain.bounds in play(f"help {name}")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_value_that_is_listed_can_be_set_and_is_suggested(name, session):
    setting = SETTINGS[name]
    suggested = {suggestion.text for suggestion in completions(f"set {name} ", session)}
    assert suggested >= {*setting.domain.words}
    assert setting.read(setting.domain.written(another(setting))) == another(setting)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_configuration_file_takes_what_stays_from_one_session_to_the_next(name, session, tmp_path):
    setting = SETTINGS[name]
    (tmp_path / "config").write_text(f"{name} = {setting.shown(session)}\n")
    told = [*configure(session, tmp_path / "config")]
    assert (told == []) == setting.is_kept


LIMITED = [name for name, setting in (RUN | LOOK).items() if "" not in setting.domain and setting.domain is not SWITCH]


@pytest.mark.parametrize("name", LIMITED)
def test_option_and_prompt_refuse_alike(name, tx, play, capsys):
    play(f"set {name} never-ever")
    problem = capsys.readouterr().err.strip().removeprefix(f"-e:1: {name}: ")
    assert "'never-ever' is n" in problem
    done = tx(f"--{name}", "never-ever")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"Error: Invalid value for '--{name}': {problem}")


@pytest.mark.parametrize("name", RUN)
def test_what_a_session_brings_is_not_given_beside_resume(name, monkeypatch, capsys):
    setting = RUN[name]
    values = [] if setting.domain is SWITCH else [setting.domain.written(another(setting))]
    monkeypatch.setattr(sys, "argv", ["tx-trace", "--resume", f"--{name}", *values])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert f"leave out --{name}\n" in capsys.readouterr().err


STRATEGIES = {name: declared.strategy for name, declared in declaring.DECLARED.items() if declared.strategy}


@pytest.mark.parametrize("name", [name for name in RUN if name != "chat"])
def test_what_is_chosen_for_a_run_is_resumed(name, model, tmp_path):
    """A chat, which few models take, is resumed in `test_chat.py`."""
    setting = RUN[name]
    spoken = name.endswith("-lang")
    session = Session(Opener(tracer.load(MBART) if spoken else model, "Hello" if spoken else "我爱你"))
    value = next(iter(setting.offered(session))) if spoken else another(setting)
    if strategy := STRATEGIES.get(setting.keyword):
        RUN["strategy"].put(session, strategy)
    setting.put(session, value)
    save(session, tmp_path / "session.json")
    assert setting.get(resume(tmp_path / "session.json", print)) == value


LAST = "    cache: bool | None = "
ONE_MORE = """    patience: int | None = _field(
        None, Whole("N", 1, 9), N_("how long to wait"), strategy="beam", otherwise=2
    )
"""
FACES = f"""
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

known = SourceFileLoader.get_code

def with_one_more(loader, name):
    if name != "tracer.decoding.settings":
        return known(loader, name)
    return compile(loader.get_source(name).replace({LAST!r}, {ONE_MORE + LAST!r}), loader.path, "exec")

SourceFileLoader.get_code = with_one_more

import tracer
from commands.completion import completions
from commands.main import main
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save

def tx(*arguments):
    sys.argv = ["tx-trace", *arguments]
    try:
        main()
    except SystemExit as left:
        print(left.code, flush=True)

file = Path(sys.argv[1])
run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", strategy="beam", patience=4, max_tokens=1)
print(run.settings.patience, tracer.trace(run.model, "我爱你", strategy="beam", max_tokens=1).in_force.patience)
session = Session(Opener(run.model, settings=run.settings))
save(session, file)
print(resume(file, print).opener.settings.patience, [found.text for found in completions("set pati", session)])
tx("--help")
lines = "show patience", "set patience 5", "help patience", "info run", "set strategy greedy", "set patience 10"
tx("-m", "zh-en-tiny", "--strategy", "beam", "--patience", "3", "--batch", *(p for l in lines for p in ("-e", l)))
tx("--patience", "3", "--resume")
tx("--patience", "10")
tx("-m", "zh-en-tiny", "--patience", "3", "--batch", "-e", "step")
"""


def test_one_place_is_touched_to_add_a_setting_of_decoding(tmp_path):
    """The declaration has a field more before anything is loaded; so has every face."""
    assert Path(declaring.__file__).read_text(encoding="utf-8").count(LAST) == 1
    done = subprocess.run(
        [sys.executable, "-c", FACES, str(tmp_path / "session.json")],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.startswith("4 2\n4 ['patience']\n"), done.stderr
    assert re.search(r"--patience N +how long to wait  \[1<=N<=9\]", done.stdout)
    assert "patience 3  How long to wait." in done.stdout
    assert "set patience N|auto   1<=N<=9\n\nHow long to wait." in done.stdout
    assert re.search(r"patience +5 \(asked for\)", done.stdout)
    assert done.stderr.splitlines() == [
        "-e:6: patience: '10' is not a whole number from 1 to 9",
        *USAGE,
        "Error: Invalid value: --resume brings its own; leave out --patience",
        *USAGE,
        "Error: Invalid value for '--patience': '10' is not a whole number from 1 to 9",
        "tx-trace: patience belongs to strategy beam, and this is greedy; choose strategy beam, or leave it out",
    ]


USAGE = ["Usage: tx-trace [OPTIONS] COMMAND [ARGS]...", "Try 'tx-trace --help' for help.", ""]
