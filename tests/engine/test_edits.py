"""Edits: what torch found of the same interventions, and what must hold whatever is edited."""

from __future__ import annotations

import gc
import json
import math
import weakref
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.addresses import At, parse
from tracer.arithmetic import Foreign
from tracer.derive import Explainer, derive, record_of
from tracer.edits import Function, OfRun
from tracer.errors import AddressError, InputError
from tracer.run import Run
from tracer.verify import verify

from .conftest import FIXTURES, cells

PROBES = FIXTURES / "probes"
NAMES = ("gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0")
HEAD = "decoder.1.self_attn.heads[h1]"


def given(name: str) -> tracer.Run:
    """The pass over the ids that a reference was computed of."""
    ids = load_file(FIXTURES / name / "reference.safetensors")
    read = ids["decoder_input_ids"][0] if "decoder_input_ids" in ids else []
    return tracer.trace(
        tracer.load(FIXTURES / name, "float64"), ids=ids["input_ids"][0].tolist(), target_ids=list(read)
    )


def decoded(name: str = "marian_zh_en", **settings: Any) -> tracer.Run:
    """A run of the first of these ids, decoded."""
    ids = load_file(FIXTURES / name / "reference.safetensors")["input_ids"][0].tolist()
    how = {"strategy": "greedy", "max_tokens": 6, **settings}
    return tracer.trace(tracer.load(FIXTURES / name, "float64"), ids=ids, **how)


def probed(edit: dict[str, Any], arrays: dict[str, Any]) -> tracer.Edit:
    value = edit["value"]
    value = -math.inf if value == "-inf" else arrays.get(value, value) if isinstance(value, str) else value
    return tracer.edit(f"{edit['address']}[{edit['cells']}]", value)


def failures(run: tracer.Run, tape: tracer.Tape) -> list[str]:
    """What does not hold of the edited records of a step, and of some others."""
    records = [record for record in tape if record.edits or record.index % 9 == 0]
    return [failure for check in verify(run, records) for failure in check.failures]


@pytest.mark.parametrize("name", NAMES)
def test_interventions_change_what_they_change_in_torch(name: str) -> None:
    run, arrays = given(name), load_file(PROBES / f"{name}.safetensors")
    facts = json.loads((PROBES / f"{name}.json").read_text(encoding="utf-8"))
    bare, allowed = run[1]["logits"].array, 1e-6 * facts["spread"]
    assert np.allclose(bare[-3:], arrays["base"], rtol=0, atol=allowed)
    for probe in facts["edits"]:
        branch = run.branch(*(probed(edit, arrays) for edit in probe["edits"]))
        found = branch[1]["logits"].array[-3:] - bare[-3:]
        assert np.abs(found - (arrays[probe["name"]] - arrays["base"])).max() < allowed, probe["name"]
        assert [failures(branch, step.tape) for step in branch.decode()] == [[]] * len(branch)
    assert run[1]["logits"].array is bare


WAYS = ({"cache": True}, {"cache": False}, {"strategy": "beam", "beams": 3, "cache": True}, {"strategy": "sample"})


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("where", [HEAD, "@3:decoder.0.self_attn.k[0]", "@2:decoder.0.ffn.output", "encoder.output[1]"])
def test_a_branch_is_a_run_like_any_other(how: dict[str, Any], where: str) -> None:
    run = decoded(**how)
    before = list(cells(run))
    branch = run.branch(tracer.edit(where, 0.5)).decode()
    assert list(cells(run)) == before
    assert branch.parent is run
    assert [str(edit.address) for edit in branch.edits] == [where]
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)
    found = list(cells(branch))
    branch.shelf.drop_all(branch._tapes._owner)
    assert list(cells(branch)) == found
    assert run.branch(tracer.edit(where, 0.5)).decode(record=False).output_ids == branch.output_ids


def test_the_steps_before_the_first_edited_one_are_shared() -> None:
    run = decoded(cache=True)
    branch = run.branch(tracer.edit("@3:decoder.0.ffn.output", 0.5), tracer.edit("@4:logits", 0.0))
    assert branch.computed == 2
    assert [run.step(n) is branch.step(n) for n in range(5)] == [True, True, True, False, False]
    assert branch.passes[:3] == run.passes[:3]
    held = run.shelf.held
    del branch
    gc.collect()
    assert run.shelf.held < held


def test_what_comes_before_the_edited_record_is_not_computed_again() -> None:
    run = given("gpt2")
    edit = tracer.edit("decoder.1.ffn.output", 0.5)
    branch = run.branch(edit).branch(tracer.edit("decoder.1.ffn.output[0]", 0.25))
    pairs = list(zip(run.step(1), branch.step(1), strict=True))
    first = next(n for n, (_theirs, ours) in enumerate(pairs) if ours.edits)
    assert all(ours is theirs for theirs, ours in pairs[:first])
    assert not any(ours is theirs for theirs, ours in pairs[first:])
    found = list(cells(branch))
    run.shelf._kept.clear()
    assert list(cells(branch)) == found


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_an_edit_that_sets_what_was_there_changes_no_bit(how: dict[str, Any]) -> None:
    run = decoded(**how)
    for where in (HEAD, "encoder.0.self_attn.weights", "decoder.0.self_attn.k", "@3:decoder.1.output"):
        branch = run.branch(tracer.edit(where, lambda x: x.array)).decode()
        assert list(cells(branch)) == list(cells(run))
        assert branch.output_ids == run.output_ids
        assert not any(edit.changed for step in branch.steps for record in step for edit in record.edits)


def test_putting_everything_back_is_the_run_that_it_is_of() -> None:
    clean = given("marian_zh_en")
    other = Run(clean.model, [*clean.source_ids[:-2], 40, 2], target_ids=clean.target_ids).decode()
    assert not np.array_equal(other[1]["logits"].array, clean[1]["logits"].array)
    branch = other.branch(tracer.edit("encoder.output", OfRun(clean)))
    assert np.array_equal(branch[1]["logits"].array, clean[1]["logits"].array)


def test_zeroing_all_heads_leaves_the_bias_of_the_output() -> None:
    run = given("marian_zh_en")
    branch = run.branch(tracer.edit("decoder.0.cross_attn.heads", 0.0))
    bias = run.parameters.get("model.decoder.layers.0.encoder_attn.out_proj.bias")
    assert bias is not None
    assert np.array_equal(
        branch[1]["decoder.0.cross_attn.output"].array, np.broadcast_to(bias.array, (8, bias.shape[0]))
    )


def test_knocking_out_what_is_masked_changes_nothing() -> None:
    run = given("gpt2")
    branch = run.branch(tracer.edit("decoder.0.self_attn.masked[h1, 2, 5]", -math.inf))
    assert list(cells(branch.decode())) == list(cells(run))


def test_the_record_says_what_was_put_in() -> None:
    run = decoded()
    branch = run.branch(tracer.edit("@2:decoder.0.self_attn.heads[h1]", 0.25))
    record = branch.step(2).find("decoder.0.self_attn.heads")
    (one,) = record.edits
    assert (one.edit.number, one.changed, one.before.size) == (1, one.before.size, record.output.array[0].size)
    derivation = derive(record, (1, 0, 3))
    computed = run[2]["decoder.0.self_attn.heads"].array[1, 0, 3]
    assert (derivation.value, derivation.expression.evaluate()) == (0.25, 0.25)
    assert derivation.note == f"set by edit 1; computed was {computed:.4g}"
    assert derivation.formula == "weights · V; [h1] ← 0.25"
    assert derive(record, (0, 0, 3)).note == ""
    assert record.op.name == "weigh"
    assert not run.step(2).find("decoder.0.self_attn.heads").edits


def test_edits_of_one_record_hold_one_after_the_other() -> None:
    run = given("gpt2")
    once = "decoder.0.ffn.output[1]"
    branch = run.branch(tracer.edit(once, 2.0)).branch(tracer.edit(once, lambda x: 3 * x.array))
    record = branch.step(1).find("decoder.0.ffn.output")
    assert np.all(record.output.array[1] == 6.0)
    assert [one.edit.number for one in record.edits] == [1, 2]
    mean = run.branch(tracer.edit(once, 2.0), tracer.edit("decoder.0.ffn.output", "mean"))
    record = mean.step(1).find("decoder.0.ffn.output")
    cell = derive(record, (4, 3))
    assert math.isclose(cell.expression.evaluate(), cell.value, rel_tol=1e-9)


def test_a_patched_value_derives_to_the_cell_of_the_other_run() -> None:
    clean = given("marian_zh_en")
    other = Run(clean.model, [*clean.source_ids[:-2], 40, 2], target_ids=clean.target_ids).decode()
    branch = other.branch(tracer.edit("decoder.0.output[2:4]", OfRun(clean)))
    record = branch.step(1).find("decoder.0.output")
    (leaf,) = derive(record, (3, 5)).terms
    assert isinstance(leaf, Foreign)
    assert str(leaf) == "r?@1:decoder.0.ffn.norm[3,5]"
    assert record_of(branch, leaf) is clean.step(1).find("decoder.0.output")
    tree = Explainer(branch).explain(record, (3, 5), 4)
    assert all(below.leaf.run is clean for below in tree.operands)
    assert [failures(branch, step.tape) for step in branch.decode()] == [[]] * len(branch)


def test_with_a_cache_the_edited_rows_persist_and_are_edited_once() -> None:
    run = decoded(cache=True)
    twice = run.branch(tracer.edit("decoder.0.self_attn.k", lambda x: 2 * x.array))
    for n in (1, 2, 3):
        now = twice[n]["decoder.0.self_attn.k"].array
        assert np.array_equal(now[:, -1:], 2 * twice[n]["decoder.0.self_attn.k_new"].array)
        assert n == 1 or np.array_equal(now[:, :-1], twice[n - 1]["decoder.0.self_attn.k"].array)
    once = run.branch(tracer.edit("@2:decoder.0.cross_attn.v[h0]", 0.0))
    assert not once[3]["decoder.0.cross_attn.v"].array[0].any()
    assert once.step(3).find("decoder.0.cross_attn.v").edits == ()


def test_without_a_cache_an_edit_of_one_step_ends_with_it() -> None:
    run = decoded(cache=False)
    branch = run.branch(tracer.edit("@2:decoder.0.self_attn.k[h0, 0]", 9.0))
    assert np.all(branch[2]["decoder.0.self_attn.k"].array[0, 0] == 9.0)
    assert not np.any(branch[3]["decoder.0.self_attn.k"].array[0, 0] == 9.0)


def test_an_edit_holds_from_a_step_on() -> None:
    branch = decoded(cache=False).branch(tracer.edit("@2:decoder.0.ffn.output", 0.0, onward=True)).decode()
    found = [bool(step.tape.find("decoder.0.ffn.output").edits) for step in branch.steps[1:]]
    assert found == [False] + [True] * (len(found) - 1)


def test_a_hypothesis_off_the_line_is_recomputed_as_the_search_had_it() -> None:
    run = decoded(strategy="beam", beams=3, cache=True)
    branch = run.branch(tracer.edit("@2:decoder.0.ffn.output", lambda x: -x.array)).decode()
    for h in branch.search.steps[-1]:
        tape = branch.at(h.at)
        assert float(tape["choice.log_prob"].array) == h.log_prob
        assert failures(branch, tape) == []
        assert "logits" in branch.downstream(h.at)


def test_what_lies_downstream() -> None:
    run = given("marian_zh_en")
    branch = run.branch(tracer.edit("decoder.1.self_attn.weights[h0]", 0.0))
    marked = branch.downstream(At(1))
    assert not branch.downstream(At(0))
    assert {"decoder.1.self_attn.weights", "decoder.1.self_attn.heads", "logits"} <= marked
    assert not {"decoder.0.ffn.norm", "decoder.1.self_attn.v", "decoder.1.cross_attn.k"} & marked
    assert run.downstream(At(1)) == frozenset()
    changed = {record.address for record in branch.step(1) if not np.array_equal(*both(run, record))}
    assert changed <= marked


def both(run: tracer.Run, record: tracer.Record) -> tuple[Any, Any]:
    return run.step(1).find(record.address).output.array, record.output.array


@pytest.mark.parametrize("cache", [True, False])
def test_later_steps_lie_downstream_by_what_they_read(cache: bool) -> None:
    run = decoded(cache=cache)
    branch = run.branch(tracer.edit("@2:decoder.1.ffn.output", 3.0)).decode()
    assert branch.output_ids != run.output_ids
    assert "decoder.embed.tokens" in branch.downstream(At(branch.computed))
    kept = run.branch(tracer.edit("@2:decoder.0.self_attn.k[h0]", lambda x: x.array))
    assert ("logits" in kept.downstream(At(3))) is cache


def test_edits_may_be_given_with_the_text() -> None:
    model = tracer.load("zh-en-tiny")
    edit = tracer.edit("dec.0.cross.heads[h0]", 0.0)
    run = tracer.trace(model, "我爱你", edits=[edit])
    assert run.text == tracer.trace(model, "我爱你").branch(edit).decode().text
    assert [list(one.paths) for one in run.edits] == [["decoder.0.cross_attn.heads"]]
    assert run.parent is not None
    assert not run.parent.edits


def test_a_glob_is_of_several_records_and_a_second_name_of_the_record_it_names() -> None:
    run = given("marian_zh_en")
    branch = run.branch(tracer.edit("**.self_attn.heads[h1]", 0.0), tracer.edit("encoder.0.output[0, 0]", 5.0))
    edited = [record.address for step in branch.decode() for record in step if record.edits]
    heads = [f"{stack}.{i}.self_attn.heads" for stack in ("encoder", "decoder") for i in (0, 1)]
    assert edited == [heads[0], "encoder.0.ffn.norm", *heads[1:]]


def test_nan_is_allowed() -> None:
    branch = given("gpt2").branch(tracer.edit("decoder.0.output[1]", math.nan))
    assert np.isnan(branch[1]["logits"].array[1:]).all()
    assert failures(branch, branch.step(1)) == []


def test_a_tensor_is_broadcast_by_the_names_of_its_axes() -> None:
    run = given("gpt2")
    row = run[1]["decoder.0.self_attn.q"].select(parse("x[0]").selectors)
    branch = run.branch(tracer.edit("decoder.0.self_attn.q", row))
    assert all(np.array_equal(head, row.array) for head in branch[1]["decoder.0.self_attn.q"].array)


def test_the_chosen_token_may_be_set() -> None:
    run = decoded(cache=True)
    branch = run.branch(tracer.edit("@2:choice", 17)).decode()
    assert branch.output_ids[:2] == [run.output_ids[0], 17]
    for wrong, told in ((1e9, "is no id"), (1.5, "whole numbers")):
        with pytest.raises(InputError, match=told):
            run.branch(tracer.edit("@2:choice", wrong))


@pytest.mark.parametrize("wrong", [-1, 4, Function(lambda ids: ids.array + 1)], ids=str)
def test_what_is_no_expert_is_not_put_in_place_of_one(wrong: Any) -> None:
    run = given("mixtral")
    with pytest.raises(InputError, match=r"chosen: (-1|4) is no id that can be chosen: there are 0 to 3"):
        run.branch(tracer.edit("decoder.*.ffn.router.chosen", wrong))


def test_an_expert_is_put_in_place_of_another() -> None:
    run = given("mixtral")
    other = (run[1]["decoder.0.ffn.router.chosen"].array[1, 0] + 1) % 4
    branch = run.branch(tracer.edit("@1:decoder.0.ffn.router.chosen[1, 0]", other))
    assert branch[1]["decoder.0.ffn.router.chosen"].array[1, 0] == other
    assert not failures(branch, branch[1])


def test_a_later_id_that_cannot_be_chosen_is_refused_when_its_step_is_computed() -> None:
    run = decoded(cache=True)
    last, first = run.model.facts.target_vocab - 1, run.output_ids[0]
    branch = run.branch(tracer.edit("choice", Function(lambda ids: ids.array if ids.at == At(1) else last + 1)))
    with pytest.raises(InputError, match=f"@2:choice: {last + 1} is no id that can be chosen: there are 0 to {last}"):
        branch.decode()
    assert branch.output_ids == [first]


WRONG = {
    "decoder.9.ffn.output": (0.0, AddressError, "nothing is recorded at decoder.9.ffn.output"),
    "decoder.1.self_attn.head": (0.0, AddressError, None),
    "decoder.1.self_attn.heads[h4]": (0.0, AddressError, "index 4 is out of range on axis head: it has 4"),
    '@2:decoder.1.cross_attn.masked[h0, 0, "none"]': (0.0, AddressError, 'axis key has no "none"'),
    "@99:logits": (0.0, AddressError, "there is no step @99"),
    "@0:logits": (0.0, AddressError, "nothing is recorded at logits"),
    "decoder.0.ffn.output": (
        np.zeros((3, 7)),
        InputError,
        r"what is put in has \[3, 7\], and does not fit @1:decoder.0.ffn.output \[position 1, feature 48\]",
    ),
    "decoder.0.ffn.output[0, 0]": ("mean", InputError, "the mean is taken over positions"),
}


@pytest.mark.parametrize("where", WRONG)
def test_what_can_not_be_edited_is_told_at_once(where: str) -> None:
    value, kind, told = WRONG[where]
    run = decoded(cache=True)
    if told is None:
        assert run.branch(tracer.edit(where, value))
        return
    with pytest.raises(kind, match=told):
        run.branch(tracer.edit(where, value))


@pytest.mark.parametrize("value", ["median", None, 1j, [["a"]]])
def test_a_value_that_can_not_be_put_in_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="an edit puts in a number"):
        tracer.edit("logits", value)


def test_an_edit_names_no_run() -> None:
    with pytest.raises(InputError, match="leave r1 out of r1@2:logits"):
        tracer.edit("r1@2:logits", 0.0)
    with pytest.raises(InputError, match="write it with its step"):
        tracer.edit("#5", 0.0)
    with pytest.raises(InputError, match="begins with an edit"):
        decoded().branch()


def test_a_branch_that_nobody_holds_is_gone_at_once() -> None:
    run = decoded()
    gc.disable()
    try:
        branch = run.branch(tracer.edit(HEAD, Function(lambda x: -x.array))).decode()
        gone = weakref.ref(branch)
        del branch
        assert gone() is None
    finally:
        gc.enable()


def test_ten_branches_keep_to_one_budget() -> None:
    model = tracer.load("zh-en-tiny")
    run = Run(model, model.source_ids("他昨天去了北京")[0], budget=200_000).decode()
    branches = [run.branch(tracer.edit("encoder.output", float(n))).decode() for n in range(10)]
    assert run.shelf.held <= 200_000
    assert all(np.all(branch[0]["encoder.output"].array == n) for n, branch in enumerate(branches))


def test_a_step_larger_than_the_budget_is_edited_all_the_same() -> None:
    model = tracer.load("zh-en-tiny")
    ids, edit = model.source_ids("他昨天去了北京")[0], tracer.edit("decoder.0.self_attn.heads[h0]", 0.5)
    whole, spared = (Run(model, ids, budget=budget).branch(edit).decode() for budget in (1 << 28, 1))
    assert list(cells(spared)) == list(cells(whole))
