"""Expressions as people write them: few parentheses, numbers put in, a sum over a row as its total."""

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
    Terms,
    Vector,
    Which,
)
from ..i18n import _
from .numbers import Notation

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
        """A number, a small one with the decimals it needs, a minute one with its power of ten."""
        text = self._number.precisely(value)
        return f"{value:.1e}" if text[:1] in "<>" else text

    def constant(self, value: float) -> str:
        """A number that a formula states: as short as it can be written exactly."""
        exact = f"{value:.9f}".rstrip("0").removesuffix(".")
        return exact if exact and float(exact) == value else self.value(value)

    def missing(self, parts: Sequence[float], whole: float) -> str:
        """What is missing from written parts to the whole as written, to the digits shown; nothing if nothing is."""
        if not all(map(math.isfinite, [*parts, whole])):
            return ""
        digits = self._number.decimals
        rest = round(self._seen(whole) - math.fsum(map(self._seen, parts)), digits)
        return f"{rest:.{digits}f}" if rest else ""

    def sum_of(self, node: Node, whole: float) -> str:
        """An expression with its numbers put in, and what rounding takes from the whole as it is written."""
        text, rest = self.write(node), self.missing(list(addends(node)), whole)
        if not rest:
            return text
        sign, size = ("−", rest[1:]) if rest.startswith("-") else ("+", rest)
        return _("{text} {sign} {size} (rounding)").format(text=text, sign=sign, size=size)

    def _seen(self, value: float) -> float:
        """A number as it is read from what is written."""
        return float(self.value(value))

    def _write(self, node: Node) -> _Text:
        match node:
            case Sum(Terms()):
                return self._atom(node)
            case Sum(terms):
                return _Text(_joined([self._write(term) for term in terms]), _ADDED)
            case Minus(left, right):
                return _Text(f"{self.write(left)} − {self._write(right).within(_MULTIPLIED)}", _ADDED)
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
            case _:
                return self._atom(node)

    def _atom(self, node: Node) -> _Text:
        """A part that is written as one number."""
        return _signed(self.constant(node.value) if isinstance(node, Number) else self.value(node.evaluate()))

    def _scaled(self, left: Node, sign: str, right: Node) -> _Text:
        text = f"{self._write(left).within(_SIGNED)} {sign} {self._write(right).within(_RAISED)}"
        return _Text(text, _SIGNED if text.startswith("-") else _MULTIPLIED)


class SymbolWriter(Writer):
    """Writes symbols where there are some: ``exp(x − max)``."""

    def _atom(self, node: Node) -> _Text:
        if isinstance(node, Vector | Named | Number) and node.symbol:
            return _Text(node.symbol, _ATOM)
        return super()._atom(node)


def reduced(node: Node) -> Node | None:
    """The node with its operands worked out to one number each; None where they are numbers already."""
    children = [] if is_number(node) else list(node.children())
    if all(is_number(child) for child in children):
        return None
    numbers = tuple(child if isinstance(child, Number) else Leaf("", (), child.evaluate()) for child in children)
    match node:
        case Sum():
            return Sum(numbers)
        case Minus() | Product() | Quotient():
            return type(node)(*numbers)
        case _:
            return None


def is_number(node: Node) -> bool:
    """Whether a node is written as one number."""
    return isinstance(node, Leaf | Number | Named) or sum_over_row(node) is not None


def sum_over_row(node: Node) -> Terms | None:
    """The terms of a sum over a row, if the node is one."""
    return node.terms if isinstance(node, Sum) and isinstance(node.terms, Terms) else None


def parts(node: Node) -> Iterator[Named | Sum]:
    """The parts worth a line of their own: those with names, and sums over rows; each after those it is made of."""
    if sum_over_row(node) is None:
        for child in node.children():
            yield from parts(child)
    if isinstance(node, Named) or (isinstance(node, Sum) and sum_over_row(node) is not None):
        yield node


def symbols(node: Node) -> Iterator[Number]:
    """The constants that a formula has symbols for."""
    if isinstance(node, Number) and node.symbol and not node.reason:
        yield node
    elif sum_over_row(node) is None:
        for child in node.children():
            yield from symbols(child)


def alone(node: Node) -> Iterator[Leaf]:
    """The cells and parameters that stand by themselves, in no sum over a row."""
    if isinstance(node, Leaf):
        yield node
    elif sum_over_row(node) is None:
        for child in node.children():
            yield from alone(child)


def addends(node: Node, sign: int = 1) -> Iterator[float]:
    """The values that sums and differences at the top of an expression add up, with their signs."""
    match node:
        case Sum(tuple() as terms):
            for term in terms:
                yield from addends(term, sign)
        case Minus(left, right):
            yield from addends(left, sign)
            yield from addends(right, -sign)
        case _:
            yield sign * node.evaluate()


def _signed(text: str) -> _Text:
    return _Text(text, _SIGNED if text.startswith("-") else _ATOM)


def _joined(terms: Sequence[_Text]) -> str:
    first, *rest = terms
    return first.text + "".join(_term(term.text) for term in rest)


def _term(text: str) -> str:
    """A later term of a sum, its sign in front."""
    return f" − {text[1:]}" if text.startswith("-") else f" + {text}"
