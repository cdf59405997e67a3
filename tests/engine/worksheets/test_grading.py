"""Answers graded: right, following from earlier ones, wrong, and by which slip."""

import math

import pytest

from tracer.i18n import spoken
from tracer.worksheets.grading import OPPOSITE, SAMPLE, UNDIVIDED, from_own, grade, share, slip_of, slips
from tracer.worksheets.sheet import operands

from .sheets import ATTENTION, MASKED, right, sheet_of

SEEDS = (0, 2, 7)


def mark_of(sheet, answers, number):
    return grade(sheet, answers)[number - 1]


def first(sheet, name):
    return next(blank for blank in sheet.blanks if blank.record.name == name)


@pytest.mark.parametrize("level", ["easy", "hard"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_key_is_right_throughout(seed, level):
    sheet = sheet_of(seed, level)
    assert share(grade(sheet, right(sheet))) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_each_answer_that_is_off_is_wrong(seed):
    sheet = sheet_of(seed, "easy", *ATTENTION)
    for blank in sheet.blanks:
        answers = right(sheet)
        answers[blank.number] += 3 * blank.within
        assert mark_of(sheet, answers, blank.number).verdict == "wrong"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_follows_from_an_earlier_wrong_answer_counts(seed):
    sheet = sheet_of(seed, "hard", *ATTENTION)
    verdicts = set()
    for wrong in (blank for blank in sheet.blanks if blank.record.name == "k"):
        answers = right(sheet)
        answers[wrong.number] += 1
        for blank in sheet.blanks[wrong.number :]:
            answers[blank.number] = round(from_own(sheet, blank, answers), 2)
        marks = grade(sheet, answers)
        assert [mark.blank.number for mark in marks if not mark.counts] == [wrong.number]
        verdicts |= {mark.verdict for mark in marks}
    assert verdicts == {"right", "follows", "wrong"}


def test_what_would_be_right_does_not_follow_from_nothing():
    sheet = sheet_of(2, "hard", *ATTENTION)
    answers = right(sheet)
    resting = next(blank for blank in sheet.blanks if [*operands(sheet, blank)])
    answers[resting.number] += 7
    assert mark_of(sheet, answers, resting.number).verdict == "wrong"


def test_a_box_without_an_answer_is_missing():
    sheet = sheet_of(2, "easy", *ATTENTION)
    assert {mark.verdict for mark in grade(sheet, {})} == {"missing"}
    assert share(grade(sheet, {})) == 0


def test_minus_infinity_is_an_answer():
    sheet = sheet_of(2, "easy", "@3:dec.0.self.masked[h0,0,1:]")
    assert [blank.value for blank in sheet.blanks] == [-math.inf] * 2
    assert share(grade(sheet, {1: -math.inf, 2: -math.inf})) == 1
    assert share(grade(sheet, {1: 0.0, 2: -1e9})) == 0


def test_scores_that_were_not_scaled_are_told_as_the_catalogue_tells_it():
    sheet = sheet_of(7, "hard", "@0:enc.0.self.scores")
    blank = next(blank for blank in sheet.blanks if 2 * blank.value not in (0, 1, -1))
    assert "not divided by √d_k" in spoken(slip_of(sheet.run, blank, 2 * blank.value))


def test_a_sign_a_sample_deviation_and_an_exponential_alone_are_told():
    norm = sheet_of(2, "hard", "@0:enc.0.self.norm")
    blank = max(norm.blanks, key=lambda blank: abs(blank.value))
    assert slip_of(norm.run, blank, blank.value * math.sqrt(3 / 4)) == SAMPLE
    assert slip_of(norm.run, blank, -blank.value) == OPPOSITE
    weights = sheet_of(2, "hard", "@0:enc.0.self.weights")
    blank = weights.blanks[0]
    score = float(blank.record.inputs[0].array[blank.place])
    assert slip_of(weights.run, blank, math.exp(score)) == UNDIVIDED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_is_told_by_what_it_alone_comes_to(seed):
    sheet = sheet_of(seed, "hard", *ATTENTION, "@0:enc.0.self.norm")
    found = {blank.number: [*slips(sheet.run, blank)] for blank in sheet.blanks}
    assert sum(map(bool, found.values())) > len(found) / 2
    for blank in sheet.blanks:
        for value, sentence in found[blank.number]:
            assert slip_of(sheet.run, blank, value + 0.9 * blank.within) == sentence
            assert not [other for other, told in found[blank.number] if told != sentence and abs(other - value) < 0.02]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("given", [0, 1, -1])
def test_what_anybody_may_write_down_is_no_slip(seed, given):
    sheet = sheet_of(seed, "easy")
    assert not [blank.cell for blank in sheet.blanks if slip_of(sheet.run, blank, given)]


def test_an_answer_that_comes_of_no_slip_has_none():
    sheet = sheet_of(2, "easy", *MASKED)
    assert slip_of(sheet.run, sheet.blanks[0], 123.4) is None
