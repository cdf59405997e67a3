"""What is built of nodes: functions of one variable, the largest of some values, sums of many terms; and their size."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..dataclass import dataclass
from .nodes import Cells, Minus, Named, Negation, Node, Power, Product, Quotient, Sum, Terms, applied, literal, raises

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
    "erf": math.erf,
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
}


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of one variable, one of `FUNCTIONS`."""

    function: str
    argument: Node

    def evaluate(self) -> float:
        argument = self.argument.evaluate()

        def ours(x: Any) -> Any:
            return getattr(np, self.function)(x)

        return applied(FUNCTIONS[self.function], ours, argument) if isinstance(argument, float) else ours(argument)

    def python(self) -> str:
        if raises(FUNCTIONS[self.function], self.argument.evaluate()):
            return literal(self.evaluate())
        return f"{self.function}({self.argument.python()})"

    def children(self) -> tuple[Node, ...]:
        return (self.argument,)

    def of(self, *children: Node) -> Node:
        return Call(self.function, *children)


@dataclass(frozen=True, slots=True)
class Max(Node):
    """The largest of some values; nan if one of them is."""

    values: tuple[Node, ...]

    def evaluate(self) -> float:
        return max(value.evaluate() for value in self._nan_first())

    def python(self) -> str:
        return f"max([{', '.join(value.python() for value in self._nan_first())}])"

    def _nan_first(self) -> list[Node]:
        """The values in the order in which Python's ``max`` yields nan: it keeps the first when none is larger."""
        return sorted(self.values, key=lambda value: not math.isnan(value.evaluate()))

    def children(self) -> tuple[Node, ...]:
        return self.values

    def of(self, *children: Node) -> Node:
        return Max(children)


def exp(x: Node) -> Node:
    """eˣ."""
    return Call("exp", x)


def sqrt(x: Node) -> Node:
    """√x."""
    return Call("sqrt", x)


def log(x: Node) -> Node:
    """The natural logarithm."""
    return Call("log", x)


def total(terms: Iterable[Node]) -> Sum:
    """Σ terms."""
    return Sum(tuple(terms))


def over(pattern: Callable[..., Node], **rows: Cells) -> Sum:
    """Σ pattern(xᵢ, …), a term for each place of the rows; the keywords are their symbols."""
    return Sum(Terms(pattern, **rows))


def dot(**rows: Cells) -> Sum:
    """Σ xᵢ · yᵢ, a cell of a product of matrices; the keywords are the symbols of the two rows."""
    return over(Product, **rows)


def magnitude(node: Node) -> float:
    """The size a value would have if none of its terms cancelled: Σ|terms|, what float noise is measured against.

    Noise in what a logarithm is taken of, as a share of it, is noise in the logarithm, however small that is.
    """
    match node:
        case Sum(Terms() as terms):
            with np.errstate(all="ignore"):
                return float(np.sum(magnitude(terms.general)))
        case Sum(terms):
            return sum(map(magnitude, terms))
        case Minus(left, right):
            return magnitude(left) + magnitude(right)
        case Product(left, right):
            return magnitude(left) * magnitude(right)
        case Quotient(left, right):
            return applied(operator.truediv, np.divide, magnitude(left), abs(right.evaluate()))
        case Power(base, exponent):
            return applied(operator.pow, np.power, magnitude(base), exponent)
        case Negation(inner) | Named(node=inner):
            return magnitude(inner)
        case Call("log", argument):
            shares = applied(operator.truediv, np.divide, magnitude(argument), abs(argument.evaluate()))
            size: float = np.maximum(abs(node.evaluate()), shares)
            return size
        case _:
            return abs(node.evaluate())
