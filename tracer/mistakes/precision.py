"""Arithmetic with fewer digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..arithmetic import Node, Number
from ..edits import Call
from ..i18n import N_
from ..operation import Flow, Operation, Trait, Written
from ..tape import Record
from ..tensor import Array, Tensor
from .mistake import Mistake


def _bf16(x: Array) -> Array:
    """Each number as the nearest that has 8 digits, of two the even one."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded: Array = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    found = np.where(np.isfinite(x), rounded.astype(np.uint32).view(np.float32), x)
    return found.astype(x.dtype)


def _f16(x: Array) -> Array:
    """Each number as the nearest that has 11 digits; beyond 65504 it is infinite."""
    return x.astype(np.float16).astype(x.dtype)


ROUND: Mapping[str, Callable[[Array], Array]] = {"bf16": _bf16, "f16": _f16}
"""By the names of types: to the digits of each."""


class Rounded(Operation):
    """What another operation yields, each number to fewer digits; a gradient goes back as if nothing were lost."""

    reference = N_("IEEE 754-2019 (f16: 11 digits); bf16: 8 digits, the exponent of float32")

    def __init__(self, op: Operation, kind: str) -> None:
        self._op, self._kind = op, kind
        self.traits, self.constant = op.traits, op.constant  # type: ignore[misc]

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        exact = self._op.forward(*inputs, **parameters)
        return Tensor(ROUND[self._kind](exact.array), exact.dims)

    def backward(self, dy: Tensor, y: Tensor, /, *inputs: Any, **parameters: Any) -> Iterable[Flow]:
        return self._op.backward(dy, y, *inputs, **parameters)

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node:
        exact = self._op.derive(index, *inputs, **parameters)
        rounded, value = float(self.forward(*inputs, **parameters).array[index]), exact.evaluate()
        lost = rounded - value
        return exact + Number(lost, self._kind) if np.isfinite(lost) else Number(rounded)

    def written(self, record: Record) -> Written:
        formula, latex = self._op.written(record)
        return Written(N_("{kind} of {formula}").format(kind=self._kind, formula=formula), latex)


@lru_cache(maxsize=256)
def _rounded(op: Operation, kind: str) -> Rounded:
    return Rounded(op, kind)


class Precision(Mistake):
    """Every result to the digits of bf16 or f16."""

    sentence = N_("results are rounded to bf16 or f16 after every operation")
    where = N_("torch_dtype, autocast, or a checkpoint converted to half precision")
    needs = N_("an operation that yields numbers")
    variants: ClassVar[Sequence[str]] = ("bf16", "f16")

    def wrong(self, call: Call) -> Call | None:
        is_whole = Trait.MASK in call.op.traits or call.op.chooses
        is_exempt = call.op.shares or is_whole or call.path.startswith("choice")
        return None if is_exempt else call.with_op(_rounded(call.op, self.variant))


precision = Precision()
