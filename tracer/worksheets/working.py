"""A cell worked out from other numbers than those recorded: those that are printed, or that somebody has written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from ..arithmetic import Leaf, Node
from ..derive import derive, record_of
from ..edits import Call
from ..nearness import is_near
from ..operation import Trait
from ..tape import Record
from ..tensor import Tensor
from ..trace import Trace

Known = Callable[[Leaf], float]
"""What is taken for an operand: as recorded, as printed, as somebody has written it."""
Index = tuple[int, ...]
STEP = 0.25
"""By so much a number is altered to see whether another is a copy of it."""


def worked(record: Record, index: Index, known: Known) -> float:
    """The cell of a record at ``index`` by its arithmetic over what is ``known`` of its operands; nan where none is."""
    terms = derive(record, index).terms
    inputs = tuple(_put_in(tensor, terms, known) for tensor in record.inputs)
    node = Call.of(record)._replace(inputs=inputs).derive(index)
    try:
        with np.errstate(all="ignore"):
            return float(_replaced(node, known).evaluate())
    except (ArithmeticError, ValueError):
        return math.nan


def _put_in(tensor: Tensor, terms: list[Leaf], known: Known) -> Tensor:
    cells = [leaf for leaf in terms if (leaf.path, leaf.at) == (tensor.path, tensor.at)]
    if not cells or tensor.array.dtype.kind != "f":
        return tensor
    array = tensor.array.astype(np.float64)
    for leaf in cells:
        array[leaf.index] = known(leaf)
    return tensor.replaced(array)


def _replaced(node: Node, known: Known) -> Node:
    """An expression with what is known of trained parameters in their place."""
    if isinstance(node, Leaf):
        return node if node.at is not None else Leaf(node.path, node.index, known(node))
    return node.of(*(_replaced(child, known) for child in node.children()))


def origin(run: Trace, record: Record, index: Index) -> tuple[Record, Index]:
    """The cell that one is a copy of, be it under a mask that lets it through; itself where it is none."""
    while (leaf := _copied(run, record, index)) is not None:
        found = record_of(run, leaf)
        if found is None:
            break
        record, index = found, leaf.index
    return record, index


def _copied(run: Trace, record: Record, index: Index) -> Leaf | None:
    """The one operand whose value a cell has, if there is one."""
    value = record.output.array[index]
    if not any((tensor.array == value).any() for tensor in record.inputs):
        return None
    derivation = derive(record, index)
    if isinstance(derivation.expression, Leaf):
        return derivation.expression
    terms = [leaf for leaf in derivation.terms if not _lets_through(run, leaf)]
    is_copy = len(terms) == 1 < len(derivation.terms) and terms[0].value == derivation.value
    return terms[0] if is_copy and all(leaf.at is not None for leaf in derivation.terms) else None


def sources(run: Trace, record: Record, index: Index) -> Iterator[tuple[Record, Index]]:
    """A cell, then those that it has its number from, whatever that is, and so on: where the same number stands."""
    cells, known = [(record, index)], {record.output.leaf(*index)}
    for record, index in cells:
        yield record, index
        for leaf in _handed_on(record, index):
            found = record_of(run, leaf)
            if found is not None and leaf not in known:
                known.add(leaf)
                cells.append((found, leaf.index))


def _handed_on(record: Record, index: Index) -> Iterator[Leaf]:
    """The operands that a cell repeats, such as what a rectifier lets through or what 0 is added to."""
    value = record.output.array[index]
    if any((tensor.array == value).any() for tensor in record.inputs):
        same = (leaf for leaf in derive(record, index).terms if leaf.at is not None and leaf.value == value)
        yield from (leaf for leaf in same if _repeats(record, index, leaf))


def _repeats(record: Record, index: Index, leaf: Leaf) -> bool:
    """Whether a cell has the number of an operand also where that is another one."""
    other = leaf.value + STEP
    found = worked(record, index, lambda operand: other if operand == leaf else operand.value)
    return is_near(found, other, 0.0)


def _lets_through(run: Trace, leaf: Leaf) -> bool:
    record = record_of(run, leaf)
    return leaf.value == 0 and record is not None and record.has(Trait.MASK)
