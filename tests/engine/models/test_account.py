"""What becomes of the keys of a configuration: each is followed, refused, without effect, or said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.fates import OF_DECODING, PUBLISHED, TABLE, of_family, written
from tracer.decisions import Decisions
from tracer.errors import InputError
from tracer.i18n import N_
from tracer.loading import builtin
from tracer.models import architecture
from tracer.models.account import FOLLOWED, REFUSED, Account
from tracer.models.rest import settle
from tracer.models.stated import Stated
from tracer.models.texts import texts_of

from ..conftest import FIXTURES
from .published import changed, notes

CHECKPOINTS = [*builtin(), *sorted(path.parent for path in FIXTURES.glob("*/config.json"))]


BY_NAME = {
    "llama3_scaled": [
        "config.json: dtype = 'bfloat16', in which transformers computes unless told otherwise; here float32 or float64"
    ]
}
"""What is said of one that is stored in half precision."""


@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: Path(path).name)
def test_nothing_is_said_of_a_file_as_usual(path: Path | str) -> None:
    assert notes(path) == BY_NAME.get(Path(path).name, [])


@pytest.mark.parametrize("path", [path for path in CHECKPOINTS if isinstance(path, Path)], ids=lambda path: path.name)
def test_what_nobody_asks_for_is_said(tmp_path: Path, path: Path) -> None:
    surprising = {"logit_scale": 0.5, "a\nb": [1] * 99, "c": None}
    assert notes(changed(tmp_path, path.name, **surprising)) == [
        *BY_NAME.get(path.name, []),
        "config.json: not known here, and not followed: logit_scale = 0.5, 'a\\nb' = [1, 1, 1, 1, ...]",
    ]


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("bart_tied", {"normalize_before": True}),
        ("mbart_untied", {"add_final_layer_norm": False}),
        ("marian_zh_en", {"normalize_embedding": True}),
        ("llama_gqa", {"rope_interleaved": True}),
        ("qwen2", {"use_mrope": True}),
    ],
)
def test_what_transformers_does_not_read_is_said_where_it_is_unusual(
    tmp_path: Path, name: str, stated: dict[str, Any]
) -> None:
    [(key, value)] = stated.items()
    assert notes(changed(tmp_path / "odd", name, **stated)) == [
        f"config.json: not followed, as transformers does not read it: {key} = {value}"
    ]
    assert notes(changed(tmp_path / "usual", name, **{key: not value})) == []


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("llama_gqa", {"is_causal": False}),
        ("qwen2", {"is_encoder_decoder": True}),
        ("bart_tied", {"is_encoder_decoder": False}),
        ("gpt2", {"add_cross_attention": True}),
        ("mistral_window", {"text_config": {"hidden_size": 3}}),
        ("llama_gqa", {"per_layer_config": {"0": {"num_key_value_heads": 1}}}),
        ("t5_v1_0", {"configuration_files": ["config.1.json"]}),
    ],
)
def test_what_would_change_the_arithmetic_is_refused(tmp_path: Path, name: str, stated: dict[str, Any]) -> None:
    [(key, value)] = stated.items()
    path = changed(tmp_path, name, **stated)
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    assert str(caught.value) == f"{path}/config.json: {key} = {value} is not supported"


def test_of_two_names_of_a_key_the_one_that_transformers_takes_counts(tmp_path: Path) -> None:
    assert notes(changed(tmp_path, "marian_zh_en", encoder_layers=1)) == [
        "config.json: num_hidden_layers = 2 counts, as in transformers, and not encoder_layers = 1"
    ]
    assert tracer.load(tmp_path).config.encoder_layers == 2


def test_the_words_of_newer_t5_files_count(tmp_path: Path) -> None:
    assert notes(changed(tmp_path, "t5_v1_0", dense_act_fn="silu")) == [
        "config.json: dense_act_fn = 'silu' counts, as in transformers, and not feed_forward_proj = 'relu'"
    ]
    assert tracer.load(tmp_path).config.activation == "silu"


def test_an_account_can_be_handed_on_to_that_of_another_file() -> None:
    decisions = Decisions()
    config = Account({"top_k": 7, "eos_token_id": 2}, "config.json", decisions=decisions)
    generation = Account({"top_k": 5}, "generation_config.json", {"eos_token_id": "config.json"})
    assert (generation.get("top_k"), generation.get("eos_token_id")) == (5, None)
    config.leave_to(generation, N_("elsewhere: {keys}"))
    config.settle()
    assert [decision.what for decision in decisions] == ["elsewhere: top_k"]
    assert config.fates == {"model_type": "followed", "eos_token_id": "followed", "top_k": "no effect"}


def test_the_table_of_keys_is_what_the_code_does() -> None:
    assert TABLE.read_text(encoding="utf-8") == written(), "run: python tests/fates.py"


@pytest.mark.parametrize("family", PUBLISHED)
def test_no_published_key_is_passed_over_in_silence(family: str) -> None:
    """Whatever it states: it is asked for, or a decision tells of it."""
    for key, fate in of_family(family).items():
        stated = Stated({key: "unheard of"})
        if fate.startswith(REFUSED):
            with pytest.raises(InputError, match=key):
                read(family, stated)
        elif fate not in (FOLLOWED, OF_DECODING):
            read(family, stated)
            assert [decision for decision in stated.decisions if key in decision.what], key


def read(family: str, stated: Stated) -> None:
    kind = architecture(family)
    kind.configure(stated)
    settle(stated, texts_of(kind.passes))


def test_a_null_that_stands_for_the_default_is_listed(tmp_path: Path) -> None:
    path = changed(tmp_path, "llama_gqa", rms_norm_eps=None, hidden_act=None, sliding_window=None)
    told = [str(decision.what) for decision in tracer.load(path).decisions]
    assert "null is stated, and what is the default holds: hidden_act = silu, rms_norm_eps = 1e-06" in told
