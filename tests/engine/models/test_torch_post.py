"""The engine against torch: one small `nn.Transformer`, number by number.

The reference holds what torch computed: hidden states, attention weights, logits, greedy ids, and a padded batch.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import tracer
from tracer.models.padding import padding
from tracer.models.text import Text
from tracer.past import Past
from tracer.tape import Tape
from tracer.tensor import Array

from ..conftest import FIXTURES

CONFIG = json.loads((FIXTURES / "torch_post" / "config.json").read_text())
ACCOUNT = json.loads((FIXTURES / "torch_post" / "account.json").read_text())
REFERENCE: dict[str, Array] = load_file(FIXTURES / "torch_post" / "reference.safetensors")
COMPARED = [name for name in ACCOUNT["arrays"] if not name.endswith(("_ids", ".ids"))]
ALONE = [name for name in COMPARED if not name.startswith("batch.")]
IN_BATCH = [name for name in COMPARED if name.startswith("batch.")]


def address(name: str) -> str:
    """Where the engine records what the reference calls ``name``."""
    name = name.removeprefix("batch.")
    if name == "memory":
        return "encoder.output"
    if re.fullmatch(r"(en|de)coder\.\d", name):
        return f"{name}.output"
    return f"{name}.weights" if name.endswith("_attn") else name


def step(name: str) -> int:
    """The step in which it is recorded: the encoder's pass or the decoder's."""
    return 0 if address(name).startswith("encoder.") else 1


def ids(name: str, row: int = 0) -> list[int]:
    found: list[int] = REFERENCE[name][row].tolist()
    return found


def agree(found: Array, expected: Array, name: str) -> None:
    """1e-5 on attention weights, 1e-4 on all else."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 if name.endswith("_attn") else 1e-4, err_msg=name)


def forced(model: tracer.Model, prefix: str = "", row: int = 0) -> tracer.Run:
    """One pass over the reference's target."""
    source, target = ids(f"{prefix}source_ids", row), ids(f"{prefix}target_ids", row)
    return tracer.trace(model, ids=source, target_ids=target)


def test_the_reference_is_used_up() -> None:
    assert REFERENCE.keys() == ACCOUNT["arrays"].keys()
    assert len(COMPARED) == 13 + 4


@pytest.mark.parametrize("name", ALONE)
def test_one_pass_over_a_target(torch_post: tracer.Model, name: str) -> None:
    run = forced(torch_post)
    agree(run[step(name)][address(name)].array, REFERENCE[name][0], name)


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("name", IN_BATCH)
def test_rows_of_a_padded_batch_run_singly(torch_post: tracer.Model, name: str, row: int) -> None:
    run = forced(torch_post, "batch.", row)
    agree(run[step(name)][address(name)].array, REFERENCE[name][row], name)


@pytest.mark.parametrize("row", [0, 1])
def test_padding_changes_nothing_but_its_own_rows(torch_post: tracer.Model, row: int) -> None:
    source, target = ids("batch.source_ids", row), ids("batch.target_ids", row)
    real = [i for i in source if i != CONFIG["pad_id"]]
    run = tracer.trace(torch_post, ids=real, target_ids=target)
    agree(run[1]["logits"].array, REFERENCE["batch.logits"][row], "logits")
    agree(run[0]["encoder.output"].array, REFERENCE["batch.memory"][row][: len(real)], "memory")


@pytest.mark.parametrize("cache", [False, True])
def test_greedy_ids(torch_post: tracer.Model, cache: bool) -> None:
    expected = ids("greedy.ids")
    run = tracer.trace(torch_post, ids=ids("source_ids"), max_tokens=len(expected) - 1, cache=cache)
    assert [CONFIG["bos_id"], *run.output_ids] == expected == ACCOUNT["greedy_ids"]


@pytest.mark.parametrize("cache", [False, True])
def test_greedy_decoding_has_the_logits_of_the_one_pass(torch_post: tracer.Model, cache: bool) -> None:
    """The reference's target is a beginning of the greedy output."""
    run = tracer.trace(torch_post, ids=ids("source_ids"), max_tokens=len(ids("target_ids")), cache=cache)
    rows = [run[n]["logits"].array[-1] for n in range(1, 1 + len(ids("target_ids")))]
    agree(np.array(rows), REFERENCE["logits"][0], "logits")


@pytest.fixture(scope="module")
def cached(torch_post: tracer.Model) -> list[Tape]:
    """The reference's target, decoded with the cache, a token a step."""
    return with_cache(torch_post, ids("source_ids"), ids("target_ids"))


def with_cache(model: tracer.Model, source: list[int], target: list[int]) -> list[Tape]:
    network: Any = model.architecture
    read = Text(source, list(map(str, source)), padding(model, source))
    memory = network.encode(Tape(0), read)
    labels, past, tapes = list(map(str, target)), Past(len(target)), []
    for n in range(1, 1 + len(target)):
        tapes.append(Tape(n, past=past))
        network.decode(tapes[-1], Text(target[:n], labels[:n]), memory, read, n - 1)
        past = Past(len(target), tapes[-1].kept)
    return tapes


def last_rows(name: str, expected: Array, n: int) -> Array:
    """What of an array of the whole pass step ``n`` computes with the cache on: its last query, or position."""
    if not name.endswith("_attn"):
        return expected[n - 1 : n]
    return expected[:, n - 1 : n, :n] if name.endswith("self_attn") else expected[:, n - 1 : n]


@pytest.mark.parametrize("name", [name for name in ALONE if step(name) == 1])
def test_with_the_cache_each_step_is_a_row_of_the_one_pass(cached: list[Tape], name: str) -> None:
    for n, tape in enumerate(cached, 1):
        agree(tape[address(name)].array, last_rows(name, REFERENCE[name][0], n), name)


@pytest.mark.parametrize("row", [0, 1])
def test_the_cache_with_a_padded_source(torch_post: tracer.Model, row: int) -> None:
    for n, tape in enumerate(with_cache(torch_post, ids("batch.source_ids", row), ids("batch.target_ids", row)), 1):
        for name in ("batch.logits", "batch.decoder.1.cross_attn"):
            agree(tape[address(name)].array, last_rows(name, REFERENCE[name][row], n), name)
