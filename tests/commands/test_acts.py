"""Ablation, knockout, patching, steering and forcing: the numbers against torch's, and what must always hold."""

import json
from collections import deque

import numpy as np
import pytest
from safetensors.numpy import load_file
from transcript import error_of

import tracer
from commands.completion import completions
from commands.opener import Opener
from commands.session import Session
from tests.documented import ROOT
from tracer.arithmetic import Foreign
from tracer.derive import derive
from tracer.errors import InputError
from tracer.verify import verify

DELTA = "decoder.0.ffn.output"
FIXTURES = ROOT / "tests" / "fixtures"
PROBES = [
    ("marian_zh_en", "ablate enc.0.self.h2", "zero encoder.0.self_attn h2"),
    ("marian_zh_en", "ablate dec.1.cross.h1 zero", "zero decoder.1.cross_attn h1"),
    ("marian_zh_en", "ablate dec.0.self.h0 mean", "mean decoder.0.self_attn h0"),
    ("marian_zh_en", "ablate enc.0.self.h0 dec.1.cross.h0", "two at once"),
    ("marian_zh_en", "knock dec.1.cross[h1, 7, 1]", "knock decoder.1.cross_attn h1 q7 k1"),
    ("marian_zh_en", "scale dec.1.self.h3 by 0", "zero decoder.1.self_attn h3"),
    ("gpt2", "ablate dec.1.self.h3", "zero decoder.1.self_attn h3"),
    ("gpt2", "ablate dec.*.self.h0", "two at once"),
    ("gpt2", "ablate dec.0.self.h0 mean", "mean decoder.0.self_attn h0"),
    ("gpt2", "knock dec.0.self.h1[9, 1]", "knock decoder.0.self_attn h1 q9 k1"),
    ("llama_gqa", "ablate dec.0.self.h7", "zero decoder.0.self_attn h7"),
    ("llama_gqa", "knock dec.1.self[h1, 19, 1]", "knock decoder.1.self_attn h1 q19 k1"),
    ("t5_v1_0", "ablate enc.1.self.h0 mean", "mean encoder.1.self_attn h0"),
    ("t5_v1_0", "knock enc.0.self[h1, 26, 1]", "knock encoder.0.self_attn h1 q26 k1"),
]
ACTS = [
    "ablate dec.0.cross.h1",
    "ablate dec.*.self.h* mean",
    "ablate enc.0.ffn dec.0",
    "ablate enc.0 mean",
    'knock dec.0.cross[h1, :, "爱"]',
    "steer dec.0.ffn.output by 0.1",
    "steer enc.0.output[1] by 2 * (enc.0.output[0] - enc.0.output[1])",
    "scale @2:dec.0.cross.h1 by 0.5 --onward",
    "scale dec.0.output by dec.embed.output",
    "clamp dec.0.ffn.hidden to 0,1",
    "clamp enc.0.output to ,0.5",
    'project enc.0.output off enc.0.output["爱"]',
    "project dec.0.output onto @1:dec.0.output[0]",
    "force do",
]


def do(session, *lines):
    """Run lines; the last run before them and the one after."""
    before = session.run
    for line in lines:
        deque(session.read(line).run(session), 0)
    return before, session.run


def failures(run):
    """What does not hold of a run."""
    return [failure for step in run.steps for check in verify(run, step.tape.records) for failure in check.failures]


def logits(run, step=1):
    return run.step(step).find("logits").output.array


def given(name):
    """A session over the ids that a reference was computed of."""
    ids = load_file(FIXTURES / name / "reference.safetensors")
    read = ids["decoder_input_ids"][0] if "decoder_input_ids" in ids else []
    model = tracer.load(FIXTURES / name, "float64")
    text = " ".join(map(str, ids["input_ids"][0]))
    return Session(Opener(model, text, ids=True, target_ids=list(map(int, read))))


@pytest.mark.parametrize(("name", "line", "probe"), PROBES)
def test_the_same_as_in_torch(name, line, probe):
    arrays = load_file(FIXTURES / "probes" / f"{name}.safetensors")
    facts = json.loads((FIXTURES / "probes" / f"{name}.json").read_text(encoding="utf-8"))
    before, after = do(given(name), line)
    found = logits(after)[-3:] - logits(before)[-3:]
    assert np.abs(found - (arrays[probe] - arrays["base"])).max() < 1e-6 * facts["spread"]
    assert failures(after) == []


@pytest.mark.parametrize("cache", ["on", "off"])
@pytest.mark.parametrize("line", ACTS)
def test_every_cell_derives_and_the_same_edit_gives_the_same_bytes(session, line, cache):
    do(session, f"set cache {cache}", "set max-tokens 4", "token")
    first = do(session, line)[1]
    assert failures(first) == []
    second = do(session, "undo", line)[1]
    assert second is not first
    assert second.output_ids == first.output_ids
    cells = [[record.output.array.tobytes() for step in run.steps for record in step.tape] for run in (first, second)]
    assert cells[0] == cells[1]


def test_all_heads_at_zero_are_the_sublayer_without_all_but_its_bias(session):
    before, after = do(session, "token", "ablate dec.0.cross.h*")
    name = "decoder.0.cross_attn.output.bias"
    bias = before.parameters.find(name)[name].array
    assert np.array_equal(after.step(1).find("decoder.0.cross_attn.output").output.array, bias[None])


def test_a_sublayer_yields_0_and_a_layer_hands_on_what_it_reads(play, session):
    shown = play("token", "ablate enc.0.ffn dec.0")
    assert "encoder.0.ffn yields 0" in shown
    assert "decoder.0 adds nothing: its output is its input" in shown
    assert "encoder.0.ffn[1] yields 0" in play("ablate enc.0.ffn[1]")
    assert "encoder.0.ffn.hidden yields 0" in play("ablate enc.0.ffn.hidden")
    run = session.run
    assert not run.step(0).find("encoder.0.ffn.output").output.array.any()
    tape = run.step(1)
    assert np.array_equal(tape.find("decoder.0.output").output.array, tape.find("decoder.embed.output").output.array)
    leaf = next(derive(tape.find("decoder.0.output"), (0, 3)).expression.leaves())
    assert (leaf.path, leaf.index) == ("decoder.embed.output", (0, 3))


@pytest.mark.parametrize("cache", ["on", "off"])
def test_the_mean_is_over_all_positions_of_the_run(session, cache):
    do(session, f"set cache {cache}", "token")
    before, after = do(session, "ablate dec.0.self.h1 mean")
    steps = range(1, before.computed + 1) if cache == "on" else [before.computed]
    rows = [before.step(n).find("decoder.0.self_attn.heads").output.array[1] for n in steps]
    found = after.step(1).find("decoder.0.self_attn.heads").output.array[1]
    assert np.allclose(found, np.concatenate(rows).mean(0), rtol=0, atol=1e-12)


def test_a_key_that_is_hidden_already_can_not_be_knocked_out(play):
    shown = play("token", "knock dec.0.self[0, 1]")
    assert "NOTHING CHANGED" in shown
    assert "add up to 1" not in shown


def test_the_rest_of_the_weights_adds_up_to_1_and_a_query_left_with_nothing_is_told(play, session):
    assert "add up to 1 again" in play("token", 'knock dec.0.cross[:, "爱"]')
    weights = session.run.step(1).find("decoder.0.cross_attn.weights").output.array
    assert not weights[:, :, 1].any()
    assert np.allclose(weights.sum(-1), 1)
    assert "queries are left with no key: their weights are nan" in play("knock @2:dec.0.cross[h0, :]")


def test_three_edits_that_look_alike_are_told_apart(play):
    shown = play("help knock").replace("\n", " ")
    assert "A weight set to 0 after the softmax leaves the others as they are" in shown
    assert "A value set to 0 leaves the weights alone" in shown


def test_patching_everything_is_the_other_run(session):
    other, _fresh = do(session, "token", "run 我喜欢猫")
    _before, branch = do(session, "token", "patch enc.0.output from r0")
    other.decode()
    assert branch.output_ids == other.output_ids
    assert [np.array_equal(logits(branch, n), logits(other, n)) for n in range(1, other.computed + 1)]
    record = branch.step(0).find("encoder.output")
    assert isinstance(derive(record, (1, 3)).expression, Foreign)
    assert failures(branch) == []


def test_where_the_lengths_differ_tokens_go_by_their_labels(play, session):
    play("token", "run 爱你", "token", "patch enc.0.output from r0")
    ours, theirs = (session.runs[n].step(0).find("encoder.output").output.array for n in (2, 0))
    assert np.array_equal(ours, theirs[1:])
    message = error_of(play, "run 我喜欢你", "patch enc.0.output from r1")
    assert 'has the token "我"' in message
    assert message.count("position") == 2


def test_values_of_one_step_go_to_another(session):
    before, branch = do(session, "token", "patch @1:dec.0.ffn.output from r0@2")
    ours, theirs = (run.step(n).find(DELTA).output.array for run, n in ((branch, 1), (before, 2)))
    assert np.array_equal(ours, theirs[:1])


def test_a_patch_seen_by_one_record_alone(play, session):
    shown = play("token", "run 我喜欢猫", "token", "patch enc.0.self.h1 from r0 only into dec.0.cross.v")
    assert "only decoder.0.cross_attn.v sees it" in shown
    assert "values go from r0 into a branch of r1" in shown
    before, after = session.runs[1], session.run
    paths = [record.address for n in (0, 1) for record in after.step(n) if record.edits]
    assert paths == ["decoder.0.cross_attn.v"]
    assert np.array_equal(
        before.step(0).find("encoder.output").output.array, after.step(0).find("encoder.output").output.array
    )
    same, other = (run.step(1).find("decoder.0.cross_attn.v").output.array for run in (before, after))
    assert not np.array_equal(same, other)
    assert failures(after) == []


def test_forcing_a_token(play, session):
    shown = play("token", 'force "like"', "p choice")
    assert 'r1: edit 1: @2:choice = "▁like", forced' in shown
    assert session.run.text == "i like you"
    assert "no token 5000" in error_of(play, "force 5000")
    assert "no token is chosen after this one" in error_of(play, "goto end", "force do")
    assert "set strategy greedy" in error_of(play, "set strategy beam", "force do")


def test_a_direction_of_a_step_that_is_named_holds_beyond_the_end_of_the_run(session):
    before, after = do(session, "token", "steer dec.0.ffn.output by -30 * r0@1:dec.0.ffn.output[0]")
    assert after.computed > before.computed
    assert all(after.step(n).find("decoder.0.ffn.output").edits for n in range(1, after.computed + 1))


def test_projected_off_and_onto_are_the_whole(session):
    before, off = do(session, "token", 'project enc.0.output off enc.0.output["爱"]')
    _off, onto = do(session, "undo", 'project enc.0.output onto enc.0.output["爱"]')
    whole, first, second = (run.step(0).find("encoder.output").output.array for run in (before, off, onto))
    assert np.allclose(first + second, whole, rtol=0, atol=1e-12)
    assert np.allclose(first @ whole[1], 0, atol=1e-12)


def test_from_a_step_on(play):
    shown = play("token", "scale @2:dec.0.ffn.output by 2 --onward").replace("\n", " ")
    assert "from step @2 on: @2, @3" in shown
    assert "name the first one before --onward" in error_of(play, "scale dec.0.ffn.output by 2 --onward")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ablate dec.0.cross.h9", "index 9 is out of range on axis head: it has 2 places, 0 to 1"),
        ("ablate dec.7", "nothing is recorded at dec.7"),
        ("ablate dec.0 from", "'' is no run; write r1, or r1@3 for its step 3"),
        ("ablate dec.0 from r9", "there is no run r9"),
        ("ablate choice", "the token that is chosen is set by force TOKEN"),
        ("knock dec.0.cross", "dec.0.cross names no cells"),
        ("knock dec.0.ffn[0, 1]", "nothing is recorded at dec.0.ffn.masked"),
        ("patch dec.0.output from", "expected from RUN after the address, not 'from'"),
        ("patch dec.0.output from r0 only into dec.0.nope", "nothing is recorded at dec.0.nope"),
        ("patch dec.0.output from r0@9", "there is no step @9"),
        ("patch enc.0.output from r0@3", "r0@3 records nothing at encoder.0.output"),
        ("steer dec.0.ffn.output 2", "expected by E after the address, not '2'"),
        ("steer dec.0.ffn.output by enc.0.self.q", "and does not fit @1:decoder.0.ffn.output [position 1, feature 16]"),
        ("clamp dec.0.ffn.output to 2,1", "'2,1' is no range"),
        ("project dec.0.output off 0", "0 is zero at @1:decoder.0.ffn.norm: it has no direction"),
        ("project dec.0.output[0, 0] off 1", "is one number, and a projection is of vectors"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(play, session, line, message):
    assert message in error_of(play, "token", line)
    assert list(session.runs) == [0]


def test_a_run_of_another_model_has_nothing_to_give(play):
    message = error_of(play, "token", "model zh-en", "token", "patch enc.0.output from r0")
    assert "r0 is a run of zh-en-tiny, and r1 of zh-en" in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ablate dec.0.cross.h", ["h*", "h0", "h1"]),
        ("ablate dec.0.cross.h1 m", ["mean"]),
        ("ablate dec.0.cross.h1 from ", ["r0"]),
        ("knock dec.0.cross[", ["h0", "h1"]),
        ("patch enc.0.output ", ["from "]),
        ("patch enc.0.output from ", ["r0"]),
        ("patch enc.0.output from r0 ", ["only into "]),
        ("steer enc.0.output by r0@0:enc.0.outp", ["enc.0.output"]),
        ("project enc.0.output o", ["off ", "onto "]),
        ('force "lo', ['▁love"']),
    ],
)
def test_what_is_offered(session, line, expected):
    do(session, "token", "run 我喜欢猫", "token")
    offered = [found.text for found in completions(line, session, patient=True)]
    assert offered[: len(expected)] == expected


def test_objects(objects):
    (branch,) = (thing for thing in objects("token", "ablate dec.0.cross.h1") if thing["kind"] == "branch")
    assert branch["edits"] == [{"address": "@*:decoder.0.cross_attn.heads", "cells": "h1", "value": 0.0}]
    assert (branch["run"], branch["parent"], branch["first_difference"]) == ("r1", "r0", 1)


def test_a_reading_in_which_an_edit_finds_nothing_to_take_is_one_sentence():
    session = given("gpt2")
    do(session, "ablate decoder.output")
    with pytest.raises(InputError, match=r"takes from decoder\.embed\.output, which is not computed here; ask this of"):
        do(session, "lens")
