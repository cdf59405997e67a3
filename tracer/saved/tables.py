"""What records have in common, as plain data, each thing once: records refer to it by its place in a table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..card import Card
from ..i18n import Message
from ..models.text import Side
from ..operation import Operation, Trait
from ..ops.frequencies import Frequencies
from ..tape import Record
from ..tensor import Axis, Parameter, Tensor
from .nodes import node_data

Data = Any
"""What JSON can say: text, numbers, lists, and objects by name."""


class Tables:
    """Grows as things are put in; ``data`` is what it holds. ``card`` has the vocabularies that labels may be."""

    def __init__(self, card: Card) -> None:
        self.data: dict[str, list[Data]] = {
            name: [] for name in ("labels", "axes", "parameters", "frequencies", "operations")
        }
        self._card = card
        self._places: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, int], tuple[object, Data]] = {}

    def _put(self, table: str, thing: Data) -> int:
        rows = self.data[table]
        place = self._places.setdefault((table, json.dumps(thing)), len(rows))
        if place == len(rows):
            rows.append(thing)
        return place

    def axes(self, dims: Sequence[Axis]) -> list[int]:
        """Axes, by their places."""
        return list(map(self.axis, dims))

    def axis(self, axis: Axis) -> int:
        """An axis, by its place."""
        numbers = None if axis.numbers is None else list(axis.numbers)
        return self._put("axes", {"name": axis.name, "labels": self._labels(axis), "numbers": numbers})

    def _labels(self, axis: Axis) -> Data:
        """What runs along an axis: a vocabulary by its side, labels by their place, or nothing."""
        if axis.labels is None:
            return None
        kept, found = self._known.get((axis.name, id(axis.labels)), (None, None))
        if kept is None:
            side = self._vocabulary_of(axis)
            found = self._put("labels", list(axis.labels)) if side is None else side
            self._known[axis.name, id(axis.labels)] = axis.labels, found
        return found

    def _vocabulary_of(self, axis: Axis) -> Side | None:
        """The side whose vocabulary runs along an axis, if one does."""
        if axis.name != "vocab" or axis.labels is None:
            return None
        labels = tuple(axis.labels)
        return next((side for side, pieces in self._vocabularies.items() if pieces == labels), None)

    @cached_property
    def _vocabularies(self) -> Mapping[Side, tuple[str, ...]]:
        sides: tuple[Side, ...] = ("target", "source")
        return {side: tuple(self._card.pieces(side)) for side in sides}

    def parameter(self, parameter: Parameter) -> int:
        """The name of a parameter and where in the file it lies, without its numbers."""
        return self._put(
            "parameters",
            {
                "name": parameter.path,
                "axes": self.axes(parameter.dims),
                "shape": list(parameter.shape),
                "dtype": parameter.dtype.name,
                "offset": parameter.offset,
                "transposed": parameter.transposed,
                "within": list(parameter.within),
            },
        )

    def operation(self, record: Record) -> int:
        """An operation as it holds for a record, for whoever does not know it."""
        op = record.op
        formula, latex = map(str, record.written)
        traits = [trait.name for trait in Trait if trait in op.traits]
        told = {"name": op.name, "formula": formula, "latex": latex, "traits": traits, "reference": str(op.reference)}
        return self._put("operations", told)

    def setting(self, value: Any) -> Data:
        """A setting of an operation; raises `TypeError` for one that is no plain data.

        A tensor that was not trained is what the operation yields.
        """
        match value:
            case Parameter():
                return {"parameter": self.parameter(value)}
            case Tensor():
                return {"itself": True}
            case Axis():
                return {"axis": self.axis(value)}
            case slice():
                return {"slice": [value.start, value.stop, value.step]}
            case Frequencies():
                return {"frequencies": self._frequencies(value)}
            case tuple() | list() if value and all(isinstance(one, str) for one in value):
                return {"labels": self._put("labels", list(map(str, value)))}
            case tuple():
                return {"all": list(map(self.setting, value))}
            case list():
                return list(map(self.setting, value))
            case Mapping():
                return {"pairs": [[self.setting(k), self.setting(v)] for k, v in value.items()]}
            case _:
                return plain(value)

    def _frequencies(self, value: Frequencies) -> int:
        kept, found = self._known.get(("frequencies", id(value)), (None, None))
        if kept is None:
            scale = None if value.scale is None else node_data(value.scale)
            found = self._put("frequencies", {"angles": list(map(node_data, value.angles)), "scale": scale})
            self._known["frequencies", id(value)] = value, found
        assert isinstance(found, int)
        return found


def plain(value: Any) -> Data:
    """A value that is made of nothing else; raises `TypeError` for any other."""
    match value:
        case str() if isinstance(value, Message):
            text, values = value.parts
            return {"message": text, "values": {name: plain(one) for name, one in values.items()}}
        case float():
            return value if math.isfinite(value) else {"float": str(value)}
        case None | bool() | int() | str():
            return value
        case np.generic():
            return plain(value.item())
        case range():
            return {"range": [value.start, value.stop, value.step]}
        case type() if issubclass(value, np.floating):
            return {"dtype": np.dtype(value).name}
        case _:
            raise TypeError


def is_known(op: Operation, catalogue: Mapping[str, Operation]) -> bool:
    """Whether an operation is one of the catalogue, which can be made again by its name."""
    return catalogue.get(op.name) is op
