"""How rotary frequencies are scaled: the spellings of files, what is said of them, and where each angle comes from."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.arithmetic import Named, Node, magnitude
from tracer.derive import derive
from tracer.errors import InputError
from tracer.models.scaling import KINDS
from tracer.tape import Record

from ..conftest import FIXTURES
from .published import changed, notes

CASES = json.loads((FIXTURES / "stated" / "cases.json").read_text(encoding="utf-8"))["cases"]
ROTATED = [case for case in CASES if "max_position_embeddings" in case["states"]]


def loaded(directory: Path, case: dict[str, Any]) -> tracer.Model:
    left_out = dict.fromkeys(case["left_out"], ...)
    return tracer.load(changed(directory, case["fixture"], **case["states"], **left_out), "float64")


def last_steps(model: tracer.Model) -> list[Record]:
    """The queries of a text that grows beyond what the model was made for, turned in one pass and with the cache."""
    runs = [tracer.trace(model, ids=[5] * 15, max_tokens=4, cache=cache) for cache in (False, True)]
    return [run[4].tape.find("decoder.1.self_attn.q_rotated") for run in runs]


@pytest.mark.parametrize("case", ROTATED, ids=lambda case: case["name"])
def test_the_arithmetic_of_a_turned_query_comes_to_its_value(tmp_path: Path, case: dict[str, Any]) -> None:
    for record in last_steps(loaded(tmp_path, case)):
        for index in np.ndindex(1, 1, record.output.shape[2]):
            node, value = derive(record, index).expression, record.output.array[index]
            assert abs(node.evaluate() - value) <= 1e-12 * magnitude(node)


def named(node: Node) -> dict[str, Node]:
    """The parts of an expression that have names."""
    below = {name: part for child in node.children() for name, part in named(child).items()}
    return below | ({node.symbol: node.node} if isinstance(node, Named) else {})


def angle(tmp_path: Path, kind: str, pair: int) -> dict[str, Node]:
    """The named parts of the arithmetic of one turned cell."""
    case = next(case for case in ROTATED if case["name"] == f"llama {kind}")
    return named(derive(last_steps(loaded(tmp_path, case))[0], (0, 17, pair)).expression)


def written(node: Node) -> str:
    """An expression with the names of its numbers."""
    symbol = getattr(node, "symbol", None)
    return symbol or f"{type(node).__name__}({', '.join(map(written, node.children()))})"


@pytest.mark.parametrize(
    ("kind", "pair", "expected"),
    [
        ("linear", 1, "Quotient(777^(−2/8), factor)"),
        ("longrope", 2, "Quotient(10000^(−4/8), long_factor[2])"),
        ("yarn", 3, "Quotient(10000^(−6/8), factor)"),
        ("llama3_newer", 3, "Quotient(30^(−6/8), factor)"),
    ],
)
def test_an_angle_tells_by_what_it_is_scaled(tmp_path: Path, kind: str, pair: int, expected: str) -> None:
    assert written(angle(tmp_path, kind, pair)["θ"]) == expected


def test_blended_angles_tell_how_much_of_each(tmp_path: Path) -> None:
    kept = angle(tmp_path / "llama3", "llama3_newer", 0)["kept"]
    assert "low_freq_factor" in written(kept)
    assert 0 < kept.evaluate() < 1
    slowed = angle(tmp_path / "yarn", "yarn_exact", 1)["slowed"]
    assert "pair(beta_fast = 2)" in written(slowed)
    assert 0 < slowed.evaluate() < 1


def test_a_growing_base_tells_the_length_of_the_text(tmp_path: Path) -> None:
    base = angle(tmp_path, "dynamic", 1)["b"]
    assert base.evaluate() == pytest.approx(10000 * (2 * 18 / 16 - 1) ** (8 / 6))
    assert "Quotient(Product(factor, length), max_position_embeddings)" in written(base)


def test_attention_is_made_larger_by_a_number_that_tells_its_origin(tmp_path: Path) -> None:
    assert angle(tmp_path / "yarn", "yarn", 0)["a"].evaluate() == pytest.approx(0.1 * math.log(4) + 1)
    assert written(angle(tmp_path / "stated", "yarn_attention", 0)["a"]) == "attention_factor"
    assert angle(tmp_path / "long", "longrope", 0)["a"].evaluate() == pytest.approx(
        math.sqrt(1 + math.log(16 / 14) / math.log(14))
    )
    run = tracer.trace(tracer.load(tmp_path / "yarn"), ids=[5], max_tokens=1)
    record = run[1].tape.find("decoder.0.self_attn.q_rotated")
    assert record.op.written(record).formula == "a · (x cos(pos · θ) ± x′ sin(pos · θ))"


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (
            {"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}},
            "config.json: rope_parameters: not followed, as transformers does not read it: partial_rotary_factor = 0.5",
        ),
        (
            {"partial_rotary_factor": 0.5},
            "config.json: not followed, as transformers does not read it: partial_rotary_factor = 0.5",
        ),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0, "original_max_position_embeddings": 8}},
            "config.json: rope_scaling: not followed, as transformers does not read it: "
            "original_max_position_embeddings = 8",
        ),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0, "finetuned": True}},
            "config.json: rope_scaling: not known here, and not followed: finetuned = True",
        ),
        (
            {"rope_scaling": {"type": "dynamic", "rope_type": "linear", "factor": 2.0}},
            "config.json: rope_scaling: rope_type = 'linear' counts, as in transformers, and not type = 'dynamic'",
        ),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_type": "default"}},
            "config.json: rope_scaling = {'factor': 2.0, 'type': 'linear'} counts, as in transformers, "
            "and not rope_parameters = {'rope_type': 'default'}",
        ),
        (
            {"rope_theta": 7.0, "rope_parameters": {"rope_theta": 9.0}},
            "config.json: rope_theta = 7.0 does not count, as in transformers: another place states 9.0",
        ),
        (
            {
                "original_max_position_embeddings": 9,
                "rope_parameters": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 8},
            },
            "config.json: rope_parameters: original_max_position_embeddings = 8 does not count, as in transformers: "
            "another place states 9",
        ),
    ],
)
def test_what_does_not_count_is_said(tmp_path: Path, stated: dict[str, Any], told: str) -> None:
    path = changed(tmp_path, "llama_gqa", **{"rope_theta": ..., "rope_scaling": ...} | stated)
    assert notes(path) == [told]


KNOWN = ", ".join(KINDS)
POSITIVE = "expected a number above 0, of ordinary size"


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"type": "su"}, f"rope_scaling: type is 'su'; expected one of {KNOWN}"),
        ({"rope_type": "mrope"}, f"rope_scaling: rope_type is 'mrope'; expected one of {KNOWN}"),
        ({"rope_type": "linear"}, f"rope_scaling: factor is missing; {POSITIVE}"),
        ({"type": "linear", "factor": 0}, f"rope_scaling: factor is 0; {POSITIVE}"),
        ({"type": "linear", "factor": 1e-99}, f"rope_scaling: factor is 1e-99; {POSITIVE}"),
        ({"type": "linear", "factor": 1e99}, f"rope_scaling: factor is 1e+99; {POSITIVE}"),
        ({"type": "linear", "factor": [2] * 999}, f"rope_scaling: factor is [2, 2, 2, 2, ...]; {POSITIVE}"),
        ({"type": "linear", "factor": "2"}, f"rope_scaling: factor is '2'; {POSITIVE}"),
        ({"type": "yarn"}, f"rope_scaling: factor is missing; {POSITIVE}"),
        (
            {"type": "yarn", "factor": 2, "rope_theta": 1},
            "rope_scaling: rope_theta is 1; expected a number other than 1",
        ),
        ({"type": "yarn", "factor": 2.0, "truncate": 1}, "rope_scaling: truncate is 1; expected true or false"),
        ({"type": "llama3", "factor": 2.0}, f"rope_scaling: low_freq_factor is missing; {POSITIVE}"),
        ({"type": "longrope"}, "rope_scaling: short_factor is missing; expected a list of 4 numbers above 0"),
        (
            {"type": "longrope", "short_factor": [1], "long_factor": [1]},
            "rope_scaling: short_factor is [1]; expected a list of 4 numbers above 0",
        ),
        (
            {"type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5},
            "rope_scaling: partial_rotary_factor is 0.5; expected 1, as linear turns all of head_dim = 8 here and in "
            "transformers",
        ),
        (
            {"type": "proportional", "partial_rotary_factor": 1.5},
            "rope_scaling: partial_rotary_factor is 1.5; expected at most 1",
        ),
        (
            {"full_attention": {"rope_type": "default"}},
            "rope_scaling: full_attention = {'rope_type': 'default'} is not supported",
        ),
    ],
)
def test_a_scaling_that_makes_no_sense_is_one_sentence(tmp_path: Path, stated: dict[str, Any], told: str) -> None:
    path = changed(tmp_path, "llama_gqa", rope_scaling=stated)
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    assert str(caught.value) == f"{path}/config.json: {told}"


@pytest.mark.parametrize("key", ["rope_scaling", "rope_parameters"])
def test_a_scaling_is_an_object(tmp_path: Path, key: str) -> None:
    path = changed(tmp_path, "llama_gqa", **{key: 3})
    with pytest.raises(InputError, match=f"{key} is 3; expected an object"):
        tracer.load(path)
