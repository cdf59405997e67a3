"""A model's modules as an indented tree, with the parameters and the memory of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..document import Block
from ..i18n import _, extent
from ..modules import Module
from .page import Page
from .table import Column, table
from .view import view

KIB = 1024


class _Row(NamedTuple):
    name: str
    parameters: int
    content: str


@view
def modules_view(page: Page, root: Module, itemsize: int) -> Iterator[Block]:
    """The modules of a model, ``itemsize`` bytes a parameter; of layers that are alike the first stands for all."""
    rows, count = list(_rows(root, 0)), root.count
    columns = [
        Column(_("module"), [page.text(row.name) for row in rows], "<", foot=_("in all")),
        Column(_("parameters"), [f"{row.parameters:,}" for row in rows], foot=f"{count:,}"),
        Column(
            _("memory"), [memory(row.parameters * itemsize) for row in rows], spare=1, foot=memory(count * itemsize)
        ),
        Column(_("tensors"), [page.text(row.content) for row in rows], "<", spare=2),
    ]
    yield table(columns)


def memory(size: int) -> str:
    """``29.8 KiB``: a number of bytes."""
    amount, units = float(size), ["B", "KiB", "MiB", "GiB"]
    while amount >= KIB and len(units) > 1:
        amount /= KIB
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def _rows(module: Module, depth: int) -> Iterator[_Row]:
    for name, shape in module.shapes.items():
        yield _Row("  " * depth + name, math.prod(shape), _shape(shape))
    for alike in _runs(list(module.parts.values())):
        yield from _part(alike[0], depth)
        if len(alike) > 1:
            yield _alike(alike, depth)


def _part(module: Module, depth: int) -> Iterator[_Row]:
    if module.parts:
        yield _Row("  " * depth + module.name, module.count, "")
        yield from _rows(module, depth + 1)
        return
    content = "  ".join(f"{name} {_shape(shape)}" for name, shape in module.shapes.items())
    yield _Row("  " * depth + module.name, module.count, content)


def _alike(alike: Sequence[Module], depth: int) -> _Row:
    first, second, last = alike[0], alike[1], alike[-1]
    count = sum(module.count for module in alike[1:])
    return _Row("  " * depth + extent(second.name, last.name), count, _("each as {name}").format(name=first.name))


def _runs(modules: Sequence[Module]) -> list[list[Module]]:
    """Neighbours that are alike and have numbers for names, together; every other module alone."""
    runs: list[list[Module]] = []
    for module in modules:
        if runs and module.name.isdigit() and runs[-1][0].name.isdigit() and module.is_like(runs[-1][0]):
            runs[-1].append(module)
        else:
            runs.append([module])
    return runs


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
