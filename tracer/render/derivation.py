"""Where a cell comes from: formula, numbers put in, and the operands to ask about next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from ..arithmetic import Node, Number
from ..derive import Derivation
from ..i18n import _
from .expression import Writer, named_parts, reduced
from .numbers import Notation, decimals_of
from .operands import Operand, operands, shapes_of
from .page import BOLD, DIM, Line, Page, View, flow, folded

DECIMALS = 4


@dataclass(frozen=True)
class Branch:
    """A line of a tree, and the lines below it."""

    text: str
    style: Style | None = None
    branches: Sequence[Branch] = ()


@dataclass(frozen=True)
class DerivationView(View):
    """See `derivation_view`."""

    derivation: Derivation
    decimals: int

    def lines(self, page: Page) -> Iterator[Line]:
        writer = Writer(Notation(page, self.decimals))
        derivation = self.derivation
        index = f"[{','.join(map(str, derivation.index))}]" if derivation.index else ""
        value = writer.value(derivation.value) if decimals_of(derivation.record.output) else f"{derivation.value:.0f}"
        yield from flow([Segment(f"{derivation.address}{index} = {value}", BOLD)], page.width)
        yield from drawn([*self._arithmetic(writer, page), *self._operands(writer, page)], page)

    def _arithmetic(self, writer: Writer, page: Page) -> Iterator[Branch]:
        derivation = self.derivation
        name, formula = derivation.record.op.name, derivation.formula
        yield Branch(page.text(formula if name == formula else f"{name}: {formula}"))
        for text in _steps(derivation.expression, writer):
            yield Branch(page.text(text))
        for symbol, part in named_parts(derivation.expression).items():
            yield Branch(page.text(f"{symbol} = {writer.write(part)} = {writer.value(part.evaluate())}"))

    def _operands(self, writer: Writer, page: Page) -> Iterator[Branch]:
        for operand in operands(self.derivation.expression.leaves(), shapes_of(self.derivation.record)):
            yield Branch(_operand(operand, writer, page), DIM)


def derivation_view(derivation: Derivation, *, decimals: int = DECIMALS) -> DerivationView:
    """A derivation, one level deep: the cell, its formula, the formula with numbers, its named parts, its operands."""
    return DerivationView(derivation, decimals)


def drawn(branches: Sequence[Branch], page: Page, before: str = "") -> Iterator[Line]:
    """A tree, each line folded within its branch."""
    glyphs = page.glyphs
    for number, branch in enumerate(branches):
        is_last = number == len(branches) - 1
        fork, down = (glyphs.last, " " * len(glyphs.down)) if is_last else (glyphs.fork, glyphs.down)
        first, *rest = folded(branch.text, max(12, page.width - cell_len(before) - 5))
        yield [Segment(f"{before}{fork}", DIM), Segment(first, branch.style)]
        yield from ([Segment(f"{before}{down}  ", DIM), Segment(part, branch.style)] for part in rest)
        yield from drawn(branch.branches, page, before + down)


def _steps(expression: Node, writer: Writer) -> Iterator[str]:
    """The expression with numbers put in, then with its operands worked out; of a constant, the reason."""
    if isinstance(expression, Number) and expression.reason:
        yield expression.reason
        return
    yield f"= {writer.write(expression)}"
    simpler = reduced(expression)
    if simpler is not None:
        yield f"= {writer.write(simpler)}"


def _operand(operand: Operand, writer: Writer, page: Page) -> str:
    if len(operand.values) == 1:
        return f"{operand} = {writer.value(operand.values[0])}"
    return f"{operand}  {_first(list(map(writer.value, operand.values[:100])), len(operand.values), operand, page)}"


def _first(texts: list[str], count: int, operand: Operand, page: Page) -> str:
    """As many values as fit beside the address, four at least, and how many more there are."""
    more = page.text(_("… {n} more"))
    room = page.width - cell_len(str(operand)) - cell_len(more.format(n=count)) - 9
    width = max(map(len, texts)) + 2
    fit = len(texts) if count * width <= room else max(4, room // width)
    values = "".join(text.rjust(width) for text in texts[:fit])
    return values + (f"  {more.format(n=count - fit)}" if fit < count else "")
