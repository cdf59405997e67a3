"""A checkpoint directory: its configuration, and its parameters, each accounted for before any is read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..i18n import N_, Message, _, cause
from ..models.layout import Layout
from ..tensor import Parameter
from .json_file import read_json
from .memory import Reading, set_aside
from .shards import INDEX, WHOLE, read_headers
from .stored import DType, Stored
from .unsupported import refuse_quantised, refuse_unreadable, refuse_without_config


class Contents(NamedTuple):
    """The tensors of a checkpoint: the parameters, under the names of the layout, and why others are ``ignored``.

    ``told`` is where the numbers are, and as what.
    """

    parameters: dict[str, Parameter]
    ignored: Mapping[str, str]
    told: Message


def read_config(directory: Path) -> dict[str, Any]:
    """What `config.json` states, if the directory can be opened at all.

    Raises:
        InputError: it can't be read, or what it holds is of a kind that is not supported.
    """
    try:
        files = os.listdir(directory)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=directory, reason=cause(error))) from error
    if "config.json" not in files:
        refuse_without_config(directory, files)
    config = read_json(directory / "config.json")
    refuse_unreadable(directory, files, config)
    return config


def read_parameters(directory: Path, layout: Layout, dtype: DType, reading: Reading) -> Contents:
    """Every tensor of ``layout``, checked against the files: none missing, none left over, every shape as expected.

    The numbers are read on first use; ``reading`` is told how that goes.

    Raises:
        InputError: naming the tensor, and both shapes where they differ.
    """
    headers = read_headers(directory)
    refuse_quantised(headers.values())
    found = _named(headers.values(), layout)
    ignored = {name: why for name in found if name not in layout.slots and (why := layout.reason(name))}
    _account(directory, layout, found.keys() - ignored.keys())
    used = {name: found[name] for name in layout.slots if name in found}
    for name, stored in used.items():
        _check(stored, layout.slots[name].shape, layout.sizes_by_default)
    for copy, name in _copies(layout, used).items():
        ignored[copy] = N_("a copy of {name}").format(name=used[name].name)
        del used[copy]
    rooms = set_aside(used, dtype, reading)
    parameters = {name: layout.parameter(name, used[name].name, room.array, room) for name, room in rooms.items()}
    unused = {found[name].name: why for name, why in ignored.items()}
    return Contents({name: parameters[name] for name in used}, unused, _told(used.values()))


def _told(tensors: Collection[Stored]) -> Message:
    """How many numbers there are, in which files, and stored as which types, the most frequent first."""
    files = sorted({stored.file.path.name for stored in tensors})
    types = Counter(stored.dtype for stored in tensors)
    several = N_("{n:,} numbers in {count} files, {first} and so on, stored as {types}")
    told = several if len(files) > 1 else N_("{n:,} numbers in {first}, stored as {types}")
    named = ", ".join(kind for kind, _count in types.most_common())
    return told.format(n=sum(stored.size for stored in tensors), count=len(files), first=files[0], types=named)


def _copies(layout: Layout, used: Mapping[str, Stored]) -> Mapping[str, str]:
    """The tensors that are there more than once, each with the name of the one that is read."""

    def same(first: str, name: str) -> bool:
        return used[first].holds_the_same_as(used[name])

    return {copy: shared.first(used) for shared in layout.shares for copy in shared.copies(used, same)}


def _named(tensors: Iterable[Stored], layout: Layout) -> Mapping[str, Stored]:
    """The tensors under the names that the layout has for them."""
    found: dict[str, Stored] = {}
    for stored in tensors:
        other = found.setdefault(layout.named(stored.name), stored)
        if other is not stored:
            raise stored.file.error(
                _("tensors {first} and {second} are the same parameter").format(first=other.name, second=stored.name)
            )
    return found


def _account(directory: Path, layout: Layout, found: Set[str]) -> None:
    for names, message in (
        (layout.missing(found), _("{path}: tensor {name} is missing{more}")),
        (found - layout.slots.keys(), _("{path}: tensor {name} is unknown to this architecture{more}")),
    ):
        if names:
            others = len(names) - 1
            more = (_(" (and {n} more)").format(n=others) if others else "") + _unstated(layout.layers_by_default)
            file = next(directory / name for name in (WHOLE, INDEX) if (directory / name).exists())
            raise InputError(message.format(path=file, name=min(names), more=more))


def _unstated(by_default: Mapping[str, int]) -> str:
    """Which values are what they are by default, as nothing is stated."""
    told = _("; config.json does not state {keys}")
    keys = ", ".join(_("{key} ({value} by default)").format(key=key, value=value) for key, value in by_default.items())
    return told.format(keys=keys) if keys else ""


def _check(stored: Stored, expected: tuple[int, ...], by_default: Mapping[str, int]) -> None:
    if stored.shape != expected:
        odd = [size for size, found in zip_longest(expected, stored.shape) if size is not None and size != found]
        guilty = {key: value for key, value in by_default.items() if any(size % value == 0 for size in odd)}
        told = (
            _("tensor {name} is {found}; expected {expected}{keys}")
            if guilty
            else _("tensor {name} is {found}, and config.json says {expected}")
        )
        values = {"name": stored.name, "found": list(stored.shape), "expected": list(expected)}
        raise stored.file.error(told.format(**values, keys=_unstated(guilty)))
    if not stored.is_float:
        raise stored.file.error(
            _("tensor {name} is of type {dtype}; expected floating numbers").format(
                name=stored.name, dtype=stored.dtype
            )
        )
