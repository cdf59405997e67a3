"""The examination: what is asked, how it is graded, and what a learner is told."""

import html
import io
import re
from functools import cache

import pytest
from written import asking, lesson

from commands.guard import FAILED, FINE, UNUSABLE
from commands.learning import examination
from commands.learning.course import EXAM, LESSONS, find
from commands.learning.examination import FILES, Examination, drawn, held, keep, next_seed
from commands.learning.fairness import is_fair
from commands.learning.lesson import Asking
from commands.learning.lesson_reader import read_lesson
from commands.learning.player import Mute, begin, obey
from commands.learning.progress import Marks, Progress
from commands.learning.validate import validate
from commands.output.present import Look, TextPresenter
from commands.terminal.shell import Shell
from tracer import i18n
from tracer.training.grammar import pairs
from tracer.views.markup import literal

SEEDS = range(1, 9)


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


@pytest.fixture(scope="module", autouse=True)
def _drawn_once():
    """What is asked under a seed, in a language."""
    real = examination.drawn
    known = cache(lambda _language, seed: real(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examination, "drawn", lambda seed: known(i18n.language(), seed))
        yield


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
    assert len(set(texts)) > 5


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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("given", ["0", "1", "-1"])
def test_what_anybody_may_write_down_answers_no_question_for_a_number(seed, given):
    exam = taken(seed, lambda question: given if question.asking.among is None else right(question))
    numbers = [one for one in exam.answered if one.step.goal.among is None]
    assert len(numbers) >= 9
    assert not [one.step.id for one in numbers if one.is_right]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_question_for_a_number_is_answered_by_copying_one_that_it_states(seed):
    for one in taken(seed, right).answered:
        goal = one.step.goal
        if goal.among is None:
            stated = [float(text) for text in re.findall(r"-?\d+\.\d+", html.unescape(one.text))]
            assert not [number for number in stated if abs(number - float(one.given)) <= 2 * goal.within], one.step.id
            assert goal.within <= 0.1 * abs(float(one.given)) + 1e-3


def test_a_question_is_fair_where_its_answer_stands_clear(write):
    def asked(answer, text="", slip="7"):
        wrong = ["```wrong " + slip, "Slip.", "```", ""]
        body = asking("a", "compute", f"answer: {answer}", "within: 0.01", before=text, more=wrong)
        [step] = read_lesson(write(lesson(body.replace("## Step a", "## Step a", 1)))).steps
        return is_fair(step, begin(read_lesson(find("1"))).here)

    assert asked("0.5")
    assert not asked("0.02")
    assert not asked("0.99")
    assert not asked("0.05")
    assert not asked("0.5", "It is {{ 1 / 2 }}.")
    assert not asked("0.5", slip="0.51")
    assert not asked("@0:nowhere")


def test_questions_of_a_kind_differ_from_seed_to_seed():
    kinds = {}
    for seed in SEEDS:
        for step in drawn(seed).steps:
            kinds.setdefault(step.id.rpartition("-")[0], set()).add("\n".join(step.code))
    assert {kind: len(found) for kind, found in kinds.items() if len(found) < 3} == {"token": 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_report_shows_each_question_with_its_data_and_the_commands_that_show_the_answer(seed):
    exam = taken(seed, right)
    report = "\n".join(examination._report(exam))
    for one in exam.answered:
        assert one.text in report
        assert one.commands
        assert all(f"`{literal(line)}`" in report for line in one.commands)
        assert literal(one.truth) in report
    loop = next(one for one in exam.answered if one.step.id.startswith("loop"))
    assert loop.step.id == "loop-2" or "the output so far is" in loop.text


def test_commands_of_the_report_show_what_they_say():
    exam = taken(3, right)
    for line in (line for one in exam.answered for line in one.commands):
        obey(line, exam.player.session, Mute(io.StringIO(), Look()))


class Sitting:
    """A person at an examination, who types these lines, an exception in place of its key."""

    def __init__(self, *lines):
        self.lines = iter(lines)
        self.exam = Examination(3, TextPresenter(io.StringIO(), Look(80, "never")), self)
        self.prompts = []
        self.exam.hold()

    def __call__(self, message):
        self.prompts.append(message)
        line = next(self.lines)
        if isinstance(line, BaseException):
            raise line
        return line


@pytest.mark.parametrize("again", [EOFError(), "y", "Yes", "是"])
def test_handing_in_is_asked_once(again):
    there = Sitting("skip", EOFError(), again)
    assert there.prompts[-1] == "15 questions are left. Hand in? (y/n) "
    assert len(there.exam.answered) == 16


@pytest.mark.parametrize("no", ["n", "", KeyboardInterrupt()])
def test_who_does_not_hand_in_goes_on_where_he_was(no):
    there = Sitting("skip", EOFError(), no, "skip", "quit", "n", "skip", "quit", "y")
    assert [message for message in there.prompts if "left" in message] == [
        "15 questions are left. Hand in? (y/n) ",
        "14 questions are left. Hand in? (y/n) ",
        "13 questions are left. Hand in? (y/n) ",
    ]


def test_how_it_went_is_kept_before_the_report_is_read(tmp_path, monkeypatch):
    progress = Progress.read(tmp_path / "lessons.json", pytest.fail)
    monkeypatch.setattr(examination, "line_reader", lambda _session, _bar: iter_reader("quit", "y"))

    class Reading(TextPresenter):
        def show(self, result):
            super().show(result)
            if "not passed" in self.stream.getvalue():
                assert progress.of(EXAM).predictions == {"3": False}
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        held(3, Reading(io.StringIO(), Look(80, "never")), progress)
    assert Progress.read(tmp_path / "lessons.json", pytest.fail).of(EXAM).predictions == {"3": False}


def iter_reader(*lines):
    following = iter(lines)
    return lambda _message: next(following)


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
