"""What lies downstream of edits."""

from __future__ import annotations

from collections.abc import Mapping

from ..addresses import At
from ..tape import Record, Tape


def downstream(tape: Tape, known: Mapping[At, frozenset[str]], reads_otherwise: bool) -> frozenset[str]:
    """The paths of the records that edits are of, or that come of such.

    ``known`` are those of earlier passes. ``reads_otherwise`` says that the tokens read are not those of a run without
    edits, so that what is looked up for them comes of edits too.
    """
    found = set[str]()

    def comes_of_edits(record: Record) -> bool:
        if record.edits or (reads_otherwise and "ids" in record.parameters):
            return True
        return any(
            tensor.path in (found if tensor.at == tape.at else known.get(tensor.at, ()))
            for tensor in record.inputs
            if tensor.at is not None
        )

    for record in tape:
        if comes_of_edits(record):
            found.add(record.address)
    return frozenset(found)
