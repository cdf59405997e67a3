"""What every operation is: one object that knows everything about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Flag, auto
from inspect import Parameter as Argument
from inspect import signature
from itertools import chain, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from .i18n import N_, spoken
from .namedtuple import NamedTuple
from .tensor import Array, Located, Tensor

if TYPE_CHECKING:
    from .arithmetic import Node
    from .tape import Record


class Trait(Flag):
    """What is true of everything that an operation yields, for whoever shows, checks or catches it."""

    NONE = 0
    DISTRIBUTION = auto()
    """Every row along the last axis adds up to 1; what has −∞ in the input has exactly 0."""
    MASK = auto()
    """0 where a query may look, −∞ where it may not."""
    LOSS = auto()
    """A number for each id that was to be predicted."""
    NORM = auto()
    """Every row has one size, whatever the size of what went in."""


class Written(NamedTuple):
    """A formula in Unicode and in LaTeX."""

    formula: str
    latex: str


class Flow(NamedTuple):
    """One of the ways that a gradient goes back: to ``target``, as what ``op`` makes of ``inputs`` and ``settings``."""

    target: Tensor
    op: Operation
    inputs: tuple[Tensor, ...]
    settings: Mapping[str, Any]


def to(target: Tensor, op: Operation, *inputs: Tensor, **settings: Any) -> Flow:
    """A gradient's way back to an input or a trained parameter."""
    return Flow(target, target.put_back(op), inputs, settings)


class Weighed(NamedTuple):
    """Some cells of a tensor, and what each is multiplied by in a sum."""

    tensor: Tensor
    where: Located
    factors: Array


class Operation:
    """One kind of computation.

    A subclass states its formula (Unicode and LaTeX, for row vectors) and where it stands in the literature, computes
    a result with its axes in `forward`, gives the arithmetic of one cell in `derive`, and says in `backward` where the
    gradient of its result goes. All take the inputs as positional tensors, and trained parameters and settings by
    keyword. Where the formula writes one of them otherwise,
    the head of the class says how. The singleton beside each class is what models call.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    latex: ClassVar[str]
    reference: ClassVar[str]
    traits: ClassVar[Trait] = Trait.NONE
    symbols: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """How the formula writes those of the arguments of `forward` that it has another name for."""
    shares: ClassVar[bool] = False
    """Whether the output is a view of memory that outlives the step."""
    constant: ClassVar[str] = ""
    """Why no gradient goes back through it, where none does."""
    chooses: ClassVar[bool] = False
    """Whether the output is ids: places along the last axis of the first input."""

    def __init_subclass__(cls, **symbols: str) -> None:
        cls.symbols = {**cls.symbols, **symbols}
        cls.name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        """Compute: tensors in, a tensor with named axes out. Nothing is written in place."""
        raise NotImplementedError

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node:
        """The arithmetic of the result's cell at ``index``; its leaves are cells of inputs and parameters."""
        raise NotImplementedError

    def backward(self, dy: Tensor, y: Tensor, /, *inputs: Any, **parameters: Any) -> Iterable[Flow]:
        """From the gradient of the output ``y`` to those of inputs and trained parameters, an operation for each."""
        if not self.constant:
            raise NotImplementedError
        return ()

    def direct(self, where: Located, factors: Array, *inputs: Any, **parameters: Any) -> Iterable[Weighed]:
        """Σ factors · result[where], for ``where`` a row, as the same of what the result is a sum of.

        What a row is divided by or multiplied with is a number that stands: the deviation of a norm, the share of an
        expert. Nothing, where the result is no sum.
        """
        return ()

    def written(self, record: Record) -> Written:
        """The formula as it holds for a record: without a bias, say, where there is none."""
        return Written(self.formula, self.latex)

    def operands(self, record: Record) -> Iterator[tuple[str, Tensor]]:
        """What a record was made of, under the names in the formula: its inputs, then trained parameters."""
        arguments = signature(self.forward).parameters.values()
        named = (a.name for a in arguments if a.kind is Argument.POSITIONAL_OR_KEYWORD)
        further = (a.name for a in arguments if a.kind is Argument.VAR_POSITIONAL)
        inputs = zip(chain(named, *map(repeat, further)), record.inputs, strict=False)
        for name, tensor in chain(inputs, record.trained):
            yield self.symbols.get(name, name), tensor

    def note(self, record: Record) -> str:
        """What a one-line account of a record says after its shape; the formula, unless there is more to tell."""
        return spoken(self.written(record).formula)

    def convention(self, record: Record) -> str:
        """Whether vectors are rows or columns, where that matters to how the formula reads."""
        return ""

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


class Gradient(Operation):
    """An operation on the way back: it yields a gradient, for which nothing is looked for further back."""

    constant = N_("it is a gradient itself, and second derivatives are not worked out")
