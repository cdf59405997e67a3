"""What an operation does to rows, with whatever it measured of them held as it was: a linear map and a constant."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from ..errors import AddressError, InputError
from ..i18n import _
from ..operation import Operation
from ..ops.linear import Linear, Scale
from ..ops.norm import LayerNorm, RmsNorm
from ..tape import Record
from ..tensor import Array, Parameter


class Frozen(NamedTuple):
    """Rows [query, in] -> [query, out]: ``linear`` of parts that add up to them, and the ``constant`` added to that.

    Parts may have further axes in front, as [key, query, in].
    """

    linear: Callable[[Array], Array]
    constant: Array


def frozen(record: Record) -> Frozen:
    """What a record did to the rows of its first input; a norm has the scale that it had there.

    Raises:
        AddressError: its parameters were not kept.
        InputError: what it did is no linear map of each row.
    """
    return _frozen(record.op, record)


@singledispatch
def _frozen(op: Operation, record: Record) -> Frozen:
    told = _("{address}: {op} is no linear map of each row, so it can't be split into what each token adds")
    raise InputError(told.format(address=record.output.address, op=op.name))


@_frozen.register
def _linear(_op: Linear, record: Record) -> Frozen:
    weight = numbers(record.parameters["weight"]).T
    return Frozen(lambda parts: parts @ weight, _bias(record))


@_frozen.register
def _scale(_op: Scale, record: Record) -> Frozen:
    return Frozen(lambda parts: parts * record.parameters["by"], np.zeros(1))


@_frozen.register
def _layer_norm(_op: LayerNorm, record: Record) -> Frozen:
    x, gain = record.inputs[0].array.astype(np.float64), numbers(record.parameters["weight"])
    scale = gain / np.sqrt(x.var(-1, keepdims=True) + record.parameters["eps"])
    return Frozen(lambda parts: (parts - parts.mean(-1, keepdims=True)) * scale, _bias(record))


@_frozen.register
def _rms_norm(op: RmsNorm, record: Record) -> Frozen:
    x, gain = record.inputs[0].array.astype(np.float64), numbers(record.parameters["weight"])
    scale = (op.offset + gain) / np.sqrt((x**2).mean(-1, keepdims=True) + record.parameters["eps"])
    return Frozen(lambda parts: parts * scale, np.zeros(1))


def _bias(record: Record) -> Array:
    bias = record.parameters.get("bias")
    return np.zeros(1) if bias is None else numbers(bias)


def numbers(parameter: Parameter) -> Array:
    """The numbers of a parameter in double precision.

    Raises:
        AddressError: they were not kept.
    """
    try:
        return parameter.array.astype(np.float64)
    except AddressError as error:
        told = _("{told}; flow weights and flow rollout need no parameters")
        raise AddressError(told.format(told=error)) from error
