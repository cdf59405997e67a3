"""The nodes of the tree: recorded cells and numbers, whole rows of cells, and what joins them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..addresses import At, written
from ..dataclass import dataclass

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
    """A cell: the path of a record (``decoder.0.ffn.hidden``) and the pass that has it, or a parameter's name alone."""

    path: str
    index: tuple[int, ...]
    value: float
    at: At | None = None

    @property
    def address(self) -> str:
        """What it is a cell of, as people read it: ``@2:decoder.0.ffn.hidden``."""
        return written(self.path, self.at)

    @property
    def run(self) -> Any:
        """The run that it is a cell of, where that is another one."""
        return None

    def evaluate(self) -> float:
        return self.value

    def python(self) -> str:
        return literal(self.value)

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def __str__(self) -> str:
        return written(self.path, self.at, self.index)


@dataclass(frozen=True, slots=True)
class Foreign(Leaf):
    """A cell of another run, which is called by its number where it has one."""

    trace: Any = None

    @property
    def address(self) -> str:
        number = getattr(self.trace, "number", None)
        between = "" if self.at else ":"
        return f"r{'?' if number is None else number}{between}{written(self.path, self.at)}"

    @property
    def run(self) -> Any:
        return self.trace

    def __str__(self) -> str:
        return written(self.address, index=self.index)


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
        if isinstance(self.terms, Terms):
            return self.terms.total
        values = self.values()
        return sum(values) if any(isinstance(value, np.ndarray) for value in values) else _added(values)

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
        return applied(operator.truediv, np.divide, self.left.evaluate(), self.right.evaluate())

    def python(self) -> str:
        if raises(operator.truediv, self.left.evaluate(), self.right.evaluate()):
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
        return applied(operator.pow, np.power, self.base.evaluate(), self.exponent)

    def python(self) -> str:
        if raises(operator.pow, self.base.evaluate(), self.exponent):
            return literal(self.evaluate())
        return f"({self.base.python()} ** {self.exponent})"

    def children(self) -> tuple[Node, ...]:
        return (self.base,)

    def of(self, *children: Node) -> Node:
        return Power(children[0], self.exponent)


def _added(values: list[float]) -> float:
    return applied(math.fsum, sum, values)


def applied(function: Callable[..., float], ours: Callable[..., Any], *arguments: Any) -> float:
    """What a function of Python's yields; what NumPy's does, which has infinities and nan, where that one raises."""
    try:
        return function(*arguments)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            return float(ours(*arguments))


def raises(function: Callable[..., float], *arguments: Any) -> bool:
    """Whether a function of Python's has no value to give, as beyond the range of doubles."""
    try:
        function(*arguments)
    except (ArithmeticError, ValueError):
        return True
    return False


def literal(value: float) -> str:
    """A number as Python writes it, so that anything may stand beside it."""
    return f"({value!r})" if value < 0 else repr(value)
