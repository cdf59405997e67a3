"""Numbers attributed to tokens: beside torch's integrated gradients, beside edits by hand, and what must add up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.attribution import catalogue
from tracer.attribution.attribute import METHODS, Attribution, TokenScores, attribute
from tracer.attribution.ranks import rank_correlation
from tracer.debugger.cursor import Cursor
from tracer.debugger.expressions import compile_expression
from tracer.debugger.locations import Here
from tracer.errors import TraceError
from tracer.run import Run

from ..test_edits import NAMES, PROBES, decoded, given
from .runs import BOTH, DECODING, ENCODERS, model, run

INTEGRATED = json.loads((PROBES / "integrated.json").read_text(encoding="utf-8"))
NEAR = {"llama_gqa": 1e-5, "gpt2": 1e-12}
"""How near torch is, where not 1e-6: transformers has RMS norms and angles in float32, and a singular baseline."""
SOURCE, PREFIX = "encoder.embed.tokens", "decoder.embed.tokens"


def scores(of: Run, expression: str, **how: Any) -> TokenScores:
    found = of.attribute(expression, **how)
    assert isinstance(found, TokenScores)
    return found


def attributed(of: Run, expression: str, step: int, **how: Any) -> Attribution:
    here = Here(of, Cursor(step, len(of.step(step))), runs={0: of})
    return attribute(here, compile_expression(expression), **how)


def after(of: Run, step: int, *edits: tracer.Edit, expression: Callable[[Any], float]) -> float:
    """A number of a step's logits with some edits, the tokens before it kept."""
    return expression(of.replayed(*edits, at=step)[step]["logits"].array)


@pytest.mark.parametrize("name", NAMES)
def test_integrated_gradients_are_torchs(name: str) -> None:
    probe, near = INTEGRATED[name], NEAR.get(name, 1e-6)
    text = f"logprob({probe['id']}, {probe['position']})"
    found = scores(given(name), text, method="integrated", at=probe["at"], steps=probe["steps"])
    assert found.axes == ("position",)
    assert np.abs(found.array - probe["scores"]).max() < near * np.abs(probe["scores"]).max()
    assert found.sum == pytest.approx(probe["sum"], rel=near)
    assert found.difference == pytest.approx(probe["difference"], rel=1e-6)


@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2"])
def test_the_gap_closes_with_more_steps(name: str) -> None:
    probe = INTEGRATED[name]
    found = [scores(given(name), f"logprob({probe['id']}, {probe['position']})", steps=steps) for steps in (4, 16, 64)]
    gaps = [abs(one.sum - one.difference) for one in found]
    assert gaps[0] > 4 * gaps[1] > 16 * gaps[2] > 0


def test_source_and_prefix_share_one_difference() -> None:
    both = scores(given("marian_zh_en"), "logit(5, 7)", steps=24)
    source = scores(given("marian_zh_en"), "logit(5, 7)", at=SOURCE, steps=24)
    n = len(source.array)
    assert list(both.labels["position"][:n]) == source.labels["position"]
    assert both.array.shape == (n + given("marian_zh_en")[1][PREFIX].shape[0],)
    assert both.sum == pytest.approx(both.difference, rel=0.05)
    assert abs(both.array[:n].sum() - source.sum) > 1e-2


@pytest.mark.parametrize("name", DECODING)
def test_the_last_projection_is_linear_so_that_input_times_gradient_is_all_of_it(name: str) -> None:
    of = run(name)
    step = of.computed
    bare = of.without_cache(step)
    hidden = bare.step(step).find("logits").inputs[0].path
    found = scores(of, "logits[-1, 5]", method="grad_input", at=hidden, step=step)
    value = of[step]["logits"].array[-1, 5]
    assert found.value == pytest.approx(value)
    if bare.step(step).find("logits").op.name != "softcap":
        assert found.sum == pytest.approx(found.difference)
    assert not found.array[:-1].any()


def test_a_sum_over_heads_is_what_each_query_adds() -> None:
    of = given("marian_zh_en")
    found = scores(of, "decoder.1.cross_attn.output[3, 2]", method="grad_input", at="decoder.1.cross_attn.heads")
    without = of.branch(tracer.edit("decoder.1.cross_attn.heads", 0.0))[1]["decoder.1.cross_attn.output"].array[3, 2]
    assert found.array[3] == pytest.approx(found.value - without)
    assert found.sum == pytest.approx(found.array[3])
    assert found.difference == pytest.approx(found.sum)


def hidden_by_hand(of: Run, step: int, token: int) -> list[tracer.Edit]:
    """That no query looks at a token of the source, but its own."""
    queries, edits = range(of[0][SOURCE].shape[0]), []
    for record in of.step(0):
        if record.name == "masked":
            edits += [tracer.edit(f"@0:{record.address}[:, {q}, {token}]", -math.inf) for q in queries if q != token]
    for record in of.step(step):
        if record.address.endswith("cross_attn.masked"):
            edits.append(tracer.edit(f"@{step}:{record.address}[:, :, {token}]", -math.inf))
    return edits


@pytest.mark.parametrize("name", ["marian_zh_en", "t5_v1_0"])
@pytest.mark.parametrize("cache", [False, True])
def test_occlusion_is_a_knockout_made_by_hand(name: str, cache: bool) -> None:
    of, bare = decoded(name, cache=cache), decoded(name, cache=False)
    found = scores(of, "logit(5)", method="occlusion", step=3)
    value = bare[3]["logits"].array[-1, 5]
    n = bare[0][SOURCE].shape[0]
    for token in range(n):
        edits = hidden_by_hand(bare, 3, token)
        without = after(bare, 3, *edits, expression=lambda logits: logits[-1, 5])
        assert found.array[token] == pytest.approx(value - without, abs=1e-9)
    own = [edit for layer in range(2) for edit in [f"@3:decoder.{layer}.self_attn.masked[:, 1:, 0]"]]
    first = after(bare, 3, *(tracer.edit(one, -math.inf) for one in own), expression=lambda logits: logits[-1, 5])
    assert found.array[n] == pytest.approx(value - first, abs=1e-9)
    assert np.isnan(found.array).tolist() == [False] * (len(found.array) - 1) + [True]
    assert found.difference is None


def test_occlusion_by_a_baseline_puts_that_in_place_of_each_token() -> None:
    of = given("marian_zh_en")
    value, pad = of[1]["logits"].array[4, 5], of.model.facts.pad_id
    table = of[0][SOURCE].array[list(of.source_ids).index(pad)] if pad in of.source_ids else None
    zero, padded = (scores(of, "logit(5, 4)", method="occlusion", baseline=one) for one in (0, "pad"))
    for token in (0, 3):
        without = after(of, 1, tracer.edit(f"@0:{SOURCE}[{token}]", 0.0), expression=lambda logits: logits[4, 5])
        assert zero.array[token] == pytest.approx(value - without, abs=1e-12)
    n = of[0][SOURCE].shape[0]
    assert zero.array[n + 4] != 0
    assert not zero.array[n + 5 :].any()
    assert np.abs(padded.array - zero.array).max() > 1e-3
    assert table is None


@pytest.mark.parametrize("address", ["decoder.0.cross_attn.v", "decoder.1.cross_attn.v", "encoder.0.output"])
def test_occlusion_at_a_record_is_of_its_rows(address: str) -> None:
    of = given("marian_zh_en")
    value = of[1]["logits"].array[4, 5]
    step = 0 if address.startswith("encoder") else 1
    found = scores(of, "logit(5, 4)", method="occlusion", at=address)
    rows = "[{}]" if step == 0 else "[:, {}]"
    for token in range(len(found.array)):
        edit = tracer.edit(f"@{step}:{address}{rows.format(token)}", 0.0)
        without = after(of, 1, edit, expression=lambda logits: logits[4, 5])
        assert found.array[token] == pytest.approx(value - without, abs=1e-9)
    assert np.abs(found.array - scores(of, "logit(5, 4)", method="occlusion").array[: len(found.array)]).max() > 1e-3


def test_padding_is_what_the_model_looks_up_for_it() -> None:
    of = given("marian_zh_en")
    pad = of.model.facts.pad_id
    row = of.model.architecture.parameters.encoder.embed.weight.array[pad]
    scale = of[0][SOURCE].array[0, 0] / of.model.architecture.parameters.encoder.embed.weight.array[of.source_ids[0], 0]
    found = scores(of, "logit(5, 4)", method="occlusion", baseline="pad", at=SOURCE)
    edit = tracer.edit(f"@0:{SOURCE}[2]", row * scale)
    without = after(of, 1, edit, expression=lambda logits: logits[4, 5])
    assert found.array[2] == pytest.approx(of[1]["logits"].array[4, 5] - without, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["marian_zh_en", "gpt2", "llama_gqa"])
def test_with_a_cache_it_is_the_same(name: str, method: str) -> None:
    found = [scores(decoded(name, cache=cache), "logit(5)", method=method, steps=4, step=3) for cache in (True, False)]
    assert np.allclose(found[0].array, found[1].array, atol=1e-9, equal_nan=True)
    assert found[0].labels == found[1].labels


@pytest.mark.parametrize("how", [{"strategy": "sample", "seed": 3}, {"strategy": "beam", "beams": 2}])
def test_the_tokens_before_the_step_stay(how: dict[str, Any]) -> None:
    of = decoded(**how)
    found = scores(of, "logit(5)", method="occlusion", baseline=0, step=3)
    assert found.value == pytest.approx(of[3]["logits"].array[-1, 5])
    assert list(found.labels["position"][-3:]) == of.target[:3]


def test_edits_of_a_run_hold_while_it_is_attributed() -> None:
    of = decoded(cache=True).branch(tracer.edit("encoder.0.self_attn.heads[h1]", 0.0))
    found = scores(of, "logit(5)", method="grad_input", step=2)
    assert found.value == pytest.approx(of[2]["logits"].array[-1, 5])
    assert found.value != pytest.approx(decoded(cache=True)[2]["logits"].array[-1, 5])


def test_an_attribution_leaves_the_run_as_it_is() -> None:
    of = decoded(cache=True, max_tokens=4)
    before = {record.address: record.output.array.copy() for record in of.step(2)}
    scores(of, "logit(5)", steps=3, step=2)
    assert all(np.array_equal(of[2][name].array, array, equal_nan=True) for name, array in before.items())
    assert not of.edits


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("method", METHODS)
def test_an_encoder_alone_has_its_tokens(name: str, method: str) -> None:
    found = scores(run(name), "sum(encoder.0.output[1] ** 2)", method=method, steps=16, baseline="pad")
    assert found.array.shape == (5,)
    assert np.isfinite(found.array).all()
    if method == "integrated":
        assert found.sum == pytest.approx(found.difference, rel=0.05)


@pytest.mark.parametrize("name", BOTH)
def test_every_family_has_source_and_prefix(name: str) -> None:
    of = run(name)
    found = scores(of, "logit(5)", method="grad_input")
    assert np.isfinite(found.array).all()
    assert found.labels["position"][:5] == list(of.source)
    occluded = scores(of, "logit(5)", method="occlusion")
    assert np.isnan(occluded.array).tolist() == [False] * (len(occluded.array) - 1) + [True]


def test_a_singular_baseline_is_told() -> None:
    found = attributed(given("llama_gqa"), "logit(5)", 1, steps=2)
    [told] = found.scored.remarks
    assert "decoder.0.self_attn.norm is of rows of zeros" in told
    assert not attributed(given("gpt2"), "logit(5)", 1, steps=2).scored.remarks


def test_a_sole_token_can_t_be_hidden_from_all() -> None:
    of = tracer.trace(model("marian_zh_en"), ids=[7], target_ids=[1, 5])
    found = attributed(of, "logit(5, 1)", 1, method="occlusion")
    assert np.isnan(found.scores).tolist() == [True, False, True]
    assert [told.split(":")[0] for told in found.scored.remarks] == [
        "a token whose own row E reads has no score",
        "a token without which E is not finite has no score",
    ]


def test_two_attributions_agree_by_their_ranks() -> None:
    of = given("marian_zh_en")
    some, other = (attributed(of, "logprob(160, 7)", 1, method="occlusion", baseline=one) for one in (None, 0))
    assert some.agrees(some) == pytest.approx(1)
    assert 0.9 < some.agrees(other) < 1


def test_rank_correlation() -> None:
    assert rank_correlation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826816681233)
    assert rank_correlation([1, 2, 3], [-1, -20, -300]) == pytest.approx(-1)
    assert rank_correlation([1, math.nan, 2, 3, 0], [1, 7, 2, 3, math.inf]) == pytest.approx(1)
    assert math.isnan(rank_correlation([1, 2], [5, 5]))
    assert math.isnan(rank_correlation([1], [5]))
    assert math.isnan(rank_correlation([], []))


def test_every_method_of_tokens_is_in_the_catalogue() -> None:
    assert {*METHODS, "atp"} <= {one.word for one in catalogue().values()}


@pytest.mark.parametrize(
    ("expression", "how", "told"),
    [
        ("rank(5)", {}, "rank has no derivative"),
        ("rank(5)", {"method": "occlusion"}, "name a baseline"),
        ("3", {}, "reads nothing that is recorded"),
        ("logits", {}, "one number"),
        ("logits", {"method": "occlusion", "baseline": 0}, "what is attributed is one number"),
        ("logit(5)", {"steps": 0}, "a path has one step or more, not 0"),
        ("logit(5)", {"method": "shap"}, "'shap' is none of grad_input, integrated, occlusion"),
        ("logit(5)", {"baseline": "mean"}, "'mean' is none of 0, pad"),
        ("logit(5)", {"at": "choice"}, "has no axis of tokens"),
        ("logit(5)", {"at": "decoder.0.self_attn.masked"}, "not made of finite numbers"),
        ("logit(5)", {"at": "@1:decoder.0.output"}, "another step than @3"),
        ("logit(5)", {"at": "decoder.0.output[0]"}, "leave r, a hypothesis and selectors out"),
        ("logit(5)", {"at": "probs"}, "does not depend on @3:probs"),
        ("logit(5)", {"at": "decoder.0.output", "baseline": "pad"}, "looks up no tokens"),
        ("logit(5)", {"at": "decoder.9.output"}, "nothing is recorded"),
        ("logits[0, 5]", {"step": 4}, "count positions from the end"),
        ("log(0 * logit(5))", {}, "is -inf here"),
    ],
)
def test_what_can_t_be_attributed(expression: str, how: dict[str, Any], told: str) -> None:
    with pytest.raises(TraceError, match=told.replace("[", r"\[").replace("(", r"\(")):
        decoded(cache=True).attribute(expression, **{"step": 3, **how})


def test_without_padding_there_is_no_baseline_of_it() -> None:
    with pytest.raises(TraceError, match="has no token for padding; take baseline 0"):
        given("gpt2").attribute("logit(5)", baseline="pad")
