"""What a record was computed by, as pieces of a line."""

from __future__ import annotations

from ..document import DIM, Formula, Inline, Paragraph, Span
from ..i18n import spoken
from ..tape import Record


def symbols(record: Record, words: str = "") -> Paragraph:
    """The formula of a record, after some words."""
    lead = [Span(words.rstrip())] if words else []
    return Paragraph([*lead, formula(record)], gap=1)


def formula(record: Record) -> Formula:
    """What a record was computed by."""
    written = record.written
    return Formula(spoken(written.formula), spoken(written.latex))


def noted(record: Record, note: str) -> Inline:
    """A note about a record: its formula, unless the note says something else."""
    told = formula(record)
    return told if note == told.text else Span(note, DIM)
