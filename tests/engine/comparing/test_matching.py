"""Which record a tensor is taken to be of, and how it lies there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tracer.comparing.given import Pass
from tracer.comparing.layouts import FIRST, HALVES, TURNED
from tracer.comparing.matching import Match, matched, row_of
from tracer.comparing.names import known
from tracer.dumps.dump import Entry
from tracer.dumps.evidence import Evidence, Printed
from tracer.i18n import spoken
from tracer.tensor import Array

from ...dumped import hashed, printed, statistics, values
from .ported import numbers, run_of
from .test_layouts import interleaved

HIDDEN, WEIGHTS, Q = "decoder.0.ffn.hidden", "decoder.0.self_attn.weights", "decoder.0.self_attn.q"
ONE = Pass("", 0, 1, [], None)
TWO = [Pass("", row, 2, [], None) for row in range(2)]


def matches(
    entries: Mapping[str, Evidence],
    family: str = "gpt2",
    given: Pass = ONE,
    named: Mapping[str, str] | None = None,
    **options: Any,
) -> list[Match]:
    found = [Entry(name, evidence) for name, evidence in entries.items()]
    return list(matched(found, known(run_of(family)), given, named or {}, **options))


def match(name: str, evidence: Evidence, family: str = "gpt2", **options: Any) -> Match:
    [found] = matches({name: evidence}, family, **options)
    return found


def ours(path: str, family: str = "gpt2") -> Array:
    return numbers(family)[f"@1:{path}"]


def note(found: Match) -> str | None:
    return None if found.layout is None else spoken(found.layout.note)


def test_a_name_leads_to_a_record_and_a_shape_to_a_layout() -> None:
    for name in (HIDDEN, f"@1:{HIDDEN}", "transformer.h.0.mlp.c_fc", "module/transformer.h.0.mlp.c_fc#0"):
        found = match(name, values(ours(HIDDEN)[None]))
        assert (found.record.address, found.is_whole, note(found)) == (HIDDEN, True, "")
        assert np.array_equal(found.theirs, ours(HIDDEN))


def test_a_name_that_somebody_gave_goes_before_its_own() -> None:
    found = match("logits", values(ours(HIDDEN)), named={"logits": HIDDEN})
    assert found.record.address == HIDDEN
    assert match("x", values(ours(HIDDEN)), named={"x": "transformer.h.0.mlp.c_fc"}).record.address == HIDDEN


@pytest.mark.parametrize(
    "evidence",
    [
        values(np.float32(0.5) * np.ones((1, 1), np.float32)),
        values(np.ones((4, 9, 9), bool)),
        values(np.zeros((9, 9), np.int64)),
    ],
)
def test_one_number_truth_values_and_whole_ones_are_of_no_record(evidence: Evidence) -> None:
    assert matches({"decoder.0.self_attn.mask": evidence}) == []


def test_no_name_no_record() -> None:
    assert matches({"h.0.other": values(ours(HIDDEN)), "": values(ours(HIDDEN))}) == []


def test_of_two_layouts_of_one_shape_the_one_that_agrees_is_taken() -> None:
    weights = ours(WEIGHTS)
    assert note(match(WEIGHTS, values(weights))) == ""
    found = match(WEIGHTS, values(weights.swapaxes(1, 2)))
    assert note(found) == TURNED
    assert np.array_equal(found.theirs, weights)
    rotated = ours("decoder.0.self_attn.q_rotated", "llama_gqa")
    assert note(match("decoder.0.self_attn.q_rotated", values(interleaved(rotated)), "llama_gqa")) == HALVES
    first = match(HIDDEN, values(ours(HIDDEN)[0]))
    assert (note(first), first.is_whole) == (FIRST, False)
    assert note(match(HIDDEN, values(ours(HIDDEN)[-1]))) == ""


def test_where_no_layout_agrees_it_is_the_usual_one() -> None:
    wrong = ours(WEIGHTS) + np.random.default_rng(0).normal(size=ours(WEIGHTS).shape).astype(np.float32)
    assert note(match(WEIGHTS, values(wrong))) == ""
    half = ours(WEIGHTS) + 0.5 * ours(WEIGHTS).swapaxes(1, 2)
    assert note(match(WEIGHTS, values(half))) == ""


def test_an_unusual_shape_counts_where_the_numbers_go_the_same_way() -> None:
    hidden = ours(HIDDEN)
    assert note(match(HIDDEN, values(hidden.T))) == TURNED
    assert match(HIDDEN, values(np.random.default_rng(0).normal(size=hidden.T.shape))).layout is None
    assert match(HIDDEN, values(hidden.T), usual_alone=True).layout is None


def test_text_may_lie_otherwise_and_figures_do_as_is_usual() -> None:
    turned = ours(WEIGHTS).swapaxes(1, 2)
    for evidence, told in ((printed(turned), TURNED), (statistics(turned), ""), (hashed(turned), "")):
        found = match(WEIGHTS, evidence)
        assert (note(found), found.is_whole) == (told, False)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((9, 191), "the shapes differ: [9, 191] there, [position 9, feature 192] here"),
        ((192, 9), "the shapes differ: [192, 9] there, [position 9, feature 192] here, in another order"),
        ((2,), "the shapes differ: [2] there, [position 9, feature 192] here"),
    ],
)
def test_other_shapes_are_told(shape: tuple[int, ...], told: str) -> None:
    evidence = values(np.random.default_rng(0).normal(size=shape))
    found = match(HIDDEN, evidence)
    assert (found.layout, spoken(found.shapes())) == (None, told)


BATCH = np.stack([ours(HIDDEN), 2 * ours(HIDDEN)])


def test_a_row_of_a_batch_is_cut_from_it() -> None:
    for n, given in enumerate(TWO):
        assert np.array_equal(match(HIDDEN, values(BATCH), given=given).theirs, BATCH[n])
        text = row_of(printed(BATCH, edge=1, total=3.0), given)
        assert isinstance(text, Printed)
        assert (text.shape, text.total, len(text.values)) == ((9, 192), None, 4)
        assert np.allclose(text.values, BATCH[n][tuple(text.places.T)], atol=1e-4)


def test_of_figures_over_all_rows_nothing_is_known_of_one() -> None:
    for evidence in (statistics(BATCH), hashed(BATCH)):
        assert matches({HIDDEN: evidence}, given=TWO[0]) == []


def test_of_another_number_of_rows_no_shape_fits() -> None:
    assert match(HIDDEN, values(np.concatenate([BATCH, BATCH])), given=TWO[0]).layout is None


def test_one_row_serves_all_texts() -> None:
    for given in TWO:
        assert np.array_equal(match(HIDDEN, values(BATCH[:1]), given=given).theirs, BATCH[0])
        assert len(match(HIDDEN, printed(BATCH[:1]), given=given).evidence.values) == 9 * 192  # type: ignore[attr-defined]
    assert match(HIDDEN, values(BATCH[:1]), given=TWO[1], usual_alone=True).layout is None
