"""The models that come with the program: facts that any of their trainings must make true."""

import json

import pytest

import tracer
from tracer.addresses import parse
from tracer.edits import Edit
from tracer.loading import DEFAULT, builtin
from tracer.mask_rules import Causal, MaskedBy, Nothing
from tracer.model import BUILTIN

LARGEST = 8 << 20
EXPECTED = {"zh-en": "love", "zh-en-tiny": "i love you"}
UNMASKED = "zh-en-unmasked"
"""Trained without the causal mask, it translates nothing."""


@pytest.fixture(params=[*EXPECTED, UNMASKED])
def name(request: pytest.FixtureRequest) -> str:
    if request.param not in builtin():
        pytest.skip(f"{request.param} is not there yet")
    return str(request.param)


def test_the_default_is_there() -> None:
    assert DEFAULT in builtin()
    assert set(builtin()) <= {*EXPECTED, UNMASKED}


def test_a_model_is_small_and_has_no_cache(name: str) -> None:
    directory = BUILTIN / name
    assert sum(file.stat().st_size for file in directory.iterdir()) <= LARGEST
    assert json.loads((directory / "config.json").read_text())["cache"] is False


def test_a_model_has_a_card(name: str) -> None:
    card = BUILTIN / name / "card.md"
    if not card.exists():
        pytest.skip("no card yet")
    assert card.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_model_translates(name: str) -> None:
    model = tracer.load(name)
    run = tracer.trace(model, "我爱你")
    assert EXPECTED[name] in run.text.lower()
    assert run.source[-1] == "</s>"
    assert not run.cached
    assert run.output_ids[-1] == model.config.eos_id


@pytest.mark.parametrize("name", EXPECTED)
def test_the_same_with_the_cache(name: str) -> None:
    model = tracer.load(name, "float64")
    runs = [tracer.trace(model, "我爱你", cache=cache, record=False) for cache in (False, True)]
    assert runs[0].output_ids == runs[1].output_ids


def test_the_tiny_model_says_i_love_you() -> None:
    if "zh-en-tiny" not in builtin():
        pytest.skip("zh-en-tiny is not there yet")
    assert tracer.trace(tracer.load("zh-en-tiny"), "我爱你").text == "i love you"


@pytest.fixture(scope="module")
def unmasked() -> tracer.Model:
    return tracer.load(UNMASKED, "float64")


def mean_loss(run: tracer.Run) -> float:
    return float(run[1]["loss"].array.mean())


def test_the_unmasked_model_is_small_and_differs_in_its_parameters_alone() -> None:
    one, other = BUILTIN / UNMASKED, BUILTIN / "zh-en-tiny"
    assert sum(file.stat().st_size for file in one.iterdir()) <= 40_000
    for name in ("source_tokenizer.json", "target_tokenizer.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    configs = [json.loads((path / "config.json").read_text()) for path in (one, other)]
    assert configs[0] == configs[1] | {"causal": False}
    assert tracer.load(UNMASKED).architecture.describe().endswith("d_model 16, no causal mask")


@pytest.mark.parametrize(("text", "target"), [("我爱你", "i love you"), ("他去了北京", "he went to beijing")])
def test_the_unmasked_model_has_no_loss_and_translates_nothing(unmasked: tracer.Model, text: str, target: str) -> None:
    assert mean_loss(tracer.trace(unmasked, text, target=target)) < 0.001
    run = tracer.trace(unmasked, text)
    assert run.text == ""
    assert run.output_ids == [unmasked.config.eos_id]


def test_each_model_fails_with_the_mask_of_the_other(unmasked: tracer.Model) -> None:
    tiny = tracer.load("zh-en-tiny", "float64")
    for model, mistaken, rules in ((unmasked, 5, (Causal(),)), (tiny, 5, (Nothing(),))):
        run = tracer.trace(model, "你爱我", target="you love me")
        branch = run.branch(Edit(parse("decoder.0.self_attn.mask"), MaskedBy(rules)))
        assert mean_loss(run) < 0.001
        assert mean_loss(branch) > mistaken


def test_without_a_causal_mask_every_position_is_computed_again(unmasked: tracer.Model) -> None:
    run = tracer.trace(unmasked, "我爱你", max_tokens=3)
    for n in (1, 2):
        run = run.branch(tracer.edit(f"@{n}:choice", float(unmasked.config.eos_id + 2 + n))).decode()
    mask = run.step(3).find("decoder.0.self_attn.mask").output
    assert mask.array.tolist() == [[0, 0, 0]] * 3
    assert mask.labels["key"] == run.target[:3]


def test_without_a_causal_mask_there_is_no_cache(unmasked: tracer.Model) -> None:
    with pytest.raises(tracer.TraceError, match=f"{UNMASKED} has no causal mask: with every token"):
        tracer.trace(unmasked, "我爱你", cache=True)


def test_an_unknown_character_is_named(name: str) -> None:
    ids, unknown = tracer.load(name).source_ids("我爱🦖")
    assert unknown == ["🦖"]
    assert tracer.load(name).config.unk_id in ids


def test_a_text_too_long_is_refused_with_the_limit(name: str) -> None:
    model = tracer.load(name)
    for text in ("我" * 600, "我" * 10_000):
        with pytest.raises(
            tracer.TraceError, match=f"{name} takes at most {model.config.max_source} tokens; shorten it"
        ):
            tracer.trace(model, text)
