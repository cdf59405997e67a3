"""Records proposed by their numbers for tensors whose names say nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tracer.comparing.meaning import find
from tracer.comparing.proposals import FEWEST, MOST, Proposal, proposals
from tracer.tape import Record
from tracer.tensor import Array

from .runs import names_of, reference, run_of


def records(family: str) -> list[Record]:
    return [record for step in run_of(family).steps for record in step]


def proposed(array: Array, family: str = "marian_zh_en") -> Proposal | None:
    """What is proposed for one tensor."""
    return next(proposals([("x", array)], records(family)), None)


def ours(address: str, family: str = "marian_zh_en") -> Array:
    step, _colon, path = address[1:].partition(":")
    array: Array = run_of(family)[int(step)][path].array
    return array


@pytest.mark.parametrize("family", ["gpt2", "llama_gqa", "qwen3", "t5_v1_0", "torch_post", "bart_tied"])
def test_what_another_program_computed_is_proposed_as_its_names_would_have_it(family: str) -> None:
    given = {name: array for name, array in reference(family).items() if not name.startswith("batch.")}
    found = {one.name: one for one in proposals(given.items(), records(family))}
    named = {name: find(name, names_of(family))[0] for name in given}
    assert {name for name, same in named.items() if same} - found.keys() == set()
    wrong = [name for name, one in found.items() if named[name] and one.record not in named[name]]
    assert wrong == []
    assert all(one.correlation > 0.999 for name, one in found.items() if named[name])
    assert {name for name in found if "_ids" in name or "_mask" in name} == set()


WEIGHTS, HEADS, HIDDEN = "@1:decoder.0.cross_attn.weights", "@1:decoder.1.self_attn.q", "@0:encoder.0.ffn.hidden"


@pytest.mark.parametrize(
    ("address", "turn", "turned"),
    [
        (HIDDEN, lambda x: x, "as it is"),
        (HIDDEN, lambda x: x[None], "as it is"),
        (HIDDEN, lambda x: x.ravel(), "reshaped"),
        (HIDDEN, lambda x: x.T, "axes in the order feature, position"),
        (HIDDEN, lambda x: x.reshape(len(x), 4, -1), "reshaped"),
        (HIDDEN, lambda x: x.reshape(len(x), 4, -1).swapaxes(0, 1), "reshaped"),
        (HEADS, lambda x: x.swapaxes(0, 1), "axes in the order query, head, d_k"),
        (HEADS, lambda x: x.swapaxes(0, 1).reshape(1, x.shape[1], -1), "axes in the order query, head, d_k"),
        (HEADS, lambda x: x.swapaxes(1, 2), "axes in the order head, d_k, query"),
        (HEADS, lambda x: x.transpose(2, 0, 1), "axes in the order d_k, head, query"),
        (WEIGHTS, lambda x: x[None], "as it is"),
        (HIDDEN, lambda x: -3 * x, "as it is"),
        (HIDDEN, lambda x: x + 1e-3 * np.sin(np.arange(x.size)).reshape(x.shape), "as it is"),
        (HIDDEN, lambda x: x.astype(np.float16), "as it is"),
        ("@1:decoder.0.ffn.output", lambda x: x[-1], "the last position"),
        ("@1:logits", lambda x: x[-1:], "the last position"),
    ],
)
def test_a_record_is_found_however_it_is_turned(address: str, turn: Callable[[Array], Array], turned: str) -> None:
    found = proposed(turn(ours(address)))
    assert found is not None
    assert (found.record.output.address, found.turned) == (address, turned)
    assert abs(found.correlation) > 0.99


def test_a_scale_and_a_sign_are_in_the_correlation() -> None:
    assert proposed(-3 * ours(HIDDEN)).correlation == pytest.approx(-1)  # type: ignore[union-attr]


def test_of_the_same_numbers_the_nearest_is_proposed() -> None:
    assert proposed(ours("@1:rescaled", "t5_v1_0"), "t5_v1_0").record.address == "rescaled"  # type: ignore[union-attr]
    scaled = ours("@1:rescaled", "t5_v1_0") * 48**0.5
    assert proposed(scaled, "t5_v1_0").record.address == "decoder.norm"  # type: ignore[union-attr]


def test_what_is_hidden_is_no_number() -> None:
    masked = np.maximum(ours("@1:decoder.0.self_attn.masked"), np.finfo(np.float32).min)
    found = proposed(masked)
    assert found is not None
    assert found.record.address == "decoder.0.self_attn.masked"


RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    "array",
    [
        RANDOM.normal(size=(15, 96)),
        np.ones((15, 96)),
        np.tril(np.ones((15, 15))),
        np.where(np.tril(np.ones((8, 8))) > 0, 0.0, -np.inf),
        RANDOM.integers(0, 300, (1, 15, 48)),
        RANDOM.integers(0, 300, (1, 15, 48)).astype(float),
        RANDOM.normal(size=(15, 96)) > 0,
        np.full((15, 96), np.nan),
        np.zeros((0, 96)),
        np.float32(0.5),
        ours("@1:decoder.0.ffn.norm")[0, : FEWEST - 1],
        np.broadcast_to(np.float32(0.5), (MOST + 1,)),
    ],
)
def test_nothing_is_proposed_where_numbers_tell_nothing(array: Array) -> None:
    assert proposed(array) is None


def test_nothing_is_proposed_where_two_records_are_nearly_as_good() -> None:
    halfway = ours("@0:encoder.0.ffn.norm") + ours("@0:encoder.0.self_attn.norm")
    assert proposed(halfway) is None
