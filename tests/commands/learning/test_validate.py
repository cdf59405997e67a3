"""What is found when a lesson plays itself."""

from pathlib import Path

import pytest
from written import WEIGHTS, asking, at_scores, block, doing, guess, lesson, step, sum_up

from commands.batch import FINE, UNEXPECTED
from commands.learning.course import files
from commands.learning.lesson_reader import read_lesson
from commands.learning.lesson_shell import WORDS
from commands.learning.player import begin
from commands.learning.validate import validate
from commands.subcommands.learn import check_lesson
from tracer.errors import InputError


def problems(path):
    return [problem.removeprefix(f"{path.parent}/") for problem in validate(path, begin)]


def test_a_good_lesson_has_none(write):
    assert problems(write(lesson(at_scores(), guess(), sum_up()))) == []


BAD = {
    "a check that can't fail": (doing("a", "step == 0", "where"), ["the check holds before anything is done"]),
    "a solution that fails": (
        doing("a", "step == 1", "goto nowhere"),
        ["the solution fails: nothing is recorded at nowhere", "step == 1 does not hold after the solution"],
    ),
    "a solution that leads nowhere": (doing("a", "step == 2", "t"), ["step == 2 does not hold after the solution"]),
    "a check that can't be worked out": (
        doing("a", "max(bogus) > 1", "t"),
        ["max(bogus) > 1 does not hold after the solution: column 5: nothing is recorded at bogus"],
    ),
    "an answer that can't be had": (
        asking("a", "predict", "answer: argmax(bogus)", "among: source"),
        ["the answer can't be had: column 8: nothing is recorded at bogus"],
    ),
    "an answer that is no number": (asking("a", "compute", "answer: token", "within: 1"), ["the answer can't be had"]),
    "an answer beyond the options": (
        asking("a", "predict", "answer: 2", "among: no, yes"),
        ["the answer can't be had"],
    ),
    "an answer before the options": (
        asking("a", "predict", "answer: -1", "among: no, yes"),
        ["the answer can't be had"],
    ),
    "an answer between the options": (
        asking("a", "predict", "answer: .5", "among: no, yes"),
        ["the answer can't be had"],
    ),
    "a word beyond the vocabulary": (
        asking("a", "predict", "answer: 5000", "among: vocab"),
        ["the answer can't be had"],
    ),
    "a slip that is right": (sum_up(more=[block("wrong 6 / 2", "Slip.")]), ["this slip is the right answer"]),
    "a slip that can't be had": (sum_up(more=[block("wrong bogus", "Slip.")]), ["nothing is recorded at bogus"]),
    "only one option": (
        asking("a", "predict", "answer: 0", "among: target", before=block("setup", "goto enc.0.self.q")),
        ["there is nothing to choose from"],
    ),
    "a wide tolerance": (
        asking("a", "compute", f"answer: max({WEIGHTS})", "within: 1"),
        ["the tolerance is so wide that 0 is taken for the answer"],
    ),
    "a solution with a wrong answer": (
        sum_up(more=[block("solution", "answer 4")]),
        ["the solution's answer is not right"],
    ),
    "a solution with no answer": (sum_up(more=[block("solution", "answer one")]), ["the solution fails"]),
    "a setup that fails": (at_scores(before=block("setup", "goto nowhere")), ["nothing is recorded at nowhere"]),
    "a number in the prose": (at_scores(before="It is {{ bogus }}."), ["nothing is recorded at bogus"]),
    "a number in a hint": (
        step("a", block("hint", "{{ bogus }}"), block("check", "step == 1"), block("solution", "t")),
        ["nothing is recorded at bogus"],
    ),
    "a number in an explanation": (guess(wrong="{{ bogus }}"), ["nothing is recorded at bogus"]),
    "a number in a remark": (at_scores("a", block("wrong step == 3", "{{ bogus }}")), ["nothing is recorded at bogus"]),
    "a number in what is said after": (at_scores("a", "{{ bogus }}"), ["nothing is recorded at bogus"]),
    "a guess after which nothing holds": (
        guess(wrong="No.", more=[block("show", "goto nowhere")]),
        ["nothing is recorded at nowhere"],
    ),
}


@pytest.mark.parametrize(("bad", "told"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", ["first", "last"])
def test_what_is_wrong_with_a_step_is_found(write, bad, told, place):
    steps = (bad, sum_up("another")) if place == "first" else (sum_up("another"), bad)
    found = problems(write(lesson(*steps)))
    assert len(found) >= len(told)
    for problem, words in zip(found, told, strict=False):
        assert problem.startswith("sample.md:")
        assert words in problem


def test_an_infinite_answer_is_none_too_many(write):
    masked = asking("a", "compute", "answer: @1:dec.0.self.masked[h0, 0, 1]", "within: 0.1")
    assert problems(write(lesson(masked, text="我爱你", target="i love you"))) == []


def test_play_goes_on_after_what_does_not_stop_it(write):
    found = problems(write(lesson(doing("a", "step == 0", "where"), doing("b", "step == 0", "where"))))
    assert len(found) == 2


def test_a_check_of_the_model_that_does_not_hold_is_no_failure(write):
    check = "check port.safetensors"
    assert problems(write(lesson(doing("a", f"result {check}", check)))) == []


@pytest.fixture
def both(write):
    """The same lesson in two languages: what is found from the English one. ``chinese`` is None for no file."""

    def found(english, chinese):
        path = write(english, "en/a.md")
        if chinese is not None:
            write(chinese, "zh/a.md")
        return [problem.replace(str(path.parents[1]), "") for problem in validate(path, begin)]

    return found


ENGLISH = lesson(at_scores(), guess(), sum_up())


def test_languages_may_differ_in_words(both):
    chinese = ENGLISH.replace("Sample", "样本").replace("Not so.", "不对。").replace("First hint.", "提示。")
    assert both(ENGLISH, chinese) == []


DIFFERENT = {
    "the file": (None, "/zh/a.md: this lesson is missing in its language"),
    "a step": (lesson(at_scores(), sum_up()), "/zh/a.md:1: the step guess is missing"),
    "a step too many": (ENGLISH + sum_up("more"), "/zh/a.md:1: the steps are not those of /en/a.md"),
    "another order": (lesson(guess(), at_scores(), sum_up()), "/zh/a.md:1: the steps are not those of /en/a.md"),
    "a command": (
        ENGLISH.replace("goto enc", "goto  enc"),
        "the commands or the goal of step scores differ from /en/a.md:8",
    ),
    "a check": (
        ENGLISH.replace("at enc.0.self.scores", "at enc.0.self_attn.scores"),
        "the commands or the goal of step scores differ",
    ),
    "an answer": (ENGLISH.replace("1 + 2", "2 + 1"), "the commands or the goal of step sum differ"),
    "a tolerance": (ENGLISH.replace("0.1", "0.2"), "the commands or the goal of step sum differ"),
    "what may be answered": (
        ENGLISH.replace("among: source", "among: target"),
        "the commands or the goal of step guess differ",
    ),
    "a slip": (ENGLISH + block("wrong 5", "Slip."), "the commands or the goal of step sum differ"),
    "the text": (
        ENGLISH.replace("text: 我爱你", "text: 你爱我"),
        "/zh/a.md:1: model, text, target or minutes differ from /en/a.md",
    ),
    "the minutes": (
        ENGLISH.replace("text: 我", "minutes: 5\ntext: 我"),
        "/zh/a.md:1: model, text, target or minutes differ from /en/a.md",
    ),
    "the target": (
        ENGLISH.replace("text: 我爱你", "text: 我爱你\ntarget: i love you"),
        "/zh/a.md:1: model, text, target or minutes differ from /en/a.md",
    ),
    "what is shown before a goal": (
        ENGLISH.replace("```check", "```show\ngoto @1\n```\n\n```check"),
        "the commands or the goal of step scores differ",
    ),
    "what is shown behind it": (
        ENGLISH.replace("## Step guess", "```show\nwhere\n```\n\n## Step guess"),
        "the commands or the goal of step scores differ",
    ),
    "what is shown at the beginning": (
        ENGLISH.replace("## Step scores", "```show\nwhere\n```\n\n## Step scores"),
        "/zh/a.md:1: what stands before the first step differs from /en/a.md",
    ),
    "prose that is missing": (
        ENGLISH.replace("## Step guess", "More.\n\n## Step guess"),
        "the commands or the goal of step scores differ",
    ),
    "the model": (
        ENGLISH.replace("zh-en-tiny", "zh-en"),
        "/zh/a.md:1: model, text, target or minutes differ from /en/a.md",
    ),
}


@pytest.mark.parametrize(("chinese", "told"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_between_languages_is_found(both, chinese, told):
    found = both(ENGLISH, chinese)
    assert found
    assert any(told in problem for problem in found)


def test_what_one_language_shows_is_not_hidden_in_another(both):
    english = lesson(at_scores(before=block("show", "goto @1")))
    assert both(english, english) == []
    assert "step scores differ" in both(english, english.replace("```show", "```setup"))[0]


def test_the_course_is_checked_in_every_language(write, monkeypatch, capsys):
    write(ENGLISH, "en/01-a.md")
    write(ENGLISH.replace("text: 我爱你", "text: 你爱我"), "zh/01-a.md")
    path = write(ENGLISH, "zh/02-alone.md")
    monkeypatch.setattr("commands.learning.course.LESSONS", path.parents[1])
    assert check_lesson(None) == UNEXPECTED
    told = capsys.readouterr().err
    assert told.count("model, text, target or minutes differ") == 2
    assert "en/02-alone.md: this lesson is missing in its language" in told


def test_each_file_of_the_course_is_read_once(monkeypatch, capsys):
    read = []
    monkeypatch.setattr("commands.subcommands.learn.files", lambda: files()[:4])
    monkeypatch.setattr("commands.subcommands.learn.read_lesson", lambda path: read.append(path) or read_lesson(path))
    assert check_lesson(None) == FINE
    assert sorted(read) == sorted(files()[:4])
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_options_may_be_translated_but_not_left_out(both):
    english = lesson(asking("a", "predict", "answer: 1", "among: no, yes"))
    assert both(english, english.replace("no, yes", "否，是")) == []
    assert "step a differ" in both(english, english.replace("no, yes", "否，是，也许"))[0]


def test_a_bad_file_in_another_language_is_told(both):
    assert both(ENGLISH, ENGLISH.replace("title: Sample\n", "")) == ["/zh/a.md:1: the front matter lacks title"]


def test_what_is_no_lesson_is_a_problem_and_what_can_not_be_read_is_none(write):
    assert problems(write("nothing")) == [
        "sample.md:1: a lesson begins with lines between --- and ---: title, model, text"
    ]
    with pytest.raises(InputError, match="can't be read"):
        list(validate(Path("nowhere.md"), begin))


@pytest.mark.parametrize("word", WORDS)
def test_a_solution_is_none_of_the_words_of_the_coach(write, word):
    found = problems(write(lesson(doing("a", "step == 1", word), sum_up())))
    assert f"the solution fails: {word} is a word of the coach's" in found[0]
