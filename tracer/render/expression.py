"""Expressions as people write them: few parentheses, numbers put in, long sums cut to their largest terms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..arithmetic import (
    Call,
    Leaf,
    Max,
    Minus,
    Named,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Which,
)
from ..i18n import _, ngettext
from .numbers import Notation

WHOLE = 6
"""A sum of at most so many terms is written whole."""
LARGEST = 4
"""Of a longer one, so many terms are written."""

_ADDED, _SIGNED, _MULTIPLIED, _RAISED, _ATOM = range(5)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Text(NamedTuple):
    """An expression in writing, and how strongly it holds together."""

    text: str
    binding: int

    def within(self, binding: int) -> str:
        """In parentheses, unless it holds together at least so strongly."""
        return self.text if self.binding >= binding else f"({self.text})"


class Writer:
    """Writes expressions with so many decimals."""

    def __init__(self, number: Notation) -> None:
        self._number = number

    def write(self, node: Node) -> str:
        """The expression with its numbers put in."""
        return self._write(node).text

    def value(self, value: float) -> str:
        """A number, a small one with the decimals it needs."""
        return self._number.precisely(value)

    def _write(self, node: Node) -> _Text:
        match node:
            case Sum(terms) if len(terms) > WHOLE:
                return _Text(self._largest(terms), _ADDED)
            case Sum(terms):
                return _Text(_joined([self._write(term) for term in terms]), _ADDED)
            case Minus(left, right):
                text = f"{self.write(left)} − {self._write(right).within(_MULTIPLIED)}"
                return _Text(text, _ADDED)
            case Product(left, right):
                return self._scaled(left, "·", right)
            case Quotient(left, right):
                return self._scaled(left, "/", right)
            case Power(base, exponent):
                raised = f"{self._write(base).within(_ATOM)}{str(exponent).translate(_SUPERSCRIPTS)}"
                return _Text(raised, _RAISED)
            case Call("sqrt", argument):
                return _Text(f"√{self._write(argument).within(_ATOM)}", _ATOM)
            case Call(function, argument):
                return _Text(f"{function}({self.write(argument)})", _ATOM)
            case Max(values):
                return _Text(f"max({', '.join(self.write(value) for value in values)})", _ATOM)
            case Which(cell):
                place = _("{place}, the place of {value}").format(place=cell.index[-1], value=self.value(cell.value))
                return _Text(place, _ATOM)
            case Number(value) if (exact := f"{value:.9f}".rstrip("0")) and float(exact) == value:
                return _signed(exact.removesuffix("."))
            case _:
                return _signed(self.value(node.evaluate()))

    def _scaled(self, left: Node, sign: str, right: Node) -> _Text:
        text = f"{self._write(left).within(_SIGNED)} {sign} {self._write(right).within(_RAISED)}"
        return _Text(text, _SIGNED if text.startswith("-") else _MULTIPLIED)

    def _largest(self, terms: Sequence[Node]) -> str:
        values = [term.evaluate() for term in terms]
        chosen = sorted(sorted(range(len(terms)), key=lambda i: -abs(values[i]))[:LARGEST])
        written = _joined([self._write(terms[i]) for i in chosen])
        return f"{written} + {self._further(values, chosen)}"

    def _further(self, values: Sequence[float], chosen: Sequence[int]) -> str:
        """The terms not written, as what is missing from the total to the digits shown."""
        count = len(values) - len(chosen)
        text = ngettext("… {n} further term = {rest}", "… {n} further terms = {rest}", count)
        return f"({text.format(n=count, rest=self._rest(values, chosen))})"

    def _rest(self, values: Sequence[float], chosen: Sequence[int]) -> str:
        digits = self._number.decimals
        total = Sum(tuple(Number(value) for value in values)).evaluate()
        seen = math.fsum(round(values[i], digits) for i in chosen if math.isfinite(values[i]))
        return f"{round(total, digits) - seen + 0.0:.{digits}f}" if math.isfinite(total) else self._number(total)


def reduced(node: Node) -> Node | None:
    """The node with its operands worked out to one number each; None where they are numbers already."""
    children = node.children()
    if all(isinstance(child, Leaf | Number | Named) for child in children):
        return None
    numbers = tuple(child if isinstance(child, Number) else Leaf("", (), child.evaluate()) for child in children)
    match node:
        case Sum():
            return Sum(numbers)
        case Minus() | Product() | Quotient():
            return type(node)(*numbers)
        case _:
            return None


def named_parts(node: Node) -> dict[str, Node]:
    """The parts with names of their own, each after those it is made of."""
    return dict(_named(node))


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    for child in node.children():
        yield from _named(child)
    if isinstance(node, Named):
        yield node.symbol, node.node


def _signed(text: str) -> _Text:
    return _Text(text, _SIGNED if text.startswith("-") else _ATOM)


def _joined(terms: Sequence[_Text]) -> str:
    first, *rest = terms
    return first.text + "".join(_term(term.text) for term in rest)


def _term(text: str) -> str:
    """A later term of a sum, its sign in front."""
    return f" − {text[1:]}" if text.startswith("-") else f" + {text}"
