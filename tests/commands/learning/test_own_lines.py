"""The lines that a lesson runs of its own accord: what they may not do, and what they do not rest on."""

import pytest
from written import at_scores, block, doing, lesson, sum_up

from commands.grammar.parsing import split_word
from commands.learning.lesson_file import LessonError
from commands.learning.player import begin
from commands.learning.validate import validate
from commands.registry import catalogue, lookup

REFUSED = "is not for a lesson to run: it would write a file, start a program or outlast the step"
OUTWARD = {"export", "log", "record", "load", "save", "source", "alias", "commands", "quit", "learn"}
PLACES = {
    "setup": lambda line: at_scores(before=block("setup", line)),
    "show": lambda line: at_scores(before=block("show", line)),
    "solution": lambda line: doing("a", "step == 1", line),
}


def example(command):
    """A line that shows a command at work."""
    lines = (line.partition("\n")[0] for line in command.examples)
    return next((line for line in lines if lookup(split_word(line)[0]) is command), command.name)


def reaching_out(command):
    """Lines with a command that would leave something outside the session."""
    line = example(command)
    return [line] if command.is_outward else [f'{line} > "left"', f"{line} | tee left"]


def gone_through(taught):
    """Take a step and skip it."""
    taught.open()
    taught.coach.skip()


def test_what_reaches_outside_is_known():
    assert {name for name, command in catalogue().items() if command.is_outward} == OUTWARD


@pytest.mark.parametrize("line", [line for command in catalogue().values() for line in reaching_out(command)])
@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_left_outside_the_session(teach, tmp_path, monkeypatch, place, line):
    monkeypatch.chdir(tmp_path)
    taught = teach(lesson(PLACES[place](line), sum_up()))
    with pytest.raises(LessonError, match=REFUSED):
        gone_through(taught)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.md"]
    assert list(validate(tmp_path / "sample.md", begin))


def test_they_mean_the_commands_themselves(teach):
    own = [block(kind, f"got enc.0.self.{name}") for kind, name in (("setup", "q"), ("show", "k"))]
    taught = teach(lesson(doing("a", "step == 1", "got @1", before="\n".join(own)), sum_up()))
    taught.coach.session.shorten("got", "where")
    taught.open()
    assert taught.coach.session.here.record.address == "encoder.0.self_attn.k"
    taught.coach.skip()
    taught.coach.back()
    taught.coach.session.shorten("got", "where")
    taught.coach.skip()
    assert taught.coach.session.here.step == 1
