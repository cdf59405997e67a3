"""Training in the shell: descend, random parameters, what stays for other texts, and verify grad."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from commands.guard import FAILED, FINE, UNEXPECTED
from commands.opener import Opener
from commands.registry import lookup
from commands.terminal.resume import resume, save
from tracer.ops.gradients.linear import together

LEARN = ("set target i like you", "goto @1", "backward sum(loss)")
BIAS = "decoder.0.ffn.hidden.bias"


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_descent_makes_a_branch_and_says_what_came_of_it(play, session):
    shown = unwrapped(play(*LEARN, "descend .01"))
    assert "r1: edit 1: descend 0.01 SGD: sum(loss) 9.1" in shown
    assert "7616 trained numbers moved, in 44 parameters, by gradients of ‖g‖ = " in shown
    assert "; 60.9 kB in memory" in shown
    assert "every step is computed again" in shown
    assert "mean loss 2.28" in shown
    assert (session.number, session.cursor.step, session.run.text) == (1, 1, "i like you")
    assert "└── r1* edit 1: descend 0.01 SGD" in unwrapped(play("branches"))


def test_a_model_of_another_size_is_trained_from_nothing(play, session):
    shown = unwrapped(play("set parameters random 1 decoder_layers 3 heads 4", *LEARN, "descend .001 times 3", "list"))
    assert "all parameters drawn anew, seed 1, heads = 4, decoder_layers = 3" in shown
    assert (session.run.model.config.decoder_layers, session.run.model.config.heads) == (3, 4)
    play("run 他有书", "set parameters random decoder_layers 1")
    assert session.run.model.config.decoder_layers == 1


def test_the_length_of_the_gradient_is_told(play, session):
    play(*LEARN, "descend .001")
    gradients = session.runs.find(0).gradient("sum(loss)", 1)
    squares = [float(np.sum(gradients[name].array ** 2)) for name in session.run.model.parameters]
    assert session.run.edits[-1].value.length == pytest.approx(sum(squares) ** 0.5, rel=1e-12)


def test_it_can_be_repeated_and_taken_back(play, session):
    shown = unwrapped(play(*LEARN, "descend .01", "backward sum(loss)", "descend .01 adam", "p " + BIAS))
    assert "r2: edit 2: descend 0.01 Adam: sum(loss)" in shown
    play("undo", "undo")
    assert session.number == 0
    assert "r1" not in play("branches")


def test_a_moved_number_is_explained_and_compared_with_what_it_was(play, session):
    shown = unwrapped(play(*LEARN, "descend .01", f"why {BIAS}[4]", f"p ({BIAS} + .01 * r0@1:grad.{BIAS}) - r0:{BIAS}"))
    assert "set by edit 1: descend 0.01 SGD" in shown
    assert f"{BIAS}[4] = " in shown
    assert "p − η · g" in shown
    assert f"p is r0:{BIAS}[4] = " in shown
    assert f"g is r0@1:grad.{BIAS}[4] = " in shown
    assert np.max(np.abs([*session.history][-1].value.array)) < 1e-15


def test_the_difference_shows_the_loss_and_leaves_gradients_out(play):
    shown = play(*LEARN, "descend .01", "diff r0")
    assert "  loss " in shown
    assert "grad." not in shown.partition("diff r0")[2]
    both = play("backward sum(loss)", "diff r0", output="jsonl")
    assert "grad.logits" in both


def test_moved_parameters_stay_for_other_texts(play, session, model):
    told: list[str] = []
    session.opener = Opener(model, warn=told.append)
    play("set parameters random 1", *LEARN, "descend .05 times 3")
    before = session.run.parameters.get(BIAS).array
    play("run 我爱你", "token")
    assert np.array_equal(session.run.parameters.get(BIAS).array, before)
    assert session.run.edits
    assert " as it is in r3: edit 1: all parameters drawn anew, seed 1; edit 2: " in told[-1]
    assert told[-1].endswith("; undo goes back to the model of the file")
    before_others = len(told)
    play("set cache on", "set target i love you", "goto @1", "backward sum(loss)", "descend .01 adam")
    assert [edit.number for edit in session.run.edits] == [1, 2, 3]
    assert len(told) == before_others
    play("undo", "undo")
    assert not session.run.edits
    play("run 我爱你")
    assert not session.run.edits


def test_another_arithmetic_and_another_model(play, session):
    play(*LEARN, "descend .05")
    before = session.run.parameters.get(BIAS).array
    play("set dtype float32")
    assert session.run.model.dtype == "float32"
    assert np.array_equal(session.run.parameters.get(BIAS).array, before.astype(np.float32))
    play("model zh-en-tiny")
    assert not session.run.edits


def test_a_parameter_that_was_set_is_not_kept_but_with_training(play, session):
    play(f"set parameter {BIAS} = 0", "run 我爱你")
    assert not session.run.edits
    play(f"set parameter {BIAS} = 0", *LEARN, "descend .05", "run 我爱你")
    assert len(session.run.edits) == 1


def test_three_sentences_are_learned_in_twenty_lines(play, session):
    lines = [*lookup("descend").examples, "run 他有书", "continue", "run 她喝茶", "continue"]
    assert len(lines) == 20
    shown = play(*lines)
    assert play.status == FINE
    assert re.search(r"sum\(loss\) of 3 runs \d\d\.\d+ → 0\.\d+", unwrapped(shown))
    texts = [run.text for run in session.runs.values() if run.tokens][-3:]
    assert texts == ["i love you", "he has books", "she drinks tea"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["descend .1"], "r0@0 has no gradients to go by; backward E records those of a number: backward sum(loss)"),
        (["descend"], "descend needs RATE; usage: descend RATE [SGD|Adam] [times N] [with RUN,RUN…]"),
        (["descend 0"], "'0' is not a number above 0, at most 1000000"),
        (["descend -1"], "'-1' is not a number above 0"),
        (["descend inf"], "'inf' is not a number above 0"),
        (["descend fast"], "'fast' is not a number above 0"),
        (["descend .1 newton"], "'newton' is none of sgd, adam"),
        (["descend .1 times 0"], "'0' is not a whole number from 1"),
        ([*LEARN, "descend .1 with r0"], "r0 is the current run, which is counted already; leave it out"),
        ([*LEARN, "descend .1 with r7"], "there is no run r7"),
        ([*LEARN, "descend .1 with me"], "'me' is no run; write r1, or 1"),
        ([*LEARN, "descend .1", "backward sum(loss)", "undo", "descend .1 with r1"], "there is no run r1"),
        ([*LEARN, "run 我", *LEARN, "run 你", "token", "descend .1 with r0"], "r2@1 has no gradients"),
        (["set parameters random x"], "'x' is not a whole number from 0 to 4294967295"),
        (["set parameters random 1 decoder_layers"], "decoder_layers has no value, e.g. set parameters random 1 dec"),
        (["set parameters random 1 layers 2"], "zh-en-tiny states no layers; it has d_model, heads, encoder_layers, "),
        (["set parameters random 1 heads 3"], "heads (3) must divide d_model (16)"),
        (["set parameters random 1 source_vocab 9"], "zh-en-tiny keeps its vocabulary; other sizes may change"),
        (["set parameters nonsense"], "'nonsense' is none of random"),
        (["set parameters"], "set parameters needs random [SEED]"),
        (["verify grad"], "@0 has no gradients to check; backward E records those of a number"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_sentence(lines, told, play, capsys):
    play(*lines)
    assert play.status == FAILED
    assert told in capsys.readouterr().err


def test_gradients_that_were_asked_for_are_not_called_ahead(play):
    assert "ahead" not in play(*LEARN, "p grad.logits", "p norm(grad.dec.*.output)", "p/s grad.decoder.embed.weight")


def test_gradients_are_verified(play, objects):
    shown = unwrapped(play(*LEARN, "backward sum(loss)", "verify grad"))
    assert play.status == FINE
    assert "gradients of sum(loss) in @1, against central differences of the forward pass" in shown
    assert "with h = 1e-05" in shown
    assert "all in float64" in shown
    [found] = [thing["data"] for thing in objects("verify grad") if thing["kind"] == "result"]
    assert (found["scope"], found["of"], found["kinks"]) == ("grad", "sum(loss)", [])
    assert [check["name"] for check in found["checks"]] == ["records", "parameters"]
    assert all(0 < check["largest"] < 1e-6 for check in found["checks"])


def test_a_wrong_gradient_fails_loudly(play, monkeypatch, capsys):
    right = type(together).forward
    monkeypatch.setattr(type(together), "forward", lambda self, *parts: right(self, parts[0], *parts))
    shown = play(*LEARN, "verify grad")
    assert play.status == UNEXPECTED
    assert "does not hold" in shown
    assert "things do not hold, first: the gradient of" in capsys.readouterr().err


def test_a_resumed_session_has_gradients_and_descents_again(play, session, tmp_path: Path):
    told: list[str] = []
    play(*LEARN, "step 3", "descend .05", "backward loss[0]", "descend .01 adam times 2", "switch 0")
    play("goto @1", "backward sum(loss) / 2", "step 5")
    save(session, tmp_path / "session.json")
    after = resume(tmp_path / "session.json", told.append)
    assert told == []
    assert (after.number, after.cursor, [*after.runs]) == (0, session.cursor, [0, 1, 2])
    assert after.run.objective(1).text == "sum(loss) / 2"
    for number in (1, 2):
        ours, theirs = (each.runs[number].parameters.get(BIAS).array for each in (session, after))
        assert np.array_equal(ours, theirs)
    texts = [edit.value.examples[0].objective.text for edit in after.runs[2].edits]
    assert texts == ["sum(loss)", "loss[0]"]


def test_gradients_that_can_not_be_had_again_are_told(play, session, tmp_path: Path):
    play(*LEARN, "print 2", "backward $1 * sum(loss)", "goto @1", "descend .1", "switch 0")
    save(session, tmp_path / "session.json")
    told: list[str] = []
    assert resume(tmp_path / "session.json", told.append).number == 0
    branch, gradients = told
    assert branch.startswith("note: r1 can't be made again: ")
    assert gradients.startswith("note: the gradients of $1 * sum(loss) in r0@1 can't be recorded again: ")


def test_a_resumed_session_says_that_its_model_is_that_of_the_file(play, session, tmp_path: Path):
    play(*LEARN, "descend .05", "run 我爱你", "token")
    save(session, tmp_path / "session.json")
    told: list[str] = []
    resume(tmp_path / "session.json", told.append)
    assert told == ["note: the session had a model changed by training; this is the one in the file"]


def test_a_loss_that_has_grown_is_said_to_have(play):
    shown = play(*LEARN, "descend 1000 times 5")
    assert re.search(r"mean loss \d\.\d{4} → \d\.\d{3}e\+\d\d: it has grown, as where RATE is too large", shown)
    assert "has grown" not in play("undo", "goto @1", "backward sum(loss)", "descend .01")
