"""A model's modules as an indented tree, with the parameters and the memory of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..i18n import _, extent
from ..modules import Module
from .composite import Composite
from .page import Page, View
from .table import Column, Table

KIB = 1024


class _Row(NamedTuple):
    name: str
    parameters: int
    content: str


@dataclass(frozen=True)
class ModulesView(Composite):
    """See `modules_view`."""

    root: Module
    itemsize: int

    def parts(self, page: Page) -> Iterator[View]:
        rows, count, size = list(_rows(self.root, 0)), self.root.count, self.itemsize
        columns = [
            Column(_("module"), [page.text(row.name) for row in rows], "<", foot=_("in all")),
            Column(_("parameters"), [f"{row.parameters:,}" for row in rows], foot=f"{count:,}"),
            Column(_("memory"), [memory(row.parameters * size) for row in rows], spare=1, foot=memory(count * size)),
            Column(_("tensors"), [page.text(row.content) for row in rows], "<", spare=2),
        ]
        yield Table(columns)


def modules_view(root: Module, itemsize: int) -> ModulesView:
    """The modules of a model, ``itemsize`` bytes a parameter; of layers that are alike the first stands for all."""
    return ModulesView(root, itemsize)


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
