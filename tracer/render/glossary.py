"""Names, and what there is to say about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from .page import BOLD, Line, Page, View, chopped, folded, padded
from .tokens import shown

_GAP = 2
_ROOM = 24
"""So many cells at least belong to a text beside its name; with less, it stands below."""


@dataclass(frozen=True)
class Glossary(View):
    """Sections by their headings, each of names with a text. A long text goes on below its own beginning."""

    sections: Mapping[str, Mapping[str, str]]

    def lines(self, page: Page) -> Iterator[Line]:
        widest = max((cell_len(name) for names in self.sections.values() for name in names), default=0)
        for heading, names in self.sections.items():
            if heading:
                yield from ([Segment(part, BOLD)] for part in folded(heading, page.width))
            for name, text in names.items():
                yield from _entry(shown(name), page.text(shown(text)), 2 * bool(heading), widest, page)


def glossary(names: Mapping[str, str]) -> Glossary:
    """A single section without a heading."""
    return Glossary({"": names})


def _entry(name: str, text: str, indent: int, widest: int, page: Page) -> Iterator[Line]:
    column = indent + widest + _GAP
    if page.width - column >= _ROOM:
        first, *rest = folded(text, page.width - column)
        yield [Segment(" " * indent + padded(name, widest + _GAP) + first)]
    else:
        column, rest = indent + _GAP, folded(text, page.width - indent - _GAP)
        yield from ([Segment(" " * indent + part)] for part in chopped(name, page.width - indent))
    yield from ([Segment(" " * column + part)] for part in rest)
