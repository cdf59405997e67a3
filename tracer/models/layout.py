"""The map from the tensors of a checkpoint, by their names there, to the tree of parameters a model reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from typing import Any

from ..dataclass import dataclass
from ..decisions import HEAD, PARAMETERS, Decisions
from ..i18n import N_, Message
from ..namedtuple import NamedTuple
from ..products import Order, order_of
from ..tensor import FEATURE, IN_FEATURE, OUT_FEATURE, Array, Axis, Parameter
from .shared import Shared

Extent = tuple[Axis, int]
"""An axis and its length."""

OUTPUT = "logits.weight"
LM_HEAD = {"lm_head.weight": OUTPUT}
"""The output projection: its name in published checkpoints, and its path."""
OLD_NORM = {r"\.gamma\Z": ".weight", r"\.beta\Z": ".bias"}
"""What TensorFlow calls the parameters of a norm, and torch."""
OTHER_HEADS = r"(score|classifier|classification_head|multiple_choice_head|qa_outputs|v_head)\..+"
OTHER_TASK = N_("a head for another task than to write text")
OTHER_PART = N_("of another part of the model")


_TURNED: Mapping[Order, Order] = {"C": "F", "F": "C"}


class Slot(NamedTuple):
    """Where a tensor of the file goes, and its axes in the order of the model, outputs first.

    Several ``paths`` split it along its first axis into equal parts, as a fused q, k, v. ``transposed`` says that the
    file has the axes the other way round; ``stacked``, that tensors of their own lie along the first one, each at the
    paths with its number in place of ``{}``; ``optional``, that the model does without the tensor where it is missing.
    """

    paths: tuple[str, ...]
    extents: tuple[Extent, ...]
    transposed: bool = False
    stacked: bool = False
    optional: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in the file."""
        sizes = tuple(size for _axis, size in self.extents)
        return sizes[::-1] if self.transposed else sizes

    @property
    def dims(self) -> tuple[Axis, ...]:
        """The axes in the order of the model; of a matrix from features to features each says of which."""
        axes = tuple(axis for axis, _size in self.extents)
        return (*axes[:-2], OUT_FEATURE, IN_FEATURE) if axes[-2:] == (FEATURE, FEATURE) else axes

    @property
    def order(self) -> Order:
        """How its last two axes, as the file has them, lie best in memory where its parts are matrices of products."""
        (_out, rows), (_in, into) = self.extents[-2:]
        best = order_of(rows // len(self.paths), into)
        return _TURNED[best] if self.transposed else best

    def parts(self, parameter: Parameter) -> Iterator[tuple[str, Parameter]]:
        """What the tensor is split into, each part with its path."""
        for n, one in enumerate(parameter.stacked() if self.stacked else [parameter]):
            for path, part in zip(self.paths, one.split(len(self.paths)), strict=True):
                yield path.format(n), part


@dataclass
class Layout:
    """Every tensor a checkpoint must hold, and patterns of those it may hold to no effect, each with the reason.

    ``base`` is a prefix that some files leave out of every name; ``ties``, the key of config.json that says whether the
    output is tied to the embedding; ``spelt``, patterns of what some files have in names in place of something else. Of
    each of the ``choices``, which are several sets of names for the same numbers, a file has one set; tensors whose
    names begin with ``head_prefix`` are all there or none of them. The sizes and numbers of layers that no file states
    are those ``by_default``, by their keys. Of a part of a larger model the file has the names with one of the
    ``prefixes`` before them.
    """

    base: str = ""
    prefixes: Sequence[str] = ()
    head_prefix: str | None = None
    ties: str = "tie_word_embeddings"
    spelt: dict[str, str] = field(default_factory=lambda: dict(OLD_NORM))
    choices: list[Sequence[Set[str]]] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    shares: list[Shared] = field(default_factory=list)
    ignored: dict[str, Message] = field(default_factory=dict)
    sizes_by_default: Mapping[str, int] = field(default_factory=dict)
    layers_by_default: Mapping[str, int] = field(default_factory=dict)

    def ignore(self, pattern: str, reason: Message) -> None:
        """Tensors whose whole name matches ``pattern`` may be there to no effect."""
        self.ignored[pattern] = reason

    def named(self, name: str) -> str:
        """The name here of a tensor of the file: with a prefix there, without the base, or spelt otherwise."""
        part = next((name[len(prefix) :] for prefix in self.prefixes if name.startswith(prefix)), name)
        spelt = part
        for pattern, ours in self.spelt.items():
            spelt = re.sub(pattern, ours, spelt)
        written = (part, f"{self.base}{part}", spelt, f"{self.base}{spelt}")
        return next((name for name in written if name in self.slots or self._computed(name)), part)

    def add(self, name: str, path: str, *extents: Extent, **how: bool) -> None:
        """One tensor, ``name`` in the file and ``path`` in the tree; ``how`` as in `Slot`."""
        self.slots[name] = Slot((path,), extents, **how)

    def stack(self, name: str, paths: tuple[str, ...], *extents: Extent, optional: bool = False) -> None:
        """One tensor that is several along its first axis; the ``paths`` have ``{}`` for the number of each."""
        self.slots[name] = Slot(paths, extents, stacked=True, optional=optional)

    def shared(self, places: Mapping[str, str], *extents: Extent, apart: Collection[str] = ()) -> None:
        """One tensor at several places: ``places`` maps each name that the file may have it under to a path.

        The file has it under one of the names at least; under others it may have copies, or tensors of their own.
        ``apart`` as in `Shared`.
        """
        self.shares.append(Shared(tuple(places), apart, self.ties))
        for name, path in places.items():
            self.add(name, path, *extents, optional=True)

    def linear(
        self, name: str, path: str, out: Extent, into: Extent, *, bias: bool = True, transposed: bool = False
    ) -> None:
        """The weight [out, in] and bias [out] of a linear map."""
        self.add(f"{name}.weight", f"{path}.weight", out, into, transposed=transposed)
        if bias:
            self.add(f"{name}.bias", f"{path}.bias", out)

    def head(
        self, embeddings: Mapping[str, str], *extents: Extent, tied: bool, head: Mapping[str, str] = LM_HEAD
    ) -> None:
        """The embeddings, which are one tensor, and the output projection, tied to them or not."""
        source, *others = embeddings
        if tied:
            self.shared({source: embeddings[source], **head, **embeddings}, *extents)
        else:
            self.shared(embeddings, *extents, apart=others)
            self.shared(head, *extents)

    def norm(self, name: str, path: str, extent: Extent, *, bias: bool = True) -> None:
        """The gain and bias of a norm."""
        self.add(f"{name}.weight", f"{path}.weight", extent)
        if bias:
            self.add(f"{name}.bias", f"{path}.bias", extent)

    def either(self, *layouts: Layout) -> None:
        """What one of several layouts has places for: whichever a file has tensors of, the first where it has none."""
        self.choices.append([layout.slots.keys() for layout in layouts])
        for layout in layouts:
            self.slots |= {name: slot._replace(optional=True) for name, slot in layout.slots.items()}

    def fitting(self, found: Collection[str]) -> Layout:
        """The same without a head, if the file has none."""
        prefix = self.head_prefix
        if prefix is None or any(name.startswith(prefix) for name in found):
            return self
        slots = {name: slot for name, slot in self.slots.items() if not name.startswith(prefix)}
        left = (shared.without(prefix) for shared in self.shares)
        return replace(self, slots=slots, shares=[shared for shared in left if shared.names])

    def missing(self, found: Set[str]) -> set[str]:
        """The names that a file must have and that are not among those found in it."""
        required = {name for name, slot in self.slots.items() if not slot.optional}
        for names in self.choices:
            required |= next((those for those in names if not found.isdisjoint(those)), names[0])
        return (required - found) | {shared.names[0] for shared in self.shares if found.isdisjoint(shared.names)}

    def surplus(self, found: Set[str]) -> set[str]:
        """The names among those found that there is no place for, or that stand for the same numbers as others."""
        several = ([those & found for those in names if not found.isdisjoint(those)] for names in self.choices)
        return set(found - self.slots.keys()).union(*(those for sets in several for those in sets[1:]))

    def parameter(self, name: str, stored: str, array: Array, fill: Callable[[], None] | None = None) -> Parameter:
        """The tensor of a slot, ``stored`` under another name perhaps, as a parameter; ``fill`` as there."""
        slot = self.slots[name]
        array = array.T if slot.transposed else array
        return Parameter(array, slot.dims, stored, transposed=slot.transposed, fill=fill)

    def orders(self, found: Collection[str]) -> Mapping[str, Order]:
        """How those of the tensors found lie best that products are made with: all others lie as they are read."""
        heads = {self._standing_in(name, found) for name, slot in self.slots.items() if OUTPUT in slot.paths}
        return {
            name: slot.order
            for name, slot in self.slots.items()
            if name in found and (name in heads or slot.dims[-2:] == (OUT_FEATURE, IN_FEATURE))
        }

    def _standing_in(self, name: str, found: Collection[str]) -> str:
        """The name of the tensor that one is: itself if it is found, else the one that it is tied to."""
        return name if name in found else next(each.first(found) for each in self.shares if name in each.names)

    def reason(self, name: str) -> Message | None:
        """Why a tensor of the file, which is none of those here, is ignored, if it is."""
        if self.prefixes and not name.startswith(tuple(self.prefixes)):
            return OTHER_PART
        return self._computed(self.named(name)) or (OTHER_TASK if re.fullmatch(OTHER_HEADS, name) else None)

    def _computed(self, name: str) -> Message | None:
        return next((why for pattern, why in self.ignored.items() if re.fullmatch(pattern, name)), None)

    def tell(self, parameters: Mapping[str, Parameter], decisions: Decisions) -> None:
        """Say which tensor of the file is the output projection, and where the file ties what config.json does not."""
        head = next((name for name, slot in self.slots.items() if OUTPUT in slot.paths), None)
        surprises = {name: what for shared in self.shares for name, what in shared.surprises(parameters)}
        for name, what in surprises.items():
            decisions.note(HEAD if name == head else PARAMETERS, what)
        if head is not None and head not in surprises:
            decisions.take(HEAD, self._told(head, parameters))

    def _told(self, head: str, parameters: Mapping[str, Parameter]) -> Message:
        """Which tensor the output projection is, where nothing about it surprises."""
        tied = {name for shared in self.shares if head in shared.names for name in shared.names} - {head}
        if head not in parameters:
            first = self._standing_in(head, parameters)
            return N_("the embedding {name}, to which it is tied").format(name=parameters[first].address)
        only = tied and tied.isdisjoint(parameters)
        told = N_("{name} of the file, which is the embedding too") if only else N_("{name} of the file")
        return told.format(name=parameters[head].address)


class Parameters(dict[str, Any]):
    """Trained parameters as a tree: ``p.self_attn.q.weight``, or ``**p.self_attn.q`` for weight and bias.

    Every branch is an attribute as well, which is found ten times as fast as one that `__getattr__` looks up.
    """

    def __setitem__(self, name: str, branch: Any) -> None:
        super().__setitem__(name, branch)
        setattr(self, name, branch)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def leaves(self) -> Iterator[Parameter]:
        """Every parameter, as often as it is in the tree."""
        return (parameter for _path, parameter in self.named())

    def named(self, scope: str = "") -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its dotted path."""
        for name, branch in self.items():
            path = f"{scope}{name}"
            if isinstance(branch, Parameters):
                yield from branch.named(f"{path}.")
            else:
                yield path, branch

    def place(self, path: str, parameter: Parameter) -> None:
        """Put a parameter at a dotted path, making the branches that lead there."""
        *branches, leaf = path.split(".")
        branch = self
        for segment in branches:
            if segment not in branch:
                branch[segment] = Parameters()
            branch = branch[segment]
        branch[leaf] = parameter


def arranged(layout: Layout, parameters: Mapping[str, Parameter]) -> Parameters:
    """The parameters of a file as the tree their slots describe."""
    tree = Parameters()
    for name, parameter in parameters.items():
        for path, part in layout.slots[name].parts(parameter):
            tree.place(path, part)
    for shared in layout.shares:
        first = parameters[shared.first(parameters)]
        for name in shared.names:
            tree.place(layout.slots[name].paths[0], parameters.get(name, first))
    return tree
