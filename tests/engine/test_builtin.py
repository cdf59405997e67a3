"""The models that come with the program: facts that any of their trainings must make true."""

import json

import pytest

import tracer
from tracer.loading import DEFAULT, builtin
from tracer.model import BUILTIN

LARGEST = 8 << 20
EXPECTED = {"zh-en": "love", "zh-en-tiny": "i love you"}


@pytest.fixture(params=EXPECTED)
def name(request: pytest.FixtureRequest) -> str:
    if request.param not in builtin():
        pytest.skip(f"{request.param} is not there yet")
    return str(request.param)


def test_the_default_is_there() -> None:
    assert DEFAULT in builtin()
    assert set(builtin()) <= EXPECTED.keys()


def test_a_model_is_small_and_has_no_cache(name: str) -> None:
    directory = BUILTIN / name
    assert sum(file.stat().st_size for file in directory.iterdir()) <= LARGEST
    assert json.loads((directory / "config.json").read_text())["cache"] is False


def test_a_model_has_a_card(name: str) -> None:
    card = BUILTIN / name / "card.md"
    if not card.exists():
        pytest.skip("no card yet")
    assert card.read_text(encoding="utf-8").strip()


def test_a_model_translates(name: str) -> None:
    model = tracer.load(name)
    run = tracer.trace(model, "我爱你")
    assert EXPECTED[name] in run.text.lower()
    assert run.source[-1] == "</s>"
    assert not run.cached
    assert run.output_ids[-1] == model.config.eos_id


def test_the_same_with_the_cache(name: str) -> None:
    model = tracer.load(name, "float64")
    runs = [tracer.trace(model, "我爱你", cache=cache, record=False) for cache in (False, True)]
    assert runs[0].output_ids == runs[1].output_ids


def test_the_tiny_model_says_i_love_you() -> None:
    if "zh-en-tiny" not in builtin():
        pytest.skip("zh-en-tiny is not there yet")
    assert tracer.trace(tracer.load("zh-en-tiny"), "我爱你").text == "i love you"


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
