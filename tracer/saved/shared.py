"""The tables of a trace file, read: what its records refer to by place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from inspect import signature
from math import inf, nan, prod
from string import Formatter
from typing import Any, NamedTuple, TypeVar, get_type_hints

import numpy as np

from ..fields import Fields, is_of
from ..i18n import Message, _, of_parts
from ..models.text import SIDES, Side
from ..operation import Operation, Trait
from ..ops import catalogue
from ..ops.frequencies import Frequencies
from ..tensor import Axis, Parameter, Tensor
from ..trace import left_out
from .nodes import node_of
from .records import kept_operation
from .shapes import IDS, yields
from .words import KeptWords

T = TypeVar("T")
DTYPES: Mapping[str, type[np.floating[Any]]] = {
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
}
NUMBERS: Mapping[str, float] = {"inf": inf, "-inf": -inf, "nan": nan}
MOST_AXES, MOST_NUMBERS = 8, 1 << 48
"""Of a tensor whose numbers are elsewhere."""
_NAME = re.compile(r"[^\W\d]\w*")
_ITSELF = object()
"""Stands for the output of a record among its settings."""
_TRAITS: Mapping[str | None, Trait] = {trait.name: trait for trait in Trait}


class Shared:
    """What is read of the tables of a file; ``words`` are the vocabularies that labels may be, by side.

    Raises:
        InputError: a row is not what it is to be.
    """

    def __init__(self, stated: Fields, words: Mapping[Side, KeptWords | None]) -> None:
        self._words = words
        self._labels: Sequence[Sequence[str]] = stated("labels", list[list[str]])
        self._axes = list(map(self._axis, stated.each("axes")))
        self._parameters = list(map(self._parameter, stated.each("parameters")))
        self._frequencies = list(map(_frequencies, stated.each("frequencies")))
        self._operations = list(map(_operation, stated.each("operations")))

    def _axis(self, row: Fields) -> Axis:
        return Axis(
            row("name", str),
            row.read("labels", int | str | None, self._labels_of),
            row("numbers", list[int] | None),
        )

    def _labels_of(self, stated: int | str | None) -> Sequence[str] | None:
        if stated is None:
            return None
        if isinstance(stated, int):
            return _at(self._labels, stated)
        words = next((words for side, words in self._words.items() if side == stated), None)
        if words is None:
            raise ValueError(_("expected a vocabulary of {known}").format(known=", ".join(SIDES)))
        return words

    def _parameter(self, row: Fields) -> Parameter:
        shape = self.shape(row)
        room = np.broadcast_to(np.zeros((), row.read("dtype", str, _dtype)), shape)
        named = Parameter(
            room,
            self.dims(row, shape),
            row("name", str),
            offset=row("offset", int),
            transposed=row("transposed", bool),
            within=tuple(row("within", list[int])),
        )
        return left_out(named)

    def shape(self, row: Fields) -> tuple[int, ...]:
        """The shape of a tensor that is not there."""
        shape = tuple(row("shape", list[int]))
        is_one = len(shape) <= MOST_AXES and all(n >= 0 for n in shape) and prod(shape) <= MOST_NUMBERS
        row.insist(is_one, "shape", _("expected lengths"))
        return shape

    def dims(self, row: Fields, shape: tuple[int, ...]) -> tuple[Axis, ...]:
        """The axes of a row, which are those of a tensor of that shape."""
        axes = tuple(row.read("axes", list[int], lambda places: [_at(self._axes, place) for place in places]))
        if len(axes) != len(shape):
            raise row.error("axes", _("expected {n} of them").format(n=len(shape)))
        for axis, n in zip(axes, shape, strict=True):
            if axis.labels is not None and len(axis.labels) < n:
                raise row.error("axes", _("expected {n} labels along {axis}").format(n=n, axis=axis.name))
        return axes

    def op(self, row: Fields) -> Operation:
        """The operation of a record as the file describes it."""
        return row.read("op", int, lambda place: _at(self._operations, place))

    def settings(self, row: Fields, output: Tensor) -> dict[str, Any]:
        """The settings of a record, one of which may be its output."""
        found: dict[str, Any] = row.read("settings", dict[str, Any], self._values)
        return {name: output if value is _ITSELF else value for name, value in found.items()}

    def _values(self, stated: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.value(data) for name, data in stated.items()}

    def value(self, data: Any) -> Any:
        """The setting that data describe; raises `ValueError` where they describe none."""
        if isinstance(data, list):
            return list(map(self.value, data))
        if not isinstance(data, dict):
            return data
        name = next(iter(data), "")
        if name == "message":
            return _message(data)
        hint, reader = self._readers.get(name, (None, None))
        if reader is None or not is_of(data[name], hint):
            raise ValueError(_("expected a value of {known}").format(known=", ".join(self._readers)))
        return reader(data[name])

    @cached_property
    def _readers(self) -> Mapping[str, tuple[Any, Callable[[Any], Any]]]:
        """What reads each kind of value, after the type of what it is given."""
        return {
            "parameter": (int, lambda place: _at(self._parameters, place)),
            "axis": (int, lambda place: _at(self._axes, place)),
            "frequencies": (int, lambda place: _at(self._frequencies, place)),
            "labels": (int, lambda place: _at(self._labels, place)),
            "all": (list[Any], lambda parts: tuple(map(self.value, parts))),
            "pairs": (list[list[Any]], self._pairs),
            "range": (list[int], _range),
            "slice": (list[int | None], _slice),
            "itself": (bool, lambda _is_so: _ITSELF),
            "dtype": (str, _dtype),
            "float": (str, lambda text: _of(NUMBERS, text)),
        }

    def _pairs(self, pairs: list[list[Any]]) -> dict[Any, Any]:
        if not all(len(pair) == 2 and is_of(pair[0], int | str) for pair in pairs):
            raise ValueError(_("expected pairs of a name and a value"))
        return {key: self.value(value) for key, value in pairs}


def known_op(described: Operation, lost: Sequence[str]) -> Operation:
    """The operation of the catalogue that a file describes; where that is not known whole, what the file says of it."""
    return described if lost else catalogue().get(described.name, described)


def check_call(
    row: Fields, op: Operation, inputs: Sequence[Tensor], settings: Mapping[str, Any], output: Tensor
) -> None:
    """Insist that an operation takes such inputs and settings, and yields such an output of them."""
    takes = _takes(op)
    fits = takes.least <= len(inputs) <= takes.most and takes.needed <= settings.keys() <= takes.hints.keys()
    if not fits:
        raise row.error("settings", _("expected what {op} takes").format(op=op.name))
    for name, value in settings.items():
        if not is_of(value, takes.hints[name]):
            raise row.error("settings", _("{name} is nothing that {op} takes").format(name=name, op=op.name))
    shapes = [tensor.shape for tensor in inputs]
    if not yields(op.name, shapes, settings, output.shape):
        raise row.error("axes", _("expected what {op} yields of its inputs").format(op=op.name))
    if op.name in IDS:
        row.insist(0 <= int(output.array) < shapes[0][0], "address", _("expected an id of the vocabulary"))


class _Takes(NamedTuple):
    """What an operation takes: so many inputs, the settings that are needed, and the type of each."""

    least: int
    most: float
    needed: frozenset[str]
    hints: Mapping[str, Any]


@cache
def _takes(op: Operation) -> _Takes:
    arguments = signature(op.forward).parameters.values()
    inputs = [one for one in arguments if one.kind is one.POSITIONAL_OR_KEYWORD]
    settings = [one for one in arguments if one.kind is one.KEYWORD_ONLY]
    most = inf if any(one.kind is one.VAR_POSITIONAL for one in arguments) else len(inputs)
    needed = frozenset(one.name for one in settings if one.default is one.empty)
    hints = get_type_hints(op.forward)
    return _Takes(len(inputs), most, needed, {one.name: hints[one.name] for one in settings})


def _at(things: Sequence[T], place: int) -> T:
    if not 0 <= place < len(things):
        raise ValueError(_("there is no {place} in its table").format(place=place))
    return things[place]


def _of(known: Mapping[str, T], name: str) -> T:
    if name not in known:
        raise ValueError(_("expected one of {known}").format(known=", ".join(known)))
    return known[name]


def _dtype(name: str) -> type[np.floating[Any]]:
    return _of(DTYPES, name)


def _range(ends: Sequence[int]) -> range:
    try:
        return range(*ends)
    except (TypeError, ValueError):
        raise ValueError(_("expected a start, a stop and a step")) from None


def _slice(ends: Sequence[int | None]) -> slice:
    try:
        return slice(*ends)
    except TypeError:
        raise ValueError(_("expected a start, a stop and a step")) from None


def _message(data: Mapping[str, Any]) -> Message:
    """A message with plain placeholders, and what stands in them."""
    text, values = data["message"], data.get("values", {})
    if not isinstance(text, str) or not is_of(values, dict[str, str | int | float]):
        raise ValueError(_("expected a message and what stands in it"))
    for _text, name, spec, conversion in Formatter().parse(text):
        if name is not None and (name not in values or not _NAME.fullmatch(name) or spec or conversion):
            raise ValueError(_("expected a message and what stands in it"))
    return of_parts(text, values)


def _frequencies(row: Fields) -> Frequencies:
    angles = row.read("angles", list[Any], lambda nodes: tuple(map(node_of, nodes)))
    return Frequencies(
        angles, row.read("scale", list[Any] | None, lambda node: None if node is None else node_of(node))
    )


def _operation(row: Fields) -> Operation:
    traits = Trait.NONE
    for trait in row.read("traits", list[str], lambda names: [_of(_TRAITS, name) for name in names]):  # type: ignore[arg-type]
        traits |= trait & ~Trait.LOSS
    name, formula, latex, reference = (row(field, str) for field in ("name", "formula", "latex", "reference"))
    return kept_operation(name, formula, latex, reference, traits)
