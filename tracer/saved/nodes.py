"""Arithmetic as plain data: the name of a node, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from .. import arithmetic
from ..arithmetic import (
    FUNCTIONS,
    Call,
    Given,
    Max,
    Minus,
    Named,
    Negation,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
)
from ..fields import is_of
from ..i18n import _

KNOWN: Mapping[str, type[Node]] = {
    kind.__name__: kind for kind in (Call, Given, Max, Minus, Named, Negation, Number, Power, Product, Quotient, Sum)
}
"""What is made of numbers alone, without a cell of a record."""
DEEPEST = 60
"""So many nodes within each other are read."""


def node_data(node: Node) -> list[Any]:
    """A node as data; raises `TypeError` for one that is made of cells."""
    if type(node).__name__ not in KNOWN:
        raise TypeError
    return [type(node).__name__, *(_part_data(getattr(node, field.name)) for field in fields(node))]  # type: ignore[arg-type]


def _part_data(part: Any) -> Any:
    if isinstance(part, Node):
        return node_data(part)
    return {"all": list(map(_part_data, part))} if isinstance(part, tuple) else part


def node_of(data: Any, depth: int = DEEPEST) -> Node:
    """The node that data describe; raises `ValueError` where they describe none."""
    name, *parts = data if isinstance(data, list) and data else [None]
    if not isinstance(name, str) or name not in KNOWN or not depth:
        raise ValueError(_("expected a node of {known}").format(known=", ".join(KNOWN)))
    kind = KNOWN[name]
    made = [_part_of(part, depth - 1) for part in parts]
    if len(made) != len(_HINTS[name]) or not all(map(is_of, made, _HINTS[name])):
        raise ValueError(_("expected what {name} is made of").format(name=name))
    if kind is Call and made[0] not in FUNCTIONS:
        raise ValueError(_("expected a function of {known}").format(known=", ".join(FUNCTIONS)))
    return kind(*made)


def _part_of(part: Any, depth: int) -> Any:
    if isinstance(part, list):
        return node_of(part, depth)
    return (
        tuple(_part_of(one, depth) for one in part["all"])
        if is_of(part, dict[str, list[Any]]) and "all" in part
        else part
    )


def _hints_of(kind: type[Node]) -> list[Any]:
    """The types of what a node is made of."""
    found = get_type_hints(kind, vars(arithmetic))
    return [found[field.name] for field in fields(kind)]  # type: ignore[arg-type]


_HINTS: Mapping[str, list[Any]] = {name: _hints_of(kind) for name, kind in KNOWN.items()}
