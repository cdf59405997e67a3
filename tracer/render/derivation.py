"""Where a cell comes from: formula, numbers put in, rows worked out, and the operands to ask about next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from ..arithmetic import Leaf, Named, Node, Number, Sum
from ..derive import Derivation, Explanation, Place
from ..i18n import _
from .expression import Writer, addends, is_number, parts, reduced, symbols
from .numbers import Notation, decimals_of
from .page import BOLD, DIM, Line, Page, View, flow, folded
from .tokens import quoted
from .worked import worked_sum

DECIMALS = 4
TERMS = 4
"""So many terms of a long sum are shown."""

Reasons = Callable[[Derivation], Sequence[str]]


@dataclass(frozen=True)
class Branch:
    """A line of a tree, or a view in its place, and the branches below it."""

    content: str | View
    style: Style | None = None
    branches: Sequence[Branch] = ()


@dataclass(frozen=True)
class DerivationView(View):
    """See `explanation_view`."""

    explanation: Explanation
    reasons: Reasons
    count: int | None
    decimals: int

    def lines(self, page: Page) -> Iterator[Line]:
        root = self._explained(self.explanation, page)
        assert isinstance(root.content, str)
        yield from flow([Segment(root.content, BOLD)], page.width)
        yield from drawn(root.branches, page)

    def _explained(self, explanation: Explanation, page: Page) -> Branch:
        head = " ".join([f"{explanation.leaf} = {self._value(explanation, page)}", *self._remarks(explanation)])
        if explanation.derivation is None:
            return Branch(head, DIM)
        below = [self._explained(operand, page) for operand in explanation.operands]
        return Branch(head, BOLD, [*self._body(explanation.derivation, page), *below])

    def _value(self, explanation: Explanation, page: Page) -> str:
        record, value = explanation.record, explanation.leaf.value
        is_whole = record is not None and not decimals_of(record.output)
        return f"{value:.0f}" if is_whole else Writer(Notation(page, self.decimals)).value(value)

    def _remarks(self, explanation: Explanation) -> Iterator[str]:
        if explanation.places:
            yield f"  {', '.join(map(_labelled, explanation.places))}"
        if explanation.is_repeated:
            yield _("  (derived elsewhere in this tree)")
        if explanation.is_cut:
            yield _("  (the tree is large enough: ask why of this cell)")

    def _body(self, derivation: Derivation, page: Page) -> Iterator[Branch]:
        writer = Writer(Notation(page, self.decimals))
        name, formula, expression = derivation.record.op.name, derivation.formula, derivation.expression
        yield Branch(page.text(formula if name == formula else f"{name}: {formula}"))
        for text in [*_steps(expression, derivation.value, writer), *self.reasons(derivation)]:
            yield Branch(page.text(text))
        for part in parts(expression):
            yield self._part(part, derivation, writer, page)
        stated = [f"{number.symbol} = {writer.constant(number.value)}" for number in symbols(expression)]
        if stated:
            yield Branch(page.text(", ".join(dict.fromkeys(stated))))

    def _part(self, part: Named | Sum, derivation: Derivation, writer: Writer, page: Page) -> Branch:
        if isinstance(part, Named):
            shown = str(part.node) if isinstance(part.node, Leaf) else page.text(writer.write(part.node))
            return Branch(f"{page.text(part.symbol)} = {shown} = {writer.value(part.evaluate())}")
        total = derivation.value if part is derivation.expression else part.evaluate()
        return Branch(worked_sum(part, total=total, count=self.count, decimals=self.decimals))


def explanation_view(
    explanation: Explanation, *, reasons: Reasons, count: int | None = TERMS, decimals: int = DECIMALS
) -> DerivationView:
    """A cell, its formula, the formula with numbers, its sums worked out, and its operands, each explained in turn.

    Of a long sum the ``count`` largest terms are shown, all of them for None. ``reasons`` says what rules of masks and
    of choosing have to do with a derivation.
    """
    return DerivationView(explanation, reasons, count, decimals)


def derivation_view(derivation: Derivation, *, decimals: int = DECIMALS) -> DerivationView:
    """A derivation, one level deep, without looking any further than its own record."""
    leaf = derivation.record.output.leaf(*derivation.index)
    operands = list(map(Explanation, derivation.operands))
    explanation = Explanation(leaf, (), derivation.record, derivation, operands)
    return DerivationView(explanation, lambda _derivation: (), TERMS, decimals)


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
        return _("{token} = id {id}").format(token=quoted(place.label), id=place.index)
    return f"{place.axis} {quoted(place.label)}"


def _steps(expression: Node, value: float, writer: Writer) -> Iterator[str]:
    """The expression with numbers put in, then with its operands worked out; of a constant, the reason."""
    if isinstance(expression, Number) and expression.reason:
        yield expression.reason
        return
    simpler = reduced(expression)
    lines = [writer.write(node) for node in (expression, simpler) if node is not None]
    if is_number(expression) and not isinstance(expression, Leaf):
        lines = []
    if lines and (missing := writer.missing(list(addends(simpler or expression)), value)):
        sign, size = ("−", missing[1:]) if missing.startswith("-") else ("+", missing)
        lines[-1] += _(" {sign} {size} (rounding)").format(sign=sign, size=size)
    yield from (f"= {line}" for line in lines)
