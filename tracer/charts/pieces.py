"""A module in pieces: what it is for, and around that the sums and the norms, among them the residual connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from ..operation import Trait
from ..ops.linear import Add
from ..tape import Record

Records = list[Record]


def pieces(records: Sequence[Record]) -> list[Records]:
    """The records of a module: those that work together in one list, in the order in which they end.

    From its end sums and norms are taken off, as long as all else leads there; from its beginning norms.
    """
    core, around = list(records), []
    while len(core) > 1 and (record := _outermost(core)):
        core.remove(record)
        around.append([record])
    parts = list(_connected(core))
    inner = [piece for part in parts for piece in pieces(part)] if len(parts) > 1 else parts
    return sorted([*inner, *around], key=lambda piece: piece[-1].index)


def is_sum(record: Record) -> bool:
    """Whether a record is of what is added to something else."""
    return isinstance(record.op, Add)


def _outermost(core: Records) -> Record | None:
    """A sum or a norm that all others lead to, or a norm that others begin with."""
    read = {tensor.path for record in core for tensor in record.inputs}
    ends = [record for record in core if record.address not in read]
    if len(ends) == 1 and (is_sum(ends[0]) or ends[0].has(Trait.NORM)):
        return ends[0]
    made = {record.address for record in core}
    beginnings = (record for record in core if not any(tensor.path in made for tensor in record.inputs))
    return next((record for record in beginnings if record.has(Trait.NORM) and record.inputs), None)


def _connected(records: Records) -> Iterator[Records]:
    """Records in lists, such that none of one is made from any of another."""
    left = list(records)
    while left:
        found = [left.pop(0)]
        while more := [record for record in left if _touches(record, found)]:
            found += more
            left = [record for record in left if record not in more]
        yield sorted(found, key=attrgetter("index"))


def _touches(record: Record, others: Records) -> bool:
    paths = {other.address for other in others}
    reads = {tensor.path for other in others for tensor in other.inputs}
    return record.address in reads or any(tensor.path in paths for tensor in record.inputs)
