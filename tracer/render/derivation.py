"""Where a cell comes from: formula, numbers put in, rows worked out, and the operands to ask about next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..arithmetic import Leaf, Named, Node, Sum
from ..derive import Derivation, Explanation, Place
from ..document import Block, Branch, Paragraph, Span, Tree
from ..factors import row_by_column
from ..i18n import _
from .composite import Composite
from .composite import symbols as formula_of
from .expression import Writer, alone, is_number, parts, reduced, symbols
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Page, View
from .product import product_view
from .tokens import quoted
from .worked import worked_sum

TERMS = 4
"""So many terms of a long sum are shown."""

Reasons = Callable[[Derivation], Sequence[str]]
Numbers = Mapping[str, int]
"""Of cells, by address, the numbers to ask about them by."""
UNNUMBERED: Numbers = {}


def told(text: str, tone: str = "") -> Branch:
    """A line of a tree."""
    return Branch([Paragraph([Span(text, tone)], hang=2)])


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

    def parts(self, page: Page) -> Iterator[View | Block]:
        yield Tree([self._explained(self.explanation, page)])
        derivation = self.explanation.derivation
        if derivation is not None and row_by_column(derivation.expression):
            yield product_view(derivation)

    def _explained(self, explanation: Explanation, page: Page) -> Branch:
        cell = f"{number_of(explanation.leaf, self.numbers)}{explanation.leaf}"
        head = " ".join([f"{cell} = {self._value(explanation, page)}", *self._remarks(explanation)])
        if explanation.derivation is None:
            return told(head, DIM)
        below = [self._explained(operand, page) for operand in explanation.operands]
        return Branch(told(head, BOLD).content, [*self._body(explanation.derivation, page), *below])

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
        yield Branch([formula_of(derivation.record, words)])
        notes = [derivation.note] if derivation.note else []
        for text in [*_steps(expression, derivation.value, writer), *notes, *self.reasons(derivation)]:
            yield told(page.text(text))
        for part in dict.fromkeys(parts(expression)):
            yield self._part(part, derivation, writer, page)
        stated = [f"{number.symbol} = {writer.constant(number.value)}" for number in symbols(expression)]
        if stated:
            yield told(page.text(", ".join(dict.fromkeys(stated))))

    def _part(self, part: Named | Sum, derivation: Derivation, writer: Writer, page: Page) -> Branch:
        if isinstance(part, Named):
            value = part.evaluate()
            shown = str(part.node) if isinstance(part.node, Leaf) else page.text(writer.line(part.node, value))
            steps = dict.fromkeys((page.text(part.symbol), shown, writer.value(value)))
            return told(" = ".join(steps))
        total = derivation.value if part is derivation.expression else part.evaluate()
        asked = list(alone(derivation.expression))
        return Branch(list(worked_sum(part, total=total, count=self.count, asked=asked).blocks(page)))


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
