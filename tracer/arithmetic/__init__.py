"""Arithmetic as a tree: what a cell was computed from, and how.

Leaves are recorded cells and parameters; everything printed, exported or proved about a cell is this tree.
"""

from .functions import FUNCTIONS, Call, Max, dot, exp, log, magnitude, over, sqrt, total
from .grounds import ORDERS, Given, Noted, Replaced, Sign, Which
from .nodes import (
    MANY,
    Array,
    Cells,
    Foreign,
    Leaf,
    Minus,
    Named,
    Negation,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Same,
    Sum,
    Terms,
    Vector,
    literal,
)

__all__ = [
    "FUNCTIONS",
    "MANY",
    "ORDERS",
    "Array",
    "Call",
    "Cells",
    "Foreign",
    "Given",
    "Leaf",
    "Max",
    "Minus",
    "Named",
    "Negation",
    "Node",
    "Noted",
    "Number",
    "Power",
    "Product",
    "Quotient",
    "Replaced",
    "Same",
    "Sign",
    "Sum",
    "Terms",
    "Vector",
    "Which",
    "dot",
    "exp",
    "literal",
    "log",
    "magnitude",
    "over",
    "sqrt",
    "total",
]
