"""A mask and positions that are stated with a text."""

import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from commands.terminal.resume import resume, save
from tracer.decoding.settings import Settings
from tracer.errors import InputError
from tracer.ops.attention import LOWEST

FIXTURES = Path(__file__).parents[1] / "fixtures"
QWEN, IDS = str(FIXTURES / "qwen2"), ("--ids", "-t", "5 9 2 7")


def test_a_mask_and_positions_from_the_command_line(tx):
    done = tx("-m", QWEN, *IDS, "--attention-mask", "0 1 1 1", "--position-ids", "0,3,4,9", "--batch", "-e", "info run")
    assert done.returncode == 0
    assert ["mask", "0", "1", "1", "1"] in map(str.split, done.stdout.splitlines())
    assert "position ids  0 3 4 9" in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--attention-mask", "0 1"], "--attention-mask has 2 numbers, and the source text has 4 tokens: 5 9 2 7"),
        (["--attention-mask", "0 1 x 1"], "--attention-mask: '0 1 x 1' is no list of numbers"),
        (["--attention-mask", "0 1 3 1"], "3 is neither"),
        (["--position-ids", "0 1 2 -1"], "--position-ids: '0 1 2 -1' is no list of numbers"),
        (["--position-ids", "0 1 2"], "--position-ids has 3 numbers"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tx, options, told):
    done = tx("-m", QWEN, *IDS, *options, "--batch", "-e", "step")
    assert done.returncode == 2
    _opened, complaint = done.stderr.splitlines()
    assert told in complaint


BERT = str(FIXTURES / "bert")


def test_segments_from_the_command_line(tx):
    done = tx("-m", BERT, *IDS, "--segment-ids", "0 0 1 1", "--batch", "-e", "run", "-e", "info run", "-e", "run 5 6")
    assert done.returncode == 0
    assert "segment ids  0 0 1 1" in done.stdout
    assert "note: --segment-ids belonged to the text before, and this one is read without" in done.stderr


@pytest.mark.parametrize(
    ("model", "segments", "told"),
    [
        (BERT, "0 1", "--segment-ids has 2 numbers, and the source text has 4 tokens: 5 9 2 7"),
        (BERT, "0 1 2 0", "segment 2 is out of range: bert has segments 0 to 1"),
        (BERT, "0 1 a 0", "--segment-ids: '0 1 a 0' is no list of numbers"),
        (QWEN, "0 0 0 0", "qwen2 tells no segments of a text apart; leave out --segment-ids"),
    ],
)
def test_segments_that_do_not_fit_are_one_sentence(tx, model, segments, told):
    done = tx("-m", model, *IDS, "--segment-ids", segments, "--batch", "-e", "step")
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]


def test_segments_are_kept_with_the_session(tmp_path):
    opener = Opener(tracer.load(FIXTURES / "bert"), "5 9 2 7", ids=True, segments="0 0 1 1")
    session = Session(opener)
    session.token()
    save(session, tmp_path / "session.json")
    again = resume(tmp_path / "session.json", lambda _told: None)
    assert again.run.segments == [0, 0, 1, 1]
    assert again.run.texts[0].segments == [0, 0, 1, 1]


def test_words_have_a_mask_as_ids_do(tx):
    done = tx("-t", "我爱你", "--attention-mask", "1 0 1", "--batch", "-e", "step")
    assert "the source text has 4 tokens: 我 爱 你 </s>" in done.stderr


def test_an_encoder_counts_its_positions_itself(tx):
    done = tx("-t", "我爱你", "--position-ids", "0 1 2 3", "--batch", "-e", "step")
    assert done.returncode == 2
    assert "zh-en-tiny counts the positions of its texts itself; leave out --position-ids" in done.stderr


def test_another_text_is_read_without(tx):
    done = tx("-t", "我爱你", "--attention-mask", "1 0 1 1", "--batch", "-e", "run", "-e", "run 你", "-e", "info run")
    assert done.returncode == 0
    told = "note: --attention-mask belonged to the text before, and this one is read without"
    assert done.stderr.splitlines() == [told]
    assert "mask" not in done.stdout.partition("info run")[2]


def test_pads_are_told_of(tx):
    done = tx("-t", "0 5 6", "--ids", "--batch", "-e", "run")
    assert "note: padding is hidden at 1 of 3 places: <pad> (id 0)" in done.stderr


def masked(**settings):
    model = tracer.load(QWEN)
    return Session(Opener(model, "5 9 2 7", ids=True, mask="0 1 1 1", positions="0 3 4 9", **settings))


def test_they_come_back_with_the_text(tmp_path):
    before = masked()
    save(before, tmp_path / "session.json")
    run = resume(tmp_path / "session.json", print).run
    assert (run.mask, run.positions) == ([0, 1, 1, 1], [0, 3, 4, 9])


def test_settings_leave_them_as_they_are():
    session = masked()
    session.reopen(session.opener.computing_in("float64"))
    session.reopen(session.opener.deciding(Settings(strategy="sample")))
    assert (session.run.mask, session.run.positions) == ([0, 1, 1, 1], [0, 3, 4, 9])


def test_a_text_that_can_not_be_read_leaves_them_as_they_are():
    session = masked()
    with pytest.raises(InputError):
        session.restart("5 x")
    assert (session.opener.text, session.opener.mask) == ("5 9 2 7", "0 1 1 1")


def lines(session, *commands):
    stream = io.StringIO()
    with presenter_of("text")(stream, Look(100, "never"), session.title) as presenter:
        status = Batch(session, presenter, False).play(given(commands))
    return status, stream.getvalue()


@pytest.mark.parametrize("cache", [True, False])
def test_everything_is_verified_under_them(cache):
    status, shown = lines(masked(settings=Settings(cache=cache, max_tokens=3)), "token 3", "verify @*")
    assert status == 0, shown


def test_hypotheses_are_read_under_them():
    settings = Settings("beam", beams=2, max_tokens=3)
    status, shown = lines(masked(settings=settings), "token 3", "verify @2.1", "p @2.1:dec.0.self.mask")
    assert status == 0, shown
    assert "hidden (−∞)" in shown


def test_the_mask_says_who_sees_nothing():
    _status, shown = lines(masked(), "token", "mask", "p dec.0.self.mask", "why dec.0.self.mask[0,0]")
    assert "1 query sees no key: equal weights" in shown
    assert "query 0 sees no key: the lowest float32 in place of −∞" in shown


def test_what_sees_nothing_is_finite_in_json():
    stream = io.StringIO()
    commands = ("token", "p dec.0.self.weights[h0,0]", "why dec.0.self.weights[h0,0,1]", "why dec.0.self.mask[0,1]")
    with presenter_of("jsonl")(stream, Look(100, "never"), lambda: "") as presenter:
        Batch(masked(), presenter, False).play(given(commands))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    (row,) = [line["values"] for line in told if line["kind"] == "tensor"]
    assert row == [0.25] * 4
    share, lowest = [line for line in told if line["kind"] == "derivation"]
    assert eval(share["expression"], {"exp": math.exp}) == pytest.approx(0.25)
    assert (lowest["value"], eval(lowest["expression"])) == (LOWEST, LOWEST)


def test_a_dropped_step_is_read_under_them_again():
    model = tracer.load(QWEN)
    given = {"mask": [0, 1, 1, 1], "positions": [0, 3, 4, 9]}
    kept = tracer.Run(model, [5, 9, 2, 7], Settings(max_tokens=4), **given).decode()
    dropped = tracer.Run(model, [5, 9, 2, 7], Settings(max_tokens=4), budget=1, **given).decode()
    for step in kept.steps:
        for record in step:
            again = dropped[step.number][record.address].array
            np.testing.assert_array_equal(again, record.output.array, err_msg=record.address)


def test_why_names_the_position(tmp_path):
    shutil.copytree(FIXTURES / "gpt2_untied", tmp_path / "gpt2")
    session = Session(Opener(tracer.load(tmp_path / "gpt2"), "5 9", ids=True, positions="7 3"))
    status, shown = lines(session, "token", "why dec.embed.positions[1,0]")
    assert status == 0, shown
    assert "wpe.weight[3,0]" in shown
