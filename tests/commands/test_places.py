"""Bookmarks, back and forward."""

import pytest
from transcript import error_of, lines

from tracer.debugger.cursor import Cursor


def test_back_and_forward_lead_through_the_stops(play, session):
    play("s 3", "t", "goto @0#2")
    play("back")
    assert session.cursor == Cursor(1, 37)
    play("back")
    assert session.cursor == Cursor(0, 3)
    play("back")
    assert session.cursor == Cursor(0, 0)
    assert "there is no place to go back to" in error_of(play, "back")
    play("forward 3")
    assert session.cursor == Cursor(0, 2)
    assert "there is no place to go forward to" in error_of(play, "forward")


def test_a_motion_after_back_forgets_what_lay_ahead(play, session):
    play("s 3", "t", "back", "s")
    assert session.cursor == Cursor(0, 4)
    assert "there is no place to go forward to" in error_of(play, "forward")
    play("back")
    assert session.cursor == Cursor(0, 3)


def test_a_fresh_run_forgets_the_places(play):
    assert "there is no place to go back to" in error_of(play, "t", "run", "back")


def test_back_to_before_the_start_says_so(play):
    assert lines(play("s", "back"))[-1] == "the run has not started"


def test_bookmarks_have_names_or_numbers(play, session):
    play("s 3", "bookmark", "t", "bookmark 词", "bookmark", "run", "goto 1")
    assert session.cursor == Cursor(0, 3)
    play("goto 词")
    assert session.cursor == Cursor(1, 37)
    assert [line.split()[0] for line in lines(play("info bookmarks"))] == ["1", "词", "2"]
    play("unbookmark 1", "bookmark")
    assert list(session.bookmarks) == ["词", "2", "1"]
    assert "there is no bookmark 9; there are: 词, 2, 1" in error_of(play, "unbookmark 9")


def test_a_bookmark_goes_before_an_address(play, session):
    play("s 2", "bookmark logits", "t", "goto logits")
    assert session.cursor == Cursor(0, 2)
    play("unbookmark logits", "goto @1:logits")
    assert session.here.record.address == "logits"


def test_a_bookmark_that_another_run_does_not_reach(play):
    play("c", "bookmark far")
    assert "there is no step @" in error_of(play, "set max-tokens 1", "goto far")


def test_a_bookmark_at_the_start(play, session):
    play("bookmark start", "t", "goto start")
    assert session.cursor == Cursor(0, 0)


@pytest.mark.parametrize("name", ["a b", "a.b", "-x", '"x"'])
def test_what_is_no_name(play, name):
    assert "can't be a bookmark's name" in error_of(play, f"bookmark {name}")


def test_goto_takes_addresses_steps_and_numbers(play, session):
    for location, cursor in (("@2", Cursor(2, 37)), ("#4", Cursor(2, 4)), ("@1#7", Cursor(1, 7)), ("enc.out", None)):
        play(f"goto {location}")
        assert cursor in (session.cursor, None)
    assert "there is no #99" in error_of(play, "goto #99")
    assert "is no address" in error_of(play, "goto !")


@pytest.mark.parametrize("address", ["@1:dec.0.cross.weights[h1]", "@2#5", ":logits", "#3", "@1:dec.*.cross.weights"])
def test_an_address_may_name_its_run(play, address):
    play("t 2")
    assert lines(play(f"p r0{address}")) == lines(play(f"p {address.removeprefix(':')}"))
    assert "= true" in play("p r0@2:logits[0, 0]+1 > r0:logits[0, 0]")


@pytest.mark.parametrize(
    "line",
    [
        "p r1@2:logits",
        "p max(r1#3)",
        "p r1@1:dec.*.cross.weights",
        "p @1:logits @ r1:logits",
        "goto r1@2",
        "goto r1@2:logits",
        "until r1:logits",
        "break r1@2",
        "break r1@2:logits",
        "catch max(r1:logits) > 1",
        "watch max(r1:logits)",
        "why r1@2:logits[0, 0]",
        "why r1:decoder.embed.weight[0, 0]",
        "p r1:decoder.embed.weight",
        "verify r1@2",
        "verify r1@*",
        "formula r1:logits",
        "list r1:logits",
        "info tensors r1@2:dec.**",
        "export x.txt r1:logits",
    ],
)
def test_a_run_that_there_is_not(play, line):
    assert error_of(play, "t 2", line).endswith("there is no run r1; there is one, r0")
    assert play.status == 1


def test_a_breakpoint_stays_in_its_run(play):
    assert "Breakpoint 1: r0@2:logits" in play("break r0@2:logits")
    assert "Breakpoint 1, hit 1" in play("continue")
    shown = play("delete", "break logits if max(r7:logits) > 1", "run", "continue")
    assert "there is no run r7; there are r0, r1" in shown.replace("\n", " ")


def test_both_ends_of_a_run(play, session):
    assert "the end of the run: </s>" in play("break logits", "goto end")
    assert session.cursor == Cursor(4, len(session.run.step(4)))
    assert "the run has not started" in play("goto start")
    assert session.cursor == Cursor(0, 0)
    play("goto end", "back")
    assert session.cursor == Cursor(0, 0)


def test_a_bookmark_goes_before_an_end(play, session):
    play("s 3", "bookmark end", "goto start", "goto end")
    assert session.cursor == Cursor(0, 3)


def test_short_words_mean_what_they_mean_to_gdb(play):
    assert "no breakpoint is set" in play("i b")
    assert "the run has not started" in play("t", "r")
    assert "target  0 <s>\n" in play("r 你爱我")
    assert "no bookmark is kept" in play("i bo")
