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
    """The built-in models and the training check the first, and what is of RoBERTa the other."""
    cases = json.loads((FIXTURES / "stated" / "cases.json").read_text(encoding="utf-8"))["cases"]
    restated = {case["states"].get("model_type") for case in cases}
    assert set(known()) - CHECKED - restated == {"transformer", "xlm-roberta"}


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
    "T5WithLMHeadModel": "t5",
    "MT5ForConditionalGeneration": "mt5",
    "M2M100ForConditionalGeneration": "m2m_100",
    "BertForMaskedLM": "bert",
    "DistilBertForMaskedLM": "distilbert",
    "RobertaForMaskedLM": "roberta",
    "XLMRobertaModel": "xlm-roberta",
    "OPTForCausalLM": "opt",
    "GPTNeoXForCausalLM": "gpt_neox",
    "GPT2LMHeadModel": "gpt2",
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "mistral",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
    "GemmaForCausalLM": "gemma",
    "Gemma2ForCausalLM": "gemma2",
    "Gemma3TextModel": "gemma3_text",
    "Phi3ForCausalLM": "phi3",
    "Olmo2ForCausalLM": "olmo2",
    "SmolLM3ForCausalLM": "smollm3",
    "GraniteForCausalLM": "granite",
    "MixtralForCausalLM": "mixtral",
    "Qwen2MoeForCausalLM": "qwen2_moe",
    "Qwen3MoeForCausalLM": "qwen3_moe",
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
        (["Qwen9MoeForCausalLM"], "model_type is missing, and architectures has 'Qwen9MoeForCausalLM', which is not"),
        (["UMT5ForConditionalGeneration"], "architectures has 'UMT5ForConditionalGeneration', which is not known"),
    ],
)
def test_without_a_name_of_the_family_the_sentence_is_clear(classes: object, message: str) -> None:
    with pytest.raises(InputError, match=f"^config.json: .*{message}"):
        model_type(Stated({"architectures": classes}))


BART_2020 = {
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 40,
    "encoder_attention_heads": 4,
    "normalize_before": False,
    "normalize_embedding": True,
    "static_position_embeddings": False,
}
KEYS = {
    "gpt2": {"n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "vocab_size": 50257},
    "t5": {"d_ff": 2048, "d_kv": 64, "d_model": 512, "num_heads": 8, "relative_attention_num_buckets": 32},
    "bart": BART_2020,
    "mbart": BART_2020 | {"normalize_before": True, "add_final_layer_norm": True},
    "marian": BART_2020 | {"normalize_embedding": False, "static_position_embeddings": True},
}


@pytest.mark.parametrize("family", KEYS)
def test_a_family_of_those_years_is_known_by_its_keys(family: str) -> None:
    stated = Stated(KEYS[family])
    assert model_type(stated) == family
    [told] = [decision.what for decision in stated.decisions if decision.odd]
    assert told.startswith(f"config.json: there is no model_type: taken as {family}, as it states ")


@pytest.mark.parametrize(
    "relative",
    [
        KEYS["gpt2"] | {"afn": "gelu"},
        KEYS["gpt2"] | {"dff": 8192},
        BART_2020 | {"layernorm_variant": "xlm"},
        BART_2020 | {"normalize_before": True, "normalize_embedding": False, "static_position_embeddings": True},
        KEYS["t5"] | KEYS["gpt2"],
        {"hidden_size": 64, "num_hidden_layers": 2, "rms_norm_eps": 1e-6},
    ],
)
def test_keys_that_are_of_another_family_or_of_several_tell_none(relative: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^config\.json: model_type is missing; expected a name"):
        model_type(Stated(relative))


def test_keys_count_only_where_no_class_is_named() -> None:
    with pytest.raises(InputError, match="architectures has 'CTRLLMHeadModel', which is not known"):
        model_type(Stated(KEYS["gpt2"] | {"architectures": ["CTRLLMHeadModel"]}))


def test_the_first_class_that_is_known_counts() -> None:
    assert model_type(Stated({"architectures": ["BartOfMyOwn", "BartForMaskedLM"]})) == "bart"
