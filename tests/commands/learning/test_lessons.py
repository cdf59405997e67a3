"""The course: every lesson in every language, played."""

import io
import re
from functools import cache

import pytest

from commands.learning.coach import Coach
from commands.learning.course import LESSONS, files, find, names
from commands.learning.lesson import Asking
from commands.learning.lesson_reader import read_lesson
from commands.learning.player import Mute, begin, obey
from commands.learning.progress import Marks
from commands.learning.validate import validate
from commands.output.present import Look
from tracer import i18n
from tracer.views.markup import literal

COUNT = 22
NO_PREDICTION = ("00", "12")
"""The numbers of lessons in which nothing is guessed."""
COMPUTED = [f"{number:02}" for number in (*range(3, 12), 16, 17, 18)]
"""The numbers of lessons in which something is worked out by hand."""
FILES = files()
ENGLISH = [path for path in FILES if path.parent.name == "en"]
"""For what rests on the commands alone, which are the same in every language."""

read = cache(read_lesson)


def each_file(files=FILES):
    return pytest.mark.parametrize("path", files, ids=[f"{path.parent.name}/{path.stem}" for path in files])


def number_of(path):
    return path.stem.partition("-")[0]


def asked(path):
    """The questions of a lesson."""
    return [step.goal for step in read(path).steps if isinstance(step.goal, Asking)]


def test_every_number_is_there():
    assert [name[:2] for name in names()] == [f"{number:02}" for number in range(COUNT)]


def test_every_language_has_the_same_lessons():
    for language in i18n.LANGUAGES:
        assert sorted(path.stem for path in (LESSONS / language).glob("*.md")) == names()


@pytest.mark.parametrize("name", names())
def test_a_lesson_is_found_by_its_number_and_its_name(name):
    number, _dash, words = name.partition("-")
    assert find(str(int(number))) == find(number) == find(name) == LESSONS / "en" / f"{name}.md"
    assert find(words).stem == name


@each_file()
def test_every_solution_passes_and_no_untouched_state_does(path):
    assert list(validate(path, begin, read)) == []


@each_file()
def test_every_step_has_two_hints(path):
    assert [step.id for step in read(path).steps if len(step.hints) != 2] == []


@each_file([path for path in FILES if number_of(path) not in NO_PREDICTION])
def test_a_guess_comes_before_a_reveal(path):
    assert any(goal.is_guess for goal in asked(path))


@each_file([path for path in FILES if number_of(path) in COMPUTED])
def test_something_is_worked_out_by_hand(path):
    assert any(not goal.is_guess for goal in asked(path))


CODE = re.compile(r"```.*?```|`[^`\n]*`|\{\{.*?\}\}|\{#.*?\}|https?://\S+", re.DOTALL)


def explanations(path):
    """What is said in a lesson, without front matter, code and live numbers."""
    body = path.read_text(encoding="utf-8").partition("---\n")[2].partition("---\n")[2]
    told = re.sub(r"```(hint|wrong[^\n]*)\n(.*?)```", r"\2", body, flags=re.DOTALL)
    return CODE.sub("", told)


@each_file([path for path in FILES if path.parent.name == "zh"])
def test_chinese_lessons_are_chinese(path):
    told = explanations(path)
    chinese = len(re.findall(r"[\u4e00-\u9fff]", told))
    latin = len(re.findall(r"[A-Za-z]{2,}", told))
    assert chinese > 5 * latin
    paragraphs = [text for text in told.split("\n\n") if len(re.findall(r"[A-Za-z]{2,}", text)) > 4]
    assert [text for text in paragraphs if not re.search(r"[\u4e00-\u9fff]", text)] == []


def quiet_coach(path, marks=None):
    """A coach who has opened a lesson and is not heard."""
    coach = Coach(read(path), begin, Mute(io.StringIO(), Look()), marks)
    coach.open()
    return coach


def wrong_answer(question):
    """An answer that can be given and is wrong."""
    if question.asking.among is None:
        return str(question.truth + 10 * question.asking.within + 1000)
    if question.options is None:
        tokens = (question.here.run.model.piece(number, "target") for number in range(4, 9))
        return next(token for token in tokens if token != question.shown_truth)
    return next(option for option in question.options if not question.is_right(question.read(option, question.here)))


@each_file()
def test_a_wrong_answer_gets_its_explanation(path, monkeypatch):
    coach = quiet_coach(path)
    said = []
    monkeypatch.setattr(type(coach.player), "tell", lambda _player, markdown: said.append(markdown))
    while not coach.is_over:
        step, question = coach.step, coach.question
        if question is not None:
            said.clear()
            coach.answer(wrong_answer(question))
            explanation = said[0].removeprefix("**Not this time.**\n\n")
            assert explanation in {text.filled(question.here, literal) for text in step.goal.texts}
            assert (coach.place < len(coach.lesson.steps) and coach.step is step) is not question.asking.is_guess
            assert coach.marks.predictions.get(step.id, False) is False
        if not coach.is_over and coach.step is step:
            coach.skip()
    guesses = {step.id for step in coach.lesson.steps if isinstance(step.goal, Asking) and step.goal.is_guess}
    assert coach.marks.predictions.keys() == guesses


@each_file(ENGLISH)
def test_every_step_can_be_skipped(path):
    coach = quiet_coach(path)
    for _step in coach.lesson.steps:
        coach.skip()
    assert coach.is_over
    assert not coach.is_passed
    assert coach.marks.skipped == [step.id for step in coach.lesson.steps]


@each_file(ENGLISH)
def test_a_lesson_goes_on_at_its_last_step_as_if_it_had_been_played(path):
    played = quiet_coach(path)
    for _step in played.lesson.steps[:-1]:
        played.skip()
    resumed = quiet_coach(path, Marks(where=played.step.id))
    assert resumed.step is played.step
    assert state(resumed) == state(played)


def state(coach):
    """What a step may rest on."""
    opener, session = coach.session.opener, coach.session
    stops = [str(point) for point in session.stops]
    return opener.model.name, opener.text, opener.settings, session.cursor, session.preferences, stops


def at_step(number, step):
    """A lesson of the course at one of its steps."""
    lesson = read_lesson(find(number))
    coach = Coach(lesson, begin, Mute(io.StringIO(), Look()), Marks(where=step))
    coach.present()
    return coach


def told(coach, *lines):
    """What a coach has to say after each of some lines, and nothing once the step is reached."""
    heard = []
    place, coach.player.tell = coach.place, heard.append
    for line in lines:
        coach.session.lines.append(line)
        obey(line, coach.session, coach.player.presenter)
        coach.observe()
        if coach.place != place:
            return "reached"
    return " ".join(heard)


@pytest.mark.parametrize("look", ["mask", "p mask", "p dec.0.self.mask"])
def test_the_triangle_is_looked_at_in_either_way(look):
    assert told(at_step("8", "triangle"), "step", look) == "reached"


def test_a_row_of_it_is_not_the_triangle():
    assert told(at_step("8", "triangle"), "step", "p mask[0]") != "reached"


OWN = {
    ("1", "own"): ["run 我爱你", "run 你爱我", "run"],
    ("9", "yours"): ["run 他昨天去了北京", "run"],
    ("12", "open"): ["model zh-en-tiny"],
}


@pytest.mark.parametrize("place", OWN, ids=str)
def test_what_is_open_already_is_recognised_where_another_is_asked_for(place):
    for line in OWN[place]:
        assert re.search("lesson's own|open already", told(at_step(*place), line)), line


def test_the_sentence_of_the_first_lesson_is_no_new_one_though_another_was_open_last():
    assert told(at_step("1", "own"), "run 我爱你", "continue") != "reached"
    assert told(at_step("1", "own"), "run 我们不喝茶", "continue") == "reached"


def test_every_step_that_asks_for_another_text_or_model_is_among_them():
    asking = {
        (number_of(path).lstrip("0"), step.id)
        for path in ENGLISH
        for step in read(path).steps
        if {"text", "model"} & {check.text for check in step.goal.checks}
    }
    assert asking == OWN.keys()
