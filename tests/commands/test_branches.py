"""Branches in the shell: made by set, shown as a tree, gone to and from; addresses take every run."""

import json
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from commands.completion import completions
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save
from commands.terminal.toolbar import standing
from tracer.addresses import parse
from tracer.errors import AddressError, InputError

ZERO = "set tensor @1:dec.0.cross.heads[h0] = 0"


def lines(text):
    """What a command showed, without the prompt."""
    return text.splitlines()


def test_setting_cells_makes_a_branch_and_says_what_came_of_it(play, session):
    shown = lines(play("t 2", "set tensor dec.0.cross.heads[h0] = 0"))[-5:]
    assert shown[0] == "r1: edit 1: @2:decoder.0.cross_attn.heads[h0] = 0"
    assert shown[1].strip() == "in step @2 alone; 16 of 16 cells changed"
    assert shown[2].strip().startswith("cache off: the edit ends with its step")
    assert shown[3].strip() == f"text: {session.run.text}"
    assert session.run.parent is session.runs[0]
    assert (session.number, session.cursor.step, session.run.computed) == (1, 2, session.run.computed)


def test_a_session_that_begins_anew_has_one_run_which_is_r0(play, session):
    play("t", ZERO, "run 你爱我", "t", ZERO)
    session.begin_anew()
    assert (list(session.runs), session.number, session.made, session.runs.stands) == ([0], 0, {}, {})
    assert session.run.source[0] == "你"
    play("run 我爱你", "t", ZERO)
    assert list(session.runs) == [0, 1]


def test_every_step(play, session):
    shown = play("t", "set tensor @*:dec.0.ffn.output = 0").replace("\n", " ")
    assert "in every step that has these cells: @1, @2" in shown
    assert "cache off: each step computes every position again, with the edit" in shown
    assert all(session.run.step(n).find("decoder.0.ffn.output").edits for n in session.run.numbers if n)


def test_the_cache_is_spoken_of(play):
    assert "rows of keys and values that come of the edit stay as they are" in play("set cache on", "t", ZERO)
    assert "each step keeps the rows that it made with the edit" in play("set tensor @*:dec.0.ffn.output = 1")
    assert "all steps of the decoder read what the encoder yields" in play("set tensor enc.output[0] = 1")


def test_what_changes_nothing_is_said_aloud(play):
    shown = play("t", "set tensor dec.0.cross.heads = dec.0.cross.heads")
    assert "NOTHING CHANGED: the cells had these values already" in shown
    assert "the same text as r0" in shown


def test_nan_is_said(play):
    assert "nan is put in" in play("t", "set tensor dec.0.cross.heads[h0] = inf - inf").replace("\n", " ")


def test_an_expression_is_broadcast_by_the_names_of_its_axes(play, session):
    play("t 2", "set tensor dec.0.ffn.output = mean(dec.0.ffn.output, position)")
    before, after = (run.step(2).find("decoder.0.ffn.output").output.array for run in session.runs.values())
    assert np.allclose(after, before.mean(0))


def test_a_value_of_another_run_derives_to_its_cell(play, session):
    play("t", "run 你爱我", "t", "set tensor enc.output = r0:enc.output")
    shown = lines(play("why enc.output[0, 3]", "why 1"))
    value = session.runs[0].step(0).find("encoder.output").output.array[0, 3]
    assert shown[1].startswith(f"@0:encoder.0.ffn.norm[0,3] = {value:.4f}")
    assert any(line.endswith("set by edit 1; computed was " + line.rpartition(" ")[2]) for line in shown)
    assert any("(1) r0@0:encoder.0.ffn.norm[0,3]" in line for line in shown)


def test_addresses_take_every_run(play):
    play("t 2", ZERO)
    assert lines(play("p r0@1:dec.0.cross.heads[h0, 0, 3]"))[1] != "0"
    assert "r0@2:decoder.0.cross_attn.weights" in play("p r0:dec.0.cross.weights")
    assert "= 0" in play("p max(abs(r0@0:enc.output - enc.output))")
    assert "0.000" in play("p r1@1:dec.0.cross.heads[h0]")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("set tensor dec.9.ffn.output = 0", "nothing is recorded at dec.9.ffn.output"),
        ("set tensor dec.0.cross.heads[h7] = 0", "index 7 is out of range on axis head"),
        (
            "set tensor dec.0.cross.heads = enc.output",
            "does not fit @1:decoder.0.cross_attn.heads [head 2, query 1, d_k 8]",
        ),
        ("set tensor dec.0.cross.heads", "sets nothing; write CELLS = E"),
        ("set tensor", "set tensor needs CELLS = E"),
        ("set tensor choice = 3", "set by force TOKEN"),
        ("set tensor r5@1:logits = 3", "there is no run r5"),
        ("set tensor dec.0.cross.heads = token", "is no number"),
        ("set tensor @99:logits = 0", "there is no step @99"),
        ("switch 4", "there is no run r4; there is one, r0"),
        ("switch x", "'x' is no run"),
        ("drop 0", "r0 is the current run"),
        ("undo", "nothing was changed in r0"),
    ],
)
def test_what_can_not_be_done_is_one_sentence_and_changes_nothing(play, session, capsys, line, told):
    play("t")
    run, cursor = session.run, session.cursor
    play(line)
    assert told in capsys.readouterr().err.replace("\n", " ")
    assert (session.run, session.cursor, list(session.runs)) == (run, cursor, [0])


def test_the_tree(play, objects):
    play("t", ZERO, "set tensor dec.0.ffn.output = 9", "switch 0", "set tensor logits = 0")
    shown = lines(play("branches"))[1:]
    assert [word for line in shown for word in line.split() if word.strip("*") in ("r0", "r1", "r2", "r3")] == [
        *("r0", "r1", "r2", "r3*")
    ]
    found = objects("branches")
    assert [(one["run"], one["parent"], one["current"]) for one in found] == [
        ("r0", None, False),
        ("r1", "r0", False),
        ("r2", "r1", False),
        ("r3", "r0", True),
    ]
    assert found[1]["edits"] == [{"address": "@1:decoder.0.cross_attn.heads", "cells": "h0", "value": 0}]
    assert found[0]["first_difference"] is None
    assert set(found[3]) == {"kind", "run", "parent", "current", "edits", "text", "logprob", "first_difference"}


def test_going_from_run_to_run(play, session):
    play("t 2", ZERO, "t")
    play("switch r0")
    assert (session.number, session.cursor.step) == (0, 2)
    play("switch 1")
    assert (session.number, session.cursor.step) == (1, 3)
    play("undo")
    assert (session.number, list(session.runs)) == (0, [0])
    play(ZERO, "switch 0", "drop 2")
    assert list(session.runs) == [0]


def test_a_fresh_run_has_a_number_where_something_was_computed_before(play, session):
    play("run 你爱我", "run 我爱你")
    assert list(session.runs) == [0]
    play("t", "run 你爱我")
    assert (session.number, list(session.runs)) == (1, [0, 1])
    with pytest.raises(InputError, match="there are r0, r1"):
        session.runs.find(7)
    with pytest.raises(AddressError, match="switch 0 goes over to r0"):
        session.goto(parse("r0@1"))


def test_stops_displays_and_bookmarks_hold_across_branches(play, session):
    play("b dec.0.ffn.output", "display step", "t", "bookmark here", ZERO)
    assert "Breakpoint 1" in play("t", "t")
    assert play("goto here")
    assert session.number == 1


def test_list_marks_what_comes_of_an_edit(play, objects):
    play("t", ZERO)
    marks = {line.split()[2]: line.split()[1] for line in lines(play("list dec.0.cross.heads"))[1:]}
    assert marks["decoder.0.cross_attn.heads"] == "E"
    assert marks["decoder.0.cross_attn.concat"] == "D"
    found = {one["address"]: one for one in objects("list @1:dec.0.cross.heads")}
    assert found["@1:decoder.0.cross_attn.heads"]["edits"] == [1]
    assert not found["@1:decoder.0.cross_attn.weights"]["downstream"]
    assert found["@1:decoder.0.cross_attn.concat"]["downstream"]


def test_an_edited_mask_shows_the_edit(play):
    shown = play(
        "t 2", "set tensor dec.0.self.mask[0, 1] = 0", "set tensor dec.0.self.mask[1, 0] = -inf", "mask dec.0.self"
    )
    assert "e edit: hides 1 of 4: an edit put it there" in shown
    assert "c causal: hides nothing" in shown


def test_verify_holds_on_a_branch(play):
    shown = play(
        "t 2",
        "set tensor @*:dec.0.cross.weights[h0] = .5",
        "set tensor dec.0.ffn.norm = r0:dec.0.ffn.norm",
        "verify @*",
    )
    assert "does not hold" not in shown


def test_an_interrupted_branch_changes_nothing(session, monkeypatch):
    session.token()
    call = session.read(ZERO)
    run, cursor = session.run, session.cursor
    run.decode()

    def interrupted(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["tracer.edits.editing"], "applied", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(call.run(session))
    assert (session.run, session.cursor, list(session.runs)) == (run, cursor, [0])


def test_the_toolbar_names_the_run_where_there_are_several(play, session):
    assert "r0" not in standing(session)
    play("t", ZERO)
    assert "  r1  @1" in standing(session)


def test_branches_are_resumed(play, session, tmp_path):
    play(
        "t 2",
        ZERO,
        "t",
        "set tensor dec.0.ffn.output = 2 * r0:dec.0.ffn.output",
        "switch 1",
        "set tensor logits[0] = 0",
    )
    play("drop 2")
    save(session, tmp_path / "session.json")
    again = resume(tmp_path / "session.json", print)
    assert list(again.runs) == [0, 1, 3]
    assert (again.number, again.cursor, again.run.text) == (session.number, session.cursor, session.run.text)
    assert [str(edit) for edit in again.run.edits] == [str(edit) for edit in session.run.edits]


def test_what_can_not_be_made_again_is_told(play, session, tmp_path):
    path = tmp_path / "session.json"
    play("t", ZERO)
    save(session, path)
    state = json.loads(path.read_text())
    state["branches"][0][-1] = "set tensor nonsense = 0"
    path.write_text(json.dumps(state))
    told = []
    again = resume(path, told.append)
    assert (again.number, list(again.runs)) == (0, [0])
    assert "r1 can't be made again" in told[-1]


FIXTURES = Path(__file__).parents[1] / "fixtures"


def written(edit):
    """An edit of a probe, as it is typed; None where its value is an array."""
    place = f"{edit['address']}[{edit['cells']}]"
    values = {"mean": f"mean({place}, query)", "-inf": "-inf"}
    value = edit["value"] if isinstance(edit["value"], float) else values.get(edit["value"])
    return None if value is None else f"set tensor {place} = {value}"


def test_interventions_change_in_the_shell_what_they_change_in_torch():
    arrays = load_file(FIXTURES / "probes" / "marian_zh_en.safetensors")
    facts = json.loads((FIXTURES / "probes" / "marian_zh_en.json").read_text(encoding="utf-8"))
    read = load_file(FIXTURES / "marian_zh_en" / "reference.safetensors")
    model = tracer.load(FIXTURES / "marian_zh_en", "float64")
    ids, target = " ".join(map(str, read["input_ids"][0])), read["decoder_input_ids"][0].tolist()
    session = Session(Opener(model, ids, ids=True, target_ids=target))
    session.token()
    probes = [(probe["name"], list(map(written, probe["edits"]))) for probe in facts["edits"]]
    typed = [(name, lines) for name, lines in probes if None not in lines]
    assert len(typed) > 12
    for name, lines in typed:
        session.switch(0)
        for line in lines:
            deque(session.read(line).run(session), 0)
        found = session.run.step(1).find("logits").output.array[-3:]
        assert np.abs(found - arrays[name]).max() < 1e-6 * facts["spread"], name
    assert [len(run.edits) for run in session.runs.values()][:2] == [0, 1]


def offered(line, session):
    return [suggestion.text for suggestion in completions(line, session, patient=True)]


def test_completion_knows_what_is_set_and_the_runs(play, session):
    assert "tensor" in offered("set t", session)
    assert "dec.0.cross_attn." in offered("set tensor dec.0.cr", session)
    assert "h1" in offered("set tensor dec.0.cross.heads[", session)
    assert "entropy(" in offered("set tensor dec.0.cross.heads[h0] = ent", session)
    play("t", ZERO)
    assert offered("switch ", session) == ["r0", "r1"]
    assert "r0:" in offered("p r", session)
    assert "h0" in offered("p r0:dec.0.cross.heads[", session)
