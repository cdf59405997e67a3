"""Places: what ``dec.*.cross.h*`` and ``enc.*.output[*]`` stand for, and the table that the places make."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, product
from typing import Literal, NamedTuple

import numpy as np

from ...addresses import (
    GRADIENT,
    Address,
    Index,
    Selector,
    Span,
    UnknownAddressError,
    matching,
    parse,
    parse_selectors,
    resolve,
)
from ...dataclass import dataclass
from ...edits import of_a_gradient
from ...errors import AddressError
from ...i18n import _
from ...stack import PLACE, Ragged, axis_of, padded, with_blanks
from ...tape import Record, Tape
from ...tensor import HEAD, Axis, Tensor
from .act import Act

EACH: Literal["*"] = "*"
"""In place of a selector: every place of the axis, one after the other."""

_OWN = ("position", "query")
"""Axes along which the tokens lie that a pass reads: a place there is one of that pass alone."""
_PLACE = re.compile(r"(?P<path>[^\[]*?)(?:\.h(?P<head>\*|\d{1,9}))?\s*(?:\[(?P<selectors>.*)\])?", re.DOTALL)
_COMMA = re.compile(r',(?=(?:[^"]|"(?:[^"\\]|\\.)*")*$)')


@dataclass(frozen=True)
class Glob:
    """A path that may have ``*``, and selectors that may be `EACH`; ``of_head`` says that the first is a head."""

    address: Address
    selectors: tuple[Selector | Literal["*"], ...]
    of_head: bool

    @property
    def is_glob(self) -> bool:
        """Whether its path may stand for several."""
        return self.address.is_glob


class Group(NamedTuple):
    """The places under one name, in the order of a table whose axes, with their lengths, are those of `EACH`."""

    name: str
    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    addresses: tuple[Address, ...]


class Places:
    """The places that some globs stand for, in groups; ``addresses`` are all of them, in order."""

    def __init__(self, groups: Sequence[Group], *, is_glob: bool) -> None:
        self.groups = groups
        self.addresses = tuple(address for group in groups for address in group.addresses)
        self._is_glob = is_glob

    def labels(self) -> Iterator[str]:
        """The tokens at every place, along the axes that have some."""
        for group in self.groups:
            for index in np.ndindex(group.shape):
                pairs = zip(group.axes, index, strict=True)
                yield " ".join(axis.labels[place] for axis, place in pairs if axis.labels is not None)

    def table(self, values: Sequence[float]) -> Tensor:
        """Values of the first places, in order, as [layer or place, …]; where there is none yet, a blank.

        Places that make no table are [place].
        """
        ends = [0, *accumulate(len(group.addresses) for group in self.groups)]
        tensors = [_tensor(group, values[at:end]) for group, at, end in zip(self.groups, ends, ends[1:], strict=False)]
        if len(tensors) == 1 and not self._is_glob:
            return tensors[0]
        whole = padded(tensors, axis_of(tuple(group.name for group in self.groups)))
        return _row(self.addresses, values) if whole is None else whole


def places(texts: Sequence[str], act: Act, tapes: Sequence[Tape], scope: str = "") -> Places:
    """The places that texts stand for, each looked for on the first tape that has it.

    Raises:
        AddressError: a text is no place, or stands for none, or for one that has no such cells.
        InputError: one is of gradients.
    """
    globs = list(map(read, texts))
    groups = [group for glob in globs for group in _groups(glob, act, tapes, scope)]
    return Places(groups, is_glob=len(groups) > 1 or any(glob.is_glob for glob in globs))


def read(text: str) -> Glob:
    """A place from its text; raises as `parse` does."""
    match = _PLACE.fullmatch(text.strip())
    if match is None or not (address := parse(match["path"] or text)).path:
        raise AddressError(_("{text} is no place: a path is wanted, e.g. dec.*.cross.h*").format(text=text.strip()))
    inside, head = match["selectors"], match["head"]
    given = () if not inside or not inside.strip() else tuple(map(_selector, _COMMA.split(inside)))
    heads = () if head is None else (EACH if head == EACH else Index(int(head), head=True),)
    return Glob(address, (*heads, *given), head is not None)


def computed(tape: Tape) -> Sequence[str]:
    """Every address on a tape but those of gradients."""
    return [path for path in tape.addresses if not path.startswith(GRADIENT)]


def modules(tape: Tape) -> Sequence[str]:
    """The dotted paths of all modules on a tape."""
    paths = (path.split(".")[:-1] for path in computed(tape))
    return list(dict.fromkeys(".".join(path[: n + 1]) for path in paths for n in range(len(path))))


def _selector(text: str) -> Selector | Literal["*"]:
    if text.strip() == EACH:
        return EACH
    found = parse_selectors(text)
    return found[0] if found else Span()


def _groups(glob: Glob, act: Act, tapes: Sequence[Tape], scope: str) -> Iterator[Group]:
    where = [tape for tape in tapes if glob.address.step in (None, tape.number)]
    names = list(dict.fromkeys(name for tape in where for name in (*modules(tape), *computed(tape))))
    path = glob.address.path
    if path.startswith(GRADIENT):
        raise of_a_gradient(glob.address)
    found = matching(path, names, scope) if glob.is_glob else [resolve(path, names, scope)]
    there = [(name, *one) for name in found if (one := _record(name, glob, act, where)) is not None]
    groups = [_group(name, glob, path, record) for name, path, record in there]
    if not groups:
        raise UnknownAddressError(path, names) if not found else _nothing_there(glob, act)
    yield from groups


def _record(name: str, glob: Glob, act: Act, tapes: Sequence[Tape]) -> tuple[str, Record] | None:
    """The path and the record that are meant by a name, on the first tape that has it."""
    inside = f"{name}.{act.of_heads if glob.of_head else act.of_module}"
    paths = [inside] if glob.of_head else [name, inside]
    found = ((path, tape.there(path)) for tape in tapes for path in paths)
    return next(((path, record) for path, record in found if record is not None and act.suits(record)), None)


def _nothing_there(glob: Glob, act: Act) -> AddressError:
    told = _("{path} has no {name} that {act} could change")
    name = act.of_heads if glob.of_head else act.of_module
    return AddressError(told.format(path=glob.address, name=name, act=act.name))


def _group(name: str, glob: Glob, path: str, record: Record) -> Group:
    output = record.output
    output.locate([Index(0) if selector == EACH else selector for selector in glob.selectors])
    each = [place for place, selector in enumerate(glob.selectors) if selector == EACH]
    axes = tuple(output.dims[place] for place in each)
    shape = tuple(output.shape[place] for place in each)
    is_own = glob.address.step is None and record.step > 0 and any(axis.name in _OWN for axis in axes)
    bare = replace(glob.address, path=path, step=record.step if is_own else glob.address.step)
    return Group(name, axes, shape, tuple(_addresses(bare, glob, axes, shape)))


def _addresses(bare: Address, glob: Glob, axes: Sequence[Axis], shape: Sequence[int]) -> Iterator[Address]:
    """The address of every place of a table, in its order."""
    for index in product(*map(range, shape)):
        places = iter([Index(n, axis.name == HEAD.name) for n, axis in zip(index, axes, strict=True)])
        chosen = (next(places) if selector == EACH else selector for selector in glob.selectors)
        yield replace(bare, selectors=tuple(chosen))


def _tensor(group: Group, values: Sequence[float]) -> Tensor:
    """Values of the first places of a group as its table."""
    size = math.prod(group.shape)
    array = np.full(size, np.nan)
    array[: len(values)] = values
    whole = array.reshape(group.shape)
    if len(values) == size:
        return Tensor(whole, group.axes)
    return Ragged(with_blanks(whole, (np.arange(size) < len(values)).reshape(group.shape)), group.axes)


def _row(addresses: Sequence[Address], values: Sequence[float]) -> Tensor:
    """Values of the first of some places, one after the other."""
    axis = Axis(PLACE, list(map(str, addresses)))
    return _tensor(Group("", (axis,), (len(addresses),), tuple(addresses)), values)
