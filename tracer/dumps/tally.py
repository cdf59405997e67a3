"""Counting what a dump has and a reader leaves aside."""

from __future__ import annotations

from collections import Counter

from ..i18n import Message


class Tally(Counter[Message]):
    """How many there are of what each note speaks of, in which ``{n}`` stands for that."""

    @property
    def notes(self) -> list[Message]:
        """The notes of which there is any, in the order in which they came up."""
        return [note.format(n=n) for note, n in self.items() if n]
