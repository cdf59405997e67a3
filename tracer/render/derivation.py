"""Where a cell comes from: formula, numbers put in, rows worked out, and the operands to ask about next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from .. import document
from ..arithmetic import Leaf, Named, Node, Sum
from ..derive import Derivation, Explanation, Place
from ..document import Block, Span
from ..factors import row_by_column
from ..i18n import _
from .colours import tone
from .composite import Composite, Flow, Symbols
from .expression import Writer, alone, is_number, parts, reduced, symbols
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Line, Page, View, folded
from .product import product_view
from .tokens import quoted
from .worked import worked_sum

TERMS = 4
"""So many terms of a long sum are shown."""

Reasons = Callable[[Derivation], Sequence[str]]
Numbers = Mapping[str, int]
"""Of cells, by address, the numbers to ask about them by."""
UNNUMBERED: Numbers = {}


@dataclass(frozen=True)
class Branch:
    """A line of a tree, or a view in its place, and the branches below it."""

    content: str | View
    style: Style | None = None
    branches: Sequence[Branch] = ()


@dataclass(frozen=True)
class DerivationView(Composite):
    """See `explanation_view`."""

    explanation: Explanation
    reasons: Reasons
    count: int | None
    decimals: int | None
    numbers: Numbers

    def on(self, page: Page) -> Page:
        return finer(page, self.decimals)

    def parts(self, page: Page) -> Iterator[View]:
        root = self._explained(self.explanation, page)
        assert isinstance(root.content, str)
        yield Flow([Segment(root.content, BOLD)])
        yield TreeView(root.branches)
        derivation = self.explanation.derivation
        if derivation is not None and row_by_column(derivation.expression):
            yield product_view(derivation)

    def _explained(self, explanation: Explanation, page: Page) -> Branch:
        cell = f"{number_of(explanation.leaf, self.numbers)}{explanation.leaf}"
        head = " ".join([f"{cell} = {self._value(explanation, page)}", *self._remarks(explanation)])
        if explanation.derivation is None:
            return Branch(head, DIM)
        below = [self._explained(operand, page) for operand in explanation.operands]
        return Branch(head, BOLD, [*self._body(explanation.derivation, page), *below])

    def _value(self, explanation: Explanation, page: Page) -> str:
        record, value = explanation.record, explanation.leaf.value
        is_whole = record is not None and not decimals_of(record.output)
        return f"{value:.0f}" if is_whole else Writer(Notation(page)).value(value)

    def _remarks(self, explanation: Explanation) -> Iterator[str]:
        if explanation.places:
            yield f"  {', '.join(map(_labelled, explanation.places))}"
        if explanation.is_repeated:
            yield _("  (derived elsewhere in this tree)")
        if explanation.is_cut:
            yield _("  (the tree is large enough: ask why of this cell)")

    def _body(self, derivation: Derivation, page: Page) -> Iterator[Branch]:
        writer = Writer(Notation(page))
        operation, expression = derivation.record.op, derivation.expression
        words = "" if operation.name == derivation.formula else f"{operation.name}: "
        yield Branch(Symbols(derivation.record, words))
        told = [derivation.note] if derivation.note else []
        for text in [*_steps(expression, derivation.value, writer), *told, *self.reasons(derivation)]:
            yield Branch(page.text(text))
        for part in dict.fromkeys(parts(expression)):
            yield self._part(part, derivation, writer, page)
        stated = [f"{number.symbol} = {writer.constant(number.value)}" for number in symbols(expression)]
        if stated:
            yield Branch(page.text(", ".join(dict.fromkeys(stated))))

    def _part(self, part: Named | Sum, derivation: Derivation, writer: Writer, page: Page) -> Branch:
        if isinstance(part, Named):
            value = part.evaluate()
            shown = str(part.node) if isinstance(part.node, Leaf) else page.text(writer.line(part.node, value))
            steps = dict.fromkeys((page.text(part.symbol), shown, writer.value(value)))
            return Branch(" = ".join(steps))
        total = derivation.value if part is derivation.expression else part.evaluate()
        asked = list(alone(derivation.expression))
        return Branch(worked_sum(part, total=total, count=self.count, asked=asked))


def explanation_view(
    explanation: Explanation,
    *,
    reasons: Reasons,
    count: int | None = TERMS,
    decimals: int | None = None,
    numbers: Numbers = UNNUMBERED,
) -> DerivationView:
    """A cell, its formula, the formula with numbers, its sums worked out, and its operands, each explained in turn.

    Of a long sum the ``count`` largest terms are shown, all of them for None. ``reasons`` says what rules of masks and
    of choosing have to do with a derivation. ``numbers`` stand before the operands that have one.
    """
    return DerivationView(explanation, reasons, count, decimals, numbers)


def number_of(leaf: Leaf, numbers: Numbers) -> str:
    """``(2) `` before a cell that has a number to ask about it by."""
    number = numbers.get(str(leaf))
    return "" if number is None else f"({number}) "


def derivation_view(derivation: Derivation, *, decimals: int | None = None) -> DerivationView:
    """A derivation, one level deep, without looking any further than its own record."""
    leaf = derivation.record.output.leaf(*derivation.index)
    operands = list(map(Explanation, derivation.operands))
    explanation = Explanation(leaf, (), derivation.record, derivation, operands)
    return DerivationView(explanation, lambda _derivation: (), TERMS, decimals, UNNUMBERED)


def finer(page: Page, decimals: int | None) -> Page:
    """The page with so many decimals; with one more than it has, where a view is not told."""
    return page.showing(page.decimals + 1 if decimals is None else decimals, None)


@dataclass(frozen=True)
class TreeView(View):
    """A tree, drawn with lines."""

    branches: Sequence[Branch]

    def lines(self, page: Page) -> Iterator[Line]:
        return drawn(self.branches, page)

    def blocks(self, page: Page) -> Iterator[Block]:
        yield document.Tree(_branches(self.branches, page))


def _branches(branches: Sequence[Branch], page: Page) -> list[document.Branch]:
    return [document.Branch(_blocks(branch, page), _branches(branch.branches, page)) for branch in branches]


def _blocks(branch: Branch, page: Page) -> list[Block]:
    if isinstance(branch.content, View):
        return list(branch.content.blocks(page))
    return [document.Paragraph([Span(branch.content, tone(branch.style))])]


def drawn(branches: Sequence[Branch], page: Page, before: str = "") -> Iterator[Line]:
    """A tree, each line folded within its branch."""
    glyphs = page.glyphs
    for number, branch in enumerate(branches):
        is_last = number == len(branches) - 1
        fork, down = (glyphs.last, " " * len(glyphs.down)) if is_last else (glyphs.fork, glyphs.down)
        first, *rest = _content(branch, max(12, page.width - cell_len(before) - 5), page)
        yield [Segment(f"{before}{fork}", DIM), *first]
        yield from ([Segment(f"{before}{down}{_indent(branch)}", DIM), *line] for line in rest)
        yield from drawn(branch.branches, page, before + down)


def _content(branch: Branch, width: int, page: Page) -> list[Line]:
    if isinstance(branch.content, View):
        return list(branch.content.lines(replace(page, width=width)))
    return [[Segment(part, branch.style)] for part in folded(branch.content, width)]


def _indent(branch: Branch) -> str:
    return "" if isinstance(branch.content, View) else "  "


def _labelled(place: Place) -> str:
    """``query "i"``; a piece of a vocabulary with its id."""
    if place.axis == "vocab":
        return _("{token} = id {id}").format(token=quoted(place.label), id=place.number)
    return f"{place.axis} {quoted(place.label)}"


def _steps(expression: Node, value: float, writer: Writer) -> Iterator[str]:
    """The expression with numbers put in, then with its operands worked out."""
    simpler = reduced(expression)
    if simpler is not None:
        yield f"= {writer.line(expression, value)}"
        yield f"= {writer.line(simpler, value)}"
    elif isinstance(expression, Leaf) or not is_number(expression):
        yield f"= {writer.line(expression, value)}"
