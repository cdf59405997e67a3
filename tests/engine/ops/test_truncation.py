"""What a row is cut down to, held against transformers: `tests/make_decodings.py` made the values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tracer.addresses import At
from tracer.arithmetic import Given, Noted
from tracer.decoding.choice import CUTS
from tracer.ops.truncation import epsilon_cutoff, eta_cutoff, min_p, top_h, top_k, top_p, typical_p
from tracer.tensor import Axis, Tensor

from ..conftest import FIXTURES

VOCAB = Axis("vocab")
INF = np.inf
STATED: dict[str, Any] = json.loads((FIXTURES / "cuts.json").read_text(encoding="utf-8"))
OPERATIONS = {setting: (op, parameter) for setting, op, parameter in CUTS}


def vocab(*values: float) -> Tensor:
    return Tensor(np.array(values, np.float32), (VOCAB,), "z", At(1))


def of_probabilities(*values: float) -> Tensor:
    return vocab(*np.log(values))


def named(case: dict[str, Any]) -> str:
    return f"{case['setting']} {case['value']} row {case['row']}"


@pytest.mark.parametrize("case", STATED["kept"], ids=named)
def test_a_row_is_cut_as_in_transformers(case: dict[str, Any]) -> None:
    op, parameter = OPERATIONS[case["setting"]]
    row = vocab(*(-INF if value is None else value for value in STATED["rows"][case["row"]]))
    cut = op.forward(row, **{parameter: case["value"]})
    assert np.flatnonzero(cut.array > -INF).tolist() == case["kept"]
    assert (cut.array[case["kept"]] == row.array[case["kept"]]).all()
    derived = [op.derive((i,), row, **{parameter: case["value"]}).evaluate() for i in range(len(row.array))]
    assert derived == cut.array.tolist()


def test_every_way_to_cut_is_held_to_account() -> None:
    assert {case["setting"] for case in STATED["kept"]} == set(OPERATIONS)


@pytest.mark.parametrize(("k", "kept"), [(1, [-INF, 3, -INF, -INF]), (2, [2, 3, -INF, -INF]), (9, [2, 3, 2, -1])])
def test_top_k_keeps_the_largest_and_of_equals_the_first(k: int, kept: list[float]) -> None:
    assert top_k.forward(vocab(2, 3, 2, -1), k=k).array.tolist() == kept


@pytest.mark.parametrize(
    ("p", "kept"),
    [
        (0.5, [0, 0, 1, 0]),
        (0.51, [0, 1, 1, 0]),
        (0.75, [0, 1, 1, 0]),
        (0.76, [1, 1, 1, 0]),
        (1.0, [1, 1, 1, 1]),
        (1e-9, [0, 0, 1, 0]),
    ],
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p: float, kept: list[int]) -> None:
    z = vocab(*np.log([0.125, 0.25, 0.5, 0.125]))
    assert np.isfinite(top_p.forward(z, p=p).array).astype(int).tolist() == kept


HALVES = (0.5, 0.25, 0.125, 0.125)


@pytest.mark.parametrize(
    ("p", "kept"), [(0.0, [1, 1, 1, 1]), (0.49, [1, 1, 0, 0]), (0.51, [1, 0, 0, 0]), (1, [1, 0, 0, 0])]
)
def test_min_p_asks_for_a_part_of_the_largest(p: float, kept: list[int]) -> None:
    assert np.isfinite(min_p.forward(of_probabilities(*HALVES), p=p).array).astype(int).tolist() == kept


@pytest.mark.parametrize(("p", "kept"), [(0.2, [0, 1, 0, 0]), (0.3, [1, 1, 0, 0]), (0.8, [1, 1, 1, 1])])
def test_the_most_typical_are_not_the_likeliest(p: float, kept: list[int]) -> None:
    """The entropy is 1.75 bits; the surprise 1, 2, 3 and 3."""
    assert np.isfinite(typical_p.forward(of_probabilities(*HALVES), p=p).array).astype(int).tolist() == kept


@pytest.mark.parametrize(("epsilon", "kept"), [(0.12, [1, 1, 1, 1]), (0.13, [1, 1, 0, 0]), (0.9, [1, 0, 0, 0])])
def test_below_epsilon_the_likeliest_alone_is_kept(epsilon: float, kept: list[int]) -> None:
    z = of_probabilities(*HALVES)
    assert np.isfinite(epsilon_cutoff.forward(z, epsilon=epsilon).array).astype(int).tolist() == kept


def test_eta_is_lower_where_the_row_is_spread_out() -> None:
    """√0.13 · 2^−1.75 is 0.107."""
    z = of_probabilities(*HALVES)
    assert np.isfinite(eta_cutoff.forward(z, epsilon=0.13).array).all()
    assert np.isfinite(eta_cutoff.forward(of_probabilities(0.97, 0.03), epsilon=0.13).array).tolist() == [True, False]


@pytest.mark.parametrize(("h", "kept"), [(0.1, [1, 0, 0, 0]), (0.29, [1, 0, 0, 0]), (0.6, [1, 1, 0, 0])])
def test_top_h_keeps_a_part_of_the_entropy(h: float, kept: list[int]) -> None:
    """The terms are 0.5, 0.5, 0.375 and 0.375 bits."""
    assert np.isfinite(top_h.forward(of_probabilities(*HALVES), h=h).array).astype(int).tolist() == kept


@pytest.mark.parametrize(
    ("op", "how", "notes"),
    [
        (min_p, {"p": 0.5}, ["at least 0.5 of the likeliest", "below 0.5 of the likeliest"]),
        (typical_p, {"p": 0.2}, ["not among the most typical, 0.2 in all"] * 2),
        (epsilon_cutoff, {"epsilon": 0.9}, ["the likeliest", "its probability is too small"]),
        (eta_cutoff, {"epsilon": 0.9}, ["its probability is large enough", "its probability is too small"]),
        (top_h, {"h": 0.6}, ["the likeliest", "beyond 0.6 of the entropy"]),
    ],
)
def test_what_is_kept_or_not_says_why(op: Any, how: dict[str, float], notes: list[str]) -> None:
    z = of_probabilities(*HALVES)
    derived = [op.derive((i,), z, **how) for i in (0, 3)]
    assert [node.note for node in derived] == notes
    assert isinstance(derived[1], Noted)
    assert isinstance(derived[1].node, Given)


@pytest.mark.parametrize("op", [top_h, typical_p, epsilon_cutoff, eta_cutoff, min_p, top_k, top_p])
def test_what_was_ruled_out_before_stays_so(op: Any) -> None:
    [how] = ({parameter: 1 if op is top_k else 0.5} for _setting, known, parameter in CUTS if known is op)
    z = vocab(1, -INF, 0.5)
    assert op.forward(z, **how).array[1] == -INF
    assert op.derive((1,), z, **how) == z.leaf(1)
