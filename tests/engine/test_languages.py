"""Models between languages: the codes around a text, around a given output, and before one that is decoded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer

from .conftest import FIXTURES

DIRECTORY = FIXTURES / "mbart_languages"
REFERENCES: dict[str, list[dict[str, Any]]] = json.loads((DIRECTORY / "languages.json").read_text("utf-8"))
SENTENCE, OUTPUT = "The teacher bought books.", "the park"


def write(directory: Path, stated: dict[str, Any], **config: Any) -> tracer.Model:
    """The model of the fixture with another tokenizer_config.json, and changes to config.json."""
    shutil.copytree(DIRECTORY, directory)
    (directory / "tokenizer_config.json").write_text(json.dumps(stated), "utf-8")
    known = json.loads((directory / "config.json").read_text("utf-8"))
    (directory / "config.json").write_text(json.dumps(known | config), "utf-8")
    if config:
        (directory / "generation_config.json").unlink()
    return tracer.load(directory)


@pytest.fixture(scope="module", params=REFERENCES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def model(name: str, tmp_path_factory: pytest.TempPathFactory) -> tracer.Model:
    return write(tmp_path_factory.mktemp("mbart") / "it", {"tokenizer_class": name})


@pytest.mark.parametrize("i", range(len(REFERENCES["MBartTokenizer"])))
def test_ids_losses_and_outputs_are_those_of_transformers(model: tracer.Model, name: str, i: int) -> None:
    expected = REFERENCES[name][i]
    chosen = {key: expected[key] for key in ("source_lang", "target_lang")}
    given = tracer.trace(model, SENTENCE, target=OUTPUT, **chosen)
    assert list(given.source_ids) == expected["ids"]
    assert list(given.target_ids or ()) == [expected["labels"][-1], *expected["labels"]]
    np.testing.assert_allclose(given[1]["loss"].array, expected["loss"], rtol=1e-4)
    decoded = tracer.trace(model, SENTENCE, max_tokens=6, **chosen)
    assert decoded.output_ids[:5] == expected["output"][:5]


def test_a_decoder_that_starts_with_a_language_starts_with_the_one_chosen(tmp_path: Path) -> None:
    model = write(tmp_path / "it", {"tokenizer_class": "MBartTokenizer"}, decoder_start_token_id=111)
    chosen = model.between(None, "ro_RO")
    assert (model.start_id, chosen.start_id, chosen.rules.forced_bos) == (111, 128, None)
    assert [str(told.what) for told in model.decisions if told.odd] == [
        "an output begins with de_DE, and one that is given is taken to be in en_XX: say target-lang"
    ]


def test_a_stated_language_is_that_of_a_given_output(tmp_path: Path) -> None:
    stated = {"tokenizer_class": "MBart50Tokenizer", "src_lang": "de_DE", "tgt_lang": "ro_RO"}
    model = write(tmp_path / "it", stated, forced_bos_token_id=128)
    run = tracer.trace(model, SENTENCE, target=OUTPUT)
    expected = REFERENCES["MBart50Tokenizer"][1]
    assert (list(run.source_ids), list(run.target_ids or ())[1:]) == (expected["ids"], expected["labels"])
    assert [told for told in model.decisions if told.odd] == []


def test_a_language_is_chosen_anew_and_given_up(model: tracer.Model) -> None:
    german = model.between("de_DE", "ro_RO")
    assert german.between(None, "fr_XX").source_ids("a") == model.source_ids("a")
    assert german.between(None, None) is model
    assert german.computing_in("float64").chosen == german.chosen == ("de_DE", "ro_RO")
    assert tracer.trace(german, "a", target_lang="fr_XX", max_tokens=1).model.chosen == ("de_DE", "fr_XX")
    assert model.rules.forced_bos is None


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"target_lang": "ro"}, "target-lang: .* has no language 'ro'; it has ro_RO$"),
        ({"source_lang": "xx_XX"}, "source-lang: .* has no language 'xx_XX'; it has ar_AR, .*, …$"),
        ({"source_lang": ""}, "source-lang: .* has no language ''"),
    ],
)
def test_a_language_that_is_not_known(model: tracer.Model, chosen: dict[str, str], message: str) -> None:
    with pytest.raises(tracer.TraceError, match=message):
        tracer.trace(model, "a", **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["source_lang", "target_lang"])
@pytest.mark.parametrize("name", ["zh-en-tiny", "gpt2", "marian_zh_en", "torch_post"])
def test_most_models_have_no_languages(name: str, option: str) -> None:
    model = tracer.load(name if name == "zh-en-tiny" else FIXTURES / name)
    with pytest.raises(tracer.TraceError, match=f"{name} has no languages to choose from: leave out"):
        tracer.trace(model, ids=[1], **{option: "de_DE"})  # type: ignore[arg-type]


def test_the_language_stated_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(tracer.TraceError, match=r"tokenizer_config\.json: src_lang is 'ro'; expected ro_RO"):
        write(tmp_path / "it", {"src_lang": "ro"})
