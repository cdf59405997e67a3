"""What an operation puts together: the two matrices of a product, or the tensors it takes cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from .arithmetic import Node, Product, Sum, Terms
from .derive import derive
from .i18n import _
from .tape import Record
from .tensor import Axis, Parameter, Row, Tensor


class Operand(NamedTuple):
    """A tensor under its symbol in a formula; ``turned`` where its last two axes change places, as in kᵀ."""

    symbol: str
    tensor: Tensor
    turned: bool = False

    @property
    def name(self) -> str:
        """The symbol, with ᵀ where the tensor is turned, unless the file has it so."""
        is_stored_so = isinstance(self.tensor, Parameter) and self.tensor.transposed
        return f"{self.symbol}ᵀ" if self.turned and not is_stored_so else self.symbol

    @property
    def extents(self) -> list[tuple[Axis, int]]:
        """The axes and their lengths, in the order in which the product has them."""
        found = list(zip(self.tensor.dims, self.tensor.shape, strict=True))
        return [*found[:-2], found[-1], found[-2]] if self.turned else found

    @property
    def sizes(self) -> str:
        """``[4,16]``: the lengths of the axes in that order."""
        return _sizes([n for _axis, n in self.extents])


class Operands(NamedTuple):
    """The operands of a record; ``is_product`` where the first two are multiplied as matrices and the rest added."""

    operands: list[Operand]
    is_product: bool


def operands_of(record: Record) -> Operands:
    """What a record was made of."""
    rows = _rows(record)
    if len(rows) != 2:
        return Operands([Operand(name, tensor) for name, tensor in record.op.operands(record)], is_product=False)
    (left, x), (right, w) = rows.items()
    product = [Operand(left, x.tensor, turned=bool(x.after)), Operand(right, w.tensor, turned=not w.after)]
    seen = {id(x.tensor), id(w.tensor)}
    others = [Operand(name, tensor) for name, tensor in record.op.operands(record) if id(tensor) not in seen]
    return Operands([*product, *others], is_product=True)


def shapes(record: Record) -> str:
    """``[4,16] · [16,8] → [4,8]`` for a product, and what became of it where it was split into heads."""
    left, right, *_others = operands_of(record).operands
    output, product = record.output.shape, tuple(n for _axis, n in (*left.extents[:-1], right.extents[-1]))
    is_split = len(output) > len(product) and prod(output) == prod(product)
    text = f"{left.sizes} · {right.sizes} → {_sizes(product if is_split else output)}"
    return _("{product}, split into heads: {output}").format(product=text, output=_sizes(output)) if is_split else text


def _sizes(lengths: Sequence[int]) -> str:
    return f"[{','.join(map(str, lengths))}]"


def row_by_column(node: Node) -> tuple[dict[str, Row], Terms] | None:
    """The row and the column of which an expression has the product, by symbol, if it has one."""
    terms = next(_products(node), None)
    return None if terms is None else ({s: r for s, r in terms.rows.items() if isinstance(r, Row)}, terms)


def _rows(record: Record) -> dict[str, Row]:
    if not record.explains or not record.output.array.size:
        return {}
    found = row_by_column(derive(record, (0,) * record.output.array.ndim).expression)
    return found[0] if found else {}


def _products(node: Node) -> Iterator[Terms]:
    """Sums that `dot` has made, outermost first."""
    if isinstance(node, Sum) and isinstance(node.terms, Terms):
        if node.terms.pattern is Product:
            yield node.terms
        return
    for child in node.children():
        yield from _products(child)
