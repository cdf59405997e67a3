"""Gradients are records like any other: one goes through them, stops in them, prints, lists and keeps them."""

from __future__ import annotations

import pytest
from transcript import error_of, lines

BEGUN = ("run 我爱你", "set target i love you", "goto @1")
BACK = "backward sum(loss)"


@pytest.fixture
def back(play):
    """A session that stands before the first gradient of a loss."""
    play(*BEGUN, BACK)
    return play


def stops(play, *commands) -> list[str]:
    """Where each command leads, as its first line says."""
    return [lines(play(command))[0].split("  ")[1].strip() for command in commands]


def test_one_goes_through_them(back):
    assert stops(back, "step", "step", "rs", "step") == ["grad.loss", "grad.logits", "grad.loss", "grad.logits"]
    assert stops(back, "goto grad.decoder.0.ffn.norm", "until grad.decoder.0.ffn.residual") == [
        "grad.decoder.0.ffn.norm",
        "grad.decoder.0.ffn.residual",
    ]
    assert stops(back, "finish", "rfin") == ["grad.decoder.0.ffn.hidden.bias", "grad.decoder.0.ffn.hidden"]
    assert lines(back("goto @1"))[0].split("  ")[1].strip() == "loss"


def test_one_stops_in_them(back):
    back("break grad.encoder.0.ffn.*")
    assert lines(back("continue"))[0] == "Breakpoint 1, hit 1: grad.encoder.0.ffn.*"
    assert lines(back("token"))[0] == "Breakpoint 1, hit 2: grad.encoder.0.ffn.*"
    assert lines(back("rc"))[0] == "Breakpoint 1, hit 3: grad.encoder.0.ffn.*"
    back("delete 1")
    assert lines(back("continue"))[0] == "the end of the run: the given output is read"


def test_globs_mean_them_where_they_say_so(back):
    everything = lines(back("print **"))
    assert not any("grad." in line for line in everything)
    assert all("grad." in line for line in lines(back("print grad.**")) if "@1 #" in line)
    assert lines(back("print sum(isnan(**))")) == ["sum(isnan(**)) = 0"]


def test_a_whole_name_is_that_of_what_was_computed(back):
    back("goto grad.decoder.0.ffn.norm")
    assert lines(back("print decoder.0.ffn.norm[0, 0]"))[0].startswith("@1:decoder.0.ffn.norm[0, 0] = ")
    assert lines(back("print ffn.norm[0, 0]"))[0].startswith("@1:grad.decoder.0.ffn.norm[0, 0] = ")
    assert lines(back("print grad.dec.0.cross.w[h0, 0, 0]"))[0].startswith("@1:grad.decoder.0.cross_attn.weights")


def test_what_has_none_is_said(play):
    play(*BEGUN)
    assert error_of(play, "print grad.logits") == (
        "no gradients are recorded in this step; backward E records them, e.g. backward sum(loss)"
    )
    play(BACK)
    assert error_of(play, "print grad.decoder.0.self_attn.mask") == (
        "no gradient comes to decoder.0.self_attn.mask: the expression does not change with it"
    )
    assert "nothing is recorded at grad.decoder.0.ffn.nrm; did you mean" in error_of(play, "p grad.decoder.0.ffn.nrm")


def test_they_are_not_edited(back):
    told = "grad.logits is a gradient, which follows from what was computed; an edit is of that"
    assert error_of(back, "ablate grad.logits") == told
    told = told.replace("logits", "**")
    assert error_of(back, "ablate grad.**") == told
    assert error_of(back, "sweep ablate over grad.** measure sum(loss)") == told


def test_two_runs_differ_in_them_where_both_have_some(back):
    back("mistake no_scale")
    assert "grad." not in back("diff r0")
    back(BACK)
    assert "grad.encoder.embed.weight" in back("diff r0")


def test_a_trace_has_them(back, tmp_path):
    shown = lines(back("why grad.logits[1, 44]"))
    back(f"record {tmp_path / 'x.trace'}", f"load {tmp_path / 'x.trace'}", "goto @1")
    assert stops(back, "step", "step") == ["grad.loss", "grad.logits"]
    assert lines(back("why grad.logits[1, 44]")) == shown


def test_the_last_one_is_the_end_of_the_run(back):
    assert lines(back("goto grad.encoder.embed.weight"))
    assert lines(back("step"))[0] == "the end of the run: the given output is read"
