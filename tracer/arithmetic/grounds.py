"""What a cell rests on beside arithmetic: a place among others, the order of some numbers, a rule, a few words."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

from ..dataclass import dataclass
from .nodes import Leaf, Node, Same, literal

Sign = Literal["<", "≤"]

ORDERS: dict[Sign, tuple[Callable[[float, float], bool], str]] = {"<": (operator.lt, "<"), "≤": (operator.le, "<=")}
"""How two numbers are compared, and Python's sign for it."""


@dataclass(frozen=True, slots=True)
class Which(Node):
    """The place of a cell along its last axis: what a choice among cells yields, ``by`` others where these decided."""

    cell: Leaf
    by: tuple[Leaf, ...] = ()

    def evaluate(self) -> float:
        return float(self.cell.index[-1])

    def python(self) -> str:
        return literal(float(self.cell.index[-1]))

    def children(self) -> tuple[Node, ...]:
        return (self.cell, *self.by)


@dataclass(frozen=True, slots=True)
class Given(Node):
    """A value that is what it is because others are in this order, a sign between each two; nan if they are not."""

    node: Node
    order: tuple[Node, ...]
    signs: tuple[Sign, ...]

    def evaluate(self) -> float:
        pairs = zip(self.signs, pairwise([node.evaluate() for node in self.order]), strict=True)
        return self.node.evaluate() if all(ORDERS[sign][0](*pair) for sign, pair in pairs) else float("nan")

    def python(self) -> str:
        first, *rest = (node.python() for node in self.order)
        compared = (f" {ORDERS[sign][1]} {text}" for sign, text in zip(self.signs, rest, strict=True))
        return f"({self.node.python()} if {first}{''.join(compared)} else nan)"

    def children(self) -> tuple[Node, ...]:
        return (self.node, *self.order)

    def of(self, *children: Node) -> Node:
        node, *order = children
        return Given(node, tuple(order), self.signs)


@dataclass(frozen=True, slots=True)
class Replaced(Same):
    """A value that a rule puts in the place of a cell."""

    node: Node
    cell: Leaf

    def children(self) -> tuple[Node, ...]:
        return (self.node, self.cell)


@dataclass(frozen=True, slots=True)
class Noted(Same):
    """A whole derivation, and what there is to say of how its operands were found or why its value is what it is."""

    node: Node
    note: str
