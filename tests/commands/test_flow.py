"""flow and alignments: in the shell, for programs, and of what was kept."""

from __future__ import annotations

import pytest
from kept import kept_of
from test_commands import error_of, lines

from commands.grammar.parsing import grammar
from commands.grammar.suggestions import Typing
from commands.registry import catalogue
from tracer.attribution import catalogue as methods
from tracer.attribution.flow import FLOW

NAMES = [name for name, method in methods().items() if method.family == FLOW]


def test_a_run_that_has_not_started_is_shown_by_its_output(play, session):
    shown = lines(play("flow"))
    assert shown[0].startswith("alti at @4   [output 4, key 8]")
    assert shown[1].strip() == "from the source"
    assert shown[2].split() == ["key", "我", "爱", "你", "</s>", "Σ"]
    assert [row.split()[:2] for row in shown[4:8]] == [["1", "▁i"], ["2", "▁love"], ["3", "▁you"], ["4", "</s>"]]
    assert not session.cursor.index


def test_without_a_step_it_is_the_cursors(play):
    assert "alti at @2   [query 2, key 6]" in play("t 2", "flow")
    assert "alti at @1   [query 1, key 5]" in play("flow at 1")
    assert "alti at @0   [query 4, key 4]" in play("goto @0", "flow")
    assert "alti at @4   [output 4, key 8]" in play("flow at *")


@pytest.mark.parametrize("name", NAMES)
def test_every_method_says_what_it_is(play, objects, name):
    shown = play("t", f"flow {name}")
    assert f"{name} at @1" in shown
    for told in ("formula", "literature", "trust", "left out"):
        assert f"\n  {told}" in shown
    found = objects(f"flow {name}")[-1]
    assert (found["kind"], found["command"]) == ("result", "flow")
    data = found["data"]
    assert data["method"] == name
    assert data["labels"] == {"query": ["<s>"], "key": ["我", "爱", "你", "</s>", "<s>"]}
    assert (len(data["values"]), len(data["values"][0]), data["sources"]) == (1, 5, 4)
    assert {"formula", "source", "trust", "leaves_out"} <= data.keys()
    assert data["of_source"] == [pytest.approx(sum(data["values"][0][:4]))]


def test_a_layer_may_be_asked_for(play, objects):
    assert "norms residual at @1, layer 0" in play("t", "flow norms residual layer 0")
    assert objects("flow weights layer 0")[-1]["data"]["layer"] == 0


def test_all_of_it_may_be_asked_for(play):
    play("set rows 2")
    assert "more …" not in play("flow at 0 --all")
    assert "more …" in play("flow at 0")


def test_what_was_changed_on_the_way_is_told(play):
    assert "largest difference" in play("t", "flow")
    assert "something was changed on the way, and the parts do not add up" in play("ablate dec.0.cross.h0", "flow")


def test_words_stand_beside_what_they_came_from(play, objects):
    shown = lines(play("alignments"))
    assert shown[0] == "alignments by word occlusion"
    assert [row.split()[:2] for row in shown[3:6]] == [["i", "我"], ["love", "爱"], ["you", "你"]]
    found = objects("alignments")[0]["data"]
    assert found == objects(f"alignments {found['method']}")[0]["data"]
    told = {"word": "爱", "share": pytest.approx(0.9, abs=0.1)}
    assert found["aligned"][1] == {"target": "love", "sources": [told], "bits": pytest.approx(21.1, abs=0.1)}
    assert found["source_words"][0] == {"word": "我", "places": [0]}
    assert found["target_words"][0] == {"word": "i", "places": [1]}
    assert found["reading"] is None
    assert [len(row) for row in found["shares"]] == [3, 3, 3]


@pytest.mark.parametrize("name", NAMES)
def test_words_by_what_was_recorded(objects, name):
    found = objects(f"alignments {name}")[0]["data"]
    assert (found["method"], found["reading"]) == (name, "output")
    assert found["aligned"][1]["sources"][0]["word"] == "爱"
    assert objects(f"alignments {name} read input")[0]["data"]["reading"] == "input"


def test_the_cursor_stays(play, session):
    play("t 2")
    cursor, run = session.cursor, session.run
    play("alignments", "flow at *")
    assert (session.cursor, session.run) == (cursor, run)


def test_of_a_kept_trace_there_is_what_can_be_had(play, session):
    play("flow")
    session.take_in(kept_of(session.run))
    assert "was not kept with this trace; flow weights and flow rollout need no parameters" in error_of(play, "flow")
    assert "weights at @4" in play("flow weights at *")
    assert "alignments by weights" in play("alignments")
    assert "alignments computes with the model" in error_of(play, "alignments word occlusion")


WRONG = {
    "flow sideways": "'sideways' is none of alti, norms, norms residual, rollout, weights",
    "flow layer 1": "there is no layer 1; the only one is 0",
    "flow layer one": "'one' is no layer; write its number",
    "flow at 9": "there is no step @9",
    "flow at nine": "'nine' is no step",
    "alignments sideways": "'sideways' is none of word occlusion, alti",
    "alignments word occlusion read input": "word occlusion hides words and reads no step; leave out read input",
    "alignments read twice": "'twice' is none of output, input",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_one_clear_sentence(play, line):
    assert WRONG[line] in error_of(play, line)


def test_an_output_without_a_word_has_no_alignments(tx):
    done = tx("-t", "我爱你", "--target", "", "--batch", "-e", "alignments")
    assert "there is no word in the output, so there is nothing to align" in done.stderr
    assert "alti at @1" in tx("-t", "我爱你", "--target", "", "--batch", "-e", "flow").stdout


def test_the_help_names_every_method_and_they_are_offered(session):
    for name, more in (("flow", []), ("alignments", ["word occlusion"])):
        [argument] = grammar(catalogue()[name]).arguments
        offered = {suggestion.text for suggestion in argument.kind.suggestions(Typing(session, ""))}
        assert offered == {*NAMES, *more}
    assert all(name in catalogue()["flow"].text for name in NAMES)
