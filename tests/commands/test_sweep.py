"""sweep: in the shell, for programs, and interrupted."""

import pytest
from test_commands import error_of, lines

from commands.grammar.suggestions import Typing
from commands.grammar.sweeps import _asked, _suggested
from commands.registry import catalogue
from tracer.addresses import Address
from tracer.debugger.acts import ACTS
from tracer.run import Run
from tracer.sweeps import Sweep

HEADS = 'sweep ablate over dec.*.cross.h* measure logprob("he")'


def test_effects_are_a_table_and_places_come_by_their_size(play, session):
    shown = lines(play("t", HEADS))[1:]
    assert shown[0].startswith('ablate over dec.*.cross.h*   logprob("he")   at @1   without the edit: ')
    assert shown[1].startswith("effect   [layer 1, head 2]")
    assert shown[2].split() == ["head", "0", "1"]
    places = [line.split() for line in shown if "heads[h" in line]
    assert [row[0] for row in places] == ["decoder.0.cross_attn.heads[h0]", "decoder.0.cross_attn.heads[h1]"]
    sizes = [abs(float(row[2].replace("<", "").replace(">", ""))) for row in places]
    assert sizes == sorted(sizes, reverse=True)
    assert len(session.runs) == 1


def test_without_a_step_it_is_the_cursors_or_the_first_that_yields_anything(play):
    assert "at @1" in play("run", HEADS)
    assert "at @2" in play("t 2", HEADS)
    assert "at @3" in play(f"{HEADS} at 3")
    assert "at @3" in play(f"{HEADS} at @3:dec.0.ffn.output")


def test_for_programs_there_are_values_and_effects(objects):
    found = objects("sweep ablate over enc.0.ffn.output[*] measure kl")[0]
    assert found["kind"] == "sweep"
    assert (found["edit"], found["measure"], found["base"], found["step"]) == ("ablate", "kl", 0.0, 1)
    assert found["axes"] == ["position"]
    assert found["labels"]["position"] == ["我", "爱", "你", "</s>"]
    assert found["values"] == found["effects"]
    assert found["places"][1] == "encoder.0.ffn.output[1]"


def test_what_is_patched_may_be_normalised(play, objects):
    play("t", "run 我们爱你", "t")
    found = objects('sweep patch over enc.0.output from r0 measure normalised logit_diff("i", "we")')[-1]
    assert found["normalised"] == 1.0
    shown = play('sweep patch from r0 over enc.0.output[*] measure normalised logit_diff("i", "we")')
    assert "in r0: " in shown
    assert "normalised   [position" in shown


def test_what_is_done_is_shown_when_it_is_interrupted(play, monkeypatch):
    value = Sweep._value
    places = []

    def interrupted(sweep, place):
        if len(places) == 2:
            raise KeyboardInterrupt
        places.append(place)
        return value(sweep, place)

    monkeypatch.setattr(Sweep, "_value", interrupted)
    shown = []
    monkeypatch.setattr("commands.output.present.TextPresenter.write", lambda _self, text: shown.append(text))
    with pytest.raises(KeyboardInterrupt):
        play("sweep ablate over enc.0.output[*] measure kl")
    assert "interrupted after 2 of 4 places" in "".join(shown)
    assert "encoder.0.output[1]" in "".join(shown)


def test_nothing_changes_for_the_session(play, session):
    play("t 2")
    cursor, run = session.cursor, session.run
    play(HEADS)
    assert (session.cursor, session.run) == (cursor, run)
    assert isinstance(run, Run)
    assert not run.edits


def test_what_is_asked_is_read_from_the_words():
    asked = _asked('patch over enc.*.output["on  it", *] dec.0.ffn from r1@2 measure prob("at 3") - max(a[1]) at 3')
    assert asked.act == "patch from r1@2"
    assert asked.over == ('enc.*.output["on  it", *]', "dec.0.ffn")
    assert (asked.measure, asked.at) == ('prob("at 3") - max(a[1])', Address(step=3))
    assert _asked("ablate mean over dec.0.ffn measure -kl > 1").measure == "-kl > 1"


@pytest.mark.parametrize(
    "text", ["", "ablate", "ablate over dec.0", "over dec.0 measure kl", "ablate over  measure kl"]
)
def test_what_is_no_sweep_is_told_how_one_is_written(play, text):
    assert "EDIT over GLOB… measure E" in error_of(play, f"sweep {text}")


def test_what_may_be_typed_next(session):
    def offered(text):
        return {suggestion.text for suggestion in _suggested(Typing(session, text, patient=True))}

    assert {"ablate", "knock", "patch"} <= offered("")
    assert offered("abl") == {"ablate"}
    assert "encoder." in offered("ablate over enc")
    assert "measure" in offered("ablate over enc.0.ffn ")
    assert "logprob(" in offered("ablate over enc.0.ffn measure logp")


SAME = {
    "ablate dec.0.cross.h1": "ablate over dec.0.cross.h1",
    "ablate enc.0.ffn mean": "ablate mean over enc.0.ffn",
    "ablate dec.0": "ablate over dec.0",
    "ablate dec.0.ffn from r0": "ablate over dec.0.ffn from r0",
    "knock dec.0.cross[h1, :, 0]": "knock over dec.0.cross[h1, :, 0]",
    "patch enc.0.output from r0": "patch over enc.0.output from r0",
    "steer dec.0.ffn.output[:, 3] by 0.1": "steer over dec.0.ffn.output[:, 3] by 0.1",
    "scale dec.0.cross.h1 by 0.5": "scale over dec.0.cross.h1 by 0.5",
    "project enc.0.output onto @0:enc.0.output[0]": "project over enc.0.output onto @0:enc.0.output[0]",
}


@pytest.mark.parametrize("line", SAME)
def test_a_sweep_over_one_place_is_the_branch_that_the_command_makes(play, objects, line):
    play("run 我喜欢猫", "t", "run 我爱你", "t")
    found = objects(f'sweep {SAME[line]} measure logit("i")')[-1]
    branch = objects(line, 'p logit("i")')[-1]["data"]["value"]
    assert found["values"] == branch
    assert found["effects"] != 0


def test_every_act_is_a_command():
    assert ACTS.keys() <= catalogue().keys()
