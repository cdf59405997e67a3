"""Breakpoints and their like, as commands."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from commands.completion import completions
from commands.opener import Opener
from commands.registry import lookup
from commands.session import Session
from commands.verbs.stops import script
from tracer.debugger.stops import CatchArising
from tracer.decoding.settings import Settings
from tracer.model import BUILTIN

FIXTURES = Path(__file__).parents[1] / "fixtures"


def lines(text):
    """What is written, without the echo of the commands and the rules of tables."""
    return [line for line in text.splitlines() if not line.startswith(("(tx) ", "> ")) and line.strip(" ─")]


def error_of(play, *commands):
    return json.loads(play(*commands, output="jsonl").splitlines()[-1])["message"]


def test_a_breakpoint_is_announced_met_and_explained(play):
    shown = lines(play("b dec.0.cross.weights if max(weights[h0]) > .5", "c"))
    assert shown[0] == "Breakpoint 1: decoder.0.cross_attn.weights if max(weights[h0]) > .5"
    assert shown[1].startswith("Breakpoint 1, hit 1: max(weights[h0]) = 0.8")
    assert shown[1].endswith(" > .5")
    assert [line.split()[0] for line in shown[2:]] == ["#20", "#21", "-->", "#23"]
    assert shown[4].startswith(" --> #22  decoder.0.cross_attn.weights")


def test_without_a_condition_it_says_where(play):
    assert "Breakpoint 1, hit 1: op:softmax" in lines(play("b op:softmax", "c"))


def test_a_temporary_breakpoint_goes_after_its_hit(play):
    shown = lines(play("tb @1", "c", "info breakpoints"))
    assert shown[0] == "Temporary breakpoint 1: @1"
    assert shown[1] == "Temporary breakpoint 1, hit 1: @1"
    assert shown[-1] == "no breakpoint is set; e.g. break dec.0.cross.weights"


def test_a_token_comes_before_the_stop_at_its_end(play):
    shown = lines(play('b token:"love"', "c"))
    assert [line.split(",")[0] for line in shown[1:4]] == [shown[1], shown[2], "Breakpoint 1"]
    assert shown[2].startswith("token  2")


def test_a_watchpoint_shows_old_and_new(play):
    shown = lines(play("watch argmax(logits[-1])", "c"))
    assert shown[0] == "Watchpoint 1: argmax(logits[-1])"
    at = shown.index("Watchpoint 1, hit 1: argmax(logits[-1])")
    assert [line.split() for line in shown[at + 1 : at + 3]] == [["old", "@1", "18"], ["new", "@2", "44"]]


def test_a_watched_row_is_shown_with_its_cells_and_a_matrix_in_short(play):
    shown = play("watch dec.0.cross.weights[h0, -1]", "c", "run", "delete", "watch logits", "c")
    assert "  old  @1  [0." in shown
    assert "  new  @2  [position 2, vocab 79]  x∈[" in shown


def test_a_catch_that_can_not_be_worked_out_is_an_object_too(objects):
    told = [thing["data"] for thing in objects("catch n", "token") if thing.get("command") == "stop"]
    assert [thing["number"] for thing in told] == [1]
    assert told[0]["problem"].startswith("a condition must be one truth value")


def test_a_catch_is_met_where_its_predicate_holds(play):
    shown = lines(play("catch max(weights) > .99", "c"))
    assert shown[:2] == ["Catchpoint 1: max(weights) > .99", "Catchpoint 1, hit 1: max(weights) = 1.000 > .99"]
    assert lines(play("delete", "catch nan", "catch inf", "catch rowsum", "run", "c"))[-1].startswith(
        "the end of the run"
    )


def test_a_failing_condition_stops_and_says_why(play):
    assert "Breakpoint 1, hit 1: logits if 1 / 0 > 1 can't be worked out here: column 3: division by zero" in lines(
        play("b logits if 1 / 0 > 1", "c")
    )


def test_counts_go_to_the_nth_stop_both_ways(play, session):
    play("b logits", "c 2")
    assert session.cursor.step == 2
    play("c 999999999")
    assert session.stops[1].hits == len(session.run.tokens)
    play("rc 2")
    assert session.cursor.step == len(session.run.tokens) - 1
    play("rc 999999999")
    assert session.cursor == session.start


def test_a_count_ends_at_a_breakpoint(play, session):
    shown = lines(play("b enc.0.self.q", "s 10"))
    assert session.cursor.index == 4
    assert len(shown) == 1 + 3 + 1 + 4


def test_conditions_are_given_and_taken_away(play):
    shown = lines(play("b logits", "condition 1 step > 1", "condition 1"))
    assert shown == ["Breakpoint 1: logits", "Breakpoint 1: logits if step > 1", "Breakpoint 1: logits"]


def test_some_are_ignored(play, session):
    assert lines(play("b logits", "ignore 1 1", "ignore 1 2"))[1:] == [
        "Breakpoint 1: logits   (ignores the next hit)",
        "Breakpoint 1: logits   (ignores the next 2 hits)",
    ]
    play("c")
    assert (session.cursor.step, session.stops[1].hits) == (3, 3)


def test_enable_disable_delete(play, session):
    shown = lines(play("b logits", "b @2", "disable", "enable 2", "c"))
    assert shown[2:5] == ["Breakpoint 1: logits   (disabled)", "Breakpoint 2: @2   (disabled)", "Breakpoint 2: @2"]
    assert session.cursor.step == 2
    assert lines(play("delete 2 1")) == ["deleted: 2, 1"]
    assert lines(play("delete")) == ["deleted: none"]


def test_delete_with_one_wrong_number_deletes_none(play, session):
    assert error_of(play, "b logits", "delete 1 7") == "there is no breakpoint 7; there are 1"
    assert len(list(session.stops)) == 1


def test_commands_are_run_where_the_breakpoint_stops(play):
    shown = play("b logits", "commands", "print step", "# a remark", "", "end", "c", "c")
    assert "> print step\n> # a remark\n> \n> end\n" in shown
    assert [line for line in lines(shown) if line.startswith("step = ")] == ["step = 1", "step = 2"]


def test_a_motion_ends_the_commands_and_starts_those_of_its_stop(play, session):
    shown = lines(play("b logits", "commands 1", "print step", "continue", "print 0", "end", "c"))
    assert [line for line in shown if " = " in line and "token" not in line.split()[0]] == [
        f"step = {n}" for n in range(1, len(session.run.tokens) + 1)
    ]
    assert shown[-1].startswith("the end of the run")


def test_hundreds_of_stops_in_a_row_need_no_stack(play, session):
    play("b **", "commands", "continue", "end", "c")
    assert session.stops[1].hits > 150


def test_commands_within_commands(play, session):
    play("b logits", "commands", "tbreak @2", "commands", "print step", "end", "end")
    assert session.stops[1].commands == ("tbreak @2", "commands\nprint step\nend")
    assert "step = 2" in play("c", "c")


def test_commands_may_source_a_script(play, tmp_path):
    file = tmp_path / "looks.tx"
    file.write_text("print 1\nprint 2\n")
    shown = lines(play("b logits", "commands", f"source {file}", "print 3", "end", "c"))
    assert [line for line in shown if " = " in line and line[:1].isdigit()] == ["1 = 1", "2 = 2", "3 = 3"]


def test_an_empty_block_takes_the_commands_away(play, session):
    assert "(then: where)" in play("b logits", "commands", "where", "end")
    play("commands 1", "end")
    assert session.stops[1].commands == ()


def test_a_failing_command_ends_the_commands(play):
    shown = play("b logits", "commands", "p nowhere", "p 1", "end", "c", keep_going=True)
    assert "1 = 1" not in shown
    assert play.status == 1


def test_info_breakpoints(play, objects):
    shown = lines(play("b logits if step > 1", "watch token", "disable 2", "c", "info breakpoints"))[-3:]
    assert [line.split() for line in shown] == [
        ["number", "kind", "hits"],
        ["1", "breakpoint", "1", "logits", "if", "step", ">", "1"],
        ["2", "watchpoint", "0", "token", "(disabled)"],
    ]
    first, second = objects("info breakpoints")[0]["data"]["breakpoints"]
    assert (first["number"], first["condition"], first["hits"]) == (1, "step > 1", 1)
    assert (second["type"], second["enabled"]) == ("watchpoint", False)


def test_a_stop_is_an_object_with_its_reason_and_number(objects):
    things = objects("b @1:logits if max(logits) > 0", "watch token", "c", "c")
    stops = [thing for thing in things if thing["kind"] == "stop"]
    assert [(stop["reason"], stop["number"], stop["step"]) for stop in stops] == [
        ("breakpoint", 1, 1),
        ("watchpoint", 2, 2),
    ]
    found = [thing["data"] for thing in things if thing["kind"] == "result" and thing["command"] == "stop"]
    assert found[0]["condition"] == "max(logits) > 0"
    assert list(found[0]["values"]) == ["max(logits)"]
    assert found[1] == {"number": 2, "hits": 1, "old": "▁i", "new": "▁love"}


def test_what_is_saved_sets_the_same_again(play, session, tmp_path):
    file = tmp_path / "stops.tx"
    play(
        "b dec.*.cross.weights if max(weights) > .5",
        "ignore 1 2",
        'tb token:"love"',
        "watch token",
        "condition 3 step > 1",
    )
    play("catch rowsum", "catch max(weights) > 2", "disable 5", "commands 1", "p max(weights)", "c", "end")
    play(f'save breakpoints "{file}"')
    saved = script(session.stops)
    assert file.read_text() == "".join(f"{line}\n" for line in saved)
    play("delete")
    play(*file.read_text().splitlines())
    assert play.status == 0
    assert script(session.stops) == saved


def test_what_cannot_be_saved_leaves_no_file(play, tmp_path):
    assert "can't be written" in error_of(play, "b logits", f'save breakpoints "{tmp_path}/no/stops.tx"')
    assert not list(Path(tmp_path).glob("*.tx"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b dec.0.cross.wieghts", "did you mean decoder.0.cross_attn.weights?"),
        ("b op:softmx", "did you mean softmax?"),
        ("b logits if max(", "column 5: a value is missing"),
        ("b logits if max(x) ? 1", "column 8"),
        ("b logits max(x) > 1", "expected if and a condition after the location"),
        ("b", "break needs LOC; usage: break LOC [if E]"),
        ("tb @1 if", "a value is missing at the end"),
        ("watch", "watch needs E"),
        ("watch nowhere", "nothing is recorded at nowhere"),
        ("catch", "usage: catch nan|inf|rowsum|E"),
        ("catch wieghts > 1", "did you mean"),
        ("condition 1", "no breakpoint is set"),
        ("condition x", "'x' is no number of a breakpoint"),
        ("delete 1", "no breakpoint is set"),
        ("disable -1", "'-1' is no number of a breakpoint"),
        ("ignore $bpnum 1", "no breakpoint is set"),
        ("save breakpoints", "save needs FILE"),
        ("save brakpoints x", "'brakpoints' is none of breakpoints"),
    ],
)
def test_bad_input_is_one_clear_sentence(play, line, message):
    assert message in error_of(play, line)


def test_a_block_without_end_is_an_error(play):
    assert error_of(play, "b logits", "commands 1", "p 1") == "commands 1 lacks its last line, which is end"


def test_a_wrong_line_in_a_block_is_told_at_once(play, session):
    assert "bogus is no command" in error_of(play, "b logits", "commands 1", "bogus", "end")
    assert session.stops[1].commands == ()


def test_ignore_needs_a_count(play):
    assert "is not a whole number" in error_of(play, "b logits", "ignore 1 many")


def test_abbreviations():
    assert [lookup(word).name for word in ("b", "tb", "wa")] == ["break", "tbreak", "watch"]


def test_a_block_can_be_given_on_the_command_line(tx):
    done = tx("--batch", "-e", "b @1", "-e", "commands\np step\nend", "-e", "c")
    assert "step = 1" in done.stdout


def test_every_kind_offers_what_may_be_typed(play, session):
    play("b logits")
    assert {"op:", 'token:"', "@"} <= {offer.text for offer in completions("break ", session)}
    assert "dec.0.cross.weights" in {offer.text for offer in completions("break dec.0.cross.w", session, patient=True)}
    assert {"nan", "inf", "rowsum"} <= {offer.text for offer in completions("catch ", session)}
    assert [offer.text for offer in completions("delete ", session)] == ["1"]


BROKEN = [
    (BUILTIN / "zh-en-tiny", "decoder.0.ffn.hidden.weight", (3, 7), "decoder.0.ffn.hidden"),
    (BUILTIN / "zh-en-tiny", "encoder.0.ffn.norm.bias", (5,), "encoder.0.ffn.norm"),
    (BUILTIN / "zh-en-tiny", "encoder.embed.weight", (9, 4), "encoder.embed.tokens"),
    (FIXTURES / "gpt2", "h.1.attn.c_attn.weight", (2, 100), "decoder.1.self_attn.qkv"),
    (
        FIXTURES / "torch_post",
        "transformer.encoder.layers.1.self_attn.in_proj_weight",
        (40, 3),
        "encoder.1.self_attn.k",
    ),
    (FIXTURES / "marian_zh_en", "final_logits_bias", (0, 17), "logits"),
]


@pytest.mark.parametrize(("checkpoint", "name", "cell", "address"), BROKEN, ids=[f"{b[0].name} {b[1]}" for b in BROKEN])
@pytest.mark.parametrize("trouble", ["nan", "inf"])
def test_a_parameter_that_holds_the_trouble_is_named(tmp_path, checkpoint, name, cell, address, trouble):
    directory = tmp_path / "broken"
    shutil.copytree(checkpoint, directory)
    tensors = load_file(directory / "model.safetensors")
    tensors[name][cell] = float(trouble)
    save_file(tensors, directory / "model.safetensors")
    session = Session(Opener(tracer.load(directory), "9 9", ids=True, settings=Settings(max_tokens=2)))
    session.stops.add(CatchArising(trouble))
    stop = next(session.proceed())
    assert stop.record.address == address
    ((finding,),) = (met.findings for met in stop.met)
    assert (finding.parameter.address, finding.parameter.index) == (name, cell)


def test_the_cell_of_a_broken_parameter_is_shown(tmp_path, session, play, objects):
    directory = tmp_path / "broken"
    shutil.copytree(BUILTIN / "zh-en-tiny", directory)
    tensors = load_file(directory / "model.safetensors")
    tensors["decoder.0.ffn.hidden.weight"][3, 7] = np.nan
    save_file(tensors, directory / "model.safetensors")
    session.reopen(Opener(tracer.load(directory)))
    told = "1 of 32 cells is nan: the parameter decoder.0.ffn.hidden.weight[3,7] is nan in the file"
    assert f"Catchpoint 1, hit 1: {told}" in " ".join(play("catch nan", "c").split("\n"))
    found = next(thing for thing in objects("run", "c") if thing.get("command") == "stop")
    assert found["data"]["parameter"] == {
        "address": "decoder.0.ffn.hidden.weight",
        "index": [3, 7],
        "value": "nan",
    }
