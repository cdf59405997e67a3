"""The score of a hypothesis: what the search had, what is recorded, what it is derived from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.addresses import At
from tracer.decoding.beam import Hypothesis, search
from tracer.decoding.settings import Settings
from tracer.derive import Derivation, derive
from tracer.run import Run
from tracer.tape import Tape
from tracer.tensor import Array

from ..conftest import FIXTURES, Dtype

SOURCE = [7, 11, 12, 5, 2]
FAMILIES = ("torch_post", "marian_zh_en", "bart_tied", "t5_v1_1", "gpt2", "llama_gqa")
NOISE = {"float32": 1e-5, "float64": 1e-12}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, dtype: Dtype) -> tracer.Model:
    return tracer.load(FIXTURES / request.param, dtype)


@pytest.fixture(scope="module", params=[True, False], ids=["cached", "uncached"])
def run(request: pytest.FixtureRequest, model: tracer.Model) -> Run:
    settings = Settings("beam", beams=3, length_penalty=0.6, max_tokens=5, cache=request.param)
    return Run(model, SOURCE, settings).decode()


def considered(run: Run) -> Iterator[Hypothesis]:
    for step in run.search.steps:
        yield from step


def winner(run: Run) -> list[Hypothesis]:
    return run.search.finished[0].lineage


def log_softmax(z: Array) -> Array:
    shifted: Array = z - z.max()
    return shifted - np.log(np.exp(shifted).sum())


def log_p(run: Run, tape: Tape, token: int) -> float:
    """log p of the token that a pass yielded, from its logits alone."""
    z, ruled = tape["logits"].array[-1].astype(np.float64), tape["choice.logits"].array
    if np.isfinite(ruled).sum() == 1:
        return 0.0
    return float(log_softmax(ruled.astype(np.float64) if run.model.rules.renormalise else z)[token])


def test_a_score_is_the_sum_of_log_p_of_the_logits_by_a_power_of_the_length(run: Run) -> None:
    for h in considered(run):
        logs = [log_p(run, run.at(before.at), before.ids[-1]) for before in h.lineage]
        tape, noise = run.at(h.at), NOISE[run.model.dtype]
        assert sum(logs) == pytest.approx(float(tape["choice.log_prob"].array), abs=noise)
        assert sum(logs) / len(h.ids) ** 0.6 == pytest.approx(float(tape["choice.score"].array), abs=noise)


def test_the_winner_s_steps_have_its_scores_bit_for_bit(run: Run) -> None:
    assert [h.ids[-1] for h in winner(run)] == run.output_ids
    for n, h in enumerate(winner(run), 1):
        assert (h.log_prob, h.score) == (float(run[n]["choice.log_prob"].array), float(run[n]["choice.score"].array))


def test_a_hypothesis_has_the_score_of_the_search(run: Run) -> None:
    noise = NOISE[run.model.dtype] if run.cached else 0
    for h in considered(run):
        assert h.score == pytest.approx(float(run.at(h.at)["choice.score"].array), abs=noise, rel=0)


def chain(run: Run, place: At | None) -> Iterator[Derivation]:
    """The derivation of each sum of log p, from the last token's to the first's."""
    while place:
        derivation = derive(run.at(place).find("choice.log_prob"), ())
        yield derivation
        place = next((leaf.at for leaf in derivation.terms if leaf.path == "choice.log_prob"), None)


def test_a_step_s_sum_leads_to_the_step_before(run: Run) -> None:
    n = len(run.tokens)
    assert [d.address for d in chain(run, At(n))] == [f"@{k}:choice.log_prob" for k in range(n, 0, -1)]
    for k, derivation in zip(range(n, 0, -1), chain(run, At(n)), strict=True):
        assert str(derivation.terms[-1]) == f"@{k}:choice.log_probs[{run.output_ids[k - 1]}]"


def test_a_hypothesis_sum_leads_to_its_parent_s(run: Run) -> None:
    for h in considered(run):
        assert [d.address for d in chain(run, h.at)] == [f"{b.name}:choice.log_prob" for b in h.lineage[::-1]]


def test_from_a_score_down_to_logits(run: Run) -> None:
    tape, token = run.at(At(1, 0)), winner(run)[0].ids[0]
    assert [str(leaf) for leaf in derive(tape.find("choice"), ()).terms][-1] == "@1.0:choice.score"
    assert [str(leaf) for leaf in derive(tape.find("choice.score"), ()).terms] == ["@1.0:choice.log_prob"]
    rows = [derive(tape.find("choice.log_softmax"), (token,)).terms]
    assert {leaf.address for row in rows for leaf in row} == {"@1.0:logits"}


def test_forced_and_forbidden_tokens_say_so_in_the_log_p_of_the_search(dtype: Dtype) -> None:
    model = tracer.load(FIXTURES / "marian_two_vocabularies", dtype)
    run = Run(model, SOURCE, Settings("beam", beams=2, max_tokens=2))
    last = run.step(2)["choice.log_probs"].array
    assert [last[0], *set(last[1:])] == [0, -np.inf]
    assert run.step(2)["choice.log_prob"].array == run.step(1)["choice.log_prob"].array
    assert run.step(1)["choice.log_probs"].array[89] == -np.inf
    assert np.exp(run.step(1)["choice.log_probs"].array).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("strategy", ["greedy", "sample"])
def test_without_a_search_there_is_no_score(strategy: str) -> None:
    run = tracer.trace(tracer.load(FIXTURES / "gpt2"), ids=SOURCE, strategy=strategy, max_tokens=1)
    addresses = [address for address in run[1].tape.addresses if address.startswith("choice")]
    assert addresses == ["choice.logits", "choice.probs", "choice"]


CASE = FIXTURES / "cases" / "early-stopping"
EXPECTED = json.loads((CASE / "expected.json").read_text(encoding="utf-8"))
STATED: dict[str, dict[str, Any]] = {
    "absent": {},
    "false": {"early_stopping": False},
    "true": {"early_stopping": True},
    "never": {"early_stopping": "never"},
    "encoder_repetition": {"encoder_repetition_penalty": 1.5},
}
MOST = 14
"""The tokens that transformers was allowed."""


def found(model: tracer.Model, case: dict[str, Any], **settings: Any) -> tuple[list[int], float]:
    beam = {"strategy": "beam", "beams": case["beams"], "length_penalty": case["length_penalty"], **settings}
    how = beam if case["beams"] > 1 else {}
    best = tracer.trace(model, ids=EXPECTED["source"], max_tokens=MOST, record=False, **how).hypotheses[0]
    return best.ids, best.score


@pytest.mark.parametrize("name", STATED)
def test_a_search_stops_where_the_checkpoint_states_it(tmp_path: Path, name: str, dtype: Dtype) -> None:
    path = shutil.copytree(CASE, tmp_path / name)
    stated = json.loads((path / "generation_config.json").read_text()) | STATED[name]
    (path / "generation_config.json").write_text(json.dumps(stated))
    model = tracer.load(path, dtype)
    for case in EXPECTED[name]:
        ids, score = found(model, case)
        assert case["ids"] == ids, case
        assert case["score"] in (None, pytest.approx(score, abs=2e-6))


@pytest.mark.parametrize("asked", ["true", "never"])
def test_when_to_stop_may_be_asked_for(asked: str) -> None:
    model = tracer.load(CASE)
    for case in (case for case in EXPECTED[asked] if case["beams"] > 1):
        assert case["ids"] == found(model, case, early_stopping=STATED[asked]["early_stopping"])[0]


def test_what_repeats_is_weighed_in_log_p_and_recorded() -> None:
    """The logits are left as they are: beam search penalises the logarithms of probabilities."""
    model = tracer.load(CASE)
    rules = replace(model.rules, repetition=2.0, source_repetition=0.5)
    run = Run(replace(model, rules=rules), SOURCE, Settings("beam", beams=2, max_tokens=2))
    log_p, logits = run.step(1)["choice.log_softmax"].array, run.step(1)["logits"].array[-1]
    assert run.step(1)["choice.encoder_repetition"].array[[7, 8]].tolist() == [2 * log_p[7], log_p[8]]
    assert run.step(1)["choice.repetition"].array[[2, 7]].tolist() == [4 * log_p[2], 2 * log_p[7]]
    assert run.step(1)["choice.logits"].array.tolist() == logits.tolist()


@pytest.mark.parametrize("likely", [[np.nan, -1.0], [-1.0, np.nan, -2.0], [-np.inf, -np.inf]])
def test_where_no_number_is_left_the_search_goes_on_as_greedy_decoding_does(likely: list[float]) -> None:
    rows = {0: np.array(likely), 1: np.full(len(likely), likely[int(np.argmax(likely))])}
    outcome = search(lambda h: rows[bool(h.ids)], beams=2, penalty=1.0, limit=3, eos_ids=())
    assert [len(h.ids) for h in outcome.finished] == [3] * len(outcome.finished) != []
