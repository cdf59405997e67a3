"""Our own addresses, with their step or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...tape import Record, Tape


def names(tapes: Sequence[Tape], _base: str) -> Iterator[tuple[str, Record]]:
    """Every address of the tapes; second names are those of their records."""
    for tape in tapes:
        for address in tape.addresses:
            record = tape.find(address)
            yield address, record
            yield f"{tape.at}:{address}", record
