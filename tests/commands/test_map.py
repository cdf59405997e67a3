"""The map: where one stands, what is near, and one module down to its operations."""

import io
import json

import pytest
from kept import kept_of
from rich.cells import cell_len

from commands.batch import Batch
from commands.completion import completions
from commands.grammar.lines import given
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.replay import Replay
from commands.session import Session
from tracer.views.chart import HERE, STOP


def told(text):
    """What is written, without the echo of the commands."""
    return [line for line in text.splitlines() if not line.startswith("(tx) ")]


def chart(text):
    """The data of the last map."""
    return [json.loads(line) for line in text.splitlines()][-1]["data"]


def test_before_the_first_record_it_says_so_and_shows_both_halves(play):
    lines = told(play("map"))
    assert "the run has not started" in lines
    assert HERE not in "".join(lines)
    assert "@0  我 爱 你 </s>" in lines[0]
    assert "@1  <s>" in lines[0]


def test_it_does_not_move_the_cursor_nor_tell_the_token(play, session):
    play("goto @1:dec.0.cross.weights")
    before = session.cursor
    assert "▁i" not in play("map")
    assert session.cursor == before
    assert 'choice "▁i"' in play("token", "map")


def test_the_module_in_which_one_stands_is_marked(play):
    lines = told(play("goto @1:dec.0.cross.weights", "map"))[1:]
    assert [line.count(HERE) for line in lines if HERE in line] == [1, 1]
    assert "▶ cross_attn › weights" in "".join(lines)
    assert "▶ you are here: @1 #22 decoder.0.cross_attn.weights" in lines


def test_the_memory_goes_to_the_cross_attention(play):
    [link] = chart(play("goto @1", "map", output="jsonl"))["across"]
    source, decoder = chart(play("map", output="jsonl"))["passes"]
    assert source["parts"][link["from"]]["addresses"] == ["encoder.0.ffn.norm"]
    assert [decoder["parts"][place]["name"] for place in link["to"]] == ["cross_attn"]


def test_with_the_cache_on_too(play):
    data = chart(play("set cache on", "goto @3", "map", output="jsonl"))
    assert [plan["step"] for plan in data["passes"]] == [0, 3]
    assert len(data["across"]) == 1


def test_a_module_opens_by_its_address_or_that_of_what_is_in_it(play):
    by_module, by_record = (told(play("goto @1", f"map {name}"))[1:] for name in ("dec.0.cross", "dec.0.cross.weights"))
    assert by_module == by_record
    names = [part["name"] for part in chart(play("map dec.0.cross", output="jsonl"))["passes"][0]["parts"]]
    assert names == [
        *("decoder.0.self_attn.norm", "@0:encoder.0.ffn.norm"),
        *("q", "k", "v", "scores", "mask", "masked", "weights", "heads", "concat", "output", "residual", "norm"),
        "decoder.0.ffn.hidden, decoder.0.ffn.residual",
    ]


def test_a_bare_name_is_looked_up_from_where_one_stands(play):
    assert "─ decoder.0.cross_attn ─" in play("goto @1:dec.0.cross.weights", "map weights")


def test_a_module_of_the_decoder_is_found_from_within_the_encoder(play):
    assert "─ decoder.0.cross_attn ─" in play("goto @0#3", "map dec.0.cross")
    assert play.status == 0


def test_breakpoints_are_marked(play):
    shown = play("b dec.0.cross.weights", "goto @1", "map dec.0.cross")
    assert f"weights {STOP} [2, 1, 4]" in shown
    assert f"{STOP} breakpoint" in shown
    assert STOP not in play("disable 1", "map dec.0.cross")


def test_on_the_way_back_it_marks_what_the_gradient_is_of(play):
    shown = play("goto @2", "backward logits[-1, 5]", "goto grad.decoder.0.ffn.hidden", "map")
    assert "▶ ffn › hidden" in shown
    assert "you are on the way back" in shown


def test_elsewhere_it_says_where_one_stands(play):
    assert "you are elsewhere: @1 #37 choice" in play("goto @1", "map dec.0.ffn")


def test_what_is_not_there_is_one_clear_sentence(play):
    play("map nothing")
    assert play.status == 1
    play("map dec.0.cross[h0]")
    assert play.status == 1


@pytest.mark.parametrize("name", ["markdown", "html", "svg"])
def test_it_is_written_in_every_format(play, name):
    shown = play("goto @1", "map", "map dec.0.cross", output=name)
    assert "cross_attn" in shown
    assert play.status == 0


def test_of_what_was_kept_it_is_the_same(play, session):
    live = play("continue", "goto @2:dec.0.cross.weights", "map", output="jsonl")
    kept = Session(Replay(kept_of(session.run), "我爱你"))
    stream = io.StringIO()
    with presenter_of("jsonl")(stream, Look(100, "never"), kept.heading) as presenter:
        assert Batch(kept, presenter).play(given(["goto @2:dec.0.cross.weights", "map"])) == 0
    assert chart(stream.getvalue()) == chart(live)


def test_of_a_hypothesis_too(play):
    assert "@2.1  <s>" in play("set strategy beam", "set beams 3", "token 2", "map @2.1")


def test_of_another_run_it_shows_its_tokens_and_says_in_which_one_is(play, session):
    other = play("token", "run 你爱我", "map r0@1")
    assert "you are in r1" in told(other)
    assert told(other).count("the run has not started") == 1
    assert f'choice "{session.runs[0].tokens[0].piece}"' in other


def test_modules_are_offered(session):
    offered = [one.text for one in completions("map enc", session)]
    assert any(text.startswith("encoder") for text in offered)


def test_no_line_is_too_wide(play):
    assert max(map(cell_len, play("goto @2", "map", "map dec.0.self").splitlines())) <= 100
