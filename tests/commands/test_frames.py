"""Scopes as frames, and the operations around a place."""

import pytest
from transcript import error_of, lines

WEIGHTS = "goto @1:dec.0.cross.weights"


def test_where_shows_the_scopes_inwards_out(play):
    assert lines(play("where")) == ["the run has not started"]
    assert lines(play(WEIGHTS, "where"))[1:] == [
        "--> #0  decoder.0.cross_attn   records #16 to #27   at @1 #22 weights",
        "    #1  decoder.0              records #4 to #32",
        "    #2  decoder                records #1 to #32",
        "    #3  zh-en-tiny             records #1 to #37",
    ]


def test_up_and_down_select_a_frame_and_any_motion_the_innermost(play, session):
    play(WEIGHTS, "up")
    assert session.frame == 1
    assert session.here.scope == "decoder.0"
    play("up 9")
    assert (session.frame, session.here.scope) == (3, "")
    play("down 2")
    assert session.frame == 1
    play("frame 2")
    assert session.frame == 2
    play("s")
    assert session.frame == 0


def test_the_ends_of_the_stack_are_told(play):
    assert "you can't go down" in error_of(play, WEIGHTS, "down")
    assert "you can't go up" in error_of(play, "up 3", "up")
    assert "there is no frame 7; where lists #0 to #3" in error_of(play, "frame 7")
    assert "is no frame" in error_of(play, "frame x")
    assert "you can't go up" in error_of(play, "run", "up")
    assert lines(play("run", "frame"))[-1] == "the run has not started"


def test_bare_names_are_looked_up_from_the_selected_frame(play):
    assert "decoder.0.cross_attn.q" in play(WEIGHTS, "p/s q")
    assert "decoder.0.self_attn.q" in play("up", "p/s self.q")
    assert "nothing is recorded at q" in error_of(play, "p q")


def test_finish_leaves_the_selected_frame(play, session):
    play(WEIGHTS, "finish")
    assert session.here.record.address == "decoder.0.cross_attn.norm"
    play(WEIGHTS, "up", "finish")
    assert session.here.record.address == "decoder.0.ffn.norm"
    play(WEIGHTS, "up", "rfin")
    assert session.here.record.address == "decoder.embed.output"


def test_list_points_at_the_cursor_and_goes_on(play):
    first, second = lines(play("s 6", "list"))[6:], lines(play("list"))
    assert [line.split()[0] for line in first] == ["#2", "#3", "#4", "#5", "-->", "#7", "#8", "#9", "#10"]
    assert [line.split()[0] for line in second][:2] == ["#11", "#12"]
    assert "step @0 ends with #" in error_of(play, "list", "list", "list")
    assert lines(play("s", "list"))[1].split()[0] == "#3"


def test_list_at_an_address_goes_on_when_entered_again(play):
    shown = lines(play("t", "list enc.0.ffn.norm"))[1:]
    assert any("encoder.0.ffn.norm" in line for line in shown)
    assert not any("-->" in line for line in shown)
    assert lines(play("list dec.0.self.q"))[3].split()[:2] == ["#4", "decoder.0.self_attn.q"]
    assert lines(play("list dec.0.self.q"))[0].split()[0] == "#10"


def test_one_step_is_no_span_of_steps(play):
    play("s")
    assert lines(play("info run"))[2] == "steps     @0"
    assert "steps     @0 to @1" in play("t", "info run")


def test_list_in_an_outer_frame_folds_the_scopes_within(play, objects):
    assert lines(play(WEIGHTS, "up", "list"))[2:] == [
        "     #4 to #15   decoder.0.self_attn   12 operations",
        " --> #16 to #27  decoder.0.cross_attn  12 operations",
        "     #28 to #32  decoder.0.ffn         5 operations",
    ]
    assert objects("list")[0]["data"][1] == {"address": "decoder.0.cross_attn", "first": 16, "last": 27}


@pytest.mark.parametrize("command", ["list", "where", "frame"])
def test_before_the_first_record(play, command):
    assert "-->" not in play(command)
    assert play.status == 0
