"""One tensor or several: which of the file's are the embeddings and the output projection, as transformers has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import DTypeLike
from safetensors.numpy import load_file

import tracer
from tracer.checkpoints.stored import Contiguous
from tracer.decisions import HEAD, PARAMETERS
from tracer.errors import InputError

from ..conftest import FIXTURES, Checkpoint
from .test_published import BART_TABLES, T5_TABLES, Tensors, changed, logits

CASES = FIXTURES / "cases" / "two-heads"
EXPECTED = json.loads((CASES / "expected.json").read_text(encoding="utf-8"))
TIED = {
    "S": "SSS",
    "E": "EEE",
    "D": "DDD",
    "H": "HHH",
    "SE": "ESS",
    "SD": "SDS",
    "SH": "SSH",
    "ED": "EDD",
    "EH": "EHH",
    "DH": "HDH",
    "SED": "EDS",
    "SEH": "ESH",
    "SDH": "SDH",
    "EDH": "EDH",
    "SEDH": "EDH",
}
"""What transformers 5.24 makes the encoder's embedding, the decoder's and the head where they are tied, all different,
and the file has some of the shared table, the encoder's, the decoder's and the head."""
T5_TIED = TIED | {"ED": "EDE", "EH": "EEH", "DH": "DDH"}
"""The same of T5, whose tables stand in for each other in another order."""
SHARED = BART_TABLES[0]
DECODERS = ("gpt2_untied", "llama_gqa", "mistral_window", "qwen2", "qwen3")
DECODER_TABLES = ("transformer.wte.weight", "model.embed_tokens.weight", "lm_head.weight")


def holding(names: tuple[str, ...], letters: str, kinds: str = "SEDH") -> Callable[[Tensors], None]:
    """Store tables under those of the names that the letters stand for, each full of the number of its letter."""

    def change(tensors: Tensors) -> None:
        table, *_others = [tensors.pop(name) for name in names if name in tensors]
        places = zip(names, kinds, strict=True)
        tensors.update({name: np.full_like(table, ord(kind)) for name, kind in places if kind in letters})

    return change


def embedding(name: str) -> str:
    return next(table for table in DECODER_TABLES if table in load_file(FIXTURES / name / "model.safetensors"))


def heads(model: tracer.Model) -> list[tuple[str, bool]]:
    """What is said of the output projection, and whether unasked."""
    return [(what, odd) for about, what, odd in model.decisions if about == HEAD]


@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - {"ids"}))
def test_a_head_beside_the_embedding_or_alone(name: str) -> None:
    run = tracer.trace(tracer.load(CASES / name), ids=EXPECTED["ids"], target_ids=[])
    np.testing.assert_allclose(run[1]["logits"].array, EXPECTED[name], rtol=0, atol=3e-5)


@pytest.mark.parametrize(
    ("name", "names", "tied"),
    [
        ("bart_tied", BART_TABLES, TIED),
        ("marian_zh_en", BART_TABLES, TIED),
        ("mbart_untied", BART_TABLES, TIED),
        ("t5_v1_0", T5_TABLES, T5_TIED),
        ("t5_v1_1", T5_TABLES, T5_TIED),
    ],
)
def test_tables_that_differ_are_each_used(
    tmp_path: Path, name: str, names: tuple[str, ...], tied: dict[str, str]
) -> None:
    for letters, expected in tied.items():
        path = changed(tmp_path, name, holding(names, letters), tie_word_embeddings=True)
        parameters = tracer.load(path).architecture.parameters
        stack = [parameters.encoder.embed.weight, parameters.decoder.embed.weight, parameters.logits.weight]
        assert "".join(chr(int(table.array[3, 3])) for table in stack) == expected, letters


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize(
    ("letters", "head", "odd"),
    [
        ("E", "the embedding {embedding}, to which it is tied", False),
        ("H", "lm_head.weight of the file, which is the embedding too", False),
        (
            "EH",
            "lm_head.weight of the file is used: it differs from {embedding}, "
            "though config.json states tie_word_embeddings = true",
            True,
        ),
    ],
)
def test_it_is_said_which_tensor_the_head_is(tmp_path: Path, name: str, letters: str, head: str, odd: bool) -> None:
    names = (embedding(name), "lm_head.weight")
    model = tracer.load(changed(tmp_path, name, holding(names, letters, "EH"), tie_word_embeddings=True))
    assert heads(model) == [(head.format(embedding=names[0]), odd)]


@pytest.mark.parametrize(("name", "table"), [(name, embedding(name)) for name in DECODERS] + [("bart_tied", SHARED)])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", ml_dtypes.bfloat16])
def test_a_copy_is_left_out_whatever_type_it_is_stored_as(
    tmp_path: Path, name: str, table: str, dtype: DTypeLike
) -> None:
    """By its numbers: those of half precision are numbers of single precision too."""

    def copied(tensors: Tensors) -> None:
        coarse = tensors[table].astype(ml_dtypes.bfloat16).astype(np.float16)
        tensors |= {table: coarse.astype(np.float32), "lm_head.weight": coarse.astype(dtype)}

    model = tracer.load(changed(tmp_path, name, copied, tie_word_embeddings=True))
    assert model.ignored == {"lm_head.weight": f"a copy of {table}"}
    assert heads(model) == [(f"the embedding {table}, to which it is tied", False)]
    assert model.parameters[table] is model.architecture.parameters.logits.weight


def test_a_copy_is_compared_to_its_last_number(tmp_path: Path) -> None:
    def almost(tensors: Tensors) -> None:
        tensors["lm_head.weight"] = tensors[SHARED].copy()
        tensors["lm_head.weight"][-1, -1] = 0

    assert not tracer.load(changed(tmp_path, "bart_tied", almost)).ignored


def test_without_a_second_tensor_none_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_args: object) -> bool:
        raise AssertionError

    monkeypatch.setattr(Contiguous, "read_into", read)
    monkeypatch.setattr(Contiguous, "holds_the_same_as", read)
    for name in ("gpt2", "bart_tied", "mbart_untied", "t5_v1_0", "t5_v1_1"):
        tracer.load(FIXTURES / name)


def test_a_head_of_another_shape(tmp_path: Path) -> None:
    def cut(tensors: Tensors) -> None:
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"][1:]

    with pytest.raises(InputError, match=r"tensor lm_head\.weight is \[100, 36\], and config\.json says \[101, 36\]"):
        tracer.load(changed(tmp_path, "qwen2", cut))


def test_t5_divides_by_the_root_of_d_model_whatever_its_head(tmp_path: Path) -> None:
    def doubled(tensors: Tensors) -> None:
        tensors["lm_head.weight"] = 2 * tensors["shared.weight"]

    expected = 2 * logits(FIXTURES / "t5_v1_0")
    np.testing.assert_allclose(logits(changed(tmp_path, "t5_v1_0", doubled)), expected, rtol=0, atol=1e-5)


def test_t5_ties_what_is_missing_whatever_is_stated(tmp_path: Path) -> None:
    path = changed(tmp_path, "t5_v1_1", lambda tensors: tensors.pop("lm_head.weight"))
    told = "shared.weight is used for lm_head.weight, which is not in the file, though config.json states {} = false"
    assert heads(tracer.load(path)) == [(told.format("tie_word_embeddings"), True)]


def test_an_embedding_that_is_to_be_apart_and_is_missing(tmp_path: Path) -> None:
    table = "model.encoder.embed_tokens.weight"
    path = changed(tmp_path, "mbart_untied", lambda tensors: tensors.pop(table))
    told = f"{SHARED} is used for {table}, which is not in the file, though config.json states {{}} = false"
    model = tracer.load(path)
    assert heads(model) == [("lm_head.weight of the file", False)]
    assert (PARAMETERS, told.format("tie_word_embeddings"), True) in model.decisions


@pytest.mark.parametrize(
    ("config", "head"),
    [
        ({"tied_output": True}, "the embedding decoder.embed.weight, to which it is tied"),
        ({"tied_output": False}, "logits.weight of the file"),
    ],
)
def test_the_house_s_own_format_says_it_too(checkpoint: Checkpoint, config: dict[str, Any], head: str) -> None:
    assert heads(tracer.load(checkpoint(**config))) == [(head, False)]
