"""Where a cell comes from: formula, numbers put in, rows worked out, and the operands to ask about next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..arithmetic import Leaf, Named, Node, Sum
from ..checkpoints.stored import Made
from ..dataclass import dataclass
from ..derive import Derivation, Explanation, Place
from ..document import BOLD, DIM, Block, Branch, Paragraph, Span, Tree
from ..i18n import _
from ..operands import row_by_column
from .expression import Writer, alone, is_number, parts, reduced, symbols
from .numbers import Notation, decimals_of
from .page import Page
from .product import product_view
from .tokens import quoted
from .view import View, view
from .words import BOUND
from .worked import worked_sum
from .written import symbols as formula_of

TERMS = 4
"""So many terms of a long sum are shown."""

Reasons = Callable[[Derivation], Sequence[str]]
Numbers = Mapping[str, int]
"""Of cells, by address, the numbers to ask about them by."""
UNNUMBERED: Numbers = {}


def told(text: str, tone: str = "") -> Branch:
    """A line of a tree."""
    return Branch([Paragraph([Span(text, tone)], gap=0, hang=2)])


@view
def explanation_view(
    page: Page,
    explanation: Explanation,
    *,
    reasons: Reasons,
    count: int | None = TERMS,
    decimals: int | None = None,
    numbers: Numbers = UNNUMBERED,
) -> Iterator[Block]:
    """A cell, its formula, the formula with numbers, its sums worked out, and its operands, each explained in turn.

    Of a long sum the ``count`` largest terms are shown, all of them for None. ``reasons`` says what rules of masks and
    of choosing have to do with a derivation. ``numbers`` stand before the operands that have one.
    """
    page, derivation = page.finer(decimals), explanation.derivation
    yield Tree([_Explainer(page, reasons, count, numbers).explained(explanation)])
    if derivation is not None and row_by_column(derivation.expression):
        yield from product_view(derivation).blocks(page)


@dataclass(frozen=True)
class _Explainer:
    page: Page
    reasons: Reasons
    count: int | None
    numbers: Numbers

    @property
    def writer(self) -> Writer:
        return Writer(Notation(self.page))

    def explained(self, explanation: Explanation) -> Branch:
        cell = f"{number_of(explanation.leaf, self.numbers)}{explanation.leaf}"
        head = " ".join([f"{cell} = {self._value(explanation)}", *_remarks(explanation)])
        if explanation.derivation is None:
            return told(head, DIM)
        below = map(self.explained, explanation.operands)
        return Branch(told(head, BOLD).content, [*self._body(explanation.derivation), *below])

    def _value(self, explanation: Explanation) -> str:
        record, value = explanation.record, explanation.leaf.value
        is_whole = record is not None and not decimals_of(record.output)
        return f"{value:.0f}" if is_whole else self.writer.value(value)

    def _body(self, derivation: Derivation) -> Iterator[Branch]:
        operation, expression = derivation.record.op, derivation.expression
        words = "" if operation.name == derivation.formula else f"{operation.name}: "
        yield Branch([formula_of(derivation.record, words)])
        notes = [derivation.note] if derivation.note else []
        for text in [*_steps(expression, derivation.value, self.writer), *notes, *self.reasons(derivation)]:
            yield told(self.page.text(text))
        for part in dict.fromkeys(parts(expression)):
            yield self._part(part, derivation)
        for stated in _stated(expression, self.writer):
            yield told(self.page.text(stated))

    def _part(self, part: Named | Sum, derivation: Derivation) -> Branch:
        if isinstance(part, Named):
            value, text = part.evaluate(), self.page.text
            shown = str(part.node) if isinstance(part.node, Leaf) else text(self.writer.line(part.node, value))
            return told(" = ".join(dict.fromkeys((text(part.symbol), shown, self.writer.value(value)))))
        total = derivation.value if part is derivation.expression else part.evaluate()
        asked = list(alone(derivation.expression))
        return Branch(list(worked_sum(part, total=total, count=self.count, asked=asked).blocks(self.page)))


def _remarks(explanation: Explanation) -> Iterator[str]:
    if explanation.places:
        yield f"  {', '.join(map(_labelled, explanation.places))}"
    if explanation.is_repeated:
        yield _("  (derived elsewhere in this tree)")
    if explanation.is_cut:
        yield _("  (the tree is large enough: ask why of this cell)")


def number_of(leaf: Leaf, numbers: Numbers) -> str:
    """``(2) `` before a cell that has a number to ask about it by."""
    number = numbers.get(str(leaf))
    return "" if number is None else f"({number}){BOUND}"


def derivation_view(derivation: Derivation, *, decimals: int | None = None) -> View:
    """A derivation, one level deep, without looking any further than its own record."""
    leaf = derivation.record.output.leaf(*derivation.index)
    operands = list(map(Explanation, derivation.operands))
    explanation = Explanation(leaf, (), derivation.record, derivation, operands)
    return explanation_view(explanation, reasons=lambda _derivation: (), decimals=decimals)


@view
def made_view(page: Page, cell: Leaf, made: Made) -> Iterator[Block]:
    """A cell of a parameter, and how it is made of the numbers that its file has, and where these stand."""
    page = page.finer(None)
    writer = Writer(Notation(page))
    lines = [made.formula, *_steps(made.expression, cell.value, writer), *_stated(made.expression, writer), made.place]
    sums = (
        Branch(list(worked_sum(part, total=part.evaluate(), count=TERMS).blocks(page)))
        for part in parts(made.expression)
        if isinstance(part, Sum)
    )
    head = told(f"{cell} = {writer.value(cell.value)}", BOLD)
    yield Tree([Branch(head.content, [*(told(page.text(line)) for line in lines), *sums])])


def _stated(expression: Node, writer: Writer) -> Iterator[str]:
    """The numbers that the formula has symbols for, if there are any."""
    stated = [f"{number.symbol} = {writer.constant(number.value)}" for number in symbols(expression)]
    if stated:
        yield ", ".join(dict.fromkeys(stated))


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
