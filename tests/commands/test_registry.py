import pytest

from commands.batch import FINE
from commands.parsing import grammar, usage
from commands.registry import GROUPS, UnknownCommandError, catalogue, lookup

NAMES = list(catalogue())
EXPECTED = {
    "run", "step", "next", "finish", "until", "token", "continue", "rs", "rn", "rfin", "rt", "rc", "goto", "print",
    "list", "where", "info", "tokens", "top", "mask", "why", "expect", "help", "quit",
}  # fmt: skip
SHORT = {
    "s": "step", "n": "next", "fin": "finish", "unt": "until", "t": "token", "c": "continue", "p": "print",
    "l": "list", "w": "where", "bt": "where", "i": "info", "h": "help", "q": "quit",
}  # fmt: skip


def test_the_commands_of_the_first_floor_are_all_there():
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize(("short", "name"), SHORT.items())
def test_abbreviations(short, name):
    assert lookup(short).name == name


def test_no_name_or_abbreviation_stands_for_two_commands():
    words = [word for entry in catalogue().values() for word in (entry.name, *entry.abbreviations)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_documented(name):
    entry = catalogue()[name]
    assert entry.group in GROUPS
    assert entry.summary.endswith(".")
    assert len(entry.summary) <= 60
    assert entry.examples
    assert usage(entry).startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_run(name, play):
    for line in catalogue()[name].examples:
        assert play("token", line).startswith("(tx) token\n")
        assert play.status == FINE


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_yield_json_and_the_same_twice(name, play):
    for line in catalogue()[name].examples:
        assert play("run", "token", line, output="jsonl") == play("run", "token", line, output="jsonl")


@pytest.mark.parametrize("name", NAMES)
def test_help_shows_usage_text_and_example(name, play):
    entry = catalogue()[name]
    shown = play(f"help {name}")
    assert usage(entry) in shown
    assert entry.summary in shown
    assert f"(tx) {entry.examples[0]}" in shown


def test_any_unambiguous_beginning_of_a_name_works():
    assert [lookup(word).name for word in ("st", "cont", "pri", "inf", "exp")] == [
        "step", "continue", "print", "info", "expect",
    ]  # fmt: skip


def test_an_ambiguous_beginning_lists_its_candidates():
    with pytest.raises(UnknownCommandError, match="to is ambiguous: token, top, tokens"):
        lookup("to")


def test_an_unknown_word_gets_the_nearest():
    with pytest.raises(UnknownCommandError, match="did you mean step"):
        lookup("setp")
    with pytest.raises(UnknownCommandError, match=r"^我爱你 is no command$"):
        lookup("我爱你")


def test_a_grammar_is_read_from_the_signature():
    assert [usage(lookup(name)) for name in ("step", "print", "finish", "info")] == [
        "step [N]",
        "print [/a] [/s] [/N] E",
        "finish",
        "info model|run|tokens|record",
    ]
    assert {name for name in NAMES if grammar(lookup(name)).takes_expression} >= {"print", "expect"}
