"""A sublayer of attention as a sum: what each token adds to what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from ..dataclass import dataclass
from ..operation import Trait
from ..ops.linear import Add
from ..stream import RESIDUAL
from ..tape import Record
from ..tensor import Array, Tensor
from .attention import Attention
from .flow import Measured
from .frozen import Frozen, frozen


@dataclass(frozen=True, eq=False)
class Sublayer:
    """An attention with its residual connection, and the norm after that where it is part of the sublayer.

    What comes out is y_i = Σ_j T_i(x_j) + a constant, with T_i(x_j) = L(Σ_h α_ij f_h(x_j) + [i = j] x_i): L is the norm
    with its σ as it was, and whatever linear maps are on the way. In self-attention j runs over the keys; in
    cross-attention over the keys and, at last, the query itself, which comes by the residual connection.

    ``maps`` are the records from the attention's output to the ``residual`` in which it is added to the ``stream``;
    ``is_alone`` says that nothing else is added there.
    """

    attention: Attention
    maps: Sequence[Record]
    residual: Record
    stream: Tensor
    is_alone: bool

    @cached_property
    def output(self) -> Array:
        """y [query, feature]; where a feed-forward is added beside the attention, without that."""
        if self.is_alone:
            return _exact((self._norm or self.residual).output)
        return self._own + self._affine(_exact(self.attention.output.output), self._frozen)

    def vectors(self) -> Iterator[Array]:
        """T: [some keys, query, feature] at a time, until all keys are through.

        Raises:
            AddressError: the parameters were not kept.
            InputError: something on the way is no linear map.
        """
        place = 0
        for mixed in self.attention.vectors():
            vectors = _linear(mixed, [*self._frozen, *self._after])
            if not self.attention.is_across:
                self._add_own(vectors, place)
            place += len(vectors)
            yield vectors
        if self.attention.is_across:
            yield self._own[None]

    def measured(self, measure: Callable[[Array], Array]) -> Measured:
        """What is measured of the parts, [some keys, query, feature] -> [some keys, query]; raises as `vectors`."""
        total, found = self.constant(), []
        for vectors in self.vectors():
            total += vectors.sum(0)
            found.append(measure(vectors))
        return Measured(np.concatenate(found).T, self._gap(total))

    def constant(self) -> Array:
        """What of y comes of no token [query, feature]: the biases."""
        bias = np.zeros_like(self.output) + frozen(self.attention.output).constant
        return self._affine(bias, [*self._frozen, *self._after])

    @property
    def _norm(self) -> Record | None:
        """The norm of the sum, in the attention's own module."""
        reading = self.attention.read_by(self.residual)
        norms = (record for record in reading if record.has(Trait.NORM))
        return next((record for record in norms if record.scope == self.attention.scope), None)

    @cached_property
    def _frozen(self) -> Sequence[Frozen]:
        return list(map(frozen, self.maps))

    @cached_property
    def _after(self) -> Sequence[Frozen]:
        return [] if self._norm is None else [frozen(self._norm)]

    @cached_property
    def _own(self) -> Array:
        """What the residual connection brings [query, feature]."""
        return _linear(_exact(self.stream), self._after)

    def _add_own(self, vectors: Array, place: int) -> None:
        """Add x_i to what comes of the key that is the query itself; ``place`` is that of the first key."""
        queries = np.arange(vectors.shape[1])
        keys = queries + self.attention.start - place
        is_here = (keys >= 0) & (keys < len(vectors))
        vectors[keys[is_here], queries[is_here]] += self._own[is_here]

    def _gap(self, total: Array) -> float:
        largest = np.abs(self.output).max(initial=0.0)
        return float(np.abs(total - self.output).max(initial=0.0) / (largest or 1.0))

    @staticmethod
    def _affine(rows: Array, steps: Iterable[Frozen]) -> Array:
        for step in steps:
            rows = step.linear(rows) + step.constant
        return rows


def sublayer(attention: Attention) -> Sublayer:
    """The sublayer that an attention is in.

    Raises:
        AddressError: what was computed of its output was not kept.
    """
    maps: list[Record] = []
    arriving, is_alone = attention.output, True
    while True:
        reader = attention.only(arriving)
        if isinstance(reader.op, Add) and reader.name == RESIDUAL:
            one, other = reader.inputs
            return Sublayer(attention, maps, reader, other if one.path == arriving.address else one, is_alone)
        if isinstance(reader.op, Add):
            is_alone = False
        else:
            maps.append(reader)
        arriving = reader


def _linear(parts: Array, steps: Iterable[Frozen]) -> Array:
    for step in steps:
        parts = step.linear(parts)
    return parts


def _exact(tensor: Tensor) -> Array:
    return tensor.array.astype(np.float64)
