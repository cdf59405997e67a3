"""Expressions as people write them: few parentheses, numbers put in, a sum over a row as its total."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ..arithmetic import (
    Call,
    Given,
    Leaf,
    Max,
    Minus,
    Named,
    Negation,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Replaced,
    Sum,
    Terms,
    Vector,
    Which,
)
from ..i18n import _
from .numbers import HUGE, Notation, comes_out, to_unit

FINER = 7
"""So many more decimals at most are written of the numbers in a line, for it to come out."""

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
        """A number, a small one with the decimals it needs, one far from 1 with its power of ten."""
        return self._number.precisely(value)

    def roughly(self, value: float) -> str:
        """A number that others shown do not come to: by its first digits."""
        return f"{value:.{self._number.digits}g}"

    def constant(self, value: float) -> str:
        """A number that a formula states: as short as it can be written exactly."""
        fixed = f"{value:.9f}".rstrip("0").removesuffix(".") if abs(value) < HUGE else "nan"
        exact = (text for text in (fixed, f"{value:g}") if float(text) == value and math.isfinite(value))
        return next(exact, self.value(value))

    def line(self, node: Node, whole: float) -> str:
        """An expression with its numbers put in, so finely that it comes to the whole as that is written.

        What rounding takes from the whole all the same stands at the end.
        """
        writers = (type(self)(self._number.finer(more)) for more in range(FINER + 1))
        writer = next((writer for writer in writers if self.holds(writer.read(node), whole)), self)
        return writer.write(node) + self._rounding(writer.read(node), whole)

    def holds(self, read: float, whole: float) -> bool:
        """Whether what is read comes to a whole as that is written."""
        return not math.isfinite(whole) or comes_out(read, self.value(whole))

    def missing(self, read: float, whole: float) -> str:
        """What is missing from what is read to a whole as that is written, to the digits shown."""
        text = self.value(whole)
        return to_unit(float(text) - read, text) or self.value(float(text) - read)

    def read(self, node: Node) -> float:
        """The value of an expression as it is read, from the numbers written; nan where they have none."""
        try:
            return self._as_written(node).evaluate()
        except (ArithmeticError, ValueError):
            return math.nan

    def seen(self, value: float) -> float:
        """A number as it is read from what is written."""
        return float(self.value(value)) if math.isfinite(value) else value

    def _as_written(self, node: Node) -> Node:
        if isinstance(node, Number):
            return Number(float(self.constant(node.value)) if math.isfinite(node.value) else node.value)
        if is_number(node):
            return Number(self.seen(node.evaluate()))
        return node.of(*map(self._as_written, node.children()))

    def _rounding(self, read: float, whole: float) -> str:
        if self.holds(read, whole):
            return ""
        rest = self.missing(read, whole)
        sign, size = ("−", rest[1:]) if rest.startswith("-") else ("+", rest)
        return _(" {sign} {size} (rounding)").format(sign=sign, size=size)

    def _write(self, node: Node) -> _Text:
        match node:
            case Sum(Terms()):
                return self._atom(node)
            case Sum(terms):
                return _Text(_joined([self._write(term) for term in terms]), _ADDED)
            case Negation(operand):
                return _Text(f"−{self._write(operand).within(_RAISED)}", _SIGNED)
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
            case Given(value, (first, *rest), signs):
                compared = (f" {sign} {self.write(node)}" for sign, node in zip(signs, rest, strict=True))
                order = self.write(first) + "".join(compared)
                return _Text(_("{value}, as {order}").format(value=self.write(value), order=order), _ADDED)
            case Replaced(value, cell):
                told = _("{value} in place of {cell}").format(value=self.write(value), cell=self.value(cell.value))
                return _Text(told, _ADDED)
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
    numbers = (child if isinstance(child, Number) else Leaf("", (), child.evaluate()) for child in children)
    return node.of(*numbers) if isinstance(node, Sum | Minus | Product | Quotient) else None


def is_number(node: Node) -> bool:
    """Whether a node is written as one number."""
    return isinstance(node, Leaf | Number | Named) or sum_over_row(node) is not None


def sum_over_row(node: Node) -> Terms | None:
    """The terms of a sum over a row, if the node is one."""
    return node.terms if isinstance(node, Sum) and isinstance(node.terms, Terms) else None


def parts(node: Node) -> Collection[Named | Sum]:
    """The parts worth a line of their own: those with names, and sums over rows; each after those it is made of."""
    return {id(part): part for part in _parts(node)}.values()


def _parts(node: Node) -> Iterator[Named | Sum]:
    terms = sum_over_row(node)
    for child in node.children() if terms is None else [terms.general]:
        yield from _parts(child)
    if isinstance(node, Named) or (isinstance(node, Sum) and sum_over_row(node) is not None):
        yield node


def symbols(node: Node) -> Iterator[Number]:
    """The constants that a formula has symbols for."""
    if isinstance(node, Number) and node.symbol:
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


def _signed(text: str) -> _Text:
    return _Text(text, _SIGNED if text.startswith("-") else _ATOM)


def _joined(terms: Sequence[_Text]) -> str:
    first, *rest = terms
    return first.text + "".join(_term(term.text) for term in rest)


def _term(text: str) -> str:
    """A later term of a sum, its sign in front."""
    return f" − {text[1:]}" if text.startswith("-") else f" + {text}"
