"""What a file leaves out is what the reference's class of configurations takes, and told to be by default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.errors import InputError
from tracer.models import architecture, known
from tracer.models.rest import settle
from tracer.models.stated import Stated
from tracer.models.texts import texts_of
from tracer.models.windows import SLIDING

from ..conftest import FIXTURES
from .published import changed

FAMILIES = json.loads((FIXTURES / "stated" / "defaults.json").read_text(encoding="utf-8"))["families"]
CASES = [(family, case) for family, found in FAMILIES.items() for case in found["taken"]]
DECODING = {"bos_token_id", "eos_token_id", "decoder_start_token_id", "forced_eos_token_id"}
"""Of these, transformers decodes by what the files state alone, whatever its classes take."""


def test_every_published_family_is_here() -> None:
    assert FAMILIES.keys() == set(known()) - {"transformer", "torch_nn_transformer"}


@pytest.mark.parametrize(("family", "case"), CASES, ids=[f"{family} {case['stated']}" for family, case in CASES])
def test_what_is_left_out(family: str, case: dict[str, Any]) -> None:
    expected, stated = case["is"], Stated(case["stated"])
    config = architecture(family).configure(stated)
    if "layer_types" in expected:
        windows = [expected["sliding_window"] if kind == SLIDING else None for kind in expected["layer_types"]]
        assert list(config.windows) == windows
        del expected["sliding_window"]
    if "n_inner" in expected:
        assert config.ffn == expected.pop("n_inner") or 4 * expected["n_embd"]
    if expected.get("head_dim", 0) is None:
        assert config.d_k == expected["hidden_size"] // expected["num_attention_heads"]
        del expected["head_dim"]
    if family in ("t5", "mt5"):
        assert config.rescaled is expected.get("scale_decoder_outputs", False)
        del expected["tie_word_embeddings"]
    taken = {key: value for key, value in stated.taken.items() if key in expected}
    assert taken == {key: expected[key] for key in taken}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_key_of_the_class_has_a_fate(family: str) -> None:
    stated = Stated({})
    kind = architecture(family)
    kind.configure(stated)
    settle(stated, texts_of(kind.passes))
    assert FAMILIES[family]["taken"][0]["is"].keys() - stated.fates.keys() <= DECODING


@pytest.mark.parametrize("family", FAMILIES)
def test_keys_have_the_other_names_that_the_class_knows(family: str) -> None:
    for other, key in FAMILIES[family]["names"].items():
        stated = Stated({other: 16 if other.endswith("heads") else 48})
        architecture(family).configure(stated)
        assert stated.taken[key] == stated.get(other)


@pytest.mark.parametrize(
    ("name", "left_out", "message"),
    [
        (
            "gpt2_untied",
            ["n_embd"],
            "tensor transformer.wte.weight is [101, 27]; expected [101, 768]; config.json does not state n_embd "
            "(768 by default)",
        ),
        (
            "gpt2_untied",
            ["n_layer"],
            "tensor transformer.h.10.attn.c_attn.bias is missing (and 119 more); config.json does not state n_layer "
            "(12 by default)",
        ),
        ("gpt2_untied", ["n_head"], "n_head (12, by default) must divide n_embd (27)"),
        (
            "mistral_window",
            ["num_key_value_heads"],
            "num_key_value_heads is 8, by default; expected a divisor of num_attention_heads = 3",
        ),
        (
            "qwen3",
            ["head_dim"],
            "tensor model.layers.0.self_attn.q_proj.weight is [50, 36]; expected [640, 36]; config.json does not state "
            "head_dim (128 by default)",
        ),
        (
            "marian_zh_en",
            ["pad_token_id"],
            "pad_token_id is 58100, by default; expected an id of the vocabulary, 0 to 351",
        ),
        (
            "bart_tied",
            ["encoder_ffn_dim"],
            "tensor model.encoder.layers.0.fc1.weight is [40, 24]; expected [4096, 24]; config.json does not state "
            "encoder_ffn_dim (4096 by default)",
        ),
    ],
)
def test_a_conflict_with_what_is_not_stated_says_so(
    tmp_path: Path, name: str, left_out: list[str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(changed(tmp_path, name, **dict.fromkeys(left_out, ...)))
    assert str(caught.value).partition(": ")[2] == message


def test_a_conflict_with_what_is_stated_says_that(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"wte.weight is \[101, 27\], and config.json says \[99, 27\]$"):
        tracer.load(changed(tmp_path, "gpt2_untied", vocab_size=99))
