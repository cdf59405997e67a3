"""Models changed in memory: trained numbers, and what config.json states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.addresses import Address, At, parse
from tracer.edits import Constant, Edit
from tracer.edits.values import Function
from tracer.errors import AddressError, InputError, SelectorError
from tracer.mistakes import mistake
from tracer.model_edits import Configured, Trained

from .test_edits import decoded, failures, given

HIDDEN = "decoder.0.ffn.hidden.weight"


def trained(where: str, value: Any) -> Edit:
    return Edit(parse(where), Trained(Function(value) if callable(value) else Constant(value)))


def stated(key: str, value: Any) -> Edit:
    return Edit(Address(key), Configured(value))


def logits(run: tracer.Run) -> Any:
    return run.steps[-1]["logits"].array


@pytest.mark.parametrize("name", ["gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0"])
def test_trained_numbers_are_others_in_the_branch_alone(name: str) -> None:
    run = given(name).decode()
    where = "decoder.0.ffn.output.weight"
    before = run.parameters.get(where)
    assert before is not None
    kept = before.array.copy()
    branch = run.branch(trained(f"{where}[0]", 0.0)).decode()
    after = branch.parameters.get(where)
    assert after is not None
    assert np.array_equal(before.array, kept)
    assert not after.array[0].any()
    assert np.array_equal(after.array[1:], kept[1:])
    output = branch.step(1).find("decoder.0.ffn.output")
    bias = output.parameters.get("bias")
    assert np.all(output.output.array[:, 0] == (0 if bias is None else bias.array[0]))
    assert not np.array_equal(logits(branch), logits(run))
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)


def test_the_same_numbers_change_no_bit() -> None:
    for name in ("gpt2", "marian_zh_en"):
        run = decoded(name, cache=True).decode()
        branch = run.branch(trained(HIDDEN, lambda x: x.array))
        assert branch.since == run.computed
        assert np.array_equal(logits(branch.decode()), logits(run))


def test_what_comes_before_is_shared() -> None:
    run = decoded().decode()
    branch = run.branch(trained(f"{HIDDEN}[0]", 3.0))
    assert (branch.since, branch.step(0) is run.step(0)) == (1, True)
    assert run.branch(trained("encoder.0.ffn.hidden.weight[0]", 3.0)).since == 0


def test_a_fused_parameter_is_changed_in_its_part() -> None:
    run = given("gpt2")
    branch = run.branch(trained("decoder.0.self_attn.qkv.weight[:48]", 0.0))
    bias = run.parameters.get("decoder.0.self_attn.qkv.bias")
    assert bias is not None
    assert np.allclose(branch[1]["decoder.0.self_attn.q"].array.transpose(1, 0, 2).reshape(-1, 48), bias.array[:48])


def test_by_its_name_in_the_file_it_is_as_the_file_has_it() -> None:
    run = given("gpt2")
    branch = run.branch(trained("transformer.h.0.mlp.c_fc.weight[0, 5]", 9.0))
    changed = branch.parameters.get("decoder.0.ffn.hidden.weight")
    assert changed is not None
    assert changed.array[5, 0] == 9.0


def test_what_reads_the_parameter_is_marked_and_what_comes_of_that() -> None:
    run = decoded(cache=True).decode()
    branch = run.branch(trained(f"{HIDDEN}[0]", 3.0)).decode()
    for n in (1, 2):
        marked = branch.downstream(At(n))
        assert {"decoder.0.ffn.hidden", "logits"} <= marked
        assert "decoder.0.cross_attn.k" not in marked
    assert "decoder.0.self_attn.q" not in branch.downstream(At(1))
    norms = run.branch(stated("norm_eps", 0.5)).decode()
    assert "encoder.0.self_attn.norm" in norms.downstream(At(0))
    assert "encoder.0.self_attn.residual" not in norms.downstream(At(0))


@pytest.mark.parametrize(
    ("model", "key", "value", "setting"),
    [
        ("marian_zh_en", "norm_eps", 0.5, "norm_eps 1e-05 → 0.5"),
        ("marian_zh_en", "scale_embedding", False, "scaled True → False"),
        ("marian_zh_en", "activation_function", "relu", "activation swish → relu"),
        ("marian_zh_en", "activation", "relu", "activation swish → relu"),
        ("marian_zh_en", "norm", "pre", "norm post → pre"),
        ("gpt2", "layer_norm_epsilon", 0.5, "norm_eps 1e-05 → 0.5"),
        ("gpt2", "scale_attn_weights", False, "rooted True → False"),
        ("llama_gqa", "rope_theta", 500000.0, "rotary … → …"),
        ("t5_v1_0", "layer_norm_epsilon", 0.5, "norm_eps 1e-06 → 0.5"),
    ],
)
def test_a_configuration(model: str, key: str, value: Any, setting: str) -> None:
    run = given(model).decode()
    branch = run.branch(stated(key, value)).decode()
    (edit,) = branch.edits
    assert isinstance(edit.value, Configured)
    assert edit.value.count(run.model, branch.model, edit) == setting
    assert not np.array_equal(logits(branch), logits(run))
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)


def test_changes_add_up() -> None:
    run = given("gpt2").decode()
    branch = run.branch(stated("layer_norm_epsilon", 0.5)).branch(trained(HIDDEN, 0.0)).branch(stated("rooted", False))
    assert branch.model.config.norm_eps == 0.5
    assert not branch.model.config.rooted
    assert not branch.model.named.get(HIDDEN).array.any()
    assert run.model.config.norm_eps == 1e-5
    both = branch.branch(tracer.edit("decoder.0.ffn.output", 0.0)).decode()
    assert [edit.number for edit in both.edits] == [1, 2, 3, 4]
    assert both.model is branch.model


@pytest.mark.parametrize("strategy", [{"strategy": "beam", "beams": 2}, {"strategy": "sample", "seed": 1}])
def test_other_strategies(strategy: dict[str, Any]) -> None:
    run = decoded(**strategy).decode()
    branch = run.branch(trained(HIDDEN, lambda x: -x.array)).decode()
    assert branch.step(0) is run.step(0)
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)


def test_norms_come_before_the_sublayer() -> None:
    run = given("marian_zh_en")
    branch = run.branch(Edit(Address("**"), mistake("post_pre_norm"))).decode()
    assert branch.model.config.norm == "pre"
    first = next(record for record in branch.step(0) if record.scope == "encoder.0.self_attn")
    assert first.name == "norm"
    assert [failures(branch, step.tape) for step in branch.steps] == [[]] * len(branch)
    with pytest.raises(AddressError, match="post_pre_norm applies to a model whose configuration says"):
        given("gpt2").branch(Edit(Address("**"), mistake("post_pre_norm")))


WRONG: list[tuple[Edit, type[Exception], str]] = [
    (trained("decoder.9.ffn.hidden.weight", 0.0), AddressError, "there is no parameter decoder.9.ffn.hidden.weight"),
    (trained("decoder.*.ffn.hidden.weight", 0.0), AddressError, "is several parameters"),
    (trained(f"{HIDDEN}[999]", 0.0), SelectorError, "index 999 is out of range"),
    (trained(HIDDEN, np.zeros(7)), InputError, r"what is put in has \[7\], and does not fit"),
    (stated("nonsense", 1), InputError, "gpt2 states no nonsense; it has .*layer_norm_epsilon"),
    (stated("layer_norm_epsilon", "big"), InputError, "layer_norm_epsilon is 'big'; expected a number above 0"),
    (stated("norm_eps", -1), InputError, "norm_eps is -1; expected a number from 0"),
    (stated("n_inner", 7), InputError, "ffn = 7 asks for other parameters than gpt2 has"),
    (stated("activation", "step"), InputError, "activation is step; expected relu / gelu"),
]


@pytest.mark.parametrize(("edit", "kind", "told"), WRONG, ids=[str(edit) for edit, _kind, _told in WRONG])
def test_what_can_not_be_changed_is_told_in_a_sentence(edit: Edit, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        given("gpt2").branch(edit)
