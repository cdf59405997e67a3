"""The examination: what is asked, how it is graded, and what a learner is told."""

import io

import pytest

from commands.guard import FAILED, FINE, UNUSABLE
from commands.learning import examination
from commands.learning.course import LESSONS, find
from commands.learning.examination import EXAM, FILES, Examination, drawn, keep, next_seed
from commands.learning.lesson import Asking
from commands.learning.lesson_reader import read_lesson
from commands.learning.player import begin
from commands.learning.progress import Marks, Progress
from commands.learning.validate import validate
from commands.output.present import Look, TextPresenter
from commands.terminal.shell import Shell
from tracer import i18n
from tracer.training.grammar import pairs

SEEDS = range(1, 21)


class Taken(Examination):
    """An examination whose answers come from what is asked."""

    def __init__(self, seed, answer):
        self.stream = io.StringIO()
        super().__init__(seed, TextPresenter(self.stream, Look(80, "never")), lambda _message: self._next())
        self._answer = answer
        self._questions = []

    def _taken(self, attempt, line):
        return super()._taken(attempt, self._answer(attempt.question))

    def _next(self):
        return ""


def right(question):
    return question.shown_truth if question.asking.among else f"{question.truth:.3f}"


def wrong(question):
    if not question.asking.among:
        return str(question.truth + 7)
    if question.options is None:
        return "</s>"
    return question.options[(int(question.truth) + 1) % len(question.options)]


def taken(seed, answer):
    exam = Taken(seed, answer)
    exam.hold()
    return exam


@pytest.mark.parametrize("seed", SEEDS)
def test_right_answers_pass(seed):
    exam = taken(seed, right)
    assert [one.step.id for one in exam.answered if not one.is_right] == []
    assert exam.is_passed
    assert 12 <= len(exam.answered) <= 16


@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_answers_fail_and_each_is_explained_with_its_lesson(seed):
    exam = taken(seed, wrong)
    assert (exam.right, exam.is_passed) == (0, False)
    assert all(one.why and find(one.lesson) for one in exam.answered)


def test_the_sentence_is_of_the_grammar_and_of_no_lesson():
    known = {source.replace(" ", "") for source, _target in pairs()}
    taught = "".join(path.read_text(encoding="utf-8") for path in LESSONS.glob("*/*.md"))
    texts = [drawn(seed).text for seed in SEEDS]
    assert all(text in known and text not in taught for text in texts)
    assert len(set(texts)) > 10


def test_the_same_seed_asks_the_same():
    one, again, other = ((exam.text, [step.id for step in exam.steps]) for exam in map(drawn, (3, 3, 4)))
    assert one == again
    assert one != other


def test_one_question_of_every_kind_is_asked():
    kinds = {step.id.rpartition("-")[0] for step in read_lesson(FILES / "en" / f"{EXAM}.md").steps}
    assert {step.id.rpartition("-")[0] for step in drawn(3).steps} == kinds
    assert len(drawn(3).steps) == len(kinds)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_questions_are_a_lesson_that_plays(language):
    path = FILES / language / f"{EXAM}.md"
    assert [*validate(path, begin)] == []
    for step in read_lesson(path).steps:
        assert isinstance(step.goal, Asking)
        assert find(step.goal.lesson).is_file()


def test_it_is_asked_in_the_language_of_the_learner():
    i18n.use("zh")
    assert drawn(3).title == "考试"
    assert drawn(3).text == read_in_english(3).text


def read_in_english(seed):
    i18n.use("en")
    return drawn(seed)


@pytest.fixture
def sit(tx):
    """Take an examination with answers from a file."""
    return lambda answers, *arguments: tx("learn", EXAM, "--seed", "3", *arguments, stdin=answers)


def test_answers_from_a_file_pass_or_fail(sit):
    exam = taken(3, right)
    done = sit("".join(f"{one.given}\n" for one in exam.answered))
    assert (done.returncode, done.stderr) == (FINE, "")
    assert f"{len(exam.answered)} of {len(exam.answered)} right (100%): passed" in done.stdout
    failed = sit("0\nskip\nquit\n")
    assert failed.returncode == FAILED
    assert "not passed; 70% is asked for" in failed.stdout
    assert "see lesson 1" in failed.stdout or "lesson 1," in failed.stdout
    assert "tx-trace learn exam --seed 4" in failed.stdout


def test_answers_that_end_early_count_as_none(sit):
    assert sit("").returncode == FAILED
    assert sit("# nothing\n\n").returncode == FAILED


def test_what_is_no_answer_in_a_file_counts_as_wrong_and_the_next_line_is_for_the_next_question(sit):
    lines = [one.given for one in taken(3, right).answered]
    number = next(place for place, line in enumerate(lines) if line.replace(".", "").replace("-", "").isdigit())
    lines[number] = "no number"
    done = sit("".join(f"{line}\n" for line in lines))
    assert f"{len(lines) - 1} of {len(lines)} right" in done.stdout


def test_nothing_can_be_looked_up_and_there_are_no_hints(sit):
    done = sit("0\n@0:enc.embed.output[1,0]\nhint\nenc.embed.output[1, 0]\nsolution\n")
    assert done.stderr.count("is no number or calculation") == 4
    assert "Not answered" in done.stdout


def test_the_report_can_be_written(sit, tmp_path):
    for name in ("report.md", "report.html"):
        assert sit("0\n", "-o", str(tmp_path / name)).returncode == FAILED
        assert "not passed" in (tmp_path / name).read_text(encoding="utf-8")
    refused = sit("0\n", "-o", str(tmp_path / "report.pdf"))
    assert (refused.returncode, refused.stdout) == (UNUSABLE, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["learn", EXAM, "--seed", "x"], "--seed: 'x' is no whole number"),
        (["learn", "4", "--seed", "3"], "--seed is for learn exam, learn index and --grade; leave it out"),
        (["learn", "4", "-o", "x.md"], "--output is for learn exam, learn index and --grade; leave it out"),
    ],
)
def test_what_can_not_be_meant_is_told(tx, arguments, told):
    done = tx(*arguments)
    assert done.returncode == UNUSABLE
    assert told in done.stderr


def test_what_came_of_it_is_kept_and_the_next_seed_follows(tmp_path):
    progress = Progress.read(tmp_path / "lessons.json", pytest.fail)
    progress.keep("04-softmax", Marks(where="row"))
    assert next_seed(progress) == 1
    keep(taken(1, wrong), progress)
    assert next_seed(progress) == 2
    assert not progress.of(EXAM).finished
    keep(taken(2, right), progress)
    again = Progress.read(tmp_path / "lessons.json", pytest.fail)
    assert again.of(EXAM).predictions == {"1": False, "2": True}
    assert again.of(EXAM).finished
    assert again.last == "04-softmax"


def test_a_slip_is_named_in_the_report():
    step = next(step for step in drawn(3).steps if step.id.startswith("score-"))
    slip = step.goal.slips[0]

    def answer(question):
        is_asked = question.asking.answer.text == step.goal.answer.text
        return str(float(slip.of.evaluate(question.here))) if is_asked else right(question)

    [missed] = [one for one in taken(3, answer).answered if not one.is_right]
    assert missed.why == slip.text.text


def test_the_shell_says_that_it_needs_a_terminal(capsys):
    session = begin(read_lesson(find("1")))
    Shell(session, TextPresenter(io.StringIO(), Look(80, "never"))).obey("learn exam", lambda: None)
    assert "an examination needs a terminal" in capsys.readouterr().err
    assert examination.ENOUGH == 0.7


@pytest.mark.parametrize(("taken", "expected"), [([], 1), (["3", "7"], 8), (["²"], 1), (["999999"], 0)])
def test_the_next_seed_is_one_there_is(taken, expected, tmp_path):
    progress = Progress.read(tmp_path / "none", print)
    progress.note(EXAM, Marks(predictions=dict.fromkeys(taken, True)))
    assert next_seed(progress) == expected
