"""Reading corpora: every format, what is wrong with a line, and with a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracer.corpus.sentences import LONGEST, NONE, Sentence, corpus
from tracer.errors import InputError


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_text_a_line_counted_by_lines_without_blank_ones(tmp_path):
    found = corpus(file(tmp_path, "a.txt", "\ufeff我爱你\r\n\n  \nyou\tme \nlast"))
    assert list(found) == [Sentence(1, "我爱你"), Sentence(4, "you\tme"), Sentence(5, "last")]
    assert (found.size, found.has_target) == (5, False)


def test_the_second_column_is_a_given_output(tmp_path):
    path = file(tmp_path, "a.tsv", "我\ti\textra\n你\n他\t he \n")
    assert list(corpus(path)) == [
        Sentence(1, "我", "i"),
        Sentence(2, error="there is no column 2 in this line"),
        Sentence(3, "他", "he"),
    ]
    assert list(corpus(path, target_column=NONE)) == [Sentence(1, "我"), Sentence(2, "你"), Sentence(3, "他")]
    assert next(iter(corpus(path, "3", "1"))) == Sentence(1, "extra", "我")


def test_columns_have_the_names_of_the_first_line(tmp_path):
    path = file(tmp_path, "a.tsv", "id\tzh\ten\n7\t我\ti\n")
    found = corpus(path, "zh", "en")
    assert (list(found), found.has_target) == ([Sentence(2, "我", "i")], True)
    assert list(corpus(path, "zh")) == [Sentence(2, "我")]


def test_one_column_has_no_outputs(tmp_path):
    assert list(corpus(file(tmp_path, "a.tsv", "我\n"))) == [Sentence(1, "我")]


def test_objects_a_line(tmp_path):
    lines = [{"text": "我", "en": "i"}, {"en": "i"}, {"text": 3, "en": "i"}, {"text": "他"}, [1], {"text": "\ud800"}]
    content = "\n".join([*map(json.dumps, lines), "{", "[" * 100_000])
    path = file(tmp_path, "a.jsonl", content)
    assert [one.error for one in corpus(path)] == [
        "",
        "there is no 'text' in this line",
        "'text' is no text in this line",
        "",
        "this line is no JSON object",
        "'text' has half a character in it in this line",
        "this line is no JSON",
        "this line is no JSON",
    ]
    assert [one.target for one in corpus(path, target_column="en")][:1] == ["i"]


def test_a_line_that_is_too_long_or_no_utf_8_costs_itself_alone(tmp_path):
    path = file(tmp_path, "a.txt", b"a\n" + b"b" * (LONGEST + 5) + b"\n\xff\xfe\nc\n")
    long, broken = f"this line is longer than {LONGEST} bytes", "this line is not UTF-8"
    assert list(corpus(path)) == [
        Sentence(1, "a"),
        Sentence(2, error=long),
        Sentence(3, error=broken),
        Sentence(4, "c"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "columns", "told"),
    [
        ("a.tsv", "我\ti\n", ("3",), "a.tsv: has no column '3'; there are 1, 2"),
        ("a.tsv", "zh\ten\n", ("de",), "a.tsv: has no column 'de'; there are zh, en"),
        ("a.tsv", "", (), "a.tsv: has no sentences in it"),
        ("a.jsonl", '{"zh": "我"}\n', (), "a.jsonl: has no column 'text'; there are zh"),
        ("a.jsonl", '{"text": "我"}\n', (None, "en"), "a.jsonl: has no column 'en'; there are text"),
        ("a.jsonl", "我\n", (), "a.jsonl: this line is no JSON"),
        ("a.txt", "我\n", ("zh",), "a text a line has no columns; leave out --column"),
    ],
)
def test_columns_that_are_not_there(tmp_path, name, content, columns, told):
    with pytest.raises(InputError) as caught:
        corpus(file(tmp_path, name, content), *columns)
    assert told in str(caught.value)


def test_what_is_no_file(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        list(corpus(tmp_path / "a.txt"))
    with pytest.raises(InputError, match="it is no file"):
        list(corpus(tmp_path))


def test_other_content_has_another_digest(tmp_path):
    one, other = (corpus(file(tmp_path, name, name)) for name in ("a.txt", "b.txt"))
    assert (one.digest != other.digest, len(one.digest)) == (True, 64)


def test_parquet(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"zh": ["我", None, "他"], "en": ["i", "you", "he"]}), path)
    found = corpus(path, "zh", "en")
    assert found.size == 3
    assert list(found) == [
        Sentence(1, "我", "i"),
        Sentence(2, error="'zh' is no text in this line"),
        Sentence(3, "他", "he"),
    ]
    with pytest.raises(InputError, match="has no column 'text'; there are zh, en"):
        corpus(path)
    with pytest.raises(InputError, match="can't be read as Parquet"):
        corpus(file(tmp_path, "b.parquet", "nothing"))
