import io
import json
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest

from commands import verbs
from commands.batch import Batch
from commands.grammar.lines import given
from commands.grammar.parsing import grammar, usage
from commands.guard import FINE
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.registry import GROUPS, VERBS, Command, UnknownCommandError, catalogue, entries, lookup
from commands.session import Session

NAMES = list(catalogue())
EXPECTED = {
    "run", "step", "next", "finish", "until", "token", "continue", "rs", "rn", "rfin", "rt", "rc", "goto", "print",
    "list", "where", "info", "tokens", "top", "mask", "why", "check", "expect", "help", "quit", "view",
}  # fmt: skip
SHORT = {
    "s": "step", "n": "next", "fin": "finish", "unt": "until", "t": "token", "c": "continue", "p": "print",
    "l": "list", "w": "where", "bt": "where", "i": "info", "h": "help", "q": "quit", "v": "view", "r": "run",
}  # fmt: skip


def test_the_commands_of_the_first_floor_are_all_there():
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize(
    ("word", "name"),
    [("exit", "quit"), ("退出", "quit"), ("?", "help"), ("？", "help"), ("帮助", "help"), ("ｓｔｅｐ", "step")],
)
def test_words_of_other_programs_and_languages(word, name):
    assert lookup(word).name == name


@pytest.mark.parametrize(("short", "name"), SHORT.items())
def test_abbreviations(short, name):
    assert lookup(short).name == name


def test_no_name_or_abbreviation_stands_for_two_commands():
    words = [word for entry in catalogue().values() for word in entry.words]
    assert len(words) == len(set(words))


def test_what_is_read_of_the_files_is_what_they_decorate():
    modules = [import_module(f"{VERBS}.{module.name}") for module in iter_modules(verbs.__path__)]
    decorated = {
        thing.words: thing.group for each in modules for thing in vars(each).values() if type(thing) is Command
    }
    assert {entry.words: entry.group for entry in entries().values()} == decorated
    assert [entry.command.words for entry in entries().values()] == [entry.words for entry in entries().values()]


def test_looking_a_command_up_loads_its_file_and_no_other():
    script = (
        "import sys; from commands.registry import lookup; lookup('quit')\n"
        "print([name for name in sys.modules if name.startswith('commands.verbs.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['commands.verbs.shell_commands']\n"


def lines(name):
    """The examples of a command."""
    return catalogue()[name].examples


def json_of(session, *commands):
    """What commands say, as JSON."""
    stream = io.StringIO()
    Batch(session, presenter_of("jsonl")(stream, Look())).play(given(commands))
    return stream.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_documented(name):
    entry = catalogue()[name]
    assert entry.group in GROUPS
    assert entry.summary.endswith(".")
    assert len(entry.summary) <= 60
    assert entry.examples
    assert usage(entry).startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_run_one_after_the_other(name, play, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert play("token", *lines(name)).startswith("(tx) token\n")
    assert play.status == FINE


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_yield_json_and_the_same_in_every_session(name, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (json_of(Session(Opener(model)), "token", *lines(name)) for _time in range(2))
    assert [json.loads(line) for line in first.splitlines()]
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_help_shows_usage_text_and_example(name, play):
    entry = catalogue()[name]
    shown = play(f"help {name}")
    assert usage(entry) in shown.replace("\n", " ")
    assert entry.summary in shown
    assert f"(tx) {entry.examples[0]}" in shown


def test_any_unambiguous_beginning_of_a_name_works():
    assert [lookup(word).name for word in ("st", "cont", "pri", "inf", "expe")] == [
        "step", "continue", "print", "info", "expect",
    ]  # fmt: skip


def test_an_ambiguous_beginning_lists_its_candidates():
    with pytest.raises(UnknownCommandError, match="to is ambiguous: token, tokens, top"):
        lookup("to")


def test_an_unknown_word_gets_the_nearest():
    with pytest.raises(UnknownCommandError, match="did you mean step"):
        lookup("stpe")
    with pytest.raises(UnknownCommandError, match=r"^我爱你 is no command$"):
        lookup("我爱你")


def test_a_grammar_is_read_from_the_signature():
    assert [usage(lookup(name)) for name in ("step", "print", "finish", "info")] == [
        "step [N]",
        "print [/a] [/s] [/r LO,HI] [/N] [/e] E",
        "finish",
        "info [beams|bookmarks|breakpoints|cache|display|frame|model|record|run|settings|tensors|tokens|values] [GLOB]",
    ]
    assert {name for name in NAMES if grammar(lookup(name)).takes_expression} >= {"print", "expect"}
