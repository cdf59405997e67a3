"""Tensors held against records one after the other: which agree, which add to a difference, which inherit one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tracer.comparing.comparison import compare
from tracer.dumps.dump import Entry
from tracer.i18n import spoken
from tracer.mistakes.precision import ROUND
from tracer.tensor import Array

from ...dumped import KINDS, Told, dump, ids, values
from .ported import held, numbers, run_of, states, tampered

FAMILIES = ("gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0")
HIDDEN, OUTPUT = "@1:decoder.0.ffn.hidden", "@1:decoder.0.ffn.output"
SCORES, WEIGHTS = "@1:decoder.0.self_attn.scores", "@1:decoder.0.self_attn.weights"


@pytest.mark.parametrize(("family", "kind"), [*product(FAMILIES[:1], KINDS), *product(FAMILIES[1:], ("values", "f16"))])
def test_what_is_the_same_agrees_whatever_there_is_of_it(family: str, kind: str) -> None:
    found = held(family, numbers(family), kind)
    assert states(found) == {}
    assert {check.evidence for check in found.checks} == {"text" if kind == "summed" else KINDS[kind](ONE).kind}
    assert all(check.is_exact is (kind in ("values", "bf16", "f16")) for check in found.checks)


ONE = np.ones((1, 1), np.float32)


@pytest.mark.parametrize("address", [HIDDEN, OUTPUT, WEIGHTS, "@1:decoder.1.ffn.norm", "@1:logits"])
def test_a_number_that_was_changed_alone_is_all_that_differs(address: str) -> None:
    found = held("gpt2", tampered(numbers("gpt2"), address))
    assert states(found) == {address: "adds"}
    assert (found.first, found.cause) == (address[3:], "unknown")


@pytest.mark.parametrize("kind", ["text", "summed", "statistics", "hash"])
def test_where_numbers_are_not_all_there_it_is_the_first_that_adds(kind: str) -> None:
    changed = {**numbers("gpt2"), HIDDEN: 1.25 * numbers("gpt2")[HIDDEN]}
    found = held("gpt2", changed, kind)
    assert states(found) == {HIDDEN: "adds"}


def test_what_comes_of_a_difference_inherits_it() -> None:
    found = held("gpt2", numbers("gpt2", "no_scale", "decoder.0.self_attn.scores"))
    after = list(states(found).values())
    assert next(iter(states(found).items())) == (SCORES, "adds")
    assert {*after[1:]} == {"inherits"}
    assert len(after) > 20
    weights = found.worst[WEIGHTS]
    assert weights.ours.largest > 100 * weights.own.largest
    assert weights.own.holds


def test_every_place_of_a_mistake_adds() -> None:
    found = held("gpt2", numbers("gpt2", "no_scale"))
    adding = [address for address, state in states(found).items() if state == "adds"]
    assert adding == [SCORES, "@1:decoder.1.self_attn.scores"]


def test_what_is_not_there_is_passed_over() -> None:
    """What comes of a difference inherits it by way of what nobody wrote down."""
    names = ("@1:decoder.0.self_attn.residual", "@1:logits")
    some = {name: numbers("gpt2", "no_scale", "decoder.0.self_attn.scores")[name] for name in names}
    assert states(held("gpt2", some)) == dict(zip(names, ("adds", "inherits"), strict=True))


def test_of_printed_numbers_what_follows_inherits() -> None:
    some = {name: numbers("gpt2", "no_scale", "decoder.0.self_attn.scores")[name] for name in (OUTPUT, "@1:logits")}
    assert states(held("gpt2", some, "text")) == {OUTPUT: "adds", "@1:logits": "inherits"}


@pytest.mark.parametrize(("kind", "dtype"), [("bf16", "BF16"), ("f16", "F16")])
def test_types_of_fewer_digits_are_taken_for_what_they_are(kind: str, dtype: str) -> None:
    found = held("gpt2", numbers("gpt2"), kind)
    assert found.beyond == []
    assert {check.stored for check in found.checks} == {dtype}
    assert found.worst["@1:logits"].largest > 1e-4
    far = held("gpt2", {**numbers("gpt2"), HIDDEN: 1.1 * numbers("gpt2")[HIDDEN]}, kind)
    assert states(far) == {HIDDEN: "adds"}


@pytest.mark.parametrize("kind", ["bf16", "f16"])
@pytest.mark.parametrize("family", ["gpt2", "marian_zh_en"])
def test_arithmetic_of_fewer_digits_is_no_mistake_where_it_is_stored_so(family: str, kind: str) -> None:
    assert states(held(family, numbers(family, f"precision {kind}"), kind)) == {}


@pytest.mark.parametrize("kind", ["bf16", "f16"])
def test_digits_that_are_missing_are_told_where_more_are_stored(kind: str) -> None:
    found = held("gpt2", numbers("gpt2", f"precision {kind}"))
    assert (found.first, found.cause, found.rounded) == ("decoder.embed.tokens", "precision", kind)
    [cause] = found.verdict.causes if found.verdict else []
    assert str(cause.mistake) == f"precision {kind}"


def test_a_mistake_in_few_digits_stored_in_many_is_found_by_their_rounding() -> None:
    few = {name: ROUND["bf16"](array) for name, array in numbers("gpt2", "no_scale").items()}
    found = held("gpt2", few)
    assert (found.first, found.cause) == (SCORES[3:], "no_scale")
    told = "every number is one of bf16: rounding is judged by that, though they are stored as float32"
    assert told in [spoken(note) for note in found.notes]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_beyond_and_the_rest_is_judged_all_the_same(broken: float) -> None:
    changed = {**numbers("gpt2"), HIDDEN: np.array(numbers("gpt2")[HIDDEN])}
    changed[HIDDEN][3, 5] = broken
    check = held("gpt2", changed).worst[HIDDEN]
    assert (check.largest, check.state) == (np.inf, "adds")
    assert check.cell is not None
    assert check.cell.place == (3, 5)
    assert np.isfinite(check.allowed)


def test_padding_may_hold_anything() -> None:
    run = run_of("gpt2", 0, 1)
    arrays = {name: np.array(array) for name, array in numbers("gpt2", hidden=(0, 1)).items()}
    for name in (HIDDEN, OUTPUT, "@1:decoder.1.ffn.residual"):
        arrays[name][:2] = 77
    found = compare(run.model, dump(run, arrays))
    assert states(found) == {}
    assert found.worst[HIDDEN].compared == 7 * 192
    assert "what stands at the places of padding is not compared" in [spoken(note) for note in found.notes]


def test_a_key_that_one_side_alone_looks_at_is_named() -> None:
    seen = held("gpt2", {WEIGHTS: numbers("gpt2", "no_causal")[WEIGHTS]}).worst[WEIGHTS]
    assert spoken(seen.why) == "key 1 is looked at there, and here hidden by the causal mask: key 1 > query 0"
    run = run_of("gpt2")
    shy = np.array(numbers("gpt2")[WEIGHTS])
    shy[..., 0] = 0
    check = compare(run.model, dump(run, {WEIGHTS: shy})).worst[WEIGHTS]
    assert spoken(check.why) == "key 0 is hidden there, and looked at here"


def transposed_heads(array: Array) -> Array:
    return array.swapaxes(0, 1)[None]


def test_unusual_layouts_are_said_and_led_on_from() -> None:
    q, k = (f"@1:decoder.0.self_attn.{name}" for name in "qk")
    arrays = {q: transposed_heads(numbers("gpt2")[q]), k: numbers("gpt2")[k].swapaxes(1, 2)}
    found = held("gpt2", {**numbers("gpt2"), **arrays})
    assert states(found) == {}
    assert {name: spoken(found.worst[name].layout) for name in (q, k)} == {q: "", k: "transposed"}
    assert found.worst[SCORES].own.largest == 0


def test_several_names_of_one_record_are_checks_of_their_own() -> None:
    run = run_of("gpt2")
    names = ("transformer.h.0.mlp.c_fc", HIDDEN, "blocks.0.mlp.hook_pre")
    entries = [Entry(name, values(numbers("gpt2")[HIDDEN] + n)) for n, name in enumerate(names)]
    found = compare(run.model, Told([*ids(run), *entries]))
    assert [check.holds for check in found.checks] == [True, False, False]
    assert found.worst[HIDDEN].name == names[2]


def test_the_unit_is_that_of_the_type_that_most_have() -> None:
    run = run_of("gpt2")
    entries = [Entry(name, KINDS["bf16"](numbers("gpt2")[name])) for name in (HIDDEN, OUTPUT)]
    found = compare(run.model, Told([*ids(run), *entries, Entry("logits", values(numbers("gpt2")["@1:logits"]))]))
    assert found.agreement is not None
    assert found.agreement.unit == 2**-8
    strict = compare(run.model, Told([*ids(run), *entries]), strict=True)
    assert strict.agreement is not None
    assert strict.agreement.unit == 2**-24
