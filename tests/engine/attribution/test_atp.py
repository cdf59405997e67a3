"""Attribution patching: beside the exact sweep, and where both must be the same."""

from __future__ import annotations

import numpy as np
import pytest

import tracer
from tracer.addresses import Address
from tracer.attribution.atp import Estimates, estimated
from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here
from tracer.errors import TraceError
from tracer.run import Run
from tracer.stack import there

from ..conftest import FIXTURES
from ..test_edits import decoded, given

NAMES = ("gpt2", "marian_zh_en", "t5_v1_0")


def estimates(run: Run, *how: str, **options: object) -> Estimates:
    found = tracer.atp(run, *how, **options)  # type: ignore[arg-type]
    assert isinstance(found, Estimates)
    return found


def clean_and_corrupted(name: str = "marian_zh_en", **how: object) -> tuple[Run, Run]:
    """Two runs whose sources differ in one token."""
    model = tracer.load(FIXTURES / name, "float64")
    ids = list(decoded(name).source_ids)
    other = [*ids[:2], ids[2] + 1, *ids[3:]]
    settings = {"strategy": "greedy", "max_tokens": 4, **how}
    runs = [tracer.trace(model, ids=one, **settings) for one in (ids, other)]  # type: ignore[arg-type]
    return runs[0], runs[1]


@pytest.mark.parametrize("cache", [True, False])
def test_what_is_linear_from_there_on_is_estimated_exactly(cache: bool) -> None:
    clean, corrupted = clean_and_corrupted(cache=cache)
    found = estimates(corrupted, "patch", "decoder.output", measure="logit(5)", at=1, source=clean)
    assert found.array == pytest.approx(found.exact.array, abs=1e-12)
    assert abs(float(found.array)) > 1e-3


def test_ablated_heads_are_estimated_by_what_they_have_times_the_slope() -> None:
    run = given("marian_zh_en")
    found = estimates(run, "ablate", "decoder.*.cross_attn.h*", measure="logprob(5, 7)")
    gradient = run.gradient("logprob(5, 7)")
    by_hand = [
        [-float((run[1][name].array[head] * gradient[name].array[head]).sum()) for head in range(4)]
        for name in ("decoder.0.cross_attn.heads", "decoder.1.cross_attn.heads")
    ]
    assert found.axes == ("layer", "head")
    assert np.allclose(found.array, by_hand, atol=1e-12)
    exact = tracer.sweep(run, "ablate", "decoder.*.cross_attn.h*", measure="logprob(5, 7)")
    assert np.array_equal(found.exact.array, exact.effects.array)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("over", ["decoder.*.self_attn.h*", "decoder.*.output[*]"])
def test_a_small_change_is_estimated_as_it_is_measured(name: str, over: str) -> None:
    run = given(name)

    def nudged(place: Address) -> list[tracer.Edit]:
        return [tracer.edit(place, lambda part: part.array * (1 + 1e-5))]

    found = estimates(run, nudged, over, measure="logit(5, 4)")
    assert np.allclose(found.array, found.exact.array, rtol=1e-2, atol=1e-9)
    assert found.agreement > 0.98


def test_estimates_put_places_in_the_order_of_their_effects() -> None:
    model = tracer.load("zh-en-tiny", "float64")
    clean, corrupted = (tracer.trace(model, text) for text in ("我爱你", "我喜欢猫"))
    measure = 'logit_diff("love", "like")'
    found = estimates(corrupted, "patch", "enc.*.output[*]", "dec.*.*.h*", measure=measure, at=2, source=clean)
    assert found.agreement > 0.7
    assert rank_of_largest(found) < 3


def rank_of_largest(found: Estimates) -> int:
    """The place of the largest effect, in the order of the estimates."""
    kept = there(found.array)
    sizes, effects = np.abs(np.asarray(found.array)[kept]), np.abs(np.asarray(found.exact.array)[kept])
    return int(np.argsort(-sizes).tolist().index(int(effects.argmax())))


def test_with_a_cache_it_is_the_same() -> None:
    found = []
    for cache in (True, False):
        clean, corrupted = clean_and_corrupted(cache=cache)
        over = ("encoder.*.output[*]", "decoder.*.cross_attn.h*")
        found.append(estimates(corrupted, "patch", *over, measure="logit(5)", at=1, source=clean))
    assert np.allclose(found[0].array, found[1].array, atol=1e-9)
    assert np.allclose(found[0].exact.array, found[1].exact.array, atol=1e-9)


def test_the_exact_effects_may_come_later() -> None:
    run = given("marian_zh_en")
    here = Here(run, Cursor(1, len(run.step(1))), runs={0: run})
    found = estimated(here, "ablate", ["decoder.*.cross_attn.h*"], "logit(5)")
    assert len(found.estimates) == 8
    assert found.sweep.values == []
    assert np.isnan(found.agreement)
    steps = found.sweep.steps()
    next(steps), next(steps), next(steps)
    assert np.isfinite(found.agreement)


@pytest.mark.parametrize(
    ("act", "measure", "told"),
    [
        ("knock", "logit(5)", "knock puts in what is not finite"),
        ("ablate", "kl", "kl is 0 in the run itself"),
        ("ablate", "rank(5)", "rank has no derivative"),
        ("ablate", "logits", "a measure is one number"),
        ("ablate", "normalised logit(5)", "nothing to normalise by"),
        ("remove", "logit(5)", "is none of"),
    ],
)
def test_what_can_t_be_estimated(act: str, measure: str, told: str) -> None:
    place = "decoder.0.cross_attn[:, -1, *]" if act == "knock" else "decoder.0.cross_attn.h*"
    with pytest.raises(TraceError, match=told):
        estimates(given("marian_zh_en"), act, place, measure=measure)
