"""The map from the tensors of a checkpoint, by their names there, to the tree of parameters a model reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from ..tensor import Array, Axis, Parameter

Extent = tuple[Axis, int]
"""An axis and its length."""


@dataclass(frozen=True)
class Slot:
    """Where a tensor of the file goes, and its axes in the order of the model, outputs first.

    Several ``paths`` split it along its first axis into equal parts, as a fused q, k, v. ``transposed`` says that the
    file has the axes the other way round; ``wrapped``, that it has one more of length 1 before them; ``optional``, that
    the model does without the tensor where it is missing.
    """

    paths: tuple[str, ...]
    extents: tuple[Extent, ...]
    transposed: bool = False
    wrapped: bool = False
    optional: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in the file."""
        sizes = tuple(size for _axis, size in self.extents)
        return ((1,) if self.wrapped else ()) + (sizes[::-1] if self.transposed else sizes)

    @property
    def dims(self) -> tuple[Axis, ...]:
        """The axes in the order of the model."""
        return tuple(axis for axis, _size in self.extents)


@dataclass
class Layout:
    """Every tensor a checkpoint must hold, and patterns of those it may hold to no effect, each with the reason.

    ``base`` is a prefix that some files leave out of every name; ``copies`` are the names of one and the same tensor.
    The sizes and numbers of layers that no file states are those ``by_default``, by their keys.
    """

    base: str = ""
    slots: dict[str, Slot] = field(default_factory=dict)
    copies: list[tuple[str, ...]] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)
    sizes_by_default: Mapping[str, int] = field(default_factory=dict)
    layers_by_default: Mapping[str, int] = field(default_factory=dict)

    def ignore(self, pattern: str, reason: str) -> None:
        """Tensors whose whole name matches ``pattern`` may be there to no effect."""
        self.ignored[pattern] = reason

    def named(self, name: str) -> str:
        """The full name of a tensor that the file may name without the base."""
        full = f"{self.base}{name}"
        return full if name not in self.slots and (full in self.slots or self.reason(full)) else name

    def add(self, name: str, path: str, *extents: Extent, **how: bool) -> None:
        """One tensor, ``name`` in the file and ``path`` in the tree; ``how`` as in `Slot`."""
        self.slots[name] = Slot((path,), extents, **how)

    def shared(self, places: Mapping[str, str], *extents: Extent) -> None:
        """One tensor at several places: ``places`` maps each name that the file may have it under to a path.

        The file has it under one of the names at least; a path whose own name is missing gets the first that is there.
        """
        self.copies.append(tuple(places))
        for name, path in places.items():
            self.add(name, path, *extents, optional=True)

    def linear(
        self, name: str, path: str, out: Extent, into: Extent, *, bias: bool = True, transposed: bool = False
    ) -> None:
        """The weight [out, in] and bias [out] of a linear map."""
        self.add(f"{name}.weight", f"{path}.weight", out, into, transposed=transposed)
        if bias:
            self.add(f"{name}.bias", f"{path}.bias", out)

    def head(self, vocabulary: Extent, features: Extent, *, tied: bool) -> None:
        """The output projection `lm_head`; tied to the embedding, it may be there as a copy, to no effect."""
        if tied:
            self.ignore(r"lm_head\.weight", "a copy of the embedding, to which the output is tied")
        else:
            self.add("lm_head.weight", "logits.weight", vocabulary, features)

    def norm(self, name: str, path: str, extent: Extent, *, bias: bool = True) -> None:
        """The gain and bias of a norm."""
        self.add(f"{name}.weight", f"{path}.weight", extent)
        if bias:
            self.add(f"{name}.bias", f"{path}.bias", extent)

    def missing(self, found: Set[str]) -> set[str]:
        """The names that a file must have and that are not among those found in it."""
        required = {name for name, slot in self.slots.items() if not slot.optional}
        return (required - found) | {names[0] for names in self.copies if found.isdisjoint(names)}

    def parameter(self, name: str, stored: str, array: Array, fill: Callable[[], None] | None = None) -> Parameter:
        """The tensor of a slot, ``stored`` under another name perhaps, as a parameter; ``fill`` as there."""
        slot = self.slots[name]
        array = array[0] if slot.wrapped else array
        array = array.T if slot.transposed else array
        return Parameter(array, slot.dims, stored, transposed=slot.transposed, wrapped=slot.wrapped, fill=fill)

    def reason(self, name: str) -> str | None:
        """Why a tensor is ignored, if it is."""
        return next((why for pattern, why in self.ignored.items() if re.fullmatch(pattern, name)), None)


class Parameters(dict[str, Any]):
    """Trained parameters as a tree: ``p.self_attn.q.weight``, or ``**p.self_attn.q`` for weight and bias."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def place(self, path: str, parameter: Parameter) -> None:
        """Put a parameter at a dotted path, making the branches that lead there."""
        *branches, leaf = path.split(".")
        branch = self
        for segment in branches:
            branch = branch.setdefault(segment, Parameters())
        branch[leaf] = parameter


def arranged(layout: Layout, parameters: Mapping[str, Parameter]) -> Parameters:
    """The parameters of a file as the tree their slots describe."""
    tree = Parameters()
    for name, parameter in parameters.items():
        paths = layout.slots[name].paths
        for path, part in zip(paths, parameter.split(len(paths)), strict=True):
            tree.place(path, part)
    for names in layout.copies:
        first = next(parameters[name] for name in names if name in parameters)
        for name in names:
            tree.place(layout.slots[name].paths[0], parameters.get(name, first))
    return tree
