"""Every architecture is whole: found by its name, with a layout, and backed by a reference."""

import json

import pytest

from tracer.errors import InputError
from tracer.models import architecture, known, model_type, published
from tracer.models.stated import Stated

from ..conftest import FIXTURES

CHECKED = {json.loads(path.read_text(encoding="utf-8"))["model_type"] for path in FIXTURES.glob("*/config.json")}


@pytest.mark.parametrize("model_type", known())
def test_an_architecture_is_found_by_its_name(model_type: str) -> None:
    assert architecture(model_type).model_type == model_type
    assert architecture(model_type).__doc__


def test_every_architecture_has_a_reference() -> None:
    assert set(known()) - CHECKED == {"transformer"}, "the built-in models and the training check that one"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("lama", "llama"), ("LLaMA", "llama"), ("qwen-2", "qwen2"), ("GPT2", "gpt2"), ("mistrl", "mistral")],
)
def test_a_mistyped_family_suggests_the_one_that_is_meant(name: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"model_type '{name}' is not known; known are .*; did you mean {meant}[?]$"):
        architecture(name)


@pytest.mark.parametrize("name", [*sorted(published() - {*known()}), "mixtral-8x7b", "bert-base"])
def test_the_name_of_another_family_suggests_none(name: str) -> None:
    with pytest.raises(InputError) as caught:
        architecture(name)
    assert str(caught.value) == f"model_type {name!r} is not known; known are {', '.join(known())}"


CLASSES = {
    "BartForConditionalGeneration": "bart",
    "MBartForConditionalGeneration": "mbart",
    "MarianMTModel": "marian",
    "T5ForConditionalGeneration": "t5",
    "GPT2LMHeadModel": "gpt2",
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "mistral",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_family_is_known_by_the_class_of_the_model_too(name: str) -> None:
    stated = Stated({"architectures": [name]})
    assert model_type(stated) == CLASSES[name]
    assert [decision.what for decision in stated.decisions if decision.odd] == [
        f"config.json: there is no model_type, and architectures has {name}: taken as {CLASSES[name]}"
    ]


def test_every_published_family_is_known_by_its_class() -> None:
    assert {*CLASSES.values()} == published() & {*known()}


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (None, "model_type is missing; expected a name"),
        ([], "model_type is missing; expected a name"),
        ("MarianMTModel", "model_type is missing; expected a name"),
        ([7], "model_type is missing; expected a name"),
        (["Qwen2MoeForCausalLM"], "model_type is missing, and architectures has 'Qwen2MoeForCausalLM', which is not"),
        (["MT5ForConditionalGeneration"], "architectures has 'MT5ForConditionalGeneration', which is not known"),
    ],
)
def test_without_a_name_of_the_family_the_sentence_is_clear(classes: object, message: str) -> None:
    with pytest.raises(InputError, match=f"^config.json: .*{message}"):
        model_type(Stated({"architectures": classes}))
