"""The scopes around a record, as the frames of a call stack, and what lies in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ..tape import Record, Tape


class Frame(NamedTuple):
    """A scope around a record, 0 the innermost; its path, empty for the whole step; its first and last record."""

    number: int
    scope: str
    first: int
    last: int


class Entry(NamedTuple):
    """A part of a scope: one record, or a scope within it with its first and last record."""

    address: str
    first: int
    last: int


def frames(tape: Tape, record: Record) -> list[Frame]:
    """Every scope around a record, from the innermost to the whole step."""
    segments = record.address.split(".")[:-1]
    scopes = [".".join(segments[:depth]) for depth in range(len(segments), -1, -1)]
    return [Frame(number, scope, *_extent(tape, scope)) for number, scope in enumerate(scopes)]


def entries(tape: Tape, scope: str) -> list[Entry]:
    """What a scope does, in order, each scope within it as one."""
    depth = len(scope.split(".")) + 1 if scope else 1
    parts = groupby(_inside(tape, scope), lambda record: record.address.split(".")[:depth])
    return [_entry(".".join(path), list(records)) for path, records in parts]


def _entry(address: str, records: list[Record]) -> Entry:
    return Entry(address, records[0].index, records[-1].index)


def _extent(tape: Tape, scope: str) -> tuple[int, int]:
    first, *others = (record.index for record in _inside(tape, scope))
    return first, others[-1] if others else first


def _inside(tape: Tape, scope: str) -> Iterator[Record]:
    return (record for record in tape if not scope or record.address.startswith(f"{scope}."))
