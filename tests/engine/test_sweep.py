"""Sweeps: beside a plain loop over the places, beside torch's ablations, and what must hold of the measures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here
from tracer.divergence import divergence, log_probabilities
from tracer.errors import InputError, TraceError
from tracer.run import Run
from tracer.stack import there
from tracer.sweeps import Sweep, Swept, begun

from .test_edits import NAMES, PROBES, decoded, given
from .test_replayed import kept_by_hand

EVERY_HEAD = "decoder.*.self_attn.h*"


def here(run: Run, step: int, **runs: Run) -> Here:
    """The end of a step."""
    return Here(run, Cursor(step, len(run.step(step))), runs={0: run, **{int(n[1:]): one for n, one in runs.items()}})


def swept(run: Run, *over: Any, **how: Any) -> Swept:
    found = tracer.sweep(run, *over, **how)
    assert isinstance(found, Swept)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_head_in_turn_is_what_a_loop_over_them_finds(name: str) -> None:
    run = given(name)
    found = swept(run, "ablate", EVERY_HEAD, measure="logit(3)")
    layers, heads = found.shape
    assert found.axes == ("layer", "head")
    assert heads == run[1]["decoder.0.self_attn.heads"].shape[0]
    assert found.base == run[1]["logits"].array[-1, 3]
    by_hand = [
        [run.branch(tracer.edit(f"decoder.{i}.self_attn.heads[h{h}]", 0.0))[1]["logits"].array[-1, 3]]
        for i in range(layers)
        for h in range(heads)
    ]
    assert found.array.ravel().tolist() == np.ravel(by_hand).tolist()
    assert np.array_equal(found.effects.array, found.array - found.base)


@pytest.mark.parametrize("name", NAMES)
def test_every_head_in_turn_is_what_torch_finds(name: str) -> None:
    run, arrays = given(name), load_file(PROBES / f"{name}.safetensors")
    facts = json.loads((PROBES / f"{name}.json").read_text(encoding="utf-8"))
    compared = 0
    for act, value in (("ablate", 0.0), ("ablate mean", "mean")):
        for attention in ("decoder.{}.self_attn", "decoder.{}.cross_attn", "encoder.{}.self_attn"):
            heads = {
                (int(edit["address"].split(".")[1]), int(edit["cells"][1:])): arrays[probe["name"]][-1, 5]
                for probe in facts["edits"]
                for edit in probe["edits"]
                if len(probe["edits"]) == 1
                and edit["value"] == value
                and edit["cells"][1:].isdigit()
                and edit["address"] == f"{attention.format(edit['address'].split('.')[1])}.heads"
            }
            if heads:
                found = swept(run, act, f"{attention.format('*')}.h*", measure="logit(5)")
                assert all(abs(found.array[at] - value) < 1e-6 * facts["spread"] for at, value in heads.items())
                compared += len(heads)
    assert compared >= 10


@pytest.mark.parametrize("cache", [True, False])
def test_the_tokens_before_the_step_stay(cache: bool) -> None:
    run = decoded(cache=cache)
    found = swept(run, "ablate", "encoder.*.self_attn.h*", measure="logprob(7)", at=3)
    for (layer, head), value in np.ndenumerate(found.array):
        branch = kept_by_hand(run, tracer.edit(f"encoder.{layer}.self_attn.heads[h{head}]", 0.0), 3)
        assert value == log_probabilities(branch[3]["logits"].array[-1])[7]


def test_only_the_step_that_is_asked_is_decoded_and_the_run_stays() -> None:
    done = decoded(cache=False)
    run = Run(done.model, done.source_ids, done.settings)
    asked = begun(run, "ablate", ["dec.*.cross.h*"], "max(logits)", here(run, 2))
    assert list(asked.steps()) == list(range(1, len(asked.places.addresses) + 1))
    assert run.computed == 2
    assert not any(record.edits for step in run.steps for record in step)


def test_positions_are_those_of_the_step() -> None:
    run = given("gpt2")
    found = swept(run, "ablate", "dec.*.ffn.output[*]", measure="logit(3)")
    assert found.axes == ("layer", "position")
    assert found.labels["position"] == run[1]["decoder.0.ffn.output"].labels["position"]
    branch = run.branch(tracer.edit("@1:decoder.1.ffn.output[4]", 0.0))
    assert found.array[1, 4] == branch[1]["logits"].array[-1, 3]


def test_keys_are_knocked_out_one_by_one() -> None:
    run = given("marian_zh_en")
    found = swept(run, "knock", "dec.0.cross[h1, :, *]", measure="logit(3)")
    assert found.axes == ("key",)
    branch = run.branch(tracer.edit("decoder.0.cross_attn.masked[h1, :, 2]", -np.inf))
    assert found.array[2] == branch[1]["logits"].array[-1, 3]


def test_places_that_make_no_table_are_a_row_and_shorter_ones_end_in_blanks() -> None:
    run = given("marian_zh_en")
    mixed = swept(run, "ablate", "dec.*.cross.h*", "enc.0.ffn", measure="logit(3)")
    assert mixed.axes == ("place",)
    assert mixed.labels["place"][-2:] == ["decoder.1.cross_attn.heads[h3]", "encoder.0.ffn.output"]
    ragged = swept(run, "ablate", "enc.0.output[*]", "dec.0.output[*]", measure="logit(3)")
    lengths = [len(run.source_ids), len(run.target_ids or ())]
    assert there(ragged.array).sum(1).tolist() == lengths
    assert there(ragged.effects.array).sum(1).tolist() == lengths


def test_an_act_may_be_any_function_of_a_place() -> None:
    run = given("gpt2")
    found = swept(run, lambda place: [tracer.edit(place, 1.0)], "dec.*.ffn", measure="logit(3)")
    branch = run.branch(tracer.edit("decoder.1.ffn.output", 1.0))
    assert found.array[1] == branch[1]["logits"].array[-1, 3]


def test_kl_is_of_the_run_without_the_edit_to_the_one_with_it() -> None:
    run = given("gpt2")
    found = swept(run, "ablate", "dec.*.ffn", measure="kl")
    branch = run.branch(tracer.edit("decoder.0.ffn.output", 0.0))
    rows = [log_probabilities(one[1]["logits"].array[-1]) for one in (run, branch)]
    assert found.base == 0
    assert found.array[0] == divergence(*rows)


def patched(measure: str, over: str = "enc.*.output") -> Sweep:
    """Denoising of a run of other ids."""
    clean = given("marian_zh_en")
    other = Run(clean.model, [*clean.source_ids[:-2], 40, 2], target_ids=clean.target_ids).decode()
    return begun(other, "patch from r1", [over], measure, here(other, 1, r1=clean))


@pytest.mark.parametrize("method", ["grad_input", "integrated", "occlusion"])
def test_a_measure_may_be_what_is_attributed_to_a_token(method: str) -> None:
    run = decoded("marian_zh_en", max_tokens=2)
    asked = {"expression": "logit(3)", "method": method, "step": 2}
    found = swept(run, "ablate", "decoder.0.cross_attn.h*", measure=f"{method} of logit(3) to 1", at=2)
    for head, score in enumerate(found.array.ravel()):
        branch = run.replayed(tracer.edit(f"decoder.0.cross_attn.heads[h{head}]", 0.0), at=2)
        assert score == branch.attribute(**asked).array[1]
    assert found.base == run.attribute(**asked).array[1]


def test_all_of_the_clean_run_is_1_when_normalised_and_nothing_of_it_0() -> None:
    asked = patched("normalised logit_diff(3, 5)")
    list(asked.steps())
    assert asked.shown.array[-1] == 1.0
    one = patched("logit_diff(3, 5)", "enc.embed.output[0]")
    list(one.steps())
    assert one.normalised == [0.0]
    clean, base = one.clean, one.base
    assert [(value - base) / (clean - base) for value in one.values] == one.normalised


def test_what_both_runs_have_alike_can_not_be_normalised_by() -> None:
    with pytest.raises(InputError, match="3 is 3 in both runs"):
        patched("normalised 3")
    assert not patched("3").tells_apart
    with pytest.raises(InputError, match="takes from no other run"):
        begun(given("gpt2"), "ablate", ["dec.0.ffn"], "normalised logit(3)", here(given("gpt2"), 1))


def test_an_interrupted_sweep_keeps_what_is_done_and_can_go_on() -> None:
    run = given("gpt2")
    asked = begun(run, "ablate", [EVERY_HEAD], "logit(3)", here(run, 1))
    for done in asked.steps():
        if done == 3:
            break
    table = asked.places.table(asked.values)
    assert there(table.array).sum() == 3
    list(asked.steps())
    assert np.array_equal(asked.places.table(asked.values).array, swept(run, "ablate", EVERY_HEAD, measure="logit(3)"))


WRONG = {
    ("ablte", "dec.0.ffn", "logit(3)"): "none of ablate",
    ("ablate half", "dec.0.ffn", "logit(3)"): "none of zero, mean",
    ("knock hard", "dec.0.self[0, 0, 0]", "logit(3)"): "knock takes cells and nothing else",
    ("patch", "dec.0.ffn", "logit(3)"): "patch takes from RUN",
    ("patch from r7", "dec.0.ffn", "logit(3)"): "there is no run r7",
    ("ablate", "dec.7.ffn", "logit(3)"): "nothing is recorded at dec.7.ffn",
    ("ablate", "dec.*.nothing", "logit(3)"): "nothing is recorded at dec",
    ("ablate", "dec.0.self.h9", "logit(3)"): "index 9 is out of range on axis head",
    ("ablate", "dec.0.ffn.h0", "logit(3)"): "has no heads that ablate could change",
    ("ablate", "choice", "logit(3)"): "nothing is recorded at choice",
    ("knock", "dec.0.ffn", "logit(3)"): "has no masked that knock could change",
    ("ablate", "#3", "logit(3)"): "#3 is no place",
    ("ablate", "dec.0.self.h1[0", "logit(3)"): "is no place",
    ("ablate", "dec.0.self.h1[0, *, x]", "logit(3)"): "selector 'x' does not parse",
    ("ablate", "h*", "logit(3)"): "is no address",
    ("ablate", "dec.0.ffn", "logits"): r"a measure is one number, and logits is a tensor \[position",
    ("ablate", "dec.0.ffn", "text"): "a measure is one number, and text is text",
    ("ablate", "dec.0.ffn", "logit("): "a value is missing",
    ("ablate", "dec.0.ffn", "foo of logit(3) to 1"): "'foo' is none of grad_input, integrated, occlusion",
    ("ablate", "dec.0.ffn", "integrated of logit( to 1"): "a value is missing",
    ("ablate", "dec.0.ffn", "integrated of logit(3) to x"): "selector 'x' does not parse",
    ("ablate", "dec.0.ffn", "integrated of logit(3) to 999"): "index 999 is out of range",
}


@pytest.mark.parametrize(("act", "over", "measure"), WRONG)
def test_what_is_wrong_is_said_before_anything_is_computed(act: str, over: str, measure: str) -> None:
    with pytest.raises(TraceError, match=WRONG[act, over, measure]):
        tracer.sweep(given("gpt2"), act, over, measure=measure)


@pytest.mark.parametrize(("at", "told"), [(9, "there is no step @9"), ("r0@1", "taken in every run of the sweep")])
def test_the_measure_is_taken_at_a_step_of_the_run(at: Any, told: str) -> None:
    with pytest.raises(TraceError, match=told):
        tracer.sweep(given("gpt2"), "ablate", "dec.0.ffn", measure="logit(3)", at=at)


def test_at_a_record_bare_names_are_looked_up_from_there() -> None:
    run = given("gpt2")
    found = swept(run, "ablate", "dec.0.ffn", measure="max(weights)", at="dec.1.self.weights")
    branch = run.branch(tracer.edit("decoder.0.ffn.output", 0.0))
    assert found.array.item() == branch[1]["decoder.1.self_attn.weights"].array.max()
