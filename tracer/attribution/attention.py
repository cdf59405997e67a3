"""Attentions by their records, and what of each key they mix into each query, as vectors that add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from ..dataclass import dataclass
from ..errors import AddressError
from ..i18n import _
from ..operation import Operation, Trait
from ..ops.attention import Weigh
from ..ops.linear import Concat, Linear
from ..tape import Record, Tape
from ..tensor import Array
from .frozen import numbers

ROOM = 32 << 20
"""bytes of vectors that are made at a time"""


@dataclass(frozen=True, eq=False)
class Attention:
    """One attention of a pass; ``weights`` [head, query, key] are its record, ``readers`` who reads each record."""

    tape: Tape
    weights: Record
    readers: Mapping[str, Sequence[Record]]

    @property
    def scope(self) -> str:
        """Its module: ``decoder.0.cross_attn``."""
        return self.weights.scope

    @property
    def is_across(self) -> bool:
        """Whether its keys are those of another text than its queries."""
        return self.scope.endswith("cross_attn")

    @property
    def start(self) -> int:
        """The place of the first query among the keys of the same text."""
        return self.weights.output.shape[2] - self.weights.output.shape[1]

    @property
    def mean(self) -> Array:
        """The weights, as the mean of all heads [query, key]."""
        found: Array = self.weights.output.array.mean(0, dtype=np.float64)
        return found

    def vectors(self) -> Iterator[Array]:
        """Σ_h α f_h(x), f(x) = (x W_V + b_V) W_O: [some keys, query, feature] at a time, until all keys are through.

        They add up to the attention's output without b_O.

        Raises:
            AddressError: what was computed of the weights was not kept, or the parameters.
        """
        weights, v, out = self.weights.output.array, self._weigh.inputs[1].array, self._by_head
        heads, groups = weights.shape[0], v.shape[0]
        for keys in _parts(weights.shape[2], max(heads, weights.shape[1]) * out.shape[2]):
            values = np.repeat(v[:, keys].astype(np.float64), heads // groups, 0) @ out
            yield weights[:, :, keys].transpose(2, 1, 0) @ values.transpose(1, 0, 2)

    @cached_property
    def output(self) -> Record:
        """The record of the output projection; raises as `vectors` does."""
        return self.only(self.only(self._weigh, Concat), Linear)

    @cached_property
    def _weigh(self) -> Record:
        return self.only(self.weights, Weigh)

    @cached_property
    def _by_head(self) -> Array:
        """W_O [head, d_k, feature]."""
        weight = numbers(self.output.parameters["weight"]).T
        return weight.reshape(self.weights.output.shape[0], -1, weight.shape[1])

    def only(self, record: Record, *kinds: type[Operation]) -> Record:
        """The one record that reads another, of some kind of operation where any are named.

        Raises:
            AddressError: there is none, or there are several.
        """
        found = [one for one in self.read_by(record) if not kinds or isinstance(one.op, kinds)]
        if len(found) != 1:
            told = _("{scope}: what was computed of its {name} was not kept, and is needed here")
            raise AddressError(told.format(scope=f"@{record.at.number}:{self.scope}", name=record.name))
        return found[0]

    def read_by(self, record: Record) -> Sequence[Record]:
        """The records of the pass that read one."""
        return self.readers.get(record.address, ())


def attentions(tape: Tape) -> list[Attention]:
    """The attentions of a pass, in order.

    Raises:
        AddressError: there is none, or its weights were not kept.
    """
    found = [record for record in tape.forward if is_attention(record)]
    if not found:
        told = _("step @{n} has no {name} of an attention")
        raise AddressError(told.format(n=tape.number, name="weights"))
    readers = _readers(tape)
    return [Attention(tape, record, readers) for record in found]


def is_attention(record: Record) -> bool:
    """Whether a record is of the shares that queries give to keys."""
    return record.has(Trait.DISTRIBUTION) and record.output.axes == ("head", "query", "key")


def _readers(tape: Tape) -> Mapping[str, Sequence[Record]]:
    found: dict[str, list[Record]] = {}
    for record in tape.forward:
        for tensor in record.inputs:
            if tensor.at == tape.at:
                found.setdefault(tensor.path, []).append(record)
    return found


def _parts(keys: int, width: int) -> Iterator[slice]:
    """All keys, so many at a time that vectors of ``width`` numbers for each fit."""
    most = max(1, ROOM // (8 * width))
    return (slice(start, start + most) for start in range(0, keys, most))
