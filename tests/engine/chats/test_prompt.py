"""Questions put by chat templates, held against transformers: `tests/make_chats.py` made the values."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.chats.prompt import cut, put
from tracer.chats.template import Template, read_template
from tracer.errors import InputError

from ..conftest import FIXTURES

CHATS: list[dict[str, Any]] = json.loads((FIXTURES / "chats.json").read_text(encoding="utf-8"))
SOURCES = {chat["name"]: chat["source"] for chat in CHATS}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


@pytest.fixture(scope="module")
def words() -> tracer.Model:
    return tracer.load(FIXTURES / "llama_gqa")


def chatting(directory: Path, source: Any, file: str = "chat_template.jinja") -> Path:
    """A copy of a fixture that states a chat template, in a file of its own or in one of JSON."""
    path = Path(shutil.copytree(FIXTURES / "llama_gqa", directory / "chatting"))
    other = path / file
    if file.endswith(".json"):
        stated = json.loads(other.read_text(encoding="utf-8")) if other.exists() else {}
        other.write_text(json.dumps(stated | {"chat_template": source}), encoding="utf-8")
    else:
        other.write_text(source, encoding="utf-8")
    return path


@pytest.mark.parametrize("chat", CHATS, ids=lambda chat: str(chat["name"]))
def test_a_question_is_put_and_cut_as_in_transformers(chat: dict[str, Any], words: tracer.Model) -> None:
    assert words.source is not None
    for case in chat["cases"]:
        prompt = put(Template(chat["source"], Path("t"), TOKENS), case["question"])
        assert prompt.text == case["text"]
        encoded = cut(words.source, prompt)
        assert encoded.ids == case["ids"]
        assert len(encoded.ids.roles) == len(encoded.ids.pieces) == len(case["ids"])


PARTS = {
    "chatml": [
        ("system", "<|im_start|>system\nBe brief.<|im_end|>\n"),
        ("user", "<|im_start|>user\nHow?<|im_end|>\n"),
        ("assistant", "<|im_start|>assistant\n"),
    ],
    "llama3": [
        ("", "<s>"),
        ("user", "<|start_header_id|>user<|end_header_id|>\n\nHow?<|eot_id|>"),
        ("assistant", "<|start_header_id|>assistant<|end_header_id|>\n\n"),
    ],
    "gemma": [
        ("", "<s>"),
        ("user", "<start_of_turn>user\nHow?<end_of_turn>\n"),
        ("assistant", "<start_of_turn>model\n"),
    ],
    "llama2": [("user", "<s>[INST] How? [/INST]")],
    "one turn": [("user", "Q: How?\nA:")],
}


@pytest.mark.parametrize("name", PARTS)
def test_the_parts_of_the_text_are_told_apart(name: str) -> None:
    prompt = put(Template(SOURCES[name], Path("t"), TOKENS), "How?")
    begins = [0, *(part.stop for part in prompt.parts)]
    assert [
        (part.role, prompt.text[begin : part.stop]) for begin, part in zip(begins, prompt.parts, strict=False)
    ] == PARTS[name]


def test_a_run_of_a_question_has_the_ids_and_no_second_beginning(tmp_path: Path) -> None:
    model = tracer.load(chatting(tmp_path, SOURCES["llama3"]))
    run = tracer.trace(model, chat="What is it?", max_tokens=2)
    [case] = [
        case
        for chat in CHATS
        for case in chat["cases"]
        if (chat["name"], case["question"]) == ("llama3", "What is it?")
    ]
    assert run.source_ids == case["ids"]
    assert run.source[:2] != ["<s>", "<s>"]
    assert run.source_ids.roles[:2] == ("", "user")  # type: ignore[attr-defined]
    assert run.source_ids.roles[-1] == "assistant"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("file", "stated"),
    [
        ("tokenizer_config.json", "Q {{ messages[0].content }}"),
        (
            "tokenizer_config.json",
            [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "Q {{ messages[0].content }}"}],
        ),
        ("chat_template.json", "Q {{ messages[0].content }}"),
        ("chat_template.jinja", "Q {{ messages[0].content }}"),
    ],
)
def test_where_a_template_is_stated(tmp_path: Path, file: str, stated: Any) -> None:
    model = tracer.load(chatting(tmp_path, stated, file))
    assert model.prompt("how?").text == "Q how?"


def test_the_file_of_its_own_goes_first(tmp_path: Path) -> None:
    path = chatting(tmp_path, "of the configuration", "tokenizer_config.json")
    (path / "chat_template.jinja").write_text("of the file")
    template = read_template(path)
    assert template == Template("of the file", path / "chat_template.jinja", TOKENS)


@pytest.mark.parametrize(
    ("file", "stated", "message"),
    [
        (
            "tokenizer_config.json",
            5,
            r"tokenizer_config\.json: the chat template is no text, or too long; expected",
        ),
        (
            "tokenizer_config.json",
            [{"name": "rag", "template": "x"}],
            "none of its chat templates is the default; it has rag",
        ),
        ("tokenizer_config.json", [{"name": [1]}, {}], "none of its chat templates is the default; it has none"),
        (
            "tokenizer_config.json",
            [{"name": f"\n{i}{'x' * 1000}", "template": ""} for i in range(9)],
            r"the default; it has \\n0x{38}, \\n1x{38}, \\n2x{38}, …$",
        ),
        ("tokenizer_config.json", [], "none of its chat templates is the default; it has none"),
        (
            "chat_template.jinja",
            "{% if %}",
            r"chat_template\.jinja: the chat template can't be rendered \(line 1: Expected",
        ),
        ("chat_template.jinja", "{{ raise_exception('not you') }}", r"can't be rendered \(not you\)"),
        ("chat_template.jinja", "", "has no tokens in the vocabulary"),
        ("chat_template.jinja", "a" * (1 << 20) + "b", "is no text, or too long; expected at most 1048576 characters"),
    ],
)
def test_what_is_no_template_is_refused_in_one_sentence(tmp_path: Path, file: str, stated: Any, message: str) -> None:
    model = tracer.load(chatting(tmp_path, stated, file))
    with pytest.raises(InputError, match=message) as error:
        tracer.trace(model, chat="how?")
    assert "\n" not in str(error.value)


def test_a_file_larger_than_any_template_is_not_read(tmp_path: Path) -> None:
    path = chatting(tmp_path, "")
    os.truncate(path / "chat_template.jinja", 1 << 42)
    with pytest.raises(InputError, match="is no text, or too long"):
        read_template(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zh-en-tiny", "zh-en-tiny does not go on with a text, and takes no chat"),
        (FIXTURES / "gpt2", "gpt2 states no chat_template; give the whole text"),
    ],
)
def test_a_model_without_a_chat_says_so(name: str | Path, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tracer.trace(tracer.load(name), chat="how?")


def test_a_question_is_given_alone(words: tracer.Model) -> None:
    with pytest.raises(InputError, match="give a text, its ids or a chat"):
        tracer.trace(words, "a text", chat="how?")
    with pytest.raises(InputError, match="the question is empty"):
        tracer.trace(words, chat="")
