"""Lessons about edits: their numbers, and what a learner's own branches leave behind."""

from io import StringIO

import pytest
from taught import one_line
from written import asking, block, doing, lesson, sum_up

from commands.learning.lesson_shell import LessonShell
from commands.learning.player import begin
from commands.learning.progress import Marks, Progress
from commands.learning.validate import validate
from commands.output.present import Look, TextPresenter

ABLATE = "ablate dec.0.cross.h1"
ANEW = block("setup", "run 我爱你", "goto @1")
DIFFERS = "answer: any(r1@2:logits != r0@2:logits)"


def ablating(name="edit", *more, **options):
    """A step in which a head is removed."""
    return doing(name, "edited dec.0.cross.h1", ABLATE, *more, **{"before": ANEW, **options})


def comparing(name="compare"):
    """A step that rests on the branch of the one before."""
    return doing(
        name, "result diff r0 r1", "diff r0 r1", before=block("setup", "goto @1") + "r1 has {{ max(r1@1:probs) }}."
    )


def going_on():
    """A step that rests on nothing."""
    return doing("next", "step == 2", "goto @2")


def runs(taught):
    """The runs of a lesson's session, with the number of edits of each, and the current one."""
    session = taught.coach.session
    return {number: len(run.edits) for number, run in session.runs.items()}, session.number


@pytest.mark.parametrize("before", [(), ("run 你爱我", "t"), ("ablate dec.0.ffn", "undo")])
def test_a_step_with_a_run_of_its_own_has_it_as_r0(teach, before):
    taught = teach(lesson(doing("a", "step == 2", "goto @2"), ablating()))
    taught.open()
    taught.do(*before, "run 我爱你", "goto @2")
    assert runs(taught) == ({0: 0}, 0)
    taught.do("ablate dec.0.cross.h1")
    assert runs(taught) == ({0: 0, 1: 1}, 1)


@pytest.mark.parametrize(
    "way",
    [
        [ABLATE],
        ["ablate dec.0.cross.h0", "undo", ABLATE],
        ["ablate dec.0.cross.h0", ABLATE],
        ["set tensor dec.0.cross.heads[h1] = 0"],
    ],
)
def test_the_next_step_has_the_branches_of_the_solution(teach, way):
    taught = teach(lesson(ablating(), comparing()))
    taught.open()
    said = taught.do(*way)
    assert taught.coach.step.id == "compare", said
    assert runs(taught) == ({0: 0, 1: 1}, 1)
    taught.do("diff r0 r1")
    assert taught.coach.is_passed


def test_what_was_explored_beside_a_question_is_left_behind(teach):
    taught = teach(lesson(sum_up(), going_on()))
    taught.open()
    taught.do(ABLATE)
    taught.answer("3")
    assert runs(taught) == ({0: 0}, 0)


def test_without_branches_a_learner_goes_on_where_he_is(teach):
    taught = teach(lesson(sum_up(), going_on()))
    taught.open()
    taught.do("display scores", "s 7")
    taught.answer("3")
    assert taught.coach.session.here.record.name == "scores"


@pytest.mark.parametrize("word", ["again", "back", "skip"])
def test_branches_are_made_again(teach, word):
    taught = teach(lesson(ablating(), comparing(), comparing("more")))
    taught.open()
    taught.do(ABLATE)
    taught.do("ablate dec.0.ffn")
    getattr(taught.coach, word)()
    assert runs(taught) == (({0: 0}, 0) if word == "back" else ({0: 0, 1: 1}, 1))


def test_a_lesson_goes_on_with_its_branches(teach):
    taught = teach(lesson(ablating(), comparing()), marks=Marks(where="compare"))
    taught.open()
    assert runs(taught) == ({0: 0, 1: 1}, 1)


def test_an_edit_is_predicted_that_was_made_unseen(teach):
    setup = block("setup", "run 我爱你", ABLATE, "switch r0")
    shown = block("show", "switch r1", "diff")
    taught = teach(lesson(asking("guess", "predict", DIFFERS, "among: no, yes", before=setup, more=[shown])))
    taught.open()
    assert runs(taught) == ({0: 0, 1: 1}, 0)
    said = taught.answer("yes")
    assert "Right." in said
    assert "r0 i love you" in said


def test_gradients_and_training_work_in_lessons(write):
    setup = block("setup", "run 我爱你", "set target i love you", "goto @1", "backward sum(loss)", "goto @1")
    descending = doing("train", "changed loss", "descend .01", before=setup)
    looking = doing(
        "gradient",
        "at grad.logits",
        "goto grad.logits",
        before=block("setup", "goto @1", "backward sum(loss)", "goto @1"),
    )
    back = doing("back", "current r0", "undo", before=ANEW + block("setup", "mask dec.*.self none"))
    assert list(validate(write(lesson(descending, looking, back)), begin)) == []


def take_a_line(shell):
    turns = iter([False, True])
    shell.hold(lambda: next(turns))


def test_free_play_has_the_branches_and_changes_none(write):
    stream, answers = StringIO(), iter([ABLATE, "play", "branches", "ablate dec.0.ffn", "return", "branches"])
    shell = LessonShell(
        TextPresenter(stream, Look(80, "never")),
        lambda _session, _bar: lambda _prompt: next(answers),
        Progress.unkept(),
    )
    shell.open(str(write(lesson(ablating("a"), comparing()))))
    shell.hold(lambda: shell.coach.place > 0)
    take_a_line(shell)
    played = one_line(stream.getvalue()).partition("Free play")[2]
    assert "r1* edit 1" in played
    assert "r2" in played
    take_a_line(shell)
    assert list(shell.coach.session.runs) == [0, 1]


def test_free_play_has_what_was_trained_and_the_gradients(write, capsys):
    stream, answers = StringIO(), iter(["play", "p r1@1:loss - r0@1:loss", "p grad.logits[0, 0]", "branches", "return"])
    presenter = TextPresenter(stream, Look(80, "never"))
    shell = LessonShell(presenter, lambda _session, _bar: lambda _prompt: next(answers), Progress.unkept())
    setup = block("setup", "run 我爱你", "set target i love you", "goto @1", "backward sum(loss)", "descend .01")
    gradients = block("setup", "goto @1", "backward sum(loss)", "goto @1")
    shell.open(str(write(lesson(sum_up(before=setup + gradients)))))
    take_a_line(shell)
    played = one_line(stream.getvalue()).partition("Free play")[2]
    assert "r1* edit 1: descend" in played
    assert capsys.readouterr().err == ""


def test_what_is_made_ready_unseen_is_not_told_of(teach, capsys):
    trained = block("setup", "run 我爱你", "set target i love you", "goto @1", "backward sum(loss)", "descend .01")
    taught = teach(lesson(sum_up(before=trained), sum_up("next", before=ANEW)))
    taught.open()
    taught.answer("3")
    assert capsys.readouterr().err == ""
    taught.do("run 我爱鱽")
    assert "does not know 鱽" in capsys.readouterr().err
