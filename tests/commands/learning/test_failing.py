"""What goes wrong between two steps, or is interrupted there: nothing half done stays, and nothing counts twice."""

from copy import deepcopy

import pytest
from written import WEIGHTS, at_scores, block, doing, lesson, sum_up

from commands.learning.lesson_file import LessonError
from commands.learning.progress import Marks


@pytest.fixture
def interrupt(monkeypatch):
    """Ctrl-C is pressed at the first of some lines of the lesson that says ``where``, and not after."""

    def armed():
        from commands.learning import player

        obey = player.obey

        def obeyed(text, *arguments):
            if text == "where":
                monkeypatch.setattr(player, "obey", obey)
                raise KeyboardInterrupt
            obey(text, *arguments)

        monkeypatch.setattr(player, "obey", obeyed)

    return armed


def standing(coach):
    """All that a step consists in."""
    return coach.place, coach.player, coach.attempt, coach.session.cursor, deepcopy(coach.marks)


@pytest.mark.parametrize("word", ["back", "again", "skip"])
@pytest.mark.parametrize("ends", ["fails", "is interrupted"])
def test_a_way_to_a_step_that_ends_early_changes_nothing(teach, monkeypatch, word, ends):
    taught = teach(lesson(at_scores("a"), at_scores("b"), sum_up()))
    taught.open()
    taught.solve()
    before = standing(taught.coach)

    def refused(_player, _pieces):
        raise LessonError(taught.coach.lesson.path, 1, "no way") if ends == "fails" else KeyboardInterrupt

    monkeypatch.setattr("commands.learning.player.Player.replay", refused)
    with pytest.raises((LessonError, KeyboardInterrupt)):
        getattr(taught.coach, word)()
    assert (standing(taught.coach), taught.heard()) == (before, "")


def test_a_step_whose_solution_fails_is_not_skipped(teach):
    taught = teach(lesson(doing("a", "step == 1", "goto nowhere"), sum_up()))
    taught.open()
    with pytest.raises(LessonError):
        taught.coach.skip()
    assert (taught.coach.place, taught.coach.marks) == (0, Marks(where="a"))


def test_a_goal_counts_for_its_own_step_when_what_follows_it_fails(teach):
    after = block("show", f"p {WEIGHTS}", "goto scores")
    taught = teach(lesson(doing("a", "step == 1", "t", after), doing("b", "step == 2", "t"), sum_up()))
    taught.open()
    with pytest.raises(LessonError, match="scores"):
        taught.do("goto @1:logits")
    assert (taught.coach.step.id, taught.coach.marks.done) == ("b", ["a"])
    taught.do("where")
    assert (taught.coach.step.id, taught.coach.marks.done) == ("b", ["a"])


def test_a_goal_counts_for_its_own_step_when_what_follows_it_is_interrupted(teach, interrupt):
    taught = teach(lesson(doing("a", "step == 1", "t", block("show", "where")), doing("b", "step == 2", "t"), sum_up()))
    taught.open()
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        taught.do("t")
    taught.do("tokens")
    assert (taught.coach.step.id, taught.coach.marks.done) == ("b", ["a"])


def test_what_a_lesson_shows_counts_for_nothing_when_it_is_interrupted(teach, interrupt):
    shown = doing("b", f"shown {WEIGHTS}", f"p {WEIGHTS}", before=block("show", f"p {WEIGHTS}", "where"))
    taught = teach(lesson(doing("a", "step == 1", "t", block("show", f"p {WEIGHTS}")), shown, sum_up()))
    taught.open()
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        taught.do("t")
    taught.do("tokens")
    assert taught.coach.step.id == "b"
    taught.do(f"p {WEIGHTS}")
    assert taught.coach.step.id == "sum"


def test_a_lesson_is_finished_also_where_its_last_words_are_cut_short(teach, interrupt):
    taught = teach(lesson(doing("a", "step == 1", "t", block("show", "where"))))
    taught.open()
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        taught.do("t")
    assert taught.coach.is_passed
    assert taught.coach.marks == Marks(done=["a"], finished=True)
