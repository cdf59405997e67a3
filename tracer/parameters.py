"""Trained parameters by the names they go by: in the tree, where they stand as records do, and in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from .addresses import Address, matching, resolve
from .arithmetic import Leaf
from .tensor import Parameter

if TYPE_CHECKING:
    from .checkpoints.stored import Made


class Named:
    """The parameters of a model by either of their names.

    By its name in the tree a matrix is [out_feature, in_feature], as the formulas have it; by that in the file it is as
    it lies there. Where both names are the same it is as in the file. ``made`` says how a cell is made of the numbers
    that the file has for it; None of one that stands there as it is.
    """

    def __init__(
        self,
        tree: Mapping[str, Parameter],
        file: Mapping[str, Parameter],
        made: Callable[[Leaf], Made | None] = lambda _cell: None,
    ) -> None:
        self._tree = tree
        self._file = file
        self.made = made

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every full name, those in the tree first."""
        return tuple({**self._tree, **self._file})

    @cached_property
    def stored(self) -> Mapping[str, Parameter]:
        """Each parameter once, by the first of its names in the file."""
        once: dict[int, tuple[str, Parameter]] = {}
        for name, parameter in self._file.items():
            once.setdefault(id(parameter), (name, parameter))
        return dict(once.values())

    @cached_property
    def other_names(self) -> Mapping[str, str]:
        """By each further name in the file that a parameter goes by, the one that its cells have."""
        return {name: one.path for name, one in self._file.items() if name != one.path}

    def get(self, name: str) -> Parameter | None:
        """The parameter of a full name."""
        return self._file[name].stored if name in self._file else self._tree.get(name)

    def find(self, path: str) -> dict[str, Parameter]:
        """Those that a path, which may be shortened or have globs, stands for, by full name; the tree comes first.

        Raises:
            AddressError: it stands for several, and has no ``*``.
        """
        names = self._tree if matching(path, self._tree) else self._file
        found = matching(path, names)
        if found and not Address(path).is_glob:
            found = [resolve(path, tuple(names))]
        return {name: parameter for name in found if (parameter := self.get(name)) is not None}
