"""The way back through whole runs: what is expected are central differences of the forward pass, in float64."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.addresses import At
from tracer.debugger.cursor import Cursor
from tracer.debugger.expressions import compile_expression
from tracer.debugger.locations import Here
from tracer.edits import Added, Clamped, Constant, Mean, ProjectedOff, ProjectedOnto, Scaled, Value, edit
from tracer.gradients import gradients, objective
from tracer.mistakes import mistake, names
from tracer.ops import catalogue
from tracer.ops.softmax import softmax
from tracer.tape import Dropped, Record, Tape
from tracer.tensor import Array, Tensor
from tracer.verify import verify

from .conftest import FIXTURES
from .test_mistakes import APPLIES, given

SOURCE, TARGET = [7, 11, 12, 5, 2], [1, 17, 16, 35]
FAMILIES = sorted(config.parent.name for config in FIXTURES.glob("*/config.json"))
SMALL = 1e-5
"""How far numbers are moved, along a random direction."""
CLOSE = 1e-6
"""How far a gradient may be from differences, beside its size; and so much beside the number itself, its noise:"""
NOISE = 1e-9

Moved = Callable[[float], float]
"""The expression when something was moved so far."""


def run_of(name: str, **how: Any) -> tracer.Run:
    """A family's run: over a given output where it has a decoder, else of its encoder."""
    model = tracer.load(FIXTURES / name, "float64")
    if "decode" in model.texts.passes:
        how = how or {"target_ids": TARGET}
    return tracer.trace(model, ids=SOURCE, **how)


def asked(run: tracer.Run) -> tuple[int, str]:
    """The last step of a run, and a number over it: the loss, or one that all of its last record goes into."""
    last = list(run.tapes())[-1]
    if "loss" in last.addresses:
        return last.number, "sum(loss)"
    name = "log_probs" if "log_probs" in last.addresses else "logits" if "logits" in last.addresses else None
    read = name or last.records[-1].address
    return last.number, f"sum({read} * {read})"


def value(run: tracer.Run, number: int, text: str) -> float:
    """What an expression comes to at a step."""
    run.step(number)
    return objective(compile_expression(text), Here(run, Cursor(number, 0))).value


def direction(like: Array, seed: str) -> Array:
    """A random one, of length 1, in which what is infinite does not move."""
    random = np.random.default_rng(list(seed.encode()))
    along = np.where(np.isfinite(like), random.normal(size=like.shape), 0)
    return along / (np.sqrt((along * along).sum()) or 1.0)


def agrees(found: Mapping[str, Tensor], name: str, along: Array, moved: Moved) -> None:
    """The gradient of something, or none, says by how much the expression changes along a direction."""
    told = float((found[name].array * along).sum()) if name in found else 0.0
    ahead, behind = moved(SMALL), moved(-SMALL)
    noise = NOISE * max(1.0, abs(ahead))
    assert told == pytest.approx((ahead - behind) / (2 * SMALL), rel=CLOSE, abs=noise), name


def moved_record(run: tracer.Run, number: int, text: str, record: Record, along: Array) -> Moved:
    """By an edit of a record, that is made along a direction."""
    address, numbers = f"@{record.step}:{record.address}", record.output.array
    return lambda far: value(run.branch(edit(address, numbers + far * along)), number, text)


def moving(run: tracer.Run, number: int) -> Iterator[Record]:
    """The records of the passes that a step is made of whose numbers can move."""
    for step in {run.first, number}:
        tape = run.step(step)
        yield from (one for one in tape.records[: tape.turn] if one.is_measured)


def one_of_each(names: Iterable[str]) -> set[str]:
    """Of names that stand for the same in several layers, or experts, one drawn by what they have in common."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[re.sub(r"(?<=\.)\d+(?=\.)", "*", name)].append(name)
    return {Random(kind).choice(several) for kind, several in alike.items()}


def check_records(run: tracer.Run, number: int, text: str) -> None:
    found = gradients(run, number, text)
    records = list(moving(run, number))
    chosen = one_of_each(record.address for record in records)
    assert chosen
    for record in (one for one in records if one.address in chosen):
        along = direction(record.output.array, record.address)
        agrees(found, record.address, along, moved_record(run, number, text, record, along))


def moved_parameters(run: tracer.Run, along: Mapping[str, Array], far: float) -> tracer.Run:
    """The same run with some parameters moved, each along its direction in the file."""
    moved = {}
    for key, parameter in run.model.parameters.items():
        if parameter.path in along:
            moved[key] = parameter.copied()
            moved[key].array[...] += far * (along[parameter.path].T if parameter.transposed else along[parameter.path])
    return run.of(run.model.having(moved))


def directions(run: tracer.Run) -> Mapping[str, Array]:
    paths = {one.path for one in run.model.parameters.values()}
    return {path: direction(file_numbers(run, path), path) for path in sorted(paths)}


def file_numbers(run: tracer.Run, path: str) -> Array:
    found = run.parameters.get(path)
    assert found is not None
    return found.array


def check_parameters(run: tracer.Run, number: int, text: str) -> None:
    found, along_each = gradients(run, number, text), directions(run)
    for path in sorted(one_of_each(along_each)):
        along = along_each[path]
        agrees(found, path, along, lambda far, one={path: along}: value(moved_parameters(run, one, far), number, text))


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_of_records_agree_with_differences(name: str) -> None:
    run = run_of(name)
    check_records(run, *asked(run))


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_of_parameters_agree_with_differences(name: str) -> None:
    run = run_of(name)
    check_parameters(run, *asked(run))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_gradient_of_a_parameter_lies_as_that_does_in_its_file(name: str) -> None:
    """But for axes of one place. Of an expert that nothing was sent to there is none."""
    run = run_of(name)
    number, text = asked(run)
    found = gradients(run, number, text)
    used = {one.path for step in {run.first, number} for record in run.step(step) for _name, one in record.trained}
    assert {path for path in used if path not in found} <= {path for path in used if "expert" in path}
    shapes = [(found[path].array.squeeze().shape, file_numbers(run, path).squeeze().shape) for path in {*found} & used]
    assert all(ours == theirs for ours, theirs in shapes)


def test_a_parameter_goes_by_each_of_its_names() -> None:
    run = run_of("gpt2")
    found = run.gradient("sum(loss)")
    assert found["wte.weight"] is found["transformer.wte.weight"]


def test_what_a_parameter_was_used_for_adds_up() -> None:
    """Of a matrix that is embedding and output in one, and of the parts of a fused one, which lie apart in the file."""
    found = run_of("gpt2").gradient("sum(loss)")
    tied = [found[f"wte.weight.via.{user}"].array for user in ("decoder.embed.tokens", "logits")]
    np.testing.assert_array_equal(found["wte.weight"].array, tied[1] + tied[0])
    fused = "h.0.attn.c_attn.weight"
    parts = [found[name] for name in found if name.startswith(f"{fused}.via.")]
    assert {part.shape for part in parts} in (set(), {(48, 48)})
    assert found[fused].shape == (48, 144)


STEPS: dict[str, dict[str, Any]] = {
    "cached": {"max_tokens": 3, "cache": True, "strategy": "greedy"},
    "uncached": {"max_tokens": 3, "cache": False, "strategy": "greedy"},
    "searched": {"max_tokens": 3, "strategy": "beam", "beams": 2, "cache": False},
    "searched and cached": {"max_tokens": 3, "strategy": "beam", "beams": 2, "cache": True},
    "sampled": {"max_tokens": 3, "strategy": "sample", "top_k": 9, "temperature": 0.7, "seed": 3, "cache": True},
}


@pytest.mark.parametrize("how", STEPS)
@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2", "llama_gqa"])
def test_gradients_of_decoded_steps_agree_with_differences(name: str, how: str) -> None:
    """Edits of one step alone: what earlier ones have left stays as it was."""
    run = run_of(name, **STEPS[how]).decode()
    last = run.computed
    choice = run.tokens[-1].id
    text = f"logits[-1, {choice}] - logits[-1, {choice + 1}]"
    found = gradients(run, last, text)
    tape = run.step(last)
    for record in tape.records[: tape.turn]:
        if record.is_measured and record.index % 3 == 1 and not record.address.startswith("choice"):
            along = direction(record.output.array, record.address)
            agrees(found, record.address, along, moved_record(run, last, text, record, along))


READS = ("scores", "heads")
"""The records that keys and values go into."""


@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2", "llama_gqa", "gpt_neox", "qwen3_moe"])
def test_with_a_cache_earlier_rows_count_as_given(name: str) -> None:
    """As without one, where the same numbers were put in place of keys and values of earlier positions."""
    cached, bare = (run_of(name, max_tokens=3, cache=cache, strategy="greedy").decode() for cache in (True, False))
    text = "logits[-1, 5] - logits[-1, 6]"
    used = [bare.step(3).find(f"decoder.{n}.self_attn.{name}").inputs[1] for n in range(2) for name in READS]
    rows = [bare.step(3).find(one.path) for one in used]
    held = [edit(f"@3:{one.address}[:, :{one.output.shape[1] - 1}]", one.output.array[:, :-1]) for one in rows]
    ours, theirs = gradients(cached, 3, text), gradients(bare.branch(*held), 3, text)
    names = [one for one in cached.parameters.stored if one in theirs]
    assert len(names) > 5
    for one in names:
        found = ours[one].array if one in ours else 0
        np.testing.assert_allclose(found, theirs[one].array, rtol=1e-9, atol=1e-12, err_msg=one)


def test_with_a_cache_gradients_reach_the_encoder_through_cross_attention() -> None:
    run = run_of("marian_zh_en", max_tokens=3, cache=True, strategy="greedy").decode()
    found = run.gradient("logits[0, 5]", step=3)
    assert found["encoder.output"].array.any()
    assert "step1.decoder.0.cross_attn.k" in found
    assert "step1.decoder.0.self_attn.k_new" not in found
    encoder = run.step(0).find("encoder.0.ffn.output")
    along = direction(encoder.output.array, "along")
    kept = [run.step(3).find(f"decoder.{n}.self_attn.{kind}") for n in range(2) for kind in "kv"]
    held = [edit(f"@{n}:{one.address}_new", run.step(n)[f"{one.address}_new"].array) for n in (1, 2) for one in kept]

    def moved(far: float) -> float:
        branch = run.branch(*held, edit("@0:encoder.0.ffn.output", encoder.output.array + far * along))
        return value(branch, 3, "logits[0, 5]")

    agrees(found, encoder.address, along, moved)


ROW = np.linspace(-1, 2, 48)
EDITS: dict[str, tuple[Value, list[str]]] = {
    "numbers": (Constant(0.25), ["", "[1:3]", "[-1]", "[:, 3:5]"]),
    "mean": (Mean(), ["", "[1:3]", "[1:, 3:5]"]),
    "added": (Added(Constant(0.5)), ["", "[:, 3:5]"]),
    "scaled": (Scaled(Constant(0.5)), ["", "[1:3]", "[-1]", "[:, 3:5]"]),
    "projected off": (ProjectedOff(Constant(ROW)), ["", "[1:3]", "[-1]"]),
    "projected onto": (ProjectedOnto(Constant(ROW)), ["", "[1:3]", "[-1]"]),
    "clamped": (Clamped(-0.05, 0.05), ["", "[1:3]", "[:, 3:5]"]),
}


@pytest.mark.parametrize(("put", "part"), [(put, part) for put, (_value, parts) in EDITS.items() for part in parts])
def test_gradients_through_edits_agree_with_differences(put: str, part: str) -> None:
    branch = run_of("marian_zh_en").branch(edit(f"decoder.0.ffn.output{part}", EDITS[put][0]))
    assert branch.step(1).find("decoder.0.ffn.output").edits
    check_edited(branch, "decoder.0.ffn.output")


def test_gradients_go_through_one_edit_after_another() -> None:
    edits = [(Scaled(Constant(0.5)), "[1:3]"), (Constant(0.25), "[2]"), (Added(Constant(0.5)), ""), (Mean(), "[:2]")]
    branch = run_of("marian_zh_en").branch(*(edit(f"decoder.0.ffn.output{part}", put) for put, part in edits))
    assert len(branch.step(1).find("decoder.0.ffn.output").edits) == len(edits)
    check_edited(branch, "decoder.0.ffn.output")


def check_edited(branch: tracer.Run, path: str) -> None:
    """Of what lies before an edit, and of what was edited, which further edits move."""
    found = gradients(branch, 1, "sum(loss)")
    for address in ("decoder.embed.output", "decoder.0.ffn.hidden", path, "encoder.embed.output"):
        record = branch.at(At(0 if address.startswith("encoder") else 1)).find(address)
        along = direction(record.output.array, address)
        agrees(found, record.address, along, moved_record(branch, 1, "sum(loss)", record, along))
    assert failures(branch) == []


def failures(run: tracer.Run) -> list[str]:
    """What does not hold of the gradients of a loss."""
    tape = gone(run, 1, "sum(loss)")
    records = [one for one in tape.records[tape.turn :] if one.index % 9 == 0 or one.op.name not in catalogue()]
    return [failure for check in verify(run, records) for failure in check.failures]


EXACT = [name for name in names() if not name.startswith("precision") and name != "position_offset from_0"]
"""Mistakes that are made with numbers as they are, and that can be made where positions are counted from 0."""


@pytest.mark.parametrize("name", EXACT)
def test_gradients_of_a_mistake_are_those_of_the_call_that_was_made(name: str) -> None:
    check_mistake(given(APPLIES.get(name, ["torch_post"])[0]), name, "**")


@pytest.mark.parametrize(
    ("name", "path"),
    [("extra_scale", "scores"), ("wrong_axis", "weights"), ("swapped q/k", "q"), ("no_residual", "residual")],
)
def test_a_mistake_in_a_part_is_gone_back_through_in_that_part(name: str, path: str) -> None:
    check_mistake(given("marian_zh_en"), name, f"decoder.1.self_attn.{path}[1]")


def check_mistake(run: tracer.Run, name: str, address: str) -> None:
    """By every parameter at once, and by what stands first in each pass: all else lies on the way there."""

    def made(run: tracer.Run) -> tracer.Run:
        return run.branch(edit(address, mistake(name, run.model.named)))

    branch, along = made(run), directions(run)
    found = gradients(branch, 1, "sum(loss)")
    told = sum(float((found[path].array * one).sum()) for path, one in along.items() if path in found)
    ahead, behind = (value(made(moved_parameters(run, along, far)), 1, "sum(loss)") for far in (SMALL, -SMALL))
    assert told == pytest.approx((ahead - behind) / (2 * SMALL), rel=CLOSE, abs=NOISE)
    for tape in branch.tapes():
        record = tape.records[0]
        one = direction(record.output.array, record.address)
        agrees(found, record.address, one, moved_record(branch, 1, "sum(loss)", record, one))
    if branch.model is run.model:
        assert failures(branch) == []


@pytest.mark.parametrize("name", ["precision bf16", "precision f16"])
def test_a_gradient_goes_through_rounding_as_if_nothing_were_lost(name: str) -> None:
    run = given("gpt2")
    branch = run.branch(edit("**", mistake(name)))
    exact, rounded = (gradients(one, 1, "sum(loss)")["wte.weight"].array for one in (run, branch))
    assert np.isfinite(rounded).all()
    assert 0 < np.abs(rounded - exact).max() < 0.1 * np.abs(exact).max()
    assert failures(branch) == []


def bits(tape: Tape) -> list[tuple[str, bytes]]:
    return [(record.address, record.output.array.tobytes()) for record in tape]


def gone(run: tracer.Run, number: int, text: str) -> Tape:
    run.step(number)
    return run.record_gradients(number, objective(compile_expression(text), Here(run, Cursor(number, 0))))


TEXT = "logits[-1, 5]"
HOW: dict[str, dict[str, Any]] = {"cached": {"max_tokens": 3, "cache": True}, "forced": {"target_ids": TARGET}}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2"])
def test_a_step_larger_than_the_budget_has_the_same_gradients(name: str, how: str) -> None:
    run = run_of(name, **HOW[how]).decode()
    small = replace(run, budget=1).decode()
    last = run.computed
    expected, found = bits(gone(run, last, TEXT)), gone(small, last, TEXT)
    assert any(isinstance(record.output, Dropped) for record in found)
    assert bits(found) == expected
    assert bits(small.step(last)) == expected


@pytest.mark.parametrize("how", HOW)
def test_a_tape_that_was_dropped_is_performed_again_with_its_gradients(how: str) -> None:
    run = run_of("marian_zh_en", **HOW[how]).decode()
    expected = bits(gone(run, run.computed, TEXT))
    run.shelf.drop_all(run._tapes._owner)
    assert bits(run.step(run.computed)) == expected


def test_a_branch_shares_the_gradients_of_the_steps_that_it_shares() -> None:
    run = run_of("marian_zh_en", max_tokens=3, cache=True, strategy="greedy").decode()
    branch = run.branch(edit("@3:decoder.0.ffn.output", 0.0)).decode()
    tape = gone(run, 2, TEXT)
    assert branch.step(2) is tape
    assert len(branch.step(3)) == branch.step(3).turn
    assert gone(branch, 1, TEXT) is run.step(1)


def test_gradients_of_another_number_stand_in_their_place() -> None:
    run = run_of("gpt2")
    first, again = gone(run, 1, "sum(loss)"), gone(run, 1, TEXT)
    assert run.step(1) is again
    assert len(first) > first.turn == again.turn < len(again)
    assert bits(again) == bits(gone(run_of("gpt2"), 1, TEXT))


@pytest.mark.parametrize("budget", [1, 1 << 30])
def test_what_a_program_asks_for_is_its_own_and_kept_nowhere(budget: int) -> None:
    run = replace(run_of("marian_zh_en", target_ids=TARGET), budget=budget)
    kept = bits(gone(run, 1, "sum(loss)"))
    found, expected = run.gradient(TEXT, step=1), run_of("marian_zh_en", target_ids=TARGET).gradient(TEXT, step=1)
    assert set(found) == set(expected)
    assert all(np.array_equal(found[name].array, expected[name].array) for name in expected)
    assert bits(run.step(1)) == kept


def test_no_gradient_keeps_an_output_alive_that_its_tape_has_dropped() -> None:
    run = replace(run_of("marian_zh_en", target_ids=TARGET), budget=1)
    for record in gone(run, 1, "sum(loss)"):
        for tensor in record.inputs:
            if tensor.at is not None:
                assert tensor is run.at(tensor.at).find(tensor.path).output or isinstance(tensor, Dropped)


def test_whoever_interrupts_it_finds_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of("gpt2")
    before = gone(run, 1, "sum(loss)")

    def interrupt(*_args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(softmax), "backward", interrupt)
        with pytest.raises(KeyboardInterrupt):
            gone(run, 1, TEXT)
    assert run.step(1) is before
    run.shelf.drop_all(run._tapes._owner)
    assert bits(run.step(1)) == bits(before)


TORCH = json.loads((FIXTURES / "probes" / "gradients.json").read_text(encoding="utf-8"))
OFF = {"gpt2": 1e-13, "llama_gqa": 4e-6, "marian_zh_en": 1e-6, "t5_v1_0": 1e-6}
"""How far gradients may be from those of torch, beside the largest of each.

transformers computes sinusoids, the norms of T5 and Llama, rotary angles and the softmax of Llama in float32; with
these in float64 it agrees to 5e-14.
"""


@pytest.mark.parametrize("name", OFF)
def test_gradients_are_those_of_torch(name: str) -> None:
    theirs = load_file(FIXTURES / "probes" / "gradients.safetensors")
    run = of_reference(name)
    for n, text in enumerate(TORCH["models"][name]):
        found = gradients(run, 1, text)
        paths = [key.removeprefix(f"{name}/{n}/") for key in theirs if key.startswith(f"{name}/{n}/")]
        paths = [path for path in paths if not path.endswith("/size")]
        assert len(paths) >= 12
        for path in paths:
            expected, (largest, size) = theirs[f"{name}/{n}/{path}"], theirs[f"{name}/{n}/{path}/size"]
            ours = found[path].array.reshape(-1)
            assert ours.size == size
            assert np.abs(ours[:: max(1, ours.size // TORCH["every"])] - expected).max() < OFF[name] * largest, path


def of_reference(name: str) -> tracer.Run:
    """The pass over the ids that the reference was computed of."""
    ids = load_file(FIXTURES / name / "reference.safetensors")
    read, model = ids["input_ids"][0].tolist(), tracer.load(FIXTURES / name, "float64")
    if "decoder_input_ids" in ids:
        return tracer.trace(model, ids=read, target_ids=ids["decoder_input_ids"][0].tolist())
    return tracer.trace(model, ids=read[:1], target_ids=read[1:])
