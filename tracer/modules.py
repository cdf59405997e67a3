"""The parameters of a model as a tree of modules, with what each holds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import field

from .dataclass import dataclass

Shape = tuple[int, ...]


@dataclass
class Module:
    """A module by the last part of its name: the shapes of its own tensors, and the modules within it."""

    name: str
    shapes: dict[str, Shape] = field(default_factory=dict)
    parts: dict[str, Module] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many numbers it holds, those of its parts included."""
        return sum(map(math.prod, self.shapes.values())) + sum(part.count for part in self.parts.values())

    def is_like(self, other: Module) -> bool:
        """Whether two modules differ in name only."""
        return self.shapes == other.shapes and self.parts == other.parts

    def add(self, path: str, shape: Shape) -> None:
        """Put a tensor at a dotted path within it."""
        head, _dot, rest = path.partition(".")
        if rest:
            self.parts.setdefault(head, Module(head)).add(rest, shape)
        else:
            self.shapes[head] = shape


def tree(name: str, tensors: Iterable[tuple[str, Shape]]) -> Module:
    """The module that holds tensors, given by dotted path and shape."""
    root = Module(name)
    for path, shape in tensors:
        root.add(path, shape)
    return root
