"""Every format of tokenizer against transformers: text to ids to text, and pieces as people read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.errors import InputError
from tracer.pieces import token_of
from tracer.tokenizers import Spoken, Tokenizer
from tracer.tokenizers.byte_pieces import marked_byte, text_of_bytes
from tracer.tokenizers.directory import read_tokenizers

from .conftest import FIXTURES
from .tokenizer_directories import DIRECTORIES, HERE, SERIALIZED, TEXTS, Directory, json_of, texts

TYPES = {"gpt2": "gpt2", "llama_gqa": "llama", "marian_zh_en": "marian", "t5_v1_0": "t5"}
Change = Callable[..., Path]


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / name / "tokenizer_cases.json").read_text("utf-8"))["cases"]
    return found


REFERENCES: dict[str, dict[str, Any]] = json.loads((HERE / "cases.json").read_text("utf-8"))["cases"]


def both(directory: Path, model_type: str = "") -> tuple[Tokenizer, Tokenizer]:
    found = read_tokenizers(directory, model_type)
    assert found is not None
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Change:
    """Copies the tokenizer of a fixture, some files left out, some changed by the keys given for their stem."""

    def changed(name: str, without: tuple[str, ...] = (), **files: dict[str, Any]) -> Path:
        directory = tmp_path / name
        shutil.copytree(FIXTURES / name, directory, ignore=shutil.ignore_patterns("*.safetensors", *without))
        for stem, keys in files.items():
            path = directory / f"{stem}.json"
            known = json.loads(path.read_text("utf-8")) if path.exists() else {}
            path.write_text(json.dumps(known | keys), "utf-8")
        return directory

    return changed


@pytest.mark.parametrize(("name", "case"), [(name, case) for name in TYPES for case in cases(name)])
def test_ids_and_text_are_those_of_the_library(name: str, case: dict[str, Any]) -> None:
    source, target = both(FIXTURES / name, TYPES[name])
    encoded = source.encode(case["text"])
    assert encoded.ids == case["ids"]
    assert encoded.pieces == [source.piece(i) for i in case["ids"]]
    assert target.decode(case["ids"]) == case["decoded"]


@pytest.mark.parametrize("name", DIRECTORIES)
def test_ids_and_text_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    directory, expected = DIRECTORIES[name], REFERENCES[name]
    source, target = both(directory.write(tmp_path / "it"), directory.model_type)
    assert [source.encode(text).ids for text in texts(name)] == expected["ids"]
    assert [target.encode(text).ids for text in texts(name)] == expected.get("labels", expected["ids"])
    assert [target.decode(ids) for ids in expected["ids"]] == expected["decoded"]


@pytest.mark.parametrize("name", SERIALIZED)
def test_a_vocabulary_is_cut_the_same_from_every_file(name: str, tmp_path: Path) -> None:
    model_type, files, stated = SERIALIZED[name]
    kept = {key: value for key, value in stated.items() if key != "add_bos_token"}
    pieces, serialized = (
        both(Directory(model_type, found, kept).write(tmp_path / str(i)), model_type)[0]
        for i, found in enumerate((files, json_of(name)))
    )
    nasty = [*TEXTS, "".join(TEXTS), " ".join(reversed(TEXTS))]
    assert [pieces.cut(text) for text in nasty] == [serialized.cut(text) for text in nasty]


@pytest.mark.parametrize("case", cases("gpt2"))
def test_vocab_and_merges_do_what_tokenizer_json_does(copy: Change, case: dict[str, Any]) -> None:
    tokenizer, _same = both(copy("gpt2", without=("tokenizer.json",)), "gpt2")
    assert tokenizer.encode(case["text"]).ids == case["ids"]
    assert tokenizer.decode(case["ids"]) == case["decoded"]


RANKED_CASES = json.loads((HERE / "ranks.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "cut_by"),
    [("tokenizer.model", "llama3"), ("tiktoken.model", "llama3"), ("qwen.tiktoken", "qwen")],
)
def test_ranks_are_read_as_by_tiktoken(tmp_path: Path, name: str, cut_by: str) -> None:
    shutil.copy(HERE / "ranks.model", tmp_path / name)
    tokenizer, _same = both(tmp_path, "llama")
    assert [tokenizer.encode(text).ids for text in TEXTS] == RANKED_CASES[cut_by]
    assert tokenizer.decode(tokenizer.encode("naïve 我们").ids) == "naïve 我们"


def test_gpt2_s_files_may_have_the_names_that_openai_gave_them(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "gpt2" / "vocab.json", tmp_path / "encoder.json")
    shutil.copy(FIXTURES / "gpt2" / "merges.txt", tmp_path / "vocab.bpe")
    tokenizer, _same = both(tmp_path, "gpt2")
    for case in cases("gpt2"):
        assert tokenizer.encode(case["text"]).ids == case["ids"]
    assert tokenizer.files == ("encoder.json", "vocab.bpe")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (b"IQ== 0\nIg==\n", "line 2 is no piece in base64 and its rank"),
        (b"IQ== 0\nIg= 1\n", "line 2 is no piece in base64 and its rank"),
        (b"IQ== 0\n\nIg== 999999999\n", "line 3 is no piece in base64 and its rank"),
        (b"IQ== 0\n" + b"IUEh" * 400 + b" 1\n", "line 2 is no piece in base64 and its rank"),
        (b"IQ== 0\nIQ== 1\n", "a piece or a rank occurs twice"),
        (b"IQ== 0\nIg== 0\n", "a piece or a rank occurs twice"),
    ],
)
def test_ranks_that_are_broken(tmp_path: Path, lines: bytes, message: str) -> None:
    (tmp_path / "tokenizer.model").write_bytes(lines)
    with pytest.raises(InputError, match=f"tokenizer.model: {message}"):
        both(tmp_path, "llama")


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("Ġlove", "▁love"),
        ("ĠĠ", "▁▁"),
        ("Ċ", "\n"),
        ("ä½łå¥½", "你好"),
        ("ä½", r"\xe4\xbd"),
        ("ł好", "ł好"),
        ("Ã©", "é"),
        ("<|endoftext|>", "<|endoftext|>"),
    ],
)
def test_pieces_of_bytes_are_shown_as_text(piece: str, shown: str) -> None:
    assert text_of_bytes(piece) == shown


def test_every_byte_has_a_character_in_the_vocabulary_of_bytes() -> None:
    tokenizer, _same = both(FIXTURES / "gpt2")
    assert {tokenizer.piece(i) for i in range(1, 257)} >= {"a", "▁", "\n", "\x00", r"\xff", r"\x80"}


def test_a_single_byte_is_marked_as_one() -> None:
    assert [marked_byte(piece) for piece in ("<0xE4>", "<0x41>", "<0x4>", "A")] == [r"\xe4", r"\x41", "<0x4>", "A"]


@pytest.mark.parametrize("name", TYPES)
def test_pieces_run_over_the_vocabulary(name: str) -> None:
    tokenizer, _other = both(FIXTURES / name, TYPES[name])
    assert len(tokenizer.pieces) == len(tokenizer)
    assert list(tokenizer.pieces) == [tokenizer.piece(i) for i in range(len(tokenizer))]
    assert tokenizer.pieces[-1] == tokenizer.piece(len(tokenizer) - 1)
    assert tokenizer.pieces[3:5] == (tokenizer.piece(3), tokenizer.piece(4))
    assert all(tokenizer.piece(tokenizer.id_of(piece) or 0) == piece for piece in tokenizer.pieces)


def test_a_piece_is_found_without_its_blank() -> None:
    tokenizer, _same = both(FIXTURES / "gpt2")
    assert tokenizer.id_of("the") == tokenizer.id_of("▁the") == tokenizer.encode(" the").ids[0]
    assert tokenizer.id_of("nowhere to be found") is None


def test_unknown_parts_are_named() -> None:
    source, _target = both(FIXTURES / "marian_zh_en", "marian")
    assert source.encode("我们 Hello 🙂 Hello").unknown == ["Hello", "🙂"]
    tokenizer, _same = both(FIXTURES / "t5_v1_0", "t5")
    assert tokenizer.encode("the 世界").unknown == ["世界"]
    for name in ("gpt2", "llama_gqa"):
        assert both(FIXTURES / name, TYPES[name])[0].encode("世界 🙂").unknown == []


def test_the_padding_of_an_embedding_has_numbers_for_pieces() -> None:
    model = tracer.load(FIXTURES / "t5_v1_0")
    assert model.target is not None
    assert (len(model.target), model.facts.target_vocab) == (390, 396)
    assert [model.piece(i, "target") for i in (389, 390, 395)] == ["<extra_id_0>", "<id 390>", "<id 395>"]
    assert model.text([395, *model.target.encode("the").ids, 390]) == "the"
    logits = tracer.trace(model, "the", max_tokens=1)[1]["logits"]
    assert len(logits.labels["vocab"]) == logits.shape[1] == 396


@pytest.mark.parametrize("name", ["gpt2", "marian_zh_en"])
def test_ids_past_the_end_stand_for_no_text(name: str) -> None:
    tokenizer, _other = both(FIXTURES / name, TYPES[name])
    assert tokenizer.decode([10_000]) == ""
    assert tokenizer.piece(10_000) == "<id 10000>"


def test_t5_has_sentinels(copy: Change) -> None:
    tokenizer, _same = both(FIXTURES / "t5_v1_0", "t5")
    encoded = tokenizer.encode("the <extra_id_0> the<extra_id_9>")
    assert encoded.ids == [3, 4, 389, 3, 4, 380, 1]
    assert encoded.pieces == ["▁", "the", "<extra_id_0>", "▁", "the", "<extra_id_9>", "</s>"]
    assert tokenizer.decode(encoded.ids) == "the the"
    (directory := copy("t5_v1_0")).joinpath("tokenizer_config.json").unlink()
    assert len(both(directory)[0]) == 480


@pytest.mark.parametrize("special", [True, False])
def test_llama_finds_added_tokens(copy: Change, special: bool) -> None:
    added = {"added_tokens_decoder": {"420": {"content": "<|end|>", "special": special}, "1": {"content": "<s>"}}}
    tokenizer, _same = both(copy("llama_gqa", tokenizer_config=added), "llama")
    ids = tokenizer.encode("The<|end|>").ids
    assert ids == [1, 269, 420]
    assert tokenizer.decode(ids) == ("The" if special else "The<|end|>")
    assert len(tokenizer) == 421


def test_special_tokens_in_a_text_are_found_whole(copy: Change) -> None:
    plain = both(copy("gpt2", without=("tokenizer.json", "tokenizer_config.json")))[0]
    assert plain.encode("a<|endoftext|>a").ids == [65, 0, 65]
    assert plain.decode([65, 0, 65]) == "aa"


def test_bart_encloses_a_text(copy: Change) -> None:
    vocabulary = {"<s>": 480, "</s>": 481}
    directory = copy("gpt2", without=("tokenizer.json", "tokenizer_config.json"), vocab=vocabulary)
    assert both(directory, "bart")[0].encode("a").ids == [480, 65, 481]
    assert both(directory, "gpt2")[0].encode("a").ids == [65]


def test_marian_translates_into_the_language_named(copy: Change) -> None:
    source, _target = both(copy("marian_zh_en", vocab={">>fra<<": 352}), "marian")
    plain = source.encode("我们").ids
    assert source.encode(">>fra<< 我们").ids == [352, *plain]
    assert source.encode(">>fra<<我们").pieces[0] == ">>fra<<"
    assert source.encode(">>xyz<< 我们").unknown == [">>xyz<<"]
    assert source.writes == ["fra"]
    towards_french = source.speaking(Spoken(target="fra"))
    assert towards_french.encode("我们").ids == towards_french.encode(">>fra<< 我们").ids == [352, *plain]
    with pytest.raises(InputError, match="the text asks for >>xyz<<, and target-lang for >>fra<<"):
        towards_french.encode(">>xyz<< 我们")


def test_marian_may_have_two_vocabularies(copy: Change) -> None:
    numbers = json.loads((FIXTURES / "marian_zh_en" / "vocab.json").read_text("utf-8"))
    turned = {piece: len(numbers) - 1 - i for piece, i in numbers.items()}
    directory = copy("marian_zh_en", target_vocab=turned, tokenizer_config={"separate_vocabs": True})
    source, target = both(directory, "marian")
    ids = source.encode("the").ids
    assert target.encode("the").ids != ids
    assert target.decode([len(numbers) - 1 - i for i in source.cut("in the").ids]) == "in the"


@pytest.mark.parametrize("kind", ["GPT2Tokenizer", "Qwen2Tokenizer", "PreTrainedTokenizerFast"])
def test_a_vocabulary_is_read_once_at_most(copy: Change, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, read, seen = copy("gpt2", tokenizer_config={"tokenizer_class": kind}), Path.read_bytes, []

    def reading(path: Path) -> bytes:
        seen.append(path.name)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    monkeypatch.setattr(Path, "read_text", None)
    both(directory)
    assert seen.count("tokenizer.json") == 1


def test_a_directory_may_have_none(tmp_path: Path) -> None:
    assert read_tokenizers(tmp_path, "gpt2") is None
    model = tracer.load(FIXTURES / "torch_post")
    assert model.piece(5, "target") == "5"
    with pytest.raises(InputError, match="has no tokenizer; give token ids with --ids"):
        tracer.trace(model, "text")


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        ("gpt2", "tokenizer.json", r"tokenizer\.json: is no JSON"),
        ("gpt2", "vocab.json", r"vocab\.json: is no vocabulary of byte pairs"),
        ("gpt2", "merges.txt", r"vocab\.json: is no vocabulary of byte pairs"),
        ("gpt2", "tokenizer_config.json", r"tokenizer_config\.json: is no JSON"),
        ("llama_gqa", "tokenizer.model", r"tokenizer\.model: is no SentencePiece model"),
        ("t5_v1_0", "spiece.model", r"spiece\.model: is no SentencePiece model"),
        ("marian_zh_en", "target.spm", r"target\.spm: is no SentencePiece model"),
        ("marian_zh_en", "vocab.json", r"vocab\.json: is no JSON"),
    ],
)
@pytest.mark.parametrize("content", [b"\xff\xfenonsense", b""])
def test_a_broken_file_is_named(copy: Change, name: str, file: str, message: str, content: bytes) -> None:
    directory = copy(name, without=("tokenizer.json",) if file in ("vocab.json", "merges.txt") else ())
    (directory / file).write_bytes(content)
    if (file, content) == ("merges.txt", b""):
        assert both(directory)[0].encode("the").pieces == ["t", "h", "e"]
        return
    with pytest.raises(InputError, match=message) as caught:
        read_tokenizers(directory, TYPES[name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ({"a": 0, "</s>": 1}, "has no token <unk>"),
        ({"<unk>": 0}, "has no token </s>"),
        ({"<unk>": "0", "</s>": 1}, "expected a vocabulary, from pieces to ids"),
        ({"<unk>": 1 << 40, "</s>": 1}, "expected a vocabulary, from pieces to ids"),
        ({}, "has no token <unk>"),
    ],
)
def test_a_vocabulary_that_makes_no_sense(copy: Change, vocabulary: dict[str, Any], message: str) -> None:
    directory = copy("marian_zh_en")
    (directory / "vocab.json").write_text(json.dumps(vocabulary))
    with pytest.raises(InputError, match=message):
        read_tokenizers(directory, "marian")


@pytest.mark.parametrize(
    ("name", "gone"), [("marian_zh_en", "target.spm"), ("marian_zh_en", "vocab.json"), ("gpt2", "vocab.json")]
)
def test_half_a_tokenizer_is_an_error(copy: Change, name: str, gone: str) -> None:
    with pytest.raises(InputError, match=f"stands alone; {gone} is missing beside it"):
        read_tokenizers(copy(name, without=(gone, "tokenizer.json")), TYPES[name])


@pytest.mark.parametrize(
    ("name", "text", "pieces"),
    [
        ("marian_zh_en", "我们 Hello 🙂 Hello", {"<unk Hello>": 2, "<unk 🙂>": 1}),
        ("t5_v1_0", "the 世界 the 世界", {"<unk 世界>": 2}),
        ("marian_zh_en", ">>xyz<< 我们", {"<unk >>xyz<<>": 1}),
        ("gpt2", "世界 🙂", {}),
    ],
)
def test_an_unknown_piece_says_what_it_stands_for(name, text, pieces):
    encoded = both(FIXTURES / name, TYPES[name])[0].encode(text)
    found = [piece for piece in encoded.ids.pieces if piece.startswith("<unk")]
    assert {piece: found.count(piece) for piece in found} == pieces
    assert list(map(token_of, encoded.ids.pieces)) == encoded.pieces
