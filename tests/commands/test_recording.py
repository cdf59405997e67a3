"""record, load, a trace in place of a model, and tensors written to files."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from transcript import error_of, lines

import tracer
from commands.completion import completions
from commands.terminal.resume import resume, save
from tracer.foreign import foreign


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_a_run_is_decoded_to_its_end_and_written(play, session):
    assert lines(play("record x.trace")) == ["written to x.trace: 168 records of @0 to @4"]
    assert session.run.ended
    assert session.cursor == session.start
    assert tracer.open("x.trace").text == "i love you"


def test_what_was_written_is_data(objects):
    [told] = objects("record x --only dec.*.cross.weights")
    assert told["data"] == {"file": "x", "steps": [1, 4], "records": 4}
    [told, *_more] = objects("load x")
    assert told["data"]["run"] == "r1"


def test_a_trace_is_the_next_run_and_the_one_before_stays(play, session):
    live = session.run
    play("token 2", "record x", "load x")
    assert (session.number, session.cursor, session.runs[0]) == (1, session.start, live)
    shown = play("token", "diff r0 r1", "expect max(r1@2:probs) == max(r0@2:probs)", "switch r0", "where")
    assert "both say the same" in shown
    assert play.status == 0
    assert (session.number, session.cursor.step) == (0, 2)
    assert play("drop r1", "token").startswith("(tx) drop r1")
    assert play.status == 0


def test_a_trace_goes_no_further_and_a_fresh_run_may_follow(play, session):
    play("record x", "load x")
    for line in ("set tensor probs = 0", "verify", "undo"):
        error_of(play, line)
        assert play.status == 1
    play("goto end", "run 你爱我", "token")
    assert session.number == 2
    assert session.run.model is session.runs[0].model


def test_the_title_says_what_was_loaded(play, session):
    play("run 你爱我", "record x", "run 我爱你", "load x")
    assert session.title().text == "你爱我"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("load nowhere", "nowhere: can't be read"),
        ("load text.txt", "text.txt: is text in place of numbers"),
        ("load .", "is a directory"),
        ("model x.trace", "x.trace: is a trace, and no model; load FILE opens it"),
        ("record nowhere/x", "nowhere/x: can't be written"),
        ("record x --only nonsense", "nothing that was recorded is at nonsense"),
        ("record x --only", "record needs --only GLOB"),
        ("record", "record needs FILE"),
    ],
)
def test_what_can_not_be_opened_or_written(play, session, line, message):
    Path("text.txt").write_text("not a trace, only words", encoding="utf-8")
    play("record x.trace")
    before = session.run
    assert message in error_of(play, line)
    assert session.run is before
    assert sorted(path.name for path in Path().iterdir()) == ["text.txt", "x.trace"]


def test_some_records_alone_are_stepped_through(play):
    shown = lines(
        play("record x --only dec.*.cross.weights", "load x", "step", "next", "goto end", "rs", "list", "catch nan")
    )
    assert [line.split()[2] for line in shown if line.startswith("@")] == ["decoder.0.cross_attn.weights"] * 3
    assert "0.869" in play("p @2:dec.0.cross.weights[h0, 0]")
    assert "was not kept with this trace" in error_of(play, "p @2:dec.0.cross.scores")
    assert "was not kept with this trace" in error_of(play, "top")
    assert play("heads", "formula dec.0.cross.weights", "info tensors", "tokens", "continue").count("(tx)") == 5
    assert play.status == 0


def test_a_session_over_a_file(tx):
    tx("--batch", "-e", "record x")
    told = tx("-m", "x", "--batch", "-e", "token", "-e", "p text", "-e", "info run", "-e", "record y")
    assert told.returncode == 0
    assert 'text = "i"' in told.stdout
    assert Path("x").read_bytes() == Path("y").read_bytes()


@pytest.mark.parametrize("given", [("-t", "hi"), ("--beams", "2"), ("--target", "i"), ("--no-cache",), ("--seed", "3")])
def test_a_trace_has_a_text_and_settings_of_its_own(tx, given):
    tx("--batch", "-e", "record x")
    told = tx("-m", "x", *given, "--batch", "-e", "token")
    assert told.returncode == 2
    assert "x: is a trace, which brings its text and settings; leave out --" in told.stderr


def test_a_session_with_a_trace_is_kept_and_resumed(play, session, tmp_path):
    play("token 2", "record x", "load x", "token", "switch r0", "ablate dec.0.cross.h0", "switch r1", "goto @3")
    save(session, tmp_path / "session.json")
    again = resume(tmp_path / "session.json", pytest.fail)
    assert (list(again.runs), again.number, again.cursor.step) == ([0, 1, 2], 1, 3)
    assert again.run.text == "i love you"
    Path("x").unlink()
    warnings = []
    assert resume(tmp_path / "session.json", warnings.append).number == 0
    assert warnings[0].startswith("note: r1 can't be made again: x: can't be read")


def test_a_foreign_run_is_shown_by_the_same_commands(play, session):
    play("set target i love you", "goto end")
    ours = session.run
    numbers = {record.address: record.output.array for record in ours.step(1) if record.name in ("weights", "probs")}
    session.take_in(foreign(ours, {ours.step(1).at: numbers}, "port.npz"))
    shown = play("p r1@1:dec.0.cross.weights[h0, 0]", "step", "list", "diff r0 r1", "export w.npz dec.0.cross.weights")
    assert play.status == 0
    assert "only in r0" in shown
    number = ours.number
    assert error_of(play, "why dec.0.cross.weights[h0, 0, 0]") == (
        f"port.npz has numbers and no arithmetic; why r{number}@1:decoder.0.cross_attn.weights shows ours"
    )
    assert "computes with the model" in error_of(play, "verify")


def test_tensors_are_written_in_either_order(play, session):
    play("t 2", "export dec.*.cross.* a.npz", "export b.npz dec.*.cross.*")
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    with np.load("a.npz") as found:
        assert list(found) == [r.output.address for r in session.run.step(2) if ".cross_attn." in r.address]
        weights = session.run.step(2)["decoder.0.cross_attn.weights"].array
        assert np.array_equal(found["@2:decoder.0.cross_attn.weights"], weights)


def test_every_step_is_written(play):
    play("export @*:dec.0.cross.weights[h0] a.safetensors")
    found = load_file("a.safetensors")
    assert {name: array.shape for name, array in found.items()} == {
        f"@{n}:decoder.0.cross_attn.weights[h0]": (n, 4) for n in (1, 2, 3, 4)
    }
    with Path("a.safetensors").open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    axes = json.loads(header["__metadata__"]["tensors"])["@2:decoder.0.cross_attn.weights[h0]"]
    assert axes == {"axes": ["query", "key"], "labels": {"query": ["<s>", "▁i"], "key": ["我", "爱", "你", "</s>"]}}


def test_several_tensors_are_a_line_a_cell(play, session):
    play("t", "export dec.*.cross.weights cells.csv", "export one.csv dec.0.cross.weights[h0]")
    rows = list(csv.reader(Path("cells.csv").read_text(encoding="utf-8").splitlines()))
    weights = session.run.step(1)["decoder.0.cross_attn.weights"]
    assert rows[0] == ["address", "index", "value"]
    assert rows[1][:2] == ["@1:decoder.0.cross_attn.weights", "0,0,0"]
    assert [float(row[2]) for row in rows[1:]] == weights.array.ravel().tolist()
    assert Path("one.csv").read_text(encoding="utf-8").startswith("query,我")


def test_values_parameters_and_what_was_shown_are_tensors_too(play, session):
    play(
        "t",
        "export p.npz dec.0.ffn.hidden.bias",
        "export v.npz 1 + 1",
        "p logits",
        "export s.npz",
        "export m.npz max(probs, vocab)",
    )
    with np.load("p.npz") as found:
        assert np.array_equal(
            found["decoder.0.ffn.hidden.bias"], session.run.parameters.get("decoder.0.ffn.hidden.bias").array
        )
    with np.load("v.npz") as found:
        assert found["1 + 1"] == 2
    with np.load("s.npz") as found:
        assert np.array_equal(found["@1:logits"], session.run.step(1)["logits"].array)
    with np.load("m.npz") as found:
        assert found["max(probs, vocab)"].shape == (1,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("export dec.*.cross.weights nowhere/x.npz", "nowhere/x.npz: can't be written"),
        ("export nonsense.* x.npz", "nothing in step @1 matches nonsense.*"),
        ("export @*:nonsense.** x.npz", "nothing in any step matches @*:nonsense.**"),
        ("export dec.*.cross.weights x.xyz", "this format is not known"),
        ("export x.npz 1 +", "a value is missing at the end"),
        ("export x.npz text", "text is no tensor and no number"),
        ("export x.npz", "nothing was shown yet"),
    ],
)
def test_tensors_that_can_not_be_written(play, line, message):
    assert message in error_of(play, "goto @1", line) if "shown" not in message else error_of(play, line)
    assert list(Path().iterdir()) == []


def test_files_and_addresses_are_offered(session):
    Path("weights.npz").touch()
    offered = {
        line: [s.text for s in completions(line, session)]
        for line in (
            "export wei",
            "export dec.0.cro",
            "export dec.0.x wei",
            "export a.npz lo",
            "load wei",
            "record wei",
            "record x --o",
        )
    }
    assert all(offered.values())
    assert offered["export wei"][0] == offered["load wei"][0] == offered["export dec.0.x wei"][0] == "weights.npz"
    assert offered["record x --o"] == ["--only"]
