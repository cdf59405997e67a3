"""Models of CTranslate2: what it computes from them, every number in them, and files that are broken."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from tracer.checkpoints.ctranslate2.container import ModelFile
from tracer.checkpoints.ctranslate2.positions import HALVES, PAPER, SHIFTED, TRAINED, table
from tracer.checkpoints.formats import checkpoint_at
from tracer.checkpoints.merged import Factors, Merged
from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.decisions import Decisions
from tracer.errors import InputError
from tracer.survey import survey
from tracer.tokenizers.ctranslate2 import Around, languages, read_ctranslate2
from tracer.tokenizers.tokenizer import Spoken
from tracer.views.expression import symbols

from ..conftest import FIXTURES
from .ctranslate2_files import Array, Parts, converted, text

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 1234\n"

HERE = FIXTURES / "ctranslate2"
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
TEXT, MOST = EXPECTED["text"], EXPECTED["max_tokens"]
MODELS = ("float32", "int8", "package")
QUERY = "decoder/layer_1/attention/linear_0/weight"
Written = Callable[..., Path]


@pytest.fixture
def changed(tmp_path: Path) -> Written:
    """Writes a fixture whose model.bin was changed."""

    def write(change: Callable[[Parts], Any] = lambda _parts: None, name: str = "float32", **how: Any) -> Path:
        path = tmp_path / "model"
        shutil.copytree(HERE / name, path, dirs_exist_ok=True)
        parts = Parts(HERE / name / "model.bin")
        change(parts)
        (path / "model.bin").write_bytes(parts.written(**how))
        return path

    return write


def refused(path: Path, *told: str) -> None:
    with pytest.raises(InputError) as caught:
        tracer.load(path)
    message = str(caught.value)
    assert all(part in message for part in told), message
    assert "\n" not in message


def ids(model: tracer.Model, tokens: list[str], side: str = "target") -> list[int]:
    """Those of tokens; of one that the vocabulary does not have, that of the unknown."""
    vocabulary = list(getattr(model, side).pieces)
    return [vocabulary.index(token if token in vocabulary else "<unk>") for token in tokens]


def logits(model: tracer.Model, source: list[int], target: list[int]) -> Array:
    return tracer.trace(model, ids=source, target_ids=target)[1].tape["logits"].array


@pytest.mark.parametrize("name", MODELS)
def test_an_output_has_the_scores_that_ctranslate2_gives_it(name: str) -> None:
    expected, model = EXPECTED[name], tracer.load(HERE / name)
    source, target = ids(model, expected["source"], "source"), ids(model, expected["target"])
    assert model.source is not None
    assert model.source.encode(TEXT).ids == source
    assert model.rules.start_id is not None
    found = logits(model, source, [model.rules.start_id, *target]).astype(np.float64)
    if model.architecture.model_type == "marian":
        found = found[:, :-1]  # without the token that stands for the zeros
    scores = found - np.log(np.exp(found).sum(1, keepdims=True))
    wanted = [*target, *model.rules.eos_ids]
    assert [scores[i, token] for i, token in enumerate(wanted)] == pytest.approx(expected["log_probs"], abs=3e-5)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("how", ["greedy", "beam"])
def test_it_decodes_as_ctranslate2_does(name: str, how: str) -> None:
    expected, model = EXPECTED[name][how]["tokens"], tracer.load(HERE / name)
    settings = {"strategy": "greedy"} if how == "greedy" else {"strategy": "beam", "beams": len(expected)}
    run = tracer.trace(model, TEXT, max_tokens=MOST, **settings)  # type: ignore[arg-type]
    assert model.target is not None
    found = [model.target.piece(i) for i in run.output_ids if i not in model.rules.eos_ids]
    assert found == expected[0]


def test_the_token_that_stands_for_the_zeros_has_no_part_in_a_score() -> None:
    """CTranslate2 takes no empty translation unless it is told to."""
    expected, model = EXPECTED["float32"]["beam"], tracer.load(HERE / "float32")
    model = replace(model, rules=replace(model.rules, min_new_tokens=1))
    run = tracer.trace(model, TEXT, max_tokens=MOST, strategy="beam", beams=len(expected["tokens"]))
    assert run.decode().search.finished[0].score == pytest.approx(expected["scores"][0], abs=1e-5)
    told = [str(decision.what) for decision in model.decisions]
    assert any(what.startswith(f"token {model.rules.start_id}, <pad>, is not in the vocabulary") for what in told)
    assert not any("<pad>" in str(decision.what) for decision in tracer.load(HERE / "package").decisions)


def test_it_is_the_model_that_transformers_has() -> None:
    """Bit for bit: what the two files hold, and the tokens that stand around it, are the same."""
    one, other = tracer.load(HERE / "float32"), tracer.load(HERE / "marian")
    assert one.source is not None
    assert other.source is not None
    source = list(other.source.encode(TEXT).ids)
    assert one.source.encode(TEXT) == other.source.encode(TEXT)
    assert (one.rules.start_id, one.rules.eos_ids) == (other.rules.start_id, other.rules.eos_ids)
    assert one.rules.bad_words == other.rules.bad_words
    target = [other.rules.start_id or 0, 5, 9, 2]
    np.testing.assert_array_equal(logits(one, source, target), logits(other, source, target))
    assert one.parameters.keys() == other.parameters.keys()
    assert tracer.trace(one, TEXT, max_tokens=6).text == tracer.trace(other, TEXT, max_tokens=6).text


def test_a_number_of_int8_is_a_whole_number_divided_by_the_scale_of_its_row() -> None:
    model, plain = tracer.load(HERE / "int8"), tracer.load(HERE / "marian")
    parts = Parts(HERE / "int8" / "model.bin")
    q, s = (parts.arrays[f"encoder/layer_0/self_attention/linear_0/{name}"] for name in ("weight", "weight_scale"))
    name = "model.encoder.layers.0.self_attn.v_proj.weight"
    cell = model.parameters[name].leaf(3, 5)
    made = model.contents.made(cell)
    assert made is not None
    assert made.formula == "w = q / scale"
    assert [number.value for number in symbols(made.expression)] == [q[35, 5], s[35]]
    assert np.float32(made.expression.evaluate()) == np.float32(cell.value)
    assert made.place.startswith("row 35 of encoder/layer_0/self_attention/linear_0/weight, whole numbers of 8 bits")
    assert abs(cell.value - plain.parameters[name].leaf(3, 5).value) <= 0.5 / s[35] + 1e-7


def test_with_an_adapter_no_two_numbers_are_called_the_same(tmp_path: Path) -> None:
    base = tracer.load(HERE / "int8").contents.tensors["model.encoder.layers.0.self_attn.v_proj.weight"]
    out, into = base.shape
    save_file({"a": np.ones((1, into)), "b": np.ones((out, 1))}, tmp_path / "x.safetensors")
    entries = SafetensorsFile(tmp_path / "x.safetensors").entries
    made = Merged.of(base, Factors(entries["b"], entries["a"], 2.0, turned=False)).made((3, 5))
    assert made.formula == "w = W + s · Σ B·A, W = q / scale"
    assert [number.symbol for number in symbols(made.expression)] == ["q", "scale", "s"]


def test_every_number_is_what_made_says() -> None:
    model = tracer.load(HERE / "package")
    for name, parameter in model.parameters.items():
        stored = model.contents.tensors[name]
        for index in ((0,) * parameter.array.ndim, tuple(length - 1 for length in stored.shape)):
            if (made := stored.made(index)) is not None:
                assert np.float32(made.expression.evaluate()) == parameter.array[index], name


def test_what_the_file_leaves_out_is_zeros_and_told() -> None:
    model = tracer.load(HERE / "float32")
    shared = model.contents.tensors["model.shared.weight"]
    made = shared.made((shared.shape[0] - 1, 3))
    assert made is not None
    assert (made.expression.evaluate(), made.place) == (0, "not in the file: the zeros that the decoder starts from")
    told = [str(decision.what) for decision in tracer.load(HERE / "package").decisions]
    assert any(what.startswith("24 biases are not in the file, and zeros: decoder.0.cross_attn.") for what in told)


def test_what_is_partly_zeros_has_another_name_and_its_file_s_type(changed: Written) -> None:
    def whole(parts: Parts) -> None:
        parts.arrays["decoder/projection/bias"] = np.zeros(len(parts.arrays["decoder/projection/bias"]), np.int32)

    shared = checkpoint_at(HERE / "float32").tensors["model.shared.weight"]
    other = shared.called("lm_head.weight")
    assert (other.name, other.shape, other.is_float) == ("lm_head.weight", shared.shape, True)
    assert other.holds_the_same_as(shared)
    bias = checkpoint_at(changed(whole)).tensors["final_logits_bias"]
    assert (bias.dtype, bias.is_float) == ("I32", False)


def test_an_adapter_s_own_table_leaves_what_was_tied_to_it_with_its_zeros(tmp_path: Path) -> None:
    plain = tracer.load(HERE / "float32")
    shared = plain.parameters["model.shared.weight"].array
    own = {"base_model.model.model.shared.modules_to_save.weight": np.ascontiguousarray(shared + np.float32(1))}
    save_file(own, tmp_path / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "modules_to_save": ["shared"]}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    model = tracer.load(HERE / "float32", adapter=tmp_path)
    np.testing.assert_array_equal(model.parameters["model.shared.weight"].array, shared + np.float32(1))
    np.testing.assert_array_equal(model.parameters["lm_head.weight"].array, shared)


def test_it_is_said_that_ctranslate2_rounds_more(changed: Written) -> None:
    def odd(path: Path) -> list[str]:
        model = tracer.load(path)
        return [str(decision.what) for decision in model.decisions if decision.odd]

    assert any("CTranslate2 quantises activations too" in what for what in odd(HERE / "int8"))
    assert odd(HERE / "float32") == []

    def halve(parts: Parts) -> None:
        for name in parts.arrays:
            if name.endswith("encodings"):
                parts.arrays[name] = parts.arrays[name].astype(np.float16)

    assert any("rounded to 16 bits" in what for what in odd(changed(halve)))


@pytest.mark.parametrize("kind", [np.float16, np.int16])
def test_other_types(changed: Written, kind: type[Any]) -> None:
    def store(parts: Parts) -> None:
        for name in [name for name in parts.arrays if name.endswith("weight")]:
            if kind is np.float16:
                parts.arrays[name] = parts.arrays[name].astype(np.float16)
            else:
                scale = np.float32(1024 / np.abs(parts.arrays[name]).max())
                parts.arrays[name] = np.rint(parts.arrays[name] * scale).astype(np.int16)
                parts.arrays[f"{name}_scale"] = scale

    model, plain = tracer.load(changed(store)), tracer.load(HERE / "float32")
    for name, parameter in model.parameters.items():
        other = plain.parameters[name].array
        np.testing.assert_allclose(parameter.array, other, rtol=0, atol=np.abs(other).max() / 500, err_msg=name)


def test_int16_of_old_without_a_scale(changed: Written) -> None:
    def store(parts: Parts) -> None:
        parts.arrays[QUERY] = np.rint(parts.arrays[QUERY] * 1000).astype(np.int16)

    name = "model.decoder.layers.1.encoder_attn.q_proj.weight"
    found, plain = (tracer.load(path).parameters[name].array for path in (changed(store), HERE / "float32"))
    np.testing.assert_allclose(found, plain, atol=6e-4)


FAMILIES = ("bart_tied", "mbart_untied", "t5_v1_0", "t5_v1_1", "t5_gated_silu", "gpt2", "gpt2_untied")
DECODERS = ("llama_gqa", "qwen2", "qwen3", "mistral_window")


@pytest.mark.parametrize("name", [*FAMILIES, *DECODERS])
def test_every_family_is_known_by_its_arithmetic(name: str, tmp_path: Path) -> None:
    """What was written from a checkpoint of transformers is that checkpoint, number by number.

    Matrices that lie there the other way round are multiplied in another order.
    """
    plain, found = tracer.load(FIXTURES / name), tracer.load(converted(FIXTURES / name, tmp_path / "model"))
    assert found.architecture.model_type == plain.architecture.model_type
    given = [[5, 9, 7, 8, 6, 11, 13, 5], [2, 7, 9] if plain.architecture.texts.is_encoder_decoder else []]
    for each in found.parameters.keys() if "gpt2" in name else ():
        np.testing.assert_array_equal(found.parameters[each].array, plain.parameters[each].array, each)
    np.testing.assert_allclose(logits(found, *given), logits(plain, *given), atol=1e-4 if "gpt2" in name else 0)
    assert found.source is not None
    assert found.source.cut("▁t4 ▁t7").ids == [4, 7]


@pytest.mark.parametrize("given", ["package", "package/model", "package/model/model.bin"])
def test_a_package_its_directory_and_its_file_are_the_same(given: str) -> None:
    model = tracer.load(HERE / given)
    assert model.architecture.model_type == "transformer"
    assert model.source is not None
    assert model.source.files == ("sentencepiece.model",)
    assert model.path == HERE / given.removesuffix("/model.bin")


def test_a_file_stands_for_its_directory_or_for_itself(changed: Written) -> None:
    path = changed()
    assert tracer.load(path / "model.bin").path == path
    (path / "model.bin").rename(path / "other.ct2")
    assert tracer.load(path / "other.ct2").path == path / "other.ct2"


def test_an_older_file_says_itself_what_encloses_a_text(changed: Written) -> None:
    def older(parts: Parts) -> None:
        parts.arrays |= {"with_target_bos": np.array(0, np.int8), "with_source_eos": np.array(1, np.int8)}
        for name in ("num_heads", "pre_norm", "activation"):
            parts.arrays[name] = parts.arrays.pop(f"encoder/{name}")
            del parts.arrays[f"decoder/{name}"]

    path = changed(older, version=5)
    (path / "config.json").unlink()
    tokens = json.loads((path / "shared_vocabulary.json").read_text())
    (path / "shared_vocabulary.json").unlink()
    (path / "shared_vocabulary.txt").write_text(
        "".join(f"{token}\r\n" for token in tokens), encoding="utf-8", newline=""
    )
    model, newer = tracer.load(path), tracer.load(HERE / "float32")
    assert model.source is not None
    assert newer.source is not None
    assert model.source.encode(TEXT) == newer.source.encode(TEXT)
    np.testing.assert_array_equal(logits(model, [3, 4], [5]), logits(newer, [3, 4], [5]))


def test_without_a_sentencepiece_model_a_text_is_pieces(changed: Written) -> None:
    path = changed()
    (path / "source.spm").unlink()
    model = tracer.load(path)
    assert model.source is not None
    assert model.target is not None
    tokens = EXPECTED["float32"]["source"]
    assert model.source.encode(" ".join(tokens[:-1])).ids == ids(model, tokens, "source")
    assert model.target.decode(ids(model, ["▁我", "在", "▁", "h"])) == "我在 h"
    assert any("write a text as pieces" in str(decision.what) for decision in model.decisions if decision.odd)


def test_a_source_is_enclosed_as_config_json_says(changed: Written) -> None:
    path = changed(name="package/model")
    shutil.copy(HERE / "package" / "sentencepiece.model", path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "add_source_bos": True, "add_source_eos": True}))
    model = tracer.load(path)
    assert model.source is not None
    assert model.source.encode(TEXT).ids == ids(model, ["<s>", *EXPECTED["package"]["source"], "</s>"], "source")


def test_what_a_package_wants_before_every_output_is_said(tmp_path: Path) -> None:
    shutil.copytree(HERE / "package", tmp_path / "package")
    (tmp_path / "package" / "metadata.json").write_text('{"target_prefix": "__de__"}')
    told = [str(decision.what) for decision in tracer.load(tmp_path / "package").decisions if decision.odd]
    assert any("has every output begin with '__de__'" in what for what in told)


def waves(kind: str, count: int = 40, width: int = 12, first: int = 0) -> Array:
    """The tables as those who wrote them have them, column by column."""
    rows = np.arange(first, first + count)[:, None]
    if kind == SHIFTED:
        angles = rows * np.exp(-np.log(10000) / (width // 2 - 1) * np.arange(width // 2))
        return np.concatenate([np.sin(angles), np.cos(angles)], 1)
    angles = rows / 10000 ** (2 * (np.arange(width) // 2) / width)
    even, odd = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
    return np.concatenate([even, odd], 1) if kind == HALVES else np.stack([even, odd], 2).reshape(count, width)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize(("kind", "first"), [(PAPER, 0), (HALVES, 0), (SHIFTED, 0), (SHIFTED, 1), (SHIFTED, 2)])
def test_tables_of_positions_are_told_apart(changed: Written, kind: str, first: int, dtype: type[Any]) -> None:
    numbers = waves(kind, first=first).astype(dtype)
    for change, told in ((0.0, (kind, first)), (0.05, (TRAINED, 0))):

        def put(parts: Parts, change: float = change) -> None:
            parts.arrays["P"] = (numbers + change).astype(dtype)

        model = ModelFile(changed(put) / "model.bin")
        assert table(model, model.variables["P"])[:2] == told


def test_without_a_table_positions_are_those_that_ctranslate2_computes() -> None:
    assert table(ModelFile(HERE / "float32" / "model.bin"), None) == (SHIFTED, 1, False)


@pytest.mark.parametrize("first", [1, 2, None])
def test_pre_norm_with_other_sines_is_m2m_100(changed: Written, first: int | None) -> None:
    """Without a table positions begin with 1; padding is the last token before the first position."""

    def put(parts: Parts) -> None:
        for stack in ("encoder", "decoder"):
            parts.arrays[f"{stack}/pre_norm"] = np.array(1, np.int8)
            parts.arrays |= {f"{stack}/layer_norm/{kind}": np.ones(16, np.float32) for kind in ("gamma", "beta")}
            for named in (parts.arrays, parts.aliases):
                named.pop(f"{stack}/position_encodings/encodings", None)
            if first is not None:
                table = waves(SHIFTED, width=16, first=first).astype(np.float32)
                parts.arrays[f"{stack}/position_encodings/encodings"] = table
        parts.arrays["decoder/start_from_zero_embedding"] = np.array(0, np.int8)

    found = checkpoint_at(changed(put))
    assert found.config.get("model_type") == "m2m_100"
    assert found.config.get("pad_token_id") == (first or 1) - 1
    assert {"model.shared.weight", "model.decoder.layer_norm.bias", "final_logits_bias"} <= found.tensors.keys()


@pytest.mark.parametrize("codes", [("eng_Latn", "zho_Hans"), ("__en__", "__zh__")])
def test_languages_begin_a_source_and_are_no_text(codes: tuple[str, str], tmp_path: Path) -> None:
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁a", "▁b", *codes]
    around = Around([], ["</s>"], languages(tokens))
    special = {"eos_token": "</s>", "unk_token": "<unk>"}
    source, target = read_ctranslate2([tmp_path], (tokens, tokens), special, around, Decisions())
    english, chinese = (code.strip("_") for code in codes)
    assert source.reads == [english, chinese]
    assert source.encode("▁a ▁b").ids == [6, 4, 5, 2]
    assert source.speaking(Spoken(chinese)).encode("▁a").ids == [7, 4, 2]
    assert target.first_ids == {english: 6, chinese: 7}
    assert (target.encode("▁b").ids, target.decode([7, 4, 5, 2])) == ([5, 2], "a b")


def test_a_form_that_no_family_has(changed: Written) -> None:
    def put(parts: Parts) -> None:
        parts.arrays |= dict.fromkeys(("encoder/pre_norm", "decoder/pre_norm"), np.array(1, np.int8))

    refused(
        changed(put), "is of a form that no family here has: norms before the sublayers, sines and cosines in halves"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decoder/alibi": 1}, "states decoder/alibi, which is not supported"),
        ({"decoder/final_logit_softcapping": 30.0}, "states decoder/final_logit_softcapping, which is not supported"),
        ({"encoder/activation": 9, "decoder/activation": 9}, "activation 9 is not known"),
        ({"decoder/activation": 0}, "activation differs between encoder and decoder"),
        ({"decoder/scale_embeddings": 3.0}, "decoder/scale_embeddings is 3.0; expected √d_model or 1"),
        ({"decoder/num_heads": 3}, "decoder_attention_heads (3) must divide d_model (16)"),
        ({"decoder/num_heads": 2.5}, "decoder/num_heads is 2.5; expected a whole number"),
        ({"decoder/num_heads": float("nan")}, "decoder/num_heads is nan; expected a finite number"),
        ({"decoder/scale_embeddings": float("inf")}, "decoder/scale_embeddings is inf; expected a finite number"),
        ({"encoder/multi_query_attention": 1}, "encoder/multi_query_attention is 1, which is not supported"),
        ({"encoder/embeddings_1/weight": np.zeros((4, 4), np.float32)}, "has several embeddings for each token"),
        ({"decoder/layer_0/x/weight": np.zeros((4, 4), np.float32)}, "tensor decoder/layer_0/x/weight is unknown"),
        ({QUERY: np.zeros((16, 16), np.int8)}, f"{QUERY} is quantised, and {QUERY}_scale is missing or broken"),
        ({QUERY: np.zeros((16, 16), np.int32)}, "is of type I32; expected floating numbers"),
        ({QUERY: np.zeros((15, 16), np.float32)}, "[15, 16]"),
        (
            {"encoder/layer_0/self_attention/linear_0/weight": np.zeros((16, 16), np.float32)},
            "has 16 rows, which are not those of 3 parts",
        ),
        (
            {"decoder/embeddings/weight": np.zeros(16, np.float32)},
            "decoder/embeddings/weight is of shape [16]; expected",
        ),
    ],
)
def test_what_is_stated_and_not_done(changed: Written, change: Mapping[str, Any], told: str) -> None:
    def put(parts: Parts) -> None:
        for name, value in change.items():
            parts.aliases.pop(name, None)
            kind = np.float32 if isinstance(value, float) else np.int8
            parts.arrays[name] = value if isinstance(value, np.ndarray) else np.array(value, kind)

    refused(changed(put), "model.bin", told)


KEYS, FARTHEST = "self_attention/num_heads_kv", "self_attention/relative_attention_max_distance"


@pytest.mark.parametrize(
    ("fixture", "stated", "value", "told"),
    [
        ("llama_gqa", f"decoder/layer_{{i}}/{KEYS}", 1.5, f"{KEYS} is 1.5; expected a whole number"),
        ("llama_gqa", f"decoder/layer_{{i}}/{KEYS}", np.nan, f"{KEYS} is nan; expected a finite number"),
        ("t5_v1_0", f"encoder/layer_{{i}}/{FARTHEST}", np.inf, f"{FARTHEST} is inf; expected a finite number"),
        ("t5_v1_0", "decoder/scale_outputs", np.nan, "decoder/scale_outputs is nan; expected a finite number"),
    ],
)
def test_an_attribute_that_is_no_number(tmp_path: Path, fixture: str, stated: str, value: float, told: str) -> None:
    path = converted(FIXTURES / fixture, tmp_path / "model")
    parts = Parts(path / "model.bin")
    parts.arrays |= {stated.format(i=i): np.array(value, np.float32) for i in range(2)}
    spec = "TransformerSpec" if fixture.startswith("t5") else "TransformerDecoderSpec"
    (path / "model.bin").write_bytes(parts.written(spec=spec))
    refused(path, "model.bin", told)


@pytest.mark.parametrize("name", ["decoder/projection/weight", "encoder/layer_0/ffn/linear_0/weight", QUERY])
def test_what_is_missing(changed: Written, name: str) -> None:
    def drop(parts: Parts) -> None:
        parts.aliases.pop(name, None)
        parts.arrays.pop(name, None)

    refused(changed(drop), "model.bin", "is missing")


@pytest.mark.parametrize("version", [1, 4, 7, 32, 99, 300])
def test_another_version_is_named(changed: Written, version: int) -> None:
    refused(changed(version=version), f"is of version {version} of CTranslate2's format; expected 5 or 6")


@pytest.mark.parametrize("spec", ["WhisperSpec", "TransformerEncoderSpec"])
def test_another_specification_is_named(changed: Written, spec: str) -> None:
    refused(changed(spec=spec), f"holds a {spec} of CTranslate2; expected a TransformerSpec")


def test_a_file_cut_short_wherever_it_is(changed: Written) -> None:
    path = changed()
    data = (path / "model.bin").read_bytes()
    for count in [*range(1, 400), *range(400, len(data), 997), len(data) - 1]:
        (path / "model.bin").write_bytes(data[:count])
        refused(path, "model.bin")


@pytest.mark.parametrize("count", [1, 6, 10, 20])
def test_what_is_cut_short_before_it_can_be_told_is_known_by_its_vocabulary(changed: Written, count: int) -> None:
    path = changed()
    (path / "model.bin").write_bytes((path / "model.bin").read_bytes()[:count])
    for given in (path, path / "model.bin"):
        refused(given, "model.bin: is cut short")
        assert survey(str(given)).refused == [f"{path / 'model.bin'}: is cut short"], "config.json is no other's"


@pytest.mark.parametrize(
    ("content", "told"), [(LFS, "is a pointer of Git LFS"), (b"<html>", "is a web page"), (b"", "is empty")]
)
@pytest.mark.parametrize("name", ["model.bin", "shared_vocabulary.json", "source.spm", "config.json"])
def test_what_a_download_left_in_place_of_a_file(changed: Written, name: str, content: bytes, told: str) -> None:
    if name == "model.bin" or content:
        path = changed()
        (path / name).write_bytes(content)
        refused(path, f"{name}: {told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            struct.pack("<I", 6) + text("TransformerSpec") + struct.pack("<II", 7, 1 << 31),
            "says that it holds 2147483648 variables; at most",
        ),
        (b"", "cut short"),
    ],
)
def test_counts_are_checked(changed: Written, content: bytes, told: str) -> None:
    path = changed()
    data = (path / "model.bin").read_bytes()
    (path / "model.bin").write_bytes(content or data[:30])
    refused(path, told)


def test_bytes_after_the_end(changed: Written) -> None:
    path = changed()
    with (path / "model.bin").open("ab") as file:
        file.write(b"more")
    refused(path, "has 4 bytes after its last variable")


def test_other_names_of_what_is_not_there(changed: Written) -> None:
    refused(changed(lambda parts: parts.aliases.update(x="y")), "its list of other names is broken: x for y")


def head(axes: int, *numbers: int, kind: int = 0, size: int = 0) -> bytes:
    begin = struct.pack("<I", 6) + text("TransformerSpec") + struct.pack("<II", 7, 1)
    return begin + text("a") + struct.pack(f"<B{len(numbers)}IBI", axes, *numbers, kind, size)


@pytest.mark.parametrize(
    "content",
    [
        head(255, *[1] * 255),
        head(2, 1 << 31, 1 << 31, size=4),
        head(4, *[(1 << 32) - 1] * 4, size=4),
        head(1, 4, kind=9, size=16),
        head(1, 4, size=12),
        head(1, 4, size=16),
        struct.pack("<I", 6) + text("TransformerSpec") + struct.pack("<II", 7, 1) + b"\xff\xff" + bytes(70000),
        struct.pack("<I", 6) + text("TransformerSpec") + struct.pack("<II", 7, 1) + b"\x02\x00\xff\x00" + bytes(40),
    ],
)
def test_sizes_are_checked_before_anything_is_read(changed: Written, content: bytes) -> None:
    path = changed()
    (path / "model.bin").write_bytes(content)
    refused(path, "model.bin")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "shared_vocabulary.json: is missing; a model of CTranslate2 has its vocabulary beside it"),
        (b"{}", "is no vocabulary; expected a list of tokens"),
        (b"[]", "is no vocabulary; expected a list of tokens"),
        (b'["a", 3]', "is no vocabulary; expected a list of tokens"),
        (b"[" * 100_000, "is no vocabulary"),
        (b"\xff\xfe", "is no vocabulary"),
        (b'["a", "b"]', "the vocabulary has no token <unk>"),
    ],
)
def test_a_vocabulary_that_is_none(changed: Written, content: bytes | None, told: str) -> None:
    path = changed()
    (path / "shared_vocabulary.json").unlink()
    if content is not None:
        (path / "shared_vocabulary.json").write_bytes(content)
    refused(path, told)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("[]", "expected a JSON object"),
        ('{"eos_token": 3}', "eos_token is 3; expected a token"),
        ('{"add_source_eos": "x"}', "add_source_eos is 'x'; expected true or false"),
        ('{"add_source_bos": true}', "the vocabulary has no token <s>"),
        ('{"layer_norm_epsilon": 0.1}', "layer_norm_epsilon is 0.1; expected 1e-05"),
        ('{"layer_norm_epsilon": "x"}', "layer_norm_epsilon is 'x'; expected a number"),
    ],
)
def test_a_configuration_that_makes_no_sense(changed: Written, config: str, told: str) -> None:
    path = changed()
    (path / "config.json").write_text(config)
    refused(path, told)


@pytest.mark.parametrize("name", ["source.spm", "shared_vocabulary.json", "config.json", "tokenizer.json"])
def test_a_pipe_beside_the_model_is_refused(changed: Written, name: str) -> None:
    path = changed()
    (path / name).unlink(missing_ok=True)
    os.mkfifo(path / name)
    refused(path, f"{path / name}: is a directory, pipe, socket or device; expected a regular file")


def test_nothing_is_read_before_it_is_asked_for(changed: Written) -> None:
    path = changed()
    found = checkpoint_at(path)
    (path / "model.bin").unlink()
    assert found.format == "ctranslate2"
    with pytest.raises(InputError, match=r"model\.bin: can't be read"):
        found.tensors  # noqa: B018
