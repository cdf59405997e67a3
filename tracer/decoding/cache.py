"""The key/value cache: rows that only grow, kept from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arithmetic import Leaf
from ..tensor import D_K, Axis, Tensor


class Rows:
    """Keys or values of one layer, [head, key, d_k], in memory of a fixed capacity.

    Writing the rows of a step again writes the same numbers, so a step can be computed again at any time.
    """

    __slots__ = ("array", "prompt")

    def __init__(self, heads: int, capacity: int, d_k: int, prompt: int, dtype: type[np.floating[Any]]) -> None:
        self.array = np.empty((heads, capacity, d_k), dtype)
        self.prompt = prompt

    def extended(self, new: Tensor, past: int, labels: Sequence[str]) -> Tensor:
        """The first ``past`` rows and the new ones after them, as a view: [head, key, d_k]."""
        stop = past + new.shape[1]
        self.array[:, past:stop] = new.array
        return Tensor(self.array[:, :stop], (new.dims[0], Axis("key", labels), D_K))

    def leaf(self, new: Tensor, past: int, head: int, key: int, d: int) -> Leaf:
        """A cell of the cache as a cell of the step that made it."""
        if key >= past:
            return new.leaf(head, key - past, d)
        step, row = (1, key) if key < self.prompt else (key - self.prompt + 2, 0)
        path = new.address.partition(":")[2]
        return Leaf(f"@{step}:{path}", (head, row, d), float(self.array[head, key, d]))

    def copy(self, rows: int) -> Rows:
        """The first ``rows`` rows, in memory of their own and of the same capacity."""
        twin = object.__new__(Rows)
        twin.prompt = self.prompt
        twin.array = np.empty_like(self.array)
        twin.array[:, :rows] = self.array[:, :rows]
        return twin


class LayerCache:
    """What one decoder layer keeps: its own keys and values, and those of the encoder's memory after step 1."""

    __slots__ = ("k", "memory", "v")

    def __init__(self, k: Rows, v: Rows) -> None:
        self.k = k
        self.v = v
        self.memory: tuple[Tensor, Tensor] = _NOTHING, _NOTHING

    def copy(self, rows: int) -> LayerCache:
        """The cache of a hypothesis that parts ways after ``rows`` positions; the memory is shared."""
        twin = LayerCache(self.k.copy(rows), self.v.copy(rows))
        twin.memory = self.memory
        return twin


_NOTHING = Tensor(np.empty((0, 0, 0)), ())


class Cache:
    """The cache of a whole decoder; the first ``prompt`` positions are made in step 1, one more in each step after."""

    def __init__(self, layers: list[LayerCache]) -> None:
        self.layers = layers

    @classmethod
    def of(
        cls, layers: int, heads: int, d_k: int, *, capacity: int, prompt: int, dtype: type[np.floating[Any]]
    ) -> Cache:
        """Room for ``capacity`` positions in every layer."""

        def rows() -> Rows:
            return Rows(heads, capacity, d_k, prompt, dtype)

        return cls([LayerCache(rows(), rows()) for _ in range(layers)])

    def copy(self, rows: int) -> Cache:
        """A cache of the same first ``rows`` positions."""
        return Cache([layer.copy(rows) for layer in self.layers])
