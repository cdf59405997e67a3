"""What is said of a tokenizer when its checkpoint opens: contradictions, and statements that nothing follows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.decisions import TOKENIZER, Decisions
from tracer.errors import InputError
from tracer.tokenizers.directory import read_tokenizers

from .tokenizer_directories import (
    DIRECTORIES,
    FIXTURES,
    FLAGS,
    GPT2,
    GPT2_JSON,
    HERE,
    LLAMA,
    MARIAN,
    MBART,
    T5,
    Directory,
    json_of,
    named,
)

STATED = "tokenizer_config.json: "
GEMMA = named("GemmaTokenizer")
LENGTHS = [
    f"tokenizer.json: {key} is not followed: a text is read whole, and alone" for key in ("truncation", "padding")
]
FLAG_NAMES = ("add_bos_token", "add_eos_token")
MORE = [
    f"{token} is stated to be {stated}, which does not hold: the tokenizers library numbers it {{}}"
    for token, stated in (("<more>", 3000), ("[INST]", 3001), ("hi", 3002))
]


def told(directory: Directory, path: Path) -> list[str]:
    """What is told unasked."""
    decisions = Decisions()
    read_tokenizers(directory.write(path / "it"), directory.model_type, decisions)
    return [str(decision.what) for decision in decisions if decision.odd]


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("gpt2 json, lengths", LENGTHS),
        ("followed json, lengths", LENGTHS),
        (
            "gpt2 json, prefix stated",
            [
                "tokenizer.json: its pre_tokenizer is not followed: "
                "GPT2Tokenizer, as which transformers reads it, has its own"
            ],
        ),
        (
            "llama json, as before",
            [
                "tokenizer.json: its normalizer, pre_tokenizer is not followed: "
                "LlamaTokenizer, as which transformers reads it, has its own"
            ],
        ),
        ("llama json, as before, followed", []),
        ("gpt2 pairs, more", [note.format(480 + i) for i, note in enumerate(MORE)]),
        ("llama pieces, bare", ["tokenizer.model: no <s> goes before a text, since nothing states add_bos_token"]),
        ("llama pieces, no bos", [f"{STATED}add_bos_token is true, and no token is the bos_token"]),
        (
            "bart json",
            [f"{STATED}add_bos_token is false, which is not followed: RobertaTokenizer says what encloses a text"],
        ),
        ("marian, one of two", ["target_vocab.json is not read, since nothing states separate_vocabs"]),
    ],
)
def test_contradictions_are_told(name: str, notes: list[str], tmp_path: Path) -> None:
    assert told(DIRECTORIES[name], tmp_path) == notes


@pytest.mark.parametrize(
    "name",
    [
        *("gpt2 pairs", "gpt2 json", "qwen2 pairs", "bart pairs", "marian", "t5 pieces", "mistral tekken"),
        *("llama pieces", "mbart pieces, languages", "mbart50 pieces"),
        *(f"{name} json, saved" for name in ("llama", "mistral", "t5", "mbart", "mbart50", "qwen2")),
    ],
)
def test_what_is_as_usual_is_not_told(name: str, tmp_path: Path) -> None:
    assert told(DIRECTORIES[name], tmp_path) == []


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize(
    ("files", "model_type", "does"),
    [(GPT2_JSON, "gpt2", (False, False)), (T5, "t5", (False, True)), (MARIAN, "marian", (False, True))],
)
def test_a_flag_that_is_not_followed_is_told(
    files: dict[str, Path], model_type: str, does: tuple[bool, bool], flags: dict[str, bool], tmp_path: Path
) -> None:
    notes = told(Directory(model_type, files, {"bos_token": "<s>", **flags}), tmp_path)
    lost = [flag for flag, done in zip(FLAG_NAMES, does, strict=True) if flags.get(flag, done) != done]
    assert [note.split()[1] for note in notes if note.startswith(STATED)] == lost


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("do_lower_case", True),
        ("lowercase", True),
        ("strip_accents", True),
        ("keep_accents", False),
        ("remove_space", False),
        ("tokenize_chinese_chars", False),
        ("do_basic_tokenize", False),
        ("sp_model_kwargs", {"enable_sampling": True}),
        ("fix_mistral_regex", True),
        ("auto_map", {"AutoTokenizer": ["theirs.Tokenizer", None]}),
        ("fast_tokenizer_files", ["tokenizer.4.0.json"]),
    ],
)
@pytest.mark.parametrize(
    ("files", "model_type"), [(GPT2, "gpt2"), (GPT2_JSON, "llama"), (T5, "t5"), (MARIAN, "marian")]
)
def test_a_setting_that_is_not_followed_is_named(
    files: dict[str, Path], model_type: str, key: str, value: Any, tmp_path: Path
) -> None:
    assert told(Directory(model_type, files, {key: value}), tmp_path) == [
        f"{STATED}{key} is {json.dumps(value)[:40]}, which is not followed"
    ]


@pytest.mark.parametrize(
    ("directory", "stated"),
    [
        (Directory("mbart", MBART, {"add_prefix_space": False}), "false"),
        (Directory("t5", T5, {"add_prefix_space": False}), "false"),
        (Directory("llama", GPT2_JSON, {"add_prefix_space": True}), "true"),
    ],
)
def test_a_blank_before_a_text_that_is_not_there_is_told(directory: Directory, stated: str, tmp_path: Path) -> None:
    assert told(directory, tmp_path) == [f"{STATED}add_prefix_space is {stated}, which is not followed"]


@pytest.mark.parametrize(
    ("directory", "file", "by", "name"),
    [
        (Directory("llama", GPT2), "vocab.json", "GPT2Tokenizer", "TokenizersBackend"),
        (Directory("gpt2", T5), "spiece.model", "T5Tokenizer", "GPT2Tokenizer"),
        (Directory("t5", MARIAN), "source.spm", "MarianTokenizer", "T5Tokenizer"),
        (Directory("t5", MBART), "sentencepiece.bpe.model", "XLMRobertaTokenizer", "T5Tokenizer"),
        (Directory("marian", json_of("t5")), "tokenizer.json", "TokenizersBackend", "MarianTokenizer"),
        (
            Directory("llama", json_of("llama"), GEMMA),
            "tokenizer.json",
            "TokenizersBackend",
            "GemmaTokenizer",
        ),
        (Directory("llama", LLAMA, GEMMA), "tokenizer.model", "TokenizersBackend", "GemmaTokenizer"),
    ],
)
def test_files_of_another_class_are_read_as_such_files_mostly_are(
    directory: Directory, file: str, by: str, name: str, tmp_path: Path
) -> None:
    wanted = f"{file} is read as by {by}: {name}, which the directory asks for, is not known, or has no file here"
    assert wanted in told(directory, tmp_path)


def test_the_file_that_cuts_the_words_is_listed() -> None:
    model = tracer.load(FIXTURES / "gpt2")
    listed = [str(decision.what) for decision in model.decisions.told if decision.about == TOKENIZER]
    assert listed == ["read from tokenizer.json, as GPT2Tokenizer does"]


@pytest.mark.parametrize("name", ["zh-en", "zh-en-tiny", "gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0"])
def test_there_is_nothing_to_tell_of_what_is_well_known(name: str) -> None:
    model = tracer.load(name if name.startswith("zh-en") else FIXTURES / name)
    assert [decision for decision in model.decisions if decision.about == TOKENIZER and decision.odd] == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("vocab.json", "vocab.json holds pieces, and nothing that says how a text is cut into them"),
    ],
)
def test_a_file_that_can_not_be_used_alone_is_named_where_a_text_is_given(
    name: str, reason: str, tmp_path: Path
) -> None:
    directory = tmp_path / "gpt2"
    tokenizer = shutil.ignore_patterns("tokenizer*", "merges.txt", "vocab.json")
    shutil.copytree(FIXTURES / "gpt2_untied", directory, ignore=tokenizer)
    (directory / name).write_text("{}")
    model = tracer.load(directory)
    assert len(tracer.trace(model, ids=[1, 2], max_tokens=1).output_ids) == 1
    for given in ({"text": "a"}, {"ids": [1], "target": "a"}):
        with pytest.raises(InputError, match=f"^{reason}.*; give token ids with --ids$"):
            tracer.trace(model, **given)


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it["post_processor"]["special_tokens"].clear(), "post_processor names .*, and gives it no id"),
        (lambda it: it["model"].update(merges=["q q q"]), r"tokenizer\.json: is no "),
        (lambda it: it["model"].update(vocab=5), r"tokenizer\.json: is no "),
        (lambda it: it.update(normalizer={"type": "Precompiled"}), r"tokenizer\.json: is no "),
        (lambda it: it["added_tokens"][0].update(id="0"), r"tokenizer\.json: is no "),
        (lambda it: it.pop("model"), r"tokenizer\.json: is no "),
    ],
)
@pytest.mark.parametrize("model_type", ["gpt2", "llama"])
def test_a_broken_tokenizer_json_is_one_sentence(model_type: str, change: Change, message: str, tmp_path: Path) -> None:
    enclosed = DIRECTORIES["flags 0: gpt2 json, enclosed"]
    directory = enclosed.write(tmp_path / "it")
    content = json.loads((directory / "tokenizer.json").read_text("utf-8"))
    change(content)
    (directory / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_tokenizers(directory, model_type)[0].encode("a")  # type: ignore[index]
    assert "\n" not in str(caught.value)


def test_a_vocabulary_of_words_without_an_unknown_one_is_one_sentence(tmp_path: Path) -> None:
    def words(content: dict[str, Any]) -> None:
        content.update(model={"type": "WordLevel", "vocab": {"q": 0}, "unk_token": "?"}, added_tokens=[])

    directory = Directory("llama", GPT2_JSON, edit=words).write(tmp_path / "it")
    tokenizer, _same = read_tokenizers(directory, "llama") or ()
    assert tokenizer.encode("q").ids == [0]
    with pytest.raises(InputError, match=r"^'a' can't be cut into tokens \(WordLevel error: Missing"):
        tokenizer.encode("a")


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (
            {"added_tokens_decoder": {"9" * 5000: {"content": "x"}}},
            "added_tokens_decoder is '9{39}…; expected a token id",
        ),
        ({"added_tokens_decoder": {"-1": {"content": "x"}}}, "added_tokens_decoder is '-1'; expected a token id"),
        ({"added_tokens_decoder": {"1": {"content": 5}}}, "added_tokens_decoder is {'content': 5}; expected a token"),
        ({"added_tokens_decoder": [1]}, r"added_tokens_decoder is \[1\]; expected a JSON object"),
        ({"bos_token": 5}, "bos_token is 5; expected a token"),
        ({"eos_token": {"content": "\ud800"}}, "eos_token is .*; expected a token"),
        ({"additional_special_tokens": "x"}, "additional_special_tokens is 'x'; expected a list of tokens"),
    ],
)
@pytest.mark.parametrize(("files", "model_type"), [(GPT2, "gpt2"), (GPT2_JSON, "llama"), (MARIAN, "marian")])
def test_a_token_that_is_none_is_one_sentence(
    files: dict[str, Path], model_type: str, stated: dict[str, Any], message: str, tmp_path: Path
) -> None:
    directory = Directory(model_type, files, stated)
    with pytest.raises(InputError, match=rf"tokenizer_config\.json: {message}"):
        read_tokenizers(directory.write(tmp_path / "it"), model_type)


def test_ids_of_added_tokens_are_ids(tmp_path: Path) -> None:
    directory = Directory("gpt2", GPT2, beside={"added_tokens.json": {"x": "five"}})
    with pytest.raises(InputError, match=r"added_tokens\.json: x is 'five'; expected a token id"):
        read_tokenizers(directory.write(tmp_path / "it"), "gpt2")


def test_what_no_token_stands_for_is_named(tmp_path: Path) -> None:
    directory = tmp_path / "gpt2"
    shutil.copytree(FIXTURES / "gpt2", directory)
    content = json.loads((directory / "tokenizer.json").read_text("utf-8"))
    content["model"].update(vocab={"q": 5}, merges=[])
    (directory / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    model = tracer.load(directory)
    assert model.source_ids("qé q") == ([5, 5], ["é"])
    with pytest.raises(InputError, match=r"^'é' has no tokens in the vocabulary of gpt2$"):
        tracer.trace(model, "é")


@pytest.mark.parametrize("name", ["gpt2", "llama_gqa", "marian_zh_en", "t5_v1_0", "zh-en-tiny"])
def test_half_a_character_is_one_sentence(name: str) -> None:
    model = tracer.load(name if name == "zh-en-tiny" else FIXTURES / name)
    for given in ({"text": "a\ud83d"}, {"ids": [1], "target": "a\ud83d"}):
        with pytest.raises(InputError, match="holds half a character, which no text can"):
            tracer.trace(model, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.pop("config"), r"tekken\.json: is no tekken\.json"),
        (lambda it: it.pop("special_tokens"), r"tekken\.json: lists no special_tokens"),
        (lambda it: it["special_tokens"].pop(1), "special_tokens must be ranked from 0 on, with <s> among them"),
        (lambda it: it["vocab"][0].update(token_bytes="?"), r"tekken\.json: is no tekken\.json"),
    ],
)
def test_a_broken_tekken_is_one_sentence(change: Change, message: str, tmp_path: Path) -> None:
    content = json.loads((HERE / "tekken.json").read_text("utf-8"))
    change(content)
    (tmp_path / "tekken.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match=message):
        read_tokenizers(tmp_path, "mistral")
