"""Our own addresses, with their step or without."""

from __future__ import annotations

from collections.abc import Iterator

from ...tape import Record, Tape


def names(tape: Tape, _base: str) -> Iterator[tuple[str, Record]]:
    """Every address of a tape; second names are those of their records."""
    for address in tape.addresses:
        record = tape.find(address)
        yield address, record
        yield f"{tape.at}:{address}", record
