"""Matrix products with trained parameters. Rows are vectors: x Wᵀ + b, for W stored [out, in]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..arithmetic import Node, Number, dot
from ..i18n import N_, _
from ..operation import Flow, Operation, Weighed, Written, to
from ..tensor import D_K, FEATURE, OUT_FEATURE, Array, Axis, Located, Parameter, Tensor
from .gradients.linear import (
    factor_gradient,
    linear_gradient,
    of_product,
    pass_on,
    placed,
    portion_gradient,
    portion_share_gradient,
    project_gradient,
    rows_placed,
    scale_gradient,
    split_gradient,
)

if TYPE_CHECKING:
    from ..tape import Record

_FEW, _ROWS = 8, 1024
"""So few rows of a matrix are taken out of it; of more, so many are looked at in double precision at a time."""


def _product(row: tuple[int, ...], out: int, x: Tensor, weight: Parameter, bias: Parameter | None) -> Node:
    product = dot(x=x.row(*row), W=weight.row(out))
    return product if bias is None else product + bias.leaf(out)


def _in_heads(y: Array, position: Axis, heads: int, axes: tuple[Axis, str]) -> Tensor:
    """[position, head · d_k] -> [head, query or key, d_k]; ``axes`` as in `Project`."""
    split = y.reshape(len(y), heads, -1).transpose(1, 0, 2)
    return Tensor(split, (axes[0], position.named(axes[1]), D_K))


class RowProduct(Operation, weight="W", bias="b"):
    """A product of rows with a trained matrix W [out, in], which the file may have as [in, out]."""

    def written(self, record: Record) -> Written:
        matrix = ("W", "W") if record.parameters["weight"].transposed else ("Wᵀ", r"W^{\top}")
        b = _plus_bias(record)
        return Written(*(f"x {w}{b}" for w in matrix))

    def convention(self, record: Record) -> str:
        rows = (
            _(
                "each vector is a row: {product}, as the file has W [in, out]; for columns, as in Linear(x) = "
                "{columns}, W is this matrix turned over"
            )
            if record.parameters["weight"].transposed
            else _(
                "each vector is a row: {product}, as the file has W [out, in]; for columns, as in Linear(x) = "
                "{columns}, it is the same W and the same numbers"
            )
        )
        return rows.format(product=RowProduct.written(self, record).formula, columns=f"W x{_plus_bias(record)}")


def _plus_bias(record: Record) -> str:
    return "" if record.parameters.get("bias") is None else " + b"


class Linear(RowProduct):
    """[…, in] -> […, out], with W [out, in] and b [out]."""

    formula = "x Wᵀ + b"
    latex = r"x W^{\top} + b"
    reference = "Vaswani et al. 2017, §3.3; torch.nn.Linear"

    def forward(self, x: Tensor, *, weight: Parameter, bias: Parameter | None = None) -> Tensor:
        y = x.array @ weight.array.T
        if bias is not None:
            y += bias.array
        out = weight.dims[0]
        return Tensor(y, (*x.dims[:-1], FEATURE if out is OUT_FEATURE else out))

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, weight: Parameter, bias: Parameter | None = None
    ) -> Iterator[Flow]:
        yield to(x, linear_gradient, dy, weight=weight, like=x.dims)
        yield from of_product(dy, x, weight, bias)

    def direct(
        self, where: Located, factors: Array, x: Tensor, *, weight: Parameter, bias: Parameter | None = None
    ) -> Iterator[Weighed]:
        yield Weighed(x, where, _weighed_rows(factors, weight))
        if bias is not None:
            yield Weighed(bias, where[-1:], factors)

    def derive(self, index: tuple[int, ...], x: Tensor, *, weight: Parameter, bias: Parameter | None = None) -> Node:
        return _product(index[:-1], index[-1], x, weight, bias)


def _weighed_rows(factors: Array, weight: Parameter) -> Array:
    """factors · W in double precision: of the rows that have any, where they are few, else of so many at a time."""
    rows = np.flatnonzero(factors)
    if len(rows) <= _FEW:
        taken: Array = factors[rows] @ weight.array[rows].astype(np.float64)
        return taken
    found = np.zeros(weight.shape[1])
    for start in range(0, len(factors), _ROWS):
        part = slice(start, start + _ROWS)
        found += factors[part] @ weight.array[part].astype(np.float64)
    return found


class Project(RowProduct):
    """[position, d_model] -> [head, query or key, d_k]: one product for all heads, W [head · d_k, d_model].

    ``heads`` is how many there are, ``axes`` what the first two axes of the result are called.
    """

    formula = N_("x Wᵀ + b, split into heads")
    latex = r"(x W^{\top} + b)_{\mathrm{head}}"
    reference = "Vaswani et al. 2017, §3.2.2"

    def written(self, record: Record) -> Written:
        product = super().written(record)
        split = N_("{product}, split into heads").format(product=product.formula)
        return Written(split, rf"({product.latex})_{{\mathrm{{head}}}}")

    def forward(
        self, x: Tensor, *, weight: Parameter, bias: Parameter | None = None, heads: int, axes: tuple[Axis, str]
    ) -> Tensor:
        y = x.array @ weight.array.T
        if bias is not None:
            y += bias.array
        return _in_heads(y, x.dims[0], heads, axes)

    def backward(
        self,
        dy: Tensor,
        y: Tensor,
        x: Tensor,
        *,
        weight: Parameter,
        bias: Parameter | None = None,
        heads: int,
        axes: tuple[Axis, str],
    ) -> Iterator[Flow]:
        yield to(x, project_gradient, dy, weight=weight, position=x.dims[0])
        yield from of_product(dy, x, weight, bias)

    def derive(
        self,
        index: tuple[int, ...],
        x: Tensor,
        *,
        weight: Parameter,
        bias: Parameter | None = None,
        heads: int,
        axes: tuple[Axis, str],
    ) -> Node:
        head, position, d = index
        return _product((position,), head * (len(weight.array) // heads) + d, x, weight, bias)


class Part(Operation):
    """[position, parts · d_model] -> [head, query or key, d_k]: one part of a fused product, split into heads."""

    formula = N_("a part of the fused product, split into heads")
    latex = r"x_{\mathrm{part},\,\mathrm{head}}"
    reference = "Radford et al. 2019 (c_attn)"

    def forward(self, x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]) -> Tensor:
        width = x.shape[1] // parts
        y = x.array[:, part * width : (part + 1) * width]
        return _in_heads(y, x.dims[0], heads, axes)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]
    ) -> Iterator[Flow]:
        first = part * (x.shape[1] // parts)
        yield to(x, placed, dy, first=first, apart=dy.shape[2], like=x.dims, width=x.shape[1])

    def derive(
        self, index: tuple[int, ...], x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]
    ) -> Node:
        head, position, d = index
        width = x.shape[1] // parts
        return x.leaf(position, part * width + head * (width // heads) + d)


class Share(Operation):
    """[position, heads · d_k] -> [head, query or key, d_k]: the heads from ``first`` on of a fused product.

    They are ``heads`` in number, each as wide as ``d_k``; ``axes`` as in `Project`.
    """

    formula = N_("some heads of the fused product")
    latex = r"x_{\mathrm{head}}"
    reference = N_("Abdin et al. 2024, Phi-3 (qkv_proj)")

    def forward(self, x: Tensor, *, first: int, heads: int, d_k: int, axes: tuple[Axis, str]) -> Tensor:
        y = x.array[:, first * d_k : (first + heads) * d_k]
        return _in_heads(y, x.dims[0], heads, axes)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, first: int, heads: int, d_k: int, axes: tuple[Axis, str]
    ) -> Iterator[Flow]:
        yield to(x, placed, dy, first=first * d_k, apart=d_k, like=x.dims, width=x.shape[1])

    def derive(
        self, index: tuple[int, ...], x: Tensor, *, first: int, heads: int, d_k: int, axes: tuple[Axis, str]
    ) -> Node:
        head, position, d = index
        return x.leaf(position, (first + head) * d_k + d)


class Columns(Operation):
    """[…, features] -> […, count]: the features of a fused product from ``first`` on, ``count`` of them."""

    formula = N_("some features of the fused product")
    latex = r"x_{\mathrm{part}}"
    reference = N_("Abdin et al. 2024, Phi-3 (gate_up_proj)")

    def forward(self, x: Tensor, *, first: int, count: int) -> Tensor:
        return Tensor(x.array[..., first : first + count], x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor, *, first: int, count: int) -> Iterator[Flow]:
        yield to(x, placed, dy, first=first, apart=count, like=x.dims, width=x.shape[-1])

    def derive(self, index: tuple[int, ...], x: Tensor, *, first: int, count: int) -> Node:
        return x.leaf(*index[:-1], first + index[-1])


class PartOfHeads(Part):
    """[position, heads · parts · d_k] -> [head, query or key, d_k]: one part of each head of a fused product."""

    formula = N_("a part of each head of the fused product")
    reference = "Black et al. 2022 (GPT-NeoX: query_key_value)"

    def forward(self, x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]) -> Tensor:
        y = x.array.reshape(len(x.array), heads, parts, -1)[:, :, part]
        return _in_heads(y, x.dims[0], heads, axes)

    def backward(
        self, dy: Tensor, y: Tensor, x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]
    ) -> Iterator[Flow]:
        d_k = dy.shape[2]
        yield to(x, placed, dy, first=part * d_k, apart=parts * d_k, like=x.dims, width=x.shape[1])

    def derive(
        self, index: tuple[int, ...], x: Tensor, *, part: int, parts: int, heads: int, axes: tuple[Axis, str]
    ) -> Node:
        head, position, d = index
        d_k = x.shape[1] // (heads * parts)
        return x.leaf(position, (head * parts + part) * d_k + d)


class Concat(Operation):
    """[head, query, d_k] -> [query, head · d_k]."""

    formula = N_("heads side by side")
    latex = r"\mathrm{Concat}(\mathrm{head}_1, \dots, \mathrm{head}_h)"
    reference = "Vaswani et al. 2017, §3.2.2"

    def forward(self, heads: Tensor) -> Tensor:
        n = heads.shape[1]
        return Tensor(heads.array.transpose(1, 0, 2).reshape(n, -1), (heads.dims[1], FEATURE))

    def backward(self, dy: Tensor, y: Tensor, heads: Tensor) -> Iterator[Flow]:
        yield to(heads, split_gradient, dy, like=heads.dims, heads=heads.shape[0])

    def direct(self, where: Located, factors: Array, heads: Tensor) -> Iterator[Weighed]:
        row, features = where
        yield Weighed(heads, (slice(None), row, features), factors.reshape(heads.shape[0], -1))

    def derive(self, index: tuple[int, ...], heads: Tensor) -> Node:
        head, d = divmod(index[1], heads.shape[2])
        return heads.leaf(head, index[0], d)


class Add(Operation):
    """Two tensors of one shape, added cell by cell: the residual connection, and embedding + positions."""

    formula = "x + y"
    latex = r"x + y"
    reference = "He et al. 2016; Vaswani et al. 2017, §3.1"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return Tensor(x.array + y.array, x.dims)

    def backward(self, dy: Tensor, y: Tensor, *terms: Tensor) -> Iterator[Flow]:
        return (to(term, pass_on, dy, like=term.dims) for term in terms)

    def direct(self, where: Located, factors: Array, x: Tensor, y: Tensor) -> Iterator[Weighed]:
        yield Weighed(x, where, factors)
        yield Weighed(y, where, factors)

    def derive(self, index: tuple[int, ...], x: Tensor, y: Tensor) -> Node:
        return x.leaf(*index) + y.leaf(*index)


class Multiply(Operation):
    """Two tensors of one shape, multiplied cell by cell: a gated unit."""

    formula = "x ⊙ y"
    latex = r"x \odot y"
    reference = N_("Dauphin et al. 2017; Shazeer 2020 (gated linear units)")

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return Tensor(x.array * y.array, x.dims)

    def backward(self, dz: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Iterator[Flow]:
        yield to(x, factor_gradient, dz, y, like=x.dims)
        yield to(y, factor_gradient, dz, x, like=y.dims)

    def derive(self, index: tuple[int, ...], x: Tensor, y: Tensor) -> Node:
        return x.leaf(*index) * y.leaf(*index)


class Portion(Operation):
    """[position, 1], [position, feature] -> [position, feature]: each row times its own number."""

    formula = "g · x"
    latex = r"g \, x"
    reference = N_("Qwen Team 2024, Qwen1.5-MoE (the gate of the shared expert)")

    def forward(self, g: Tensor, x: Tensor) -> Tensor:
        return Tensor(g.array * x.array, x.dims)

    def backward(self, dy: Tensor, y: Tensor, g: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(g, portion_share_gradient, dy, x, like=g.dims)
        yield to(x, portion_gradient, dy, g)

    def direct(self, where: Located, factors: Array, g: Tensor, x: Tensor) -> Iterator[Weighed]:
        yield Weighed(x, where, factors * g.array[where[0]].astype(np.float64))

    def derive(self, index: tuple[int, ...], g: Tensor, x: Tensor) -> Node:
        return g.leaf(index[0], 0) * x.leaf(*index)


class Scale(Operation):
    """Every cell times a number that the file states; ``symbol`` is what it is called there."""

    formula = "x · s"
    latex = r"x \cdot s"
    reference = N_("Yang et al. 2021, table 8 (multipliers of maximal update parametrisation)")

    def forward(self, x: Tensor, *, by: float, symbol: str) -> Tensor:
        return Tensor(x.array * x.array.dtype.type(by), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor, *, by: float, symbol: str) -> Iterator[Flow]:
        yield to(x, scale_gradient, dy, by=by, symbol=symbol)

    def direct(self, where: Located, factors: Array, x: Tensor, *, by: float, symbol: str) -> Iterator[Weighed]:
        yield Weighed(x, where, factors * float(x.dtype.type(by)))

    def derive(self, index: tuple[int, ...], x: Tensor, *, by: float, symbol: str) -> Node:
        return x.leaf(*index) * Number(by, symbol)

    def written(self, record: Record) -> Written:
        symbol = record.parameters["symbol"]
        return Written(f"x · {symbol}", rf"x \cdot \mathrm{{{symbol.replace('_', chr(92) + '_')}}}")


class Rescale(Operation):
    """[position, feature] -> the same, before an output projection that is tied to the embedding."""

    formula = "x / √d_model"
    latex = r"x / \sqrt{d_{\mathrm{model}}}"
    reference = N_("Raffel et al. 2020 (tied output of v1.0)")

    def forward(self, x: Tensor) -> Tensor:
        return Tensor(x.array * x.array.dtype.type(x.shape[-1] ** -0.5), x.dims)

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, scale_gradient, dy, by=x.shape[-1] ** -0.5, symbol="1/√d_model")

    def direct(self, where: Located, factors: Array, x: Tensor) -> Iterator[Weighed]:
        yield Weighed(x, where, factors * float(x.dtype.type(x.shape[-1] ** -0.5)))

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return x.leaf(*index) / Number(x.shape[-1] ** 0.5, "√d_model")


class Last(Operation):
    """[position, feature] -> [1, feature]: the only position whose logits are needed."""

    formula = N_("the last position")
    latex = r"x_{t}"
    reference = "Radford et al. 2018, §3.1"

    def forward(self, x: Tensor) -> Tensor:
        position = x.dims[0]
        labels = None if position.labels is None else position.labels[-1:]
        return Tensor(x.array[-1:], (position._replace(labels=labels), x.dims[1]))

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, rows_placed, dy, first=len(x.array) - 1, like=x.dims, length=len(x.array))

    def direct(self, where: Located, factors: Array, x: Tensor) -> Iterator[Weighed]:
        yield Weighed(x, (x.shape[0] - 1, *where[1:]), factors)

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        return x.leaf(x.shape[0] - 1, index[1])


linear = Linear()
project = Project()
part = Part()
share = Share()
columns = Columns()
part_of_heads = PartOfHeads()
concat = Concat()
add = Add()
multiply = Multiply()
portion = Portion()
scale = Scale()
rescale = Rescale()
last = Last()
