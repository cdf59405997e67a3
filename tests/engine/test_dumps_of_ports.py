"""What ports that make one mistake dump: the mistake of the catalogue by which theirs is called computes the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.dumps.evidence import Values
from tracer.dumps.formats.safetensors import Safetensors
from tracer.mistakes import mistake

from .conftest import FIXTURES

PORTS = sorted((FIXTURES / "dumps_of_ports").iterdir())


def expected(port: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((port / "expected.json").read_text(encoding="utf-8"))
    return found


def numbers(port: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a dump, none of them with a batch axis."""
    if (port / "dump.npz").exists():
        return dict(np.load(port / "dump.npz"))
    entries = Safetensors(port / "dump.safetensors").entries
    return {entry.name: entry.evidence.read()[0] for entry in entries if isinstance(entry.evidence, Values)}


def traced(port: Path) -> tuple[tracer.Run, dict[str, np.ndarray[Any, Any]]]:
    """A pass over the ids of a dump, and the dump."""
    arrays = numbers(port)
    given = {
        "ids": "input_ids",
        "target_ids": "decoder_input_ids",
        "mask": "attention_mask",
        "positions": "position_ids",
    }
    inputs: dict[str, Any] = {key: arrays[name].tolist() for key, name in given.items() if name in arrays}
    model = tracer.load(FIXTURES / expected(port)["checkpoint"], "float64")
    return tracer.trace(model, **{"target_ids": []} | inputs), arrays


def mistaken(run: tracer.Run, told: dict[str, Any]) -> tracer.Run:
    """The run with the mistake that is told of, where there is one."""
    if told["cause"] == "none":
        return run
    return run.branch(tracer.edit(place(told["at"]), mistake(told["cause"], run.model.named))).decode()


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.name)
def test_the_mistake_of_that_name_computes_the_same(port: Path) -> None:
    run, arrays = traced(port)
    found = mistaken(run, expected(port))
    name, address = ("logits", "logits") if "logits" in arrays else ("hidden_states.1", "decoder.0.ffn.residual")
    share = 2**-5 if "bfloat16" in port.name else 1e-5
    assert np.abs(found.steps[-1][address].array - arrays[name]).max() < share * np.abs(arrays[name]).max()


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.name)
def test_the_first_record_that_it_is_made_at_is_the_one(port: Path) -> None:
    told = expected(port)
    edited = [record.address for step in mistaken(traced(port)[0], told) for record in step if record.edits]
    assert {*edited[:1]} <= {*told["exact"]}


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.name)
def test_comparing_names_the_first_difference_and_the_mistake(port: Path) -> None:
    told = expected(port)
    found = tracer.compare(tracer.load(FIXTURES / told["checkpoint"]), next(port.glob("dump.*")))
    if told["cause"] == "none":
        assert (found.first, found.cause, found.beyond) == (None, None, [])
        return
    assert found.first in told["first"]
    assert found.cause in [cause.partition(" ")[0] for cause in (told["cause"], *told["also"])]
    causes = [cause.mistake for cause in found.verdict.causes]
    assert told["cause"] in [*map(str, causes), *(cause.name for cause in causes)]


def place(at: str) -> str:
    """The addresses under one."""
    return f"{at}.**" if at else "**"


def test_some_are_right_and_some_are_wrong() -> None:
    causes = [expected(port)["cause"] for port in PORTS]
    assert (causes.count("none"), len(causes)) == (3, 15)
    assert len({*causes}) > 10
