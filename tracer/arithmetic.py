"""Arithmetic as a tree: what a cell was computed from, and how.

Leaves are recorded cells and parameters; everything printed, exported or proved about a cell is this tree.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MANY = 100
"""A sum of more terms than this is written ``sum([…])``."""


class Node:
    """An expression; nodes combine with ``+ - * / **`` as in mathematics."""

    def evaluate(self) -> float:
        """The value in double precision, worked out from the leaves."""
        raise NotImplementedError

    def python(self) -> str:
        """The expression in Python's syntax, with numbers for leaves."""
        raise NotImplementedError

    def children(self) -> Iterable[Node]:
        """The operands of this node, in order."""
        return ()

    def of(self, *children: Node) -> Node:
        """The same node of other operands, one for each of its own."""
        return self

    def leaves(self) -> Iterator[Leaf]:
        """Every recorded cell and parameter below, left to right."""
        for child in self.children():
            yield from child.leaves()

    def __add__(self, other: Node) -> Node:
        return Sum((self, other))

    def __sub__(self, other: Node) -> Node:
        return Minus(self, other)

    def __mul__(self, other: Node) -> Node:
        return Product(self, other)

    def __truediv__(self, other: Node) -> Node:
        return Quotient(self, other)

    def __pow__(self, exponent: int) -> Node:
        return Power(self, exponent)

    def __neg__(self) -> Node:
        return Negation(self)


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """A cell of a record (``@2:decoder.0.ffn.hidden``) or of a parameter, by address and index."""

    address: str
    index: tuple[int, ...]
    value: float

    def evaluate(self) -> float:
        return self.value

    def python(self) -> str:
        return literal(self.value)

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def __str__(self) -> str:
        return f"{self.address}[{','.join(map(str, self.index))}]" if self.index else self.address


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A constant; ``symbol`` is how a formula writes it (``√d_k``, ``ε``)."""

    value: float
    symbol: str = ""

    def evaluate(self) -> float:
        return self.value

    def python(self) -> str:
        return literal(self.value)


class Same(Node):
    """A node of which there is something to say, and whose value it has."""

    node: Node

    def evaluate(self) -> float:
        return self.node.evaluate()

    def python(self) -> str:
        return self.node.python()

    def children(self) -> tuple[Node, ...]:
        return (self.node,)


@dataclass(frozen=True, slots=True)
class Named(Same):
    """A part that has a name of its own in the formula: μ, σ², x̂."""

    symbol: str
    node: Node

    def of(self, *children: Node) -> Node:
        return Named(self.symbol, *children)


class Cells(Protocol):
    """The cells along one axis of a record or parameter, leaves that are made when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Leaf: ...

    @property
    def values(self) -> Array: ...


@dataclass(frozen=True, slots=True)
class Vector(Node):
    """The cells of a row all at once, under the symbol that a formula has for one of them."""

    symbol: str
    cells: Cells

    def evaluate(self) -> Any:
        return self.cells.values


class Terms:
    """The terms of a sum that are all alike: one pattern over the cells of one row or of several, place by place.

    A term is made when it is asked for, so that a sum over a whole vocabulary costs no more than its arithmetic.
    """

    def __init__(self, pattern: Callable[..., Node], **rows: Cells) -> None:
        self.pattern = pattern
        self.rows = rows

    @cached_property
    def general(self) -> Node:
        """The term at every place, with symbols in the place of cells."""
        return self.pattern(*(Vector(symbol, row) for symbol, row in self.rows.items()))

    @cached_property
    def values(self) -> Array:
        """The value of each term, in double precision."""
        with np.errstate(all="ignore"):
            found: Array = np.broadcast_to(self.general.evaluate(), len(self))
        return found

    @cached_property
    def total(self) -> float:
        """What the terms add up to."""
        return _added(self.values.tolist())

    def __len__(self) -> int:
        return len(next(iter(self.rows.values())))

    def __getitem__(self, place: int) -> Node:
        return self.pattern(*(row[place] for row in self.rows.values()))

    def __iter__(self) -> Iterator[Node]:
        return map(self.__getitem__, range(len(self)))


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Terms added up, as exactly as doubles allow."""

    terms: tuple[Node, ...] | Terms

    def values(self) -> list[float]:
        """The value of each term."""
        if isinstance(self.terms, Terms):
            return self.terms.values.tolist()  # type: ignore[no-any-return]
        return [term.evaluate() for term in self.terms]

    def evaluate(self) -> float:
        return self.terms.total if isinstance(self.terms, Terms) else _added(self.values())

    def python(self) -> str:
        parts = [term.python() for term in self.terms]
        return f"sum([{', '.join(parts)}])" if len(parts) > MANY else f"({' + '.join(parts)})"

    def children(self) -> Iterable[Node]:
        return self.terms

    def of(self, *children: Node) -> Node:
        return Sum(children)


@dataclass(frozen=True, slots=True)
class _Binary(Node):
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    def of(self, *children: Node) -> Node:
        return type(self)(*children)


class Minus(_Binary):
    """left − right."""

    def evaluate(self) -> float:
        return self.left.evaluate() - self.right.evaluate()

    def python(self) -> str:
        return f"({self.left.python()} - {self.right.python()})"


class Product(_Binary):
    """left · right."""

    def evaluate(self) -> float:
        return self.left.evaluate() * self.right.evaluate()

    def python(self) -> str:
        return f"({self.left.python()} * {self.right.python()})"


class Quotient(_Binary):
    """left / right."""

    def evaluate(self) -> float:
        return _applied(operator.truediv, np.divide, self.left.evaluate(), self.right.evaluate())

    def python(self) -> str:
        if _raises(operator.truediv, self.left.evaluate(), self.right.evaluate()):
            return literal(self.evaluate())
        return f"({self.left.python()} / {self.right.python()})"


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """−x."""

    operand: Node

    def evaluate(self) -> float:
        return -self.operand.evaluate()

    def python(self) -> str:
        return f"(-{self.operand.python()})"

    def children(self) -> tuple[Node, ...]:
        return (self.operand,)

    def of(self, *children: Node) -> Node:
        return Negation(*children)


@dataclass(frozen=True, slots=True)
class Power(Node):
    """A base to a whole power."""

    base: Node
    exponent: int

    def evaluate(self) -> float:
        return _applied(operator.pow, np.power, self.base.evaluate(), self.exponent)

    def python(self) -> str:
        if _raises(operator.pow, self.base.evaluate(), self.exponent):
            return literal(self.evaluate())
        return f"({self.base.python()} ** {self.exponent})"

    def children(self) -> tuple[Node, ...]:
        return (self.base,)

    def of(self, *children: Node) -> Node:
        return Power(children[0], self.exponent)


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

        return _applied(FUNCTIONS[self.function], ours, argument) if isinstance(argument, float) else ours(argument)

    def python(self) -> str:
        if _raises(FUNCTIONS[self.function], self.argument.evaluate()):
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
    """Σ xᵢ · yᵢ; the keywords are the symbols of the two rows."""
    return over(Product, **rows)


def _added(values: list[float]) -> float:
    return _applied(math.fsum, sum, values)


def _applied(function: Callable[..., float], ours: Callable[..., Any], *arguments: Any) -> float:
    """What a function of Python's yields; what NumPy's does, which has infinities and nan, where that one raises."""
    try:
        return function(*arguments)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            return float(ours(*arguments))


def _raises(function: Callable[..., float], *arguments: Any) -> bool:
    """Whether a function of Python's has no value to give, as beyond the range of doubles."""
    try:
        function(*arguments)
    except (ArithmeticError, ValueError):
        return True
    return False


def literal(value: float) -> str:
    """A number as Python writes it, so that anything may stand beside it."""
    return f"({value!r})" if value < 0 else repr(value)


def magnitude(node: Node) -> float:
    """The size a value would have if none of its terms cancelled: Σ|terms|, what float noise is measured against."""
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
            return _applied(operator.truediv, np.divide, magnitude(left), abs(right.evaluate()))
        case Power(base, exponent):
            return _applied(operator.pow, np.power, magnitude(base), exponent)
        case Negation(inner) | Named(node=inner):
            return magnitude(inner)
        case _:
            return abs(node.evaluate())
