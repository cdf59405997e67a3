"""Questions that come back: when, in which order, and how they are put."""

import io
import json
from datetime import date, timedelta

import pytest
from taught import Desk, one_line
from written import WEIGHTS, asking, at_scores, block, guess, lesson, sum_up

from commands.learning.course import due, menu
from commands.learning.lesson_shell import LessonShell
from commands.learning.progress import Marks, Progress
from commands.learning.reviews import Item, Now, Review, mixed
from commands.output.present import Look, TextPresenter
from tracer import i18n

FIRST, SECOND, THIRD = Review(0, 5), Review(1, 2), Review(2, 5)


@pytest.mark.parametrize(
    ("review", "now", "is_due"),
    [
        (FIRST, Now(5, 0, False), False),
        (FIRST, Now(5, 9, True), False),
        (FIRST, Now(6, 0, False), True),
        (SECOND, Now(9, 4, False), False),
        (SECOND, Now(5, 5, False), True),
        (SECOND, Now(5, 3, True), True),
        (THIRD, Now(9, 9, False), False),
        (THIRD, Now(5, 9, True), False),
        (THIRD, Now(6, 9, True), True),
    ],
)
def test_it_comes_in_the_next_session_after_three_lessons_and_at_the_end(review, now, is_due):
    assert review.is_due(now) is is_due


@pytest.mark.parametrize(
    ("review", "right", "wrong"),
    [(FIRST, Review(1, 3), Review(0, 7)), (SECOND, Review(2, 7), Review(0, 7)), (THIRD, None, Review(0, 7))],
)
def test_right_moves_it_on_and_wrong_begins_again(review, right, wrong):
    now = Now(7, 3, False)
    assert (review.after(now, is_right=True), review.after(now, is_right=False)) == (right, wrong)


def test_lessons_are_mixed():
    items = [Item("a", "1"), Item("a", "2"), Item("a", "3"), Item("b", "1"), Item("c", "1")]
    assert [item.lesson for item in mixed(items)] == ["a", "b", "c", "a", "a"]


PEEK = asking(
    "peek",
    "predict",
    "answer: 2",
    "among: source",
    before=block("setup", "goto @1") + "Row {{ step }}.\n\n" + block("show", "where"),
    more=[block("show", f"p {WEIGHTS}[h1]")],
)


@pytest.fixture(autouse=True)
def course(write, monkeypatch):
    """A course of five lessons after the tour, with two predictions in each of the first two."""
    for number in range(6):
        steps = (guess(), at_scores(), PEEK, sum_up()) if number in (1, 2) else (sum_up(),)
        path = write(lesson(*steps, title=f"Title {number}"), f"en/{number:02}-name{number}.md")
    monkeypatch.setattr("commands.learning.course.LESSONS", path.parents[1])


@pytest.fixture
def progress(tmp_path):
    return lambda: Progress.read(tmp_path / "lessons.json", pytest.fail)


@pytest.fixture
def sit(progress):
    """Sit down to go on; what is seen, and the desk."""

    def sat(*lines, name=None):
        stream, desk, kept = io.StringIO(), Desk(lines), progress()
        kept.begin_session()
        shell = LessonShell(TextPresenter(stream, Look(80, "never")), desk.sit, kept)
        if name == "review":
            shell.review()
        else:
            shell.open(name) if name else shell.go_on()
            if shell.has_begun:
                shell.hold()
        return one_line(stream.getvalue()), desk

    return sat


WRONG = ("爱", "goto enc.0.self.scores", "我", "3")
"""Lesson 1 with both guesses wrong."""


def test_a_new_learner_is_not_greeted_as_one_who_comes_back(sit):
    said, _desk = sit()
    assert said.startswith("1 · Title 1")


def test_what_went_wrong_comes_back_in_the_next_session_and_not_before(sit, progress):
    said, _desk = sit(*WRONG)
    assert "Review" not in said
    assert "2 questions" not in said
    said, _desk = sit("我", "quit")
    assert "Before we go on: 2 questions that went wrong." in said
    assert "Review 1 of 2: Step guess 1 · Title 1 Answer with one of" in said
    assert "Right. Review 2 of 2: Step peek 1 · Title 1 Row 1. (tx) where" in said
    assert said.index("Review 2 of 2") < said.index("2 · Title 2")
    assert progress().reviews == {Item("01-name1", "guess"): Review(1, 1), Item("01-name1", "peek"): Review(0, 1)}


def test_what_was_looked_up_is_told_as_that(sit):
    said, _desk = sit("solution", "我", *WRONG[1:])
    assert "predicted right: 0 of 2 • Step guess: looked up • Step peek: missed" in said
    said, _desk = sit("我", "quit")
    assert "Step guess 1 · Title 1 You looked this one up. Answer with" in said
    assert said.count("looked this one up") == 1


def test_a_wrong_answer_is_explained_and_begins_again(sit, progress):
    sit(*WRONG)
    said, _desk = sit("你", "skip")
    assert "Not this time. Not so. Review 2 of 2" in said
    assert progress().reviews[Item("01-name1", "guess")] == Review(0, 2)
    assert progress().of("01-name1").predictions == {"guess": False, "peek": False}


def test_what_a_learner_tries_beside_it_is_carried_out(sit, capsys):
    sit(*WRONG)
    said, _desk = sit("bogus(", "hint", "hint", "hint", "p enc.0.self.scores[h0, 0]", "info", "1 2 3", "quit")
    assert "First hint. Second hint. There are no more hints." in said
    assert "0.384" in said
    assert said.count("Answer with one of") == 3
    assert "Welcome back" in said
    assert "2 · Title 2" in said
    assert "is no answer here" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["quit", "ｑｕｉｔ", EOFError()])
def test_one_word_or_key_leaves_it(sit, progress, key):
    sit(*WRONG)
    said, _desk = sit(key)
    assert "Review 2" not in said
    assert "2 · Title 2" in said
    assert len(due(progress())) == 2


def test_skip_leaves_a_question_for_another_time(sit, progress):
    sit(*WRONG)
    said, _desk = sit("skip", "你")
    assert "Review 2 of 2" in said
    assert "2 · Title 2" in said
    assert list(due(progress())) == [Item("01-name1", "guess")]


def test_words_that_a_review_does_not_have_are_a_sentence(sit, capsys):
    sit(*WRONG)
    sit("menu", "quit")
    assert "menu is not for a review: skip leaves this question" in capsys.readouterr().err


def test_control_c_does_not_leave_it(sit):
    sit(*WRONG)
    assert "Review 2 of 2" in sit(KeyboardInterrupt(), "我", "skip")[0]


def test_another_lesson_can_be_asked_for_in_place_of_it(sit):
    sit(*WRONG)
    said, _desk = sit("learn 4", "3")
    assert said.index("Review 1 of 2") < said.index("4 · Title 4") < said.index("Title 4: finished")


def test_a_lesson_that_is_not_there_leaves_everything_as_it_is(sit, capsys):
    sit(*WRONG)
    assert "Review 2 of 2" in sit("learn 99", "我", "skip")[0]
    assert "there is no lesson 99" in capsys.readouterr().err


def test_who_leaves_it_is_not_asked_again_in_the_same_session(sit):
    sit(*WRONG)
    said, _desk = sit("quit", "learn 4", "3", "learn 5", "3")
    assert said.count("Before we go on") == 1


def test_a_step_that_is_short_of_its_lesson_is_said_again_after_a_round(sit):
    sit(*WRONG)
    said, _desk = sit("quit", "learn review", "我", "你")
    assert said.endswith(
        "Right. Title 2, step 1 of 4: Step guess Answer with one of these, or with its place (0 to 3): 我 爱 你 </s>"
    )


def test_it_comes_back_after_three_lessons_and_at_the_end(sit, progress):
    sit(*WRONG)
    sit("我", "你")
    said, _desk = sit("我", *WRONG[1:2], "你", "3", "learn", "3", "learn", "3", "learn", "我", "你", "3", "quit")
    assert said.index("4 · Title 4: finished") < said.index("Before we go on: 2 questions") < said.index("5 · Title 5")
    assert progress().reviews == {Item("01-name1", "guess"): Review(2, 3), Item("01-name1", "peek"): Review(2, 3)}


def test_no_question_is_of_the_lesson_that_is_gone_on_with(sit):
    sit("爱")
    said, _desk = sit("quit")
    assert "Before we go on" not in said
    assert "1/4 Step scores" in said
    said, _desk = sit("learn review", "我", "quit")
    assert "Review 1 of 1: Step guess" in said


def test_a_lesson_that_is_named_is_begun_at_once(sit):
    sit(*WRONG)
    assert sit(name="2")[0].startswith("2 · Title 2")


def test_a_question_that_is_gone_is_forgotten(sit, progress, write):
    sit(*WRONG)
    write(lesson(sum_up("guess"), sum_up()), "en/01-name1.md")
    said, _desk = sit("3", "quit")
    assert "Review 1 of 1: Step guess" in said
    assert list(progress().reviews) == [Item("01-name1", "guess")]


def test_on_demand_all_are_put_or_it_is_said_that_there_are_none(sit):
    assert "There is nothing to review" in sit(name="review")[0]
    sit(*WRONG)
    said, _desk = sit("我", "你", name="review")
    assert said.startswith("Review 1 of 2")
    assert "Before we go on" not in said
    assert "Nothing has come back yet; 2 questions will" in sit(name="review")[0]


def test_what_went_wrong_in_this_session_is_put_where_it_is_asked_for(sit, progress):
    said, _desk = sit(*WRONG, "menu", "learn review", "我", "3", "learn review", "你", "menu", "learn review")
    assert said.index("review 2 questions that went wrong wait for a review") < said.index("Review 1 of 2")
    assert "Not this time. Not so." in said
    assert "Review 1 of 1: Step peek" in said
    assert said.count("for a review") == 1
    assert "Nothing has come back yet; 2 questions will" in said
    assert progress().reviews == {Item("01-name1", "guess"): Review(1, 1), Item("01-name1", "peek"): Review(1, 1)}


def test_the_menu_shows_what_has_come_back(sit, progress):
    sit(*WRONG)
    assert "review 2 questions that went wrong wait for a review" in sit("quit", "menu")[0]
    assert menu(progress()) is not None


def test_an_answer_is_kept_before_anything_is_said_of_it(sit, progress, monkeypatch):
    kept = []
    real = TextPresenter.show

    def show(presenter, result):
        real(presenter, result)
        if "Not this time." in one_line(presenter.stream.getvalue()):
            kept.append((progress().of("01-name1").predictions, list(progress().reviews.values())))
            presenter.stream.truncate(0)

    monkeypatch.setattr(TextPresenter, "show", show)
    sit("爱", "quit")
    assert kept[0] == ({"guess": False}, [Review(0, 1)])
    kept.clear()
    sit("learn review", "你", "quit")
    assert kept[0][1] == [Review(0, 2)]


def test_the_menu_names_all_that_is_beside_the_lessons(tx):
    listed = tx("learn", "menu").stdout
    assert [line.split()[0] for line in listed.splitlines()][-4:] == ["review", "exam", "worksheet", "index"]
    assert "tx-trace worksheet N" in listed


def test_piped_answers_meet_no_review(tx, tmp_path):
    folder = tmp_path / "state/tx-trace"
    folder.mkdir(parents=True)
    marks = {"where": "", "done": [], "skipped": [], "predictions": {"guess": False}, "hints": 0, "finished": False}
    text = json.dumps({"version": 1, "last": "01-name1", "lessons": {"01-name1": marks}})
    (folder / "lessons.json").write_text(text)
    done = tx("learn", "4", stdin="quit\n")
    assert "Review" not in done.stdout
    assert "Welcome" not in done.stdout
    assert (folder / "lessons.json").read_text() == text
    asked = tx("learn", "review", stdin="我\n")
    assert asked.returncode == 0
    assert "Review 1 of 1" in asked.stdout
    assert json.loads((folder / "lessons.json").read_text())["reviews"] == [["01-name1", "guess", 1, 0]]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (0, "Earlier today you were in"),
        (1, "Yesterday you were in"),
        (9, "9 days ago you were in"),
        (-3, "You were in"),
    ],
)
def test_a_learner_who_comes_back_is_greeted(sit, tmp_path, days, told):
    sit("我")
    file = tmp_path / "lessons.json"
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "day": (date.today() - timedelta(days)).isoformat()}))
    said, _desk = sit()
    assert said.startswith(f"Welcome back {told} 1 · Title 1, step 2 of 4. 0 of 5 lessons are finished.")
    assert said.count("1 · Title 1") == 1
    assert "1/4 Step scores" in said


def test_a_learner_who_has_finished_is_told_what_is_left(sit, progress):
    kept = progress()
    for number in range(1, 6):
        kept.keep(f"{number:02}-name{number}", Marks(finished=True, predictions={"guess": number > 1}))
    said, _desk = sit("skip")
    assert "Welcome back" in said
    assert "5 of 5 lessons are finished." in said
    assert said.index("Review 1 of 1") < said.index("You have finished the whole course. `tx-trace learn exam`")
    assert said.endswith("1 question that went wrong waits for a review: `learn review` asks it.")


def test_in_chinese_it_is_chinese(sit):
    sit(*WRONG)
    i18n.use("zh")
    assert sit("quit")[0]


def test_the_lessons_are_listed_from_the_command_line(tx):
    done = tx("learn", "menu")
    assert (done.returncode, done.stderr) == (0, "")
    assert "01 name1   Title 1" in done.stdout
