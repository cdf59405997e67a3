"""What lies downstream of edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..addresses import At
from ..tape import Record, Tape


def downstream(
    tape: Tape,
    known: Mapping[At, frozenset[str]],
    reads_otherwise: bool,
    is_made_otherwise: Callable[[Record], bool] = lambda _record: False,
) -> frozenset[str]:
    """The paths of the records that edits are of, or that come of such.

    ``known`` are those of earlier passes. ``reads_otherwise`` says that the tokens read are not those of a run without
    edits, so that what is looked up for them comes of edits too; ``is_made_otherwise`` says it of a record whose
    parameters or settings are not those of the model without edits.
    """
    found = set[str]()

    def comes_of_edits(record: Record) -> bool:
        if record.edits or is_made_otherwise(record) or (reads_otherwise and "ids" in record.parameters):
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
