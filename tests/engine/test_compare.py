"""Checkpoints against the results beside them: what agrees, and what is noticed when it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tracer
from tracer.comparing.agreement import Agreement
from tracer.comparing.comparison import Comparison, compare
from tracer.comparing.given import passes
from tracer.comparing.held import Held
from tracer.comparing.matching import Match
from tracer.comparing.rounding import UNITS, seen
from tracer.comparing.segments import Key, Sources, key_of
from tracer.dumps.opening import open_dump
from tracer.errors import InputError
from tracer.tensor import Array

from .conftest import FIXTURES, Dtype, write_checkpoint

NAMES = sorted(path.parent.name for path in FIXTURES.glob("*/reference.safetensors"))
Arrays = dict[str, Array]


def compared(directory: Path) -> Comparison:
    return compare(tracer.load(directory), open_dump(directory / "reference.safetensors"), strict=True)


def changed(directory: Path, name: str, change: Callable[[Arrays], object]) -> Path:
    """A fixture whose reference has other arrays."""
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    arrays = load_file(directory / "reference.safetensors")
    change(arrays)
    save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, directory / "reference.safetensors")
    return directory


def given_ids(name: str) -> list[int]:
    """What the reference of a fixture was computed from."""
    return list(passes(open_dump(FIXTURES / name / "reference.safetensors"), None)[0].source)


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_agrees_with_its_reference(name: str) -> None:
    comparison = compared(FIXTURES / name)
    assert [check for check in comparison.checks if not check.holds] == []
    assert len(comparison.worst) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_what_torch_rounds_otherwise_is_well_within_what_is_allowed(name: str) -> None:
    agreement = compared(FIXTURES / name).agreement
    assert agreement is not None
    held = [as_rounding_is_seen(agreement, *pair) for pair in agreement.matches]
    assert all(one.largest <= 0.6 * one.allowed for one in held)
    assert all(one.spread <= 0.6 for one in held)


def as_rounding_is_seen(agreement: Agreement, key: Key, match: Match) -> Held:
    """A tensor against what comes of their numbers, allowed what other roundings do."""
    segment = agreement.sources.segment(key, agreement.given)
    output, kept = segment.result, agreement.kept(match.record)
    return agreement.against(match, output.array, seen(segment, output, kept, agreement.unit))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("bart_tied", "@0:encoder.embed.norm"),
        ("gpt2", "@1:decoder.0.self_attn.norm"),
        ("llama_gqa", "@1:decoder.0.self_attn.norm"),
        ("t5_v1_1", "@0:encoder.0.self_attn.norm"),
        ("zh-en-tiny", "@0:encoder.0.self_attn.norm"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_tenth_of_epsilon_is_noticed_in_the_first_norm(name: str, first: str, dtype: Dtype) -> None:
    directory = FIXTURES / name
    model = tracer.load(directory if directory.exists() else name, dtype)
    comparison = compare(model, open_dump(FIXTURES / "cases" / "epsilon" / f"{name}.safetensors"))
    before = [check.address for check in comparison.checks].index(first)
    assert before >= 1
    assert [check.holds for check in comparison.checks] == [
        *[True] * before,
        *[False] * (len(comparison.checks) - before),
    ]


def test_sums_of_many_terms_one_after_the_other_are_within_what_is_allowed(tmp_path: Path) -> None:
    """As a port in plain C adds: 512 products a cell, in float32, each rounded before the next."""
    run = tracer.trace(tracer.load(write_checkpoint(tmp_path, ffn=512)), ids=[5, 9, 7, 8], target_ids=[1, 4, 6])
    hidden, output = (run[1].tape.find(f"decoder.0.ffn.{name}") for name in ("activated", "output"))
    x, parameters = hidden.output.array, output.parameters
    total = np.zeros(output.output.shape, np.float32)
    for term in range(512):
        total += np.outer(x[:, term], parameters["weight"].array[:, term])
    found = np.abs(total + parameters["bias"].array - output.output.array).max()
    key = key_of(output.output)
    assert key
    segment = Sources(run).segment(key, {})
    allowed = seen(segment, output.output, np.ones(output.output.shape, bool), UNITS["F32"])
    assert 0 < found <= allowed.most < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_little_is_left_out(name: str) -> None:
    """Only what is never a tensor of its own: unscaled embeddings, logits before their bias, tables of rotations."""
    known = ("embed_tokens#0", "lm_head#0", "rotary_emb.0#0", "rotary_emb.1#0")
    assert all(entry.name.endswith(known) for entry in compared(FIXTURES / name).unmatched)


@pytest.mark.parametrize(
    ("array", "address"),
    [
        ("attn.1", "@1:decoder.1.self_attn.weights"),
        ("hidden.0", "@1:decoder.embed.tokens"),
        ("hidden.2", "@1:decoder.norm"),
        ("module/model.layers.1.mlp.act_fn#0", "@1:decoder.1.ffn.activated"),
        ("module/model.layers.0.self_attn.q_norm#0", "@1:decoder.0.self_attn.q_norm"),
        ("logits", "@1:logits"),
    ],
)
def test_a_difference_is_found_where_it_is(tmp_path: Path, array: str, address: str) -> None:
    def shift(arrays: Arrays) -> None:
        arrays[array].flat[-1] += 2e-3

    worst = compared(changed(tmp_path, "qwen3", shift)).worst
    assert [name for name, check in worst.items() if not check.holds] == [address]
    assert worst[address].largest == pytest.approx(2e-3, rel=0.1)


def test_anything_may_be_named_by_its_address(tmp_path: Path) -> None:
    masked = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=given_ids("gpt2"), target_ids=[])[1][
        "decoder.0.self_attn.masked"
    ]
    path = changed(tmp_path, "gpt2", lambda arrays: arrays.update({"decoder.0.self_attn.masked": masked.array[None]}))
    check = compared(path).worst["@1:decoder.0.self_attn.masked"]
    assert (check.largest, check.holds) == (0, True)


def test_the_farthest_cell_is_in_the_axes_of_the_address(tmp_path: Path) -> None:
    def shift(arrays: Arrays) -> None:
        arrays["module/model.layers.0.self_attn.q_norm#0"].reshape(-1, 5, 10)[3, 2, 1] += 1

    check = compared(changed(tmp_path, "qwen3", shift)).worst["@1:decoder.0.self_attn.q_norm"]
    assert check.cell is not None
    assert check.cell.place == (2, 3, 1)
    assert check.cell.there - check.cell.here == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_number_that_is_none_is_beyond(tmp_path: Path, broken: float) -> None:
    worst = compared(changed(tmp_path, "gpt2", lambda arrays: arrays["logits"].fill(broken))).worst
    assert not worst["@1:logits"].holds


def test_other_shapes_are_beyond(tmp_path: Path) -> None:
    path = changed(tmp_path, "gpt2", lambda arrays: arrays.update(logits=arrays["logits"][:, :-1]))
    assert compared(path).worst["@1:logits"].largest == np.inf


def test_rows_of_a_batch_are_compared(tmp_path: Path) -> None:
    def shift(arrays: Arrays) -> None:
        arrays["batch.logits"][1] += 1e-2

    beyond = [check.name for check in compared(changed(tmp_path, "torch_post", shift)).checks if not check.holds]
    assert beyond == ["batch.logits"]


def test_other_ids_are_counted(tmp_path: Path) -> None:
    def choose(arrays: Arrays) -> None:
        arrays["greedy.ids"][0, -2:] += 1

    check = compared(changed(tmp_path, "qwen3", choose)).worst["greedy.ids"]
    assert (check.largest, check.allowed, check.holds) == (2, 0, False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("input_ids"), "holds no input_ids"),
        (lambda arrays: arrays["input_ids"].fill(480), "token id 480 is out of range"),
    ],
)
def test_a_reference_that_can_not_be_used(tmp_path: Path, change: Callable[[Arrays], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compared(changed(tmp_path, "gpt2", change))


def test_without_a_reference_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"reference\.safetensors: is missing"):
        open_dump(tmp_path / "reference.safetensors")
