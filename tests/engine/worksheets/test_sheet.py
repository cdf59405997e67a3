"""Worksheets: what is left blank, and what stands around it."""

import math

import numpy as np
import pytest

import tracer
from tracer.derive import derive
from tracer.errors import InputError
from tracer.worksheets.sheet import make_sheet, operands, whole_pass
from tracer.worksheets.working import origin, worked

from .sheets import ATTENTION, MASKED, right, run_of, sheet_of, wanted

SEEDS = (0, 2, 7)
LEVELS = ("easy", "hard")
ABOUT = {
    "whole": (),
    "attention": ATTENTION,
    "masked": MASKED,
    "embedding": tuple(f"@0:enc.embed.{name}" for name in ("tokens", "positions", "output")),
    "feed-forward": tuple(f"@0:enc.0.ffn.{name}" for name in ("hidden", "activated", "output")),
}

each_sheet = pytest.mark.parametrize(
    "sheet",
    [
        pytest.param((seed, level, *ABOUT[name]), id=f"{name}-{level}-{seed}")
        for seed in SEEDS
        for level in LEVELS
        for name in ("whole", "attention", "masked")
    ],
)


@each_sheet
def test_every_blank_is_a_cell_that_was_recorded(sheet):
    made = sheet_of(*sheet)
    assert [blank.number for blank in made.blanks] == list(range(1, len(made.blanks) + 1))
    for blank in made.blanks:
        record = made.run.at(blank.record.at).find(blank.record.address)
        assert blank.value == float(record.output.array[blank.place])
        assert not math.isnan(blank.value)


@each_sheet
def test_easy_blanks_rest_on_none_and_hard_ones_on_earlier_ones(sheet):
    made = sheet_of(*sheet)
    behind = {blank.number: [other.number for other in operands(made, blank)] for blank in made.blanks}
    if sheet[1] == "easy":
        assert not any(behind.values())
    else:
        assert all(other < number for number, others in behind.items() for other in others)
        assert any(behind.values())


@each_sheet
def test_all_that_a_blank_is_worked_out_from_is_printed(sheet):
    made = sheet_of(*sheet)
    printed = {(part.tensor.at, part.tensor.path) for part in made.parts}
    for blank in made.blanks:
        for leaf in blank.derivation.terms:
            record = None if leaf.at is None else made.run.at(leaf.at).find(leaf.path)
            source = None if record is None else origin(made.run, record, leaf.index)[0]
            assert (leaf.at, leaf.path) in printed or (source.at, source.address) in printed


@each_sheet
def test_what_is_printed_leads_to_the_answer_within_the_tolerance(sheet):
    made = sheet_of(*sheet)
    for blank in made.blanks:
        if math.isfinite(blank.value) and not blank.is_token:
            assert abs(worked(blank.record, blank.place, made.printed) - blank.value) <= blank.within
            assert 0.01 <= blank.within <= 0.1


def test_the_same_seed_leaves_the_same_cells_blank_and_another_does_not():
    one, again, other = (sheet_of(seed, "easy") for seed in (2, 2, 7))
    assert [str(blank.cell) for blank in one.blanks] == [str(blank.cell) for blank in again.blanks]
    assert [str(blank.cell) for blank in one.blanks] != [str(blank.cell) for blank in other.blanks]


def test_a_whole_pass_practises_every_operation_and_ends_with_the_token():
    sheet = sheet_of(2, "easy")
    practised = {blank.record.op.name for blank in sheet.blanks}
    assert {"project", "scores", "softmax", "weigh", "linear", "add", "layer_norm", "relu", "masked"} <= practised
    assert sheet.blanks[-1].is_token


def test_of_a_whole_pass_what_teaches_nothing_is_left_out():
    run = run_of(2)
    left_out = {record.address for record in (*run.step(0), *run.step(3))} - {
        one.record.address for one in whole_pass(run, (0, 3))
    }
    of_attention = {"encoder.0.self_attn.concat", "decoder.0.self_attn.concat", "decoder.0.cross_attn.concat"}
    assert of_attention | {"encoder.0.self_attn.masked", "probs", "choice.logits"} <= left_out
    assert not {"decoder.0.self_attn.weights", "logits", "choice.probs", "choice"} & left_out


def test_a_copy_of_a_blank_is_the_same_box():
    sheet = sheet_of(2, "hard", *MASKED)
    blank = next(blank for blank in sheet.blanks if blank.record.name == "scores")
    masked = next(part for part in sheet.parts if part.tensor.path.endswith("masked"))
    assert sheet.number(masked, blank.place) == blank.number


@pytest.mark.parametrize("name", ["whole", "feed-forward", "embedding", "attention", "masked"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", [2, 5])
def test_no_number_of_a_blank_is_printed_where_it_is_handed_on(name, level, seed):
    made = sheet_of(seed, level, *ABOUT[name])
    for blank in made.blanks:
        if math.isfinite(blank.value) and not blank.is_token:
            assert [*handed_on(made, blank)] == [], blank.cell


def handed_on(made, blank):
    """The printed cells that have the number of a blank, and another with it where that is edited."""
    branch = made.run.branch(tracer.edit(str(blank.cell), blank.value + 0.25))
    for part in made.parts:
        if part.tensor.at is None or part.tensor.array.dtype.kind != "f":
            continue
        edited = branch.at(part.tensor.at).there(part.tensor.path).output.array
        follows = np.isclose(edited, blank.value + 0.25, atol=1e-6) & (part.tensor.array == blank.value)
        for index in map(tuple, np.argwhere(follows)):
            record = made.run.at(part.tensor.at).there(part.tensor.path)
            rests = any(made.blank_of(leaf) == blank for leaf in derive(record, index).terms)
            if rests and made.number(part, index) is None:
                yield str(part.tensor.leaf(*index))


def test_selectors_say_which_cells_may_be_blank():
    sheet = sheet_of(2, "hard", "@0:enc.0.self.weights[h0,1]")
    assert [blank.place for blank in sheet.blanks] == [(0, 1, 0), (0, 1, 1), (0, 1, 2)]


def test_records_of_which_nothing_can_be_printed_whole_are_refused():
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你")
    with pytest.raises(InputError, match=r"nothing of encoder.0.ffn.hidden can be worked out"):
        make_sheet(run, [wanted(run, "@0:enc.0.ffn.hidden")], "easy", 0, 3)


def test_the_origin_of_a_visible_score_under_the_mask_is_the_score():
    run = run_of(2)
    run.step(3)
    tape = run.at(run.passes[3].place)
    masked = tape.find("decoder.0.self_attn.masked")
    assert origin(run, masked, (0, 2, 1))[0].name == "scores"
    assert origin(run, masked, (0, 0, 1)) == (masked, (0, 0, 1))
    assert derive(masked, (0, 0, 1)).value == -math.inf


def test_the_right_answers_are_rounded_to_two_decimals():
    sheet = sheet_of(2, "easy", *ATTENTION)
    assert all(abs(value - sheet.blanks[number - 1].value) <= 0.005 + 1e-9 for number, value in right(sheet).items())
