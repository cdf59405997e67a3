"""Calls of operations as data, so that another may be put in place of the one that a model makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..addresses import At
from ..arithmetic import Node
from ..namedtuple import NamedTuple
from ..operation import Operation, Written
from ..tape import Record
from ..tensor import Tensor


class Call(NamedTuple):
    """What a tape is called with: an operation under a path in a pass, its inputs and its parameters."""

    op: Operation
    path: str
    at: At | None
    inputs: tuple[Tensor, ...]
    parameters: Mapping[str, Any]

    @classmethod
    def of(cls, record: Record) -> Call:
        """The call that a record was made by, before any edit."""
        return cls(record.op, record.address, record.at, record.inputs, record.parameters)

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition(".")[2]

    @property
    def scope(self) -> str:
        """The nested modules around it, as a dotted path."""
        return self.path.rpartition(".")[0]

    def with_op(self, op: Operation, *inputs: Tensor) -> Call:
        """Another operation on the same inputs and parameters, or on others."""
        return self._replace(op=op, inputs=inputs or self.inputs)

    def having(self, **parameters: Any) -> Call:
        """The same with other parameters."""
        return self._replace(parameters={**self.parameters, **parameters})

    def without(self, *names: str) -> Call:
        """The same without some parameters."""
        return self._replace(parameters={name: v for name, v in self.parameters.items() if name not in names})

    def output(self) -> Tensor:
        """What comes of it, under its path."""
        with np.errstate(all="ignore"):
            output = self.op.forward(*self.inputs, **self.parameters)
        output.path, output.at = self.path, self.at
        return output

    def derive(self, index: tuple[int, ...]) -> Node:
        """The arithmetic of a cell of that."""
        return self.op.derive(index, *self.inputs, **self.parameters)

    def recorded(self, output: Tensor) -> Record:
        """A record of it, with what came of it."""
        return Record(0, self.op, self.inputs, dict(self.parameters), output)

    def written(self, output: Tensor) -> Written:
        """The formula as it holds for it."""
        return self.op.written(self.recorded(output))
