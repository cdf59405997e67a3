"""Positional encodings."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..arithmetic import Call, Node, Number
from ..tensor import Array, Axis, Tensor
from .operation import Operation


class Sinusoids(Operation):
    """-> [position, feature]: sin at even features, cos at odd ones; ``start`` is the first position."""

    formula = "sin, cos of pos / 10000^(2i/d)"
    latex = r"\sin\frac{pos}{10000^{2i/d}},\ \cos\frac{pos}{10000^{2i/d}}"
    reference = "Vaswani et al. 2017, §3.5"

    def forward(self, *, position: Axis, feature: Axis, start: int, shape: tuple[int, int], dtype: type) -> Tensor:
        length, d_model = shape
        return Tensor(_table(start + length, d_model, dtype)[start:], (position, feature))

    def derive(
        self, index: tuple[int, ...], *, position: Axis, feature: Axis, start: int, shape: tuple[int, int], dtype: type
    ) -> Node:
        place, column = index
        power = Number(10000.0 ** (column // 2 * 2 / shape[1]), f"10000^({column // 2 * 2}/{shape[1]})")
        return Call("cos" if column % 2 else "sin", Number(float(start + place), "pos") / power)


@lru_cache(maxsize=64)
def _table(length: int, d_model: int, dtype: type) -> Array:
    angle = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, d_model, 2) / d_model)
    return np.stack([np.sin(angle), np.cos(angle)], -1).reshape(length, -1)[:, :d_model].astype(dtype)


sinusoids = Sinusoids()
