"""What help says of functions and of the words in usage lines, and that its examples run."""

import pytest
from transcript import lines

from commands.registry import Page
from commands.topic import topics
from commands.verbs.help import _subjects
from tests import catalogue
from tracer import i18n
from tracer.debugger.expressions import FUNCTIONS

EXPLAINED = {**{name: Page(function.compute).examples for name, function in FUNCTIONS.items()}}
EXPLAINED |= {name: list(topic.examples) for name, topic in topics().items()}


def test_there_are_pages_for_the_words_of_usage_lines():
    assert {"expressions", "LOC", "CELL", "E"} <= set(topics())


@pytest.mark.parametrize("name", EXPLAINED)
def test_everything_has_an_example_and_each_one_runs(name, play):
    assert EXPLAINED[name]
    play("token", *EXPLAINED[name])
    assert play.status == 0


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {"all"}))  # help all is of all commands
def test_a_function_explains_itself(name, play, objects):
    page = Page(FUNCTIONS[name].compute)
    assert page.summary.endswith(".")
    assert len(page.summary) <= 60
    shown = " ".join(play(f"help {name}").split())
    assert f"{FUNCTIONS[name].usage} function {page.summary}" in shown
    assert all(f"(tx) {example}" in shown for example in page.examples)
    assert any(f"{name}(" in example for example in page.examples)
    assert objects(f"help {name}")[-1]["data"]["usage"] == FUNCTIONS[name].usage


def test_the_help_of_every_function_is_extracted():
    extracted = {message.id for message in catalogue.template() if message.id}
    for function in FUNCTIONS.values():
        assert i18n.documented(function.compute, without=catalogue.EXAMPLES) in extracted


def test_a_name_of_two_things_has_both_pages(play):
    shown = lines(play("help log"))
    assert shown[0] == "log FILE|off"
    assert "log(X)   function" in shown


def test_the_language_lists_its_functions(play, objects):
    shown = [line.split()[0] for line in lines(play("help expressions")) if line and not line.startswith(" ")]
    assert all(name in " ".join(shown) for name in FUNCTIONS)
    assert objects("help expressions")[0]["data"]["names"].keys() == {each.usage for each in FUNCTIONS.values()}


def test_what_may_be_asked_about():
    known = _subjects(None)
    assert {"softmax", "expressions", "LOC", "step", "lang"} <= known.keys()
    assert known["log"].startswith("Append")
