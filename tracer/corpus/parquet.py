"""Tables as Parquet: a corpus, the answers of a part, and the parts as one file. pyarrow is imported here alone."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..i18n import _
from ..outward import SHORT
from ..tensor import Array
from ..whole import whole
from .columns import Columns, Meaning
from .sentences import TEXT, Corpus, Sentence, check_names, named

KEPT = b"tx-trace"
"""Under this key a table says what was asked, and a column what it is of."""
AT_ONCE = 1024
"""rows of a corpus"""
_FIXED: Mapping[str, Any] = {
    "sentence": pa.int64(),
    "run": pa.int32(),
    "step": pa.int32(),
    "address": pa.string(),
    "position": pa.int32(),
    "read": pa.string(),
    "token": pa.string(),
    "text": pa.string(),
    "target": pa.string(),
    "expression": pa.string(),
    "error": pa.string(),
}
"""Columns of which the type is known."""


class Rows(Corpus):
    """A Parquet file, some of whose columns are texts."""

    def records(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        columns = [name for name in dict.fromkeys((self._column, self._target)) if name is not None]
        number = 0
        with _reading(self.path) as file:
            for batch in file.iter_batches(AT_ONCE, columns=columns):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record

    def _sentence(self, number: int, record: Mapping[str, Any]) -> Sentence:
        return named(number, record, self._column, self._target)

    @property
    def _column(self) -> str:
        return self.column or TEXT

    @property
    def _target(self) -> str | None:
        return self.target_column if self.has_target else None

    @property
    def size(self) -> int:
        with _reading(self.path) as file:
            return int(file.metadata.num_rows)

    def check(self) -> None:
        with _reading(self.path) as file:
            check_names(self, file.schema_arrow.names)


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """A Parquet file, open; raises `InputError` where it is none, or can't be read."""
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        reason = SHORT.repr(str(error).partition("\n")[0])
        raise InputError(_("{path}: can't be read as Parquet ({reason})").format(path=path, reason=reason)) from error


def packed(columns: Columns, told: Mapping[str, Any]) -> bytes:
    """A table as the bytes of a Parquet file, which says what was asked."""
    lists = columns.whole().lists
    order = [*(name for name in _FIXED if name in lists and name != "error"), *_valued(columns)]
    others = [name for name in lists if name not in (*order, "error")]
    fields, arrays = [], []
    for name in (*order, *others, "error"):
        cells = lists.get(name, [None] * columns.rows)
        array = _fixed(cells, _FIXED[name]) if name in _FIXED else _typed(cells)
        meaning = columns.meanings.get(name)
        fields.append(pa.field(name, array.type, metadata=None if meaning is None else _written(meaning)))
        arrays.append(array)
    schema = pa.schema(fields, metadata={KEPT: json.dumps(told)})
    stream = BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), stream, use_dictionary=_repeating(schema))
    return stream.getvalue()


def _repeating(schema: Any) -> list[str]:
    """The columns whose cells come again and again: texts; numbers are as short as the places where they stood."""
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _valued(columns: Columns) -> list[str]:
    return [name for name in columns.lists if name in columns.meanings]


def _fixed(cells: Sequence[Any], kind: Any) -> Any:
    """Cells of a type; what no text can have is written out."""
    try:
        return pa.array(cells, kind)
    except UnicodeEncodeError:
        return pa.array([None if cell is None else _writable(cell) for cell in cells], kind)


def _writable(cell: Any) -> str:
    return str(cell).encode("utf-8", "backslashreplace").decode()


def _number(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf


def _typed(cells: Sequence[Any]) -> Any:
    """Cells of one type; numbers of several as floats, anything else of several as texts."""
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError):
        kinds = {type(cell) for cell in cells if cell is not None}
        as_one = _number if kinds <= {bool, int, float} else _writable
        return pa.array([None if cell is None else as_one(cell) for cell in cells])


def _written(meaning: Meaning) -> dict[bytes, str]:
    return {KEPT: json.dumps({"expression": meaning.expression, "axes": dict(meaning.places)})}


def kept(path: Path) -> Mapping[str, Any]:
    """What was asked in a table; raises `InputError` where it does not say, or can't be read."""
    with _reading(path) as file:
        try:
            found = json.loads((file.schema_arrow.metadata or {})[KEPT])
        except (KeyError, ValueError, RecursionError):
            found = None
    if not isinstance(found, dict):
        raise InputError(_("{path}: is no table that survey wrote").format(path=path))
    return found


def join(parts: Sequence[Path], path: Path) -> None:
    """Parts as one file, whole or not at all, each a row group; a column that a part lacks says nothing in it.

    Raises:
        InputError: a part can't be read, or the file can't be written.
    """
    schema = _united(parts)
    with whole(path) as stream, pq.ParquetWriter(stream, schema, use_dictionary=_repeating(schema)) as writer:
        for part in parts:
            with _reading(part) as file:
                writer.write_table(_filled(file.read(), schema))


def _united(parts: Sequence[Path]) -> Any:
    """The columns of all parts, the errors last."""
    fields: dict[str, Any] = {}
    metadata = None
    for part in parts:
        with _reading(part) as file:
            schema = file.schema_arrow
        metadata = metadata or schema.metadata
        for field in schema:
            fields[field.name] = field if field.name not in fields else _wider(fields[field.name], field)
    fields["error"] = fields.pop("error")
    return pa.schema(fields.values(), metadata=metadata)


def _wider(one: Any, other: Any) -> Any:
    """The column that both can be."""
    if one.type == other.type or pa.types.is_null(other.type):
        return one
    if pa.types.is_null(one.type):
        return one.with_type(other.type)
    is_text = pa.types.is_string(one.type) or pa.types.is_string(other.type)
    return one.with_type(pa.string() if is_text else pa.float64())


def _filled(table: Any, schema: Any) -> Any:
    arrays = [
        pa.nulls(len(table), field.type)
        if field.name not in table.column_names
        else _cast(table.column(field.name), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _cast(column: Any, to: Any) -> Any:
    if pa.types.is_boolean(column.type) and pa.types.is_floating(to):
        column = column.cast(pa.int8())
    return column.cast(to)


class Answered:
    """A table that survey wrote, column by column."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = kept(path)
        with _reading(path) as file:
            schema = file.schema_arrow
        self.meanings = {field.name: found for field in schema if (found := _read(field)) is not None}
        self.names: Sequence[str] = schema.names

    def column(self, name: str) -> Array:
        """The cells of a column: numbers with nan where there are none, else objects."""
        with _reading(self.path) as file:
            cells = file.read([name]).column(0)
        if pa.types.is_boolean(cells.type):
            cells = cells.cast(pa.int8())
        if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
            return np.asarray(cells.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        return np.array(cells.to_pylist(), object)


def _read(field: Any) -> Meaning | None:
    written = (field.metadata or {}).get(KEPT)
    if written is None:
        return None
    try:
        found = json.loads(written)
        return Meaning(str(found["expression"]), tuple((axis, str(place)) for axis, place in found["axes"].items()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
