"""Runs and the branches of each, as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..document import BOLD, DIM, Block, Branch, Paragraph, Span, Tree
from ..trace import Trace
from .page import Page
from .tokens import shown
from .view import view

_HERE = "*"
"""Marks the current run."""


@view
def tree_view(
    page: Page,
    below: Mapping[int | None, Sequence[Trace]],
    current: Trace,
    facts: Callable[[Trace], Sequence[str]],
) -> Iterator[Block]:
    """The runs of a number, those of None the roots, each with its facts, a line each."""

    def branch(run: Trace) -> Branch:
        first, *rest = map(page.text, map(shown, facts(run)))
        mark = _HERE if run is current else ""
        head = Paragraph([Span(f"r{run.number}{mark}", BOLD), Span(first)], hang=4)
        lines = [Branch([Paragraph([Span(text, DIM)], hang=2)]) for text in rest]
        return Branch([head], [*lines, *map(branch, below.get(run.number, ()))])

    yield Tree([branch(run) for run in below[None]])
