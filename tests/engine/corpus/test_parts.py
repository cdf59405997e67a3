"""Tables as Parquet, part by part: what is written, gone on with, refused, and read back."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("distributed")
import pyarrow.parquet as pq  # noqa: E402

from tracer.corpus import parts as module  # noqa: E402
from tracer.corpus.asking import Asked  # noqa: E402
from tracer.corpus.columns import Columns, Meaning  # noqa: E402
from tracer.corpus.parquet import Answered, join, kept, packed  # noqa: E402
from tracer.corpus.parts import Parts  # noqa: E402
from tracer.corpus.plan import Plan, Source  # noqa: E402
from tracer.corpus.questions import question  # noqa: E402
from tracer.corpus.running import carried_out  # noqa: E402
from tracer.corpus.sentences import corpus  # noqa: E402
from tracer.errors import InputError  # noqa: E402

TEXTS = ["我爱你", "你爱我", "猫" * 40, "他们喜欢猫", "她爱他"]


@pytest.fixture
def lines(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PART", 2)
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(TEXTS), encoding="utf-8")
    return corpus(path)


def plan(*texts, **told):
    asked = Asked(tuple(map(question, texts or ("far=entropy(dec.*.cross.weights[:, -1])",))))
    return Plan(Source("zh-en-tiny"), asked, None, {"version": "1", **told}, "en")


def made(plan, lines, output, stop=99):
    """Make so many parts, and the whole where that is all."""
    parts = Parts(output)
    parts.prepare(plan, resume=bool(parts.there()), force=False)
    for n, _standing in enumerate(carried_out(plan, lines, parts), 1):
        if n == stop:
            return
    parts.join()


def test_what_is_written_says_what_was_asked(tmp_path, lines):
    made(plan(model="m"), lines, tmp_path / "out.parquet")
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert json.loads(schema.metadata[b"tx-trace"]) == {"version": "1", "model": "m"} == kept(tmp_path / "out.parquet")
    types = {field.name: str(field.type) for field in schema}
    assert types["sentence"] == "int64"
    assert (types["step"], types["token"], types["far.layer0.head1"], types["error"]) == (
        "int32",
        "string",
        "double",
        "string",
    )
    found = Answered(tmp_path / "out.parquet").meanings["far.layer0.head1"]
    assert found == Meaning("far", (("layer", "0"), ("head", "1")))
    assert not (tmp_path / "out.parquet.parts").exists()


def test_pandas_reads_the_same(tmp_path, lines):
    pandas = pytest.importorskip("pandas")
    made(plan(), lines, tmp_path / "out.parquet")
    frame, table = pandas.read_parquet(tmp_path / "out.parquet"), pq.read_table(tmp_path / "out.parquet")
    assert list(frame.columns) == table.column_names
    assert frame["far.layer0.head0"].dropna().tolist() == table["far.layer0.head0"].drop_null().to_pylist()
    assert sorted(frame["sentence"].unique()) == [1, 2, 3, 4, 5]
    assert frame["error"].dropna().str.contains("takes at most 12 tokens").tolist() == [True]


def test_it_goes_on_where_it_was_left(tmp_path, lines):
    whole, output = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    made(plan(), lines, whole)
    made(plan(), lines, output, stop=2)
    assert sorted(path.name for path in (tmp_path / "out.parquet.parts").iterdir()) == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    first = (tmp_path / "out.parquet.parts" / "part-00000.parquet").stat().st_mtime_ns
    parts = Parts(output)
    assert parts.prepare(plan(), resume=True, force=False) is False
    assert [task.number for task in parts.missing(lines)] == [2]
    assert first == (tmp_path / "out.parquet.parts" / "part-00000.parquet").stat().st_mtime_ns
    made(plan(), lines, output)
    assert pq.read_table(output).equals(pq.read_table(whole), check_metadata=True)
    assert parts.prepare(plan(), resume=True, force=False) is True


def test_what_is_there_already_is_refused(tmp_path, lines):
    output = tmp_path / "out.parquet"
    made(plan(), lines, output, stop=1)
    parts = Parts(output)
    with pytest.raises(InputError, match="add --resume to go on, or --force to begin anew"):
        parts.prepare(plan(), resume=False, force=False)
    with pytest.raises(InputError, match="was made with other values of this: the expressions"):
        parts.prepare(plan(expressions={"a": "2"}), resume=True, force=False)
    (parts.folder / "mine.txt").write_text("kept")
    parts.prepare(plan(), resume=False, force=True)
    assert [path.name for path in parts.folder.iterdir()] == ["mine.txt"]
    (parts.folder / "mine.txt").unlink()
    made(plan(), lines, output)
    with pytest.raises(InputError, match="is there already; add --force"):
        parts.prepare(plan(), resume=False, force=False)
    with pytest.raises(InputError, match="was made with other values of this: the version of tx-trace"):
        parts.prepare(plan(version="2"), resume=True, force=False)


def test_what_another_program_wrote_is_nothing_to_go_on_with(tmp_path):
    output = tmp_path / "out.parquet"
    pq.write_table(pa.table({"a": [1]}), output)
    with pytest.raises(InputError, match="is no table that survey wrote"):
        Parts(output).prepare(plan(), resume=True, force=False)
    output.write_bytes(b"nothing")
    with pytest.raises(InputError, match="can't be read as Parquet"):
        Parts(output).prepare(plan(), resume=True, force=False)


def test_a_full_disk_leaves_the_parts_before(tmp_path, lines, monkeypatch):
    output = tmp_path / "out.parquet"
    parts = Parts(output)
    parts.prepare(plan(), resume=False, force=False)
    going = carried_out(plan(), lines, parts)
    next(going)

    def full(*_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="can't be written"):
        next(going)
    assert [path.name for path in parts.folder.iterdir()] == ["part-00000.parquet"]


def test_parts_whose_columns_differ_make_one_table(tmp_path):
    tables = [{"a": [1, 2]}, {"b": ["x"], "a": [0.5]}, {"a": [True], "error": ["no"]}, {"sentence": [4]}]
    paths = [tmp_path / f"{n}.parquet" for n in range(len(tables))]
    for n, (path, columns) in enumerate(zip(paths, tables, strict=True)):
        found = Columns()
        found.add(len(next(iter(columns.values()))), {"sentence": [n] * len(next(iter(columns.values()))), **columns})
        found.mean([Meaning(name) for name in columns if name in "ab"] or [Meaning("c")])
        path.write_bytes(packed(found, {}))
    join(paths, tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert found["a"] == [1.0, 2.0, 0.5, 1.0, None]
    assert found["b"] == [None, None, "x", None, None]
    assert list(found)[-1] == "error"
    assert found["error"] == [None, None, None, "no", None]


def test_values_of_several_types_are_of_one():
    found = Columns()
    cells = {"a": [True, 2.5, None], "b": ["x", 1, None], "c": [2**70, -(10**400), None], "d": ["\ud800", None, "x"]}
    found.add(3, {"sentence": [1, 2, 3], "read": ["\ud800", None, "我"], **cells})
    table = pq.read_table(pa.BufferReader(packed(found, {})))
    assert table["a"].to_pylist() == [1.0, 2.5, None]
    assert table["b"].to_pylist() == ["x", "1", None]
    assert table["c"].to_pylist() == [2.0**70, -math.inf, None]
    assert table["d"].to_pylist() == ["\\ud800", None, "x"]
    assert table["read"].to_pylist() == ["\\ud800", None, "我"]


def test_a_column_that_says_nonsense_of_itself_is_none_of_values(tmp_path):
    told = {b"tx-trace": b"{}"}
    fields = [pa.field("a", pa.int64(), metadata={"tx-trace": bad}) for bad in ("[]", "{", "[" * 99_999, '{"axes": 1}')]
    fields = [field.with_name(str(n)) for n, field in enumerate(fields)]
    pq.write_table(pa.table([[1]] * 4, schema=pa.schema(fields, metadata=told)), tmp_path / "a.parquet")
    assert Answered(tmp_path / "a.parquet").meanings == {}
