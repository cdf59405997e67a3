"""What a pass leaves to the one after it: the key/value cache, as tensors that are inputs like any other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from .addresses import At
from .arithmetic import Leaf
from .namedtuple import NamedTuple
from .tensor import Array, Axis, Tensor


class Memory:
    """Room for rows [head, key, d_k] up to a capacity, of which the first ``filled`` are there.

    ``origins`` are the places from which rows came at a time, each with the path and the pass of the tensor that
    brought them.
    """

    __slots__ = ("array", "filled", "origins")

    def __init__(self, like: Array, capacity: int) -> None:
        heads, _keys, width = like.shape
        self.array = np.empty((heads, capacity, width), like.dtype)
        self.filled = 0
        self.origins: list[tuple[int, str, At | None]] = []

    def put(self, past: int, stop: int, new: Tensor) -> Memory:
        """The memory in which rows stand from ``past`` to ``stop``: this one, or a copy where others do already."""
        if self.filled == past:
            self.array[:, past:stop] = new.array
            self.origins.append((past, new.path, new.at))
            self.filled = stop
            return self
        is_there = stop <= self.filled and np.array_equal(self.array[:, past:stop], new.array)
        return self if is_there else self.copied(past).put(past, stop, new)

    def copied(self, past: int) -> Memory:
        """The first ``past`` rows in room of their own."""
        twin = Memory(self.array, self.array.shape[1])
        twin.array[:, :past] = self.array[:, :past]
        twin.filled = past
        twin.origins = [origin for origin in self.origins if origin[0] < past]
        return twin


class Rows(Tensor):
    """The rows of all places so far, [head, key, d_k], as a view of memory that more rows may follow in."""

    __slots__ = ("_memory",)

    def __init__(self, memory: Memory, length: int, key: Axis, like: Tensor) -> None:
        heads, _new, width = like.dims
        super().__init__(memory.array[:, :length], (heads, key, width))
        self._memory = memory

    @classmethod
    def after(cls, past: Rows | None, new: Tensor, labels: Sequence[str], capacity: int) -> Rows:
        """The past rows and the new ones; where others follow the past ones already, in memory of their own."""
        memory, length = (Memory(new.array, capacity), 0) if past is None else (past._memory, past.shape[1])
        stop = length + new.shape[1]
        return cls(memory.put(length, stop, new), stop, Axis("key", labels), new)

    def replaced(self, array: Array) -> Rows:
        """The same with other numbers, in memory of their own; rows that follow come behind these."""
        memory, length = Memory(self._memory.array, self._memory.array.shape[1]), self.shape[1]
        memory.put(0, length, Tensor(array, self.dims, self.path, self.at))
        return Rows(memory, length, self.dims[1], self)

    @property
    def room(self) -> Array:
        """All of the memory that rows may come to stand in."""
        return self._memory.array

    def made(self, *index: int) -> Leaf:
        """A cell as one of the tensor that brought its row."""
        head, key, d = index
        place = bisect_right(self._memory.origins, key, key=lambda origin: origin[0]) - 1
        first, path, at = self._memory.origins[place]
        return Leaf(path, (head, key - first, d), float(self.array[head, key, d]), at)


class Past(NamedTuple):
    """What was kept so far, by address within a pass, and how many places there will be at most."""

    capacity: int
    kept: Mapping[str, Tensor] = MappingProxyType({})

    @property
    def length(self) -> int:
        """How many places there are so far."""
        return next((tensor.shape[1] for tensor in self.kept.values() if isinstance(tensor, Rows)), 0)
