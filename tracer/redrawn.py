"""A model of the same shape that has learned nothing: its parameters drawn at random, for a branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from .addresses import Address
from .dataclass import dataclass
from .edits import Edit, OfModel, changed
from .i18n import _, ngettext
from .model_edits import settings_of
from .operation import Operation
from .ops.embedding import Embed, Segments
from .ops.norm import Norm, OffsetRmsNorm
from .ops.position import Positions, RelativeBias
from .resized import resized
from .run import Run
from .tensor import Array, Parameter

if TYPE_CHECKING:
    from .model import Model
    from .parameters import Named


TABLES = Embed, Segments, Positions, RelativeBias
"""What looks up rows of what was trained."""


class Role(Enum):
    """What a parameter is for, by which it is drawn."""

    TABLE = "table"
    GAIN = "gain"
    OFFSET = "offset"
    """A gain that 1 is added to, or a bias."""
    MATRIX = "matrix"


Roles = Mapping[str, Role]
"""Those of parameters by their paths in the file; of one that a pass has not read, as of an expert, it is not there."""


@dataclass(frozen=True, eq=False)
class Redrawn(OfModel):
    """All parameters drawn anew by a seed, each by its name and what it is for: the same in every session.

    ``settings`` are those of the configuration that are others; the parameters are what that asks for.

    Matrices are uniform between ±√(6 / (in + out)) (Glorot & Bengio 2010), rows of embeddings, also of positions and
    segments, normal with σ = 1/√(their length), biases are 0, and norms multiply by 1.
    """

    lasts = True

    seed: int
    roles: Roles
    settings: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, model: Model, edit: Edit) -> Model:
        model = resized(model, self.settings) if self.settings else model
        return model.having({name: self._drawn(p) for name, p in model.parameters.items()})

    def changes(self, parameters: Named, edit: Edit, path: str) -> bool:
        return True

    def count(self, before: Model, after: Model, edit: Edit) -> str:
        count = sum(p.array.size for p in after.parameters.values())
        return ngettext("{n} trained number drawn anew", "{n} trained numbers drawn anew", count).format(n=count)

    def told(self, address: str) -> str:
        told = _("all parameters drawn anew, seed {seed}").format(seed=self.seed)
        return ", ".join([told, *(f"{name} = {value}" for name, value in self.settings.items())])

    def __str__(self) -> str:
        return " ".join(["random", str(self.seed), *(f"{name} {value}" for name, value in self.settings.items())])

    def _drawn(self, parameter: Parameter) -> Parameter:
        other = parameter.copied()
        other.array[...] = self._numbers(other)
        other.array.setflags(write=False)
        return other

    def _numbers(self, parameter: Parameter) -> Array | float:
        shape = parameter.shape
        match self.roles.get(parameter.path, Role.MATRIX if len(shape) > 1 else Role.OFFSET):
            case Role.GAIN:
                return 1.0
            case Role.OFFSET:
                return 0.0
            case Role.TABLE:
                return self._random(parameter).normal(0, shape[-1] ** -0.5, shape)
            case Role.MATRIX:
                bound = (6 / (shape[-2] + shape[-1])) ** 0.5
                return self._random(parameter).uniform(-bound, bound, shape)

    def _random(self, parameter: Parameter) -> np.random.Generator:
        return np.random.default_rng([self.seed, crc32(parameter.path.encode())])


def redrawn(run: Run, seed: int, stated: Mapping[str, Any] | None = None) -> Run:
    """A branch whose parameters are all drawn anew, of a size that values ``stated`` by keys of config.json ask for.

    Raises:
        InputError: there is no such key, or there can be no such model.
    """
    settings = settings_of(run.model, stated or {})
    shaped = run.unedited.of(resized(run.model, settings)) if settings else run
    edit = Edit(Address("**"), Redrawn(seed, roles(shaped), settings))
    return run.of(changed(run.model, [edit])).adopted(run, edit)


def roles(run: Run) -> Roles:
    """What parameters are for, by the first operation that reads each in a pass of either kind."""
    return dict(reversed([*_read(run.unedited)]))


def _read(run: Run) -> Iterator[tuple[str, Role]]:
    for number in run.begins.values():
        for record in run.step(number):
            yield from ((parameter.path, _role(record.op, name)) for name, parameter in record.trained)


def _role(op: Operation, name: str) -> Role:
    """That of what an operation has under a name."""
    if name == "bias" or isinstance(op, OffsetRmsNorm):
        return Role.OFFSET
    if isinstance(op, Norm):
        return Role.GAIN
    return Role.TABLE if isinstance(op, TABLES) else Role.MATRIX
