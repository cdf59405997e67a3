"""What rounding can do to the records of a pass: the pass is performed again with other roundings, and tells it.

Every result is moved at random to a float32 beside it, or left, as in Monte Carlo arithmetic (Parker 1997) and CESTAC
(Vignes 1993). How far that takes a record has its depth in it, its operation and its operands: a softmax that is sure
of a key is taken hardly anywhere, and scores of large q and k are taken far.
"""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt
from typing import Any

import numpy as np

from ..i18n import _
from ..operation import Operation
from ..ops.attention import is_hidden
from ..run import Run
from ..tape import Record, Untraced
from ..tensor import Array, Tensor
from ..work import work

PASSES = 4
"""How often the pass is performed with other roundings."""

SAFETY = 4.0
"""So many times as far as it was seen to go, rounding may go. Over all references in the tests, of every family, torch
and we are at most 1.4 times as far apart. A tenth of ε takes the first norm 8 to 120 times as far, unless the variance
is so large that it is lost in the rounding."""

BLOCK = 128
"""Sums of more terms may be farther off where they are added one after the other, as √n is (Higham & Mary 2019): those
of 2048 terms were 6.5 times as far from ours as ours were seen to go, and those of 256 terms 2.5 times."""

UNIT = 2.0**-24
"""The largest error of one rounding to float32, as a share of the number."""

Place = tuple[slice, ...]


class Rounding:
    """How far rounding takes some records of a run, which is performed ``PASSES`` times more in float32.

    An array is kept for each of the records, and nothing of the passes; of a model in float64, the parameters are read
    once more, and dropped.
    """

    def __init__(self, run: Run, records: Collection[Record]) -> None:
        self._here = {record.output.address: record.output for record in records}
        self._seen = {address: np.zeros(output.shape, np.float32) for address, output in self._here.items()}
        self._longest: dict[str, int] = {}
        model = run.model.computing_in("float32")
        for seed in work(range(PASSES), _("rounding")):
            again, random = run.of(model), np.random.default_rng(seed)
            longest = 1
            for _step in run.steps:
                tape = Jittered(again.computed + 1, self, random, longest)
                again.advance(tape)
                longest = tape.longest

    def see(self, output: Tensor, longest: int) -> None:
        """Take in how far a result is from the same one of the run, which came of rows of so many numbers at most."""
        if (here := self._here.get(output.address)) is not None:
            with np.errstate(invalid="ignore"):
                found = np.nan_to_num(np.abs(output.array - here.array), nan=0.0, posinf=0.0)
            np.maximum(self._seen[output.address], found, out=self._seen[output.address], casting="same_kind")
            self._longest[output.address] = longest

    def allowed(self, record: Record, where: Place, kept: Array) -> float:
        """The largest difference that rounding accounts for in the cells of a part that are ``kept``."""
        address = record.output.address
        values = np.abs(record.output.array[where][kept])
        seen = np.max(self._seen[address][where][kept], initial=0.0)
        scale = np.max(values, initial=0.0, where=np.isfinite(values) & ~is_hidden(-values))
        return SAFETY * sqrt(max(1.0, self._longest[address] / BLOCK)) * max(float(seen), UNIT * float(scale))


class Jittered(Untraced):
    """A tape that moves every result at random to a number beside it, and shows it to a `Rounding`.

    ``longest`` is how many numbers the longest row had that an operation was given so far.
    """

    def __init__(self, number: int, rounding: Rounding, random: np.random.Generator, longest: int) -> None:
        super().__init__(number)
        self._rounding, self._random, self.longest = rounding, random, longest

    def __call__(self, op: Operation, name: str, *inputs: Tensor, **parameters: Any) -> Tensor:
        output = super().__call__(op, name, *inputs, **parameters)
        self.longest = max(self.longest, *(tensor.shape[-1] for tensor in inputs[:1] if tensor.shape), 1)
        if output.array.dtype == np.float32:
            output.array = self._moved(output.array)
        self._rounding.see(output, self.longest)
        return output

    def _moved(self, array: Array) -> Array:
        ways = self._random.integers(-1, 2, array.shape, np.int8)
        moved = array * (1 + ways * np.float32(2 * UNIT))
        return np.where(is_hidden(array), array, moved)
