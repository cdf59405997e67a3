"""What rules of shapes have in common: each is a function of the shapes of inputs and of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from ..operation import Operation

Shape = tuple[int, ...]
Rule = Callable[[Sequence[Shape], Mapping[str, Any]], Shape]


def fits(is_so: bool, shape: Shape) -> Shape:
    """A shape; raises `ValueError` unless something is so."""
    if not is_so:
        raise ValueError
    return shape


def same(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    """As all inputs are."""
    return fits(all(shape == inputs[0] for shape in inputs), inputs[0])


def normed(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """Rows to be normalised, with a gain for each feature."""
    return fits(settings["weight"].shape == inputs[0][-1:], inputs[0])


def normed_jointly(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """[head, position, d_k], with a gain for each feature of all heads."""
    heads, _n, d_k = inputs[0]
    return fits(settings["weight"].shape == (heads * d_k,), inputs[0])


def products(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    """[head, query, d_k] and [group, key, d_k]: [head, query, key]."""
    (heads, queries, width), (groups, keys, other) = inputs
    return fits(width == other and heads % groups == 0, (heads, queries, keys))


def weigh(inputs: Sequence[Shape], _settings: Mapping[str, Any]) -> Shape:
    """[head, query, key] and [group, key, d_k]: [head, query, d_k]."""
    (heads, queries, keys), (groups, n, width) = inputs
    return fits(keys == n and heads % groups == 0, (heads, queries, width))


def rotate(inputs: Sequence[Shape], settings: Mapping[str, Any]) -> Shape:
    """Heads with a position for each row, and no more pairs than there are features."""
    _heads, n, width = inputs[0]
    pairs = len(settings["frequencies"].angles)
    return fits(len(settings["positions"]) == n and 2 * pairs <= width, inputs[0])


def names(module: ModuleType) -> list[str]:
    """Those of the operations that a file defines."""
    found = (op for op in vars(module).values() if isinstance(op, Operation))
    return [op.name for op in found if type(op).__module__ == module.__name__]
