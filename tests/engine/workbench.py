"""A tape with the operations and settings that occur in none of the reference checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.addresses import At
from tracer.arithmetic import Leaf
from tracer.backward import Objective, Slope, backward
from tracer.decoding.choice import CUTS
from tracer.ops.attention import layer_scores, mask, masked, products, weigh
from tracer.ops.choice import allowed, bias, candidates, length_decay, log_softmax, repetition
from tracer.ops.linear import linear, rescale
from tracer.ops.position import relative_bias, sinusoid_halves
from tracer.ops.softmax import softmax
from tracer.parameters import Named
from tracer.tape import Record, Tape
from tracer.tensor import FEATURE, HEAD, KV_HEAD, Axis, Parameter, Tensor

POSITION, QUERY, KEY = map(Axis, ("position", "query", "key"))


class Workbench:
    """A tape, the parameters that it uses, and tensors from outside it."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.random = np.random.default_rng(0)
        self.tape = Tape(1)
        self.given: dict[str, Tensor] = {}
        self.trained: dict[str, Parameter] = {}

    def tensor(self, name: str, *axes: Axis, shape: tuple[int, ...]) -> Tensor:
        """Random numbers, as if another step had recorded them."""
        array = self.random.normal(size=shape).astype(self.dtype)
        return self.given.setdefault(f"@0:{name}", Tensor(array, axes, name, At(0)))

    def parameter(self, name: str, *shape: int, transposed: bool = False) -> Parameter:
        """Random numbers, as if a checkpoint had them."""
        array = self.random.normal(size=shape).astype(self.dtype)
        found = Parameter(array, (FEATURE,) * len(shape), name, transposed=transposed)
        self.given[name] = Tensor(array.T if transposed else array, found.dims, name)
        self.trained[name] = found
        return found

    def read(self, leaf: Leaf) -> float:
        """The cell that a leaf stands for."""
        tensor = self.given.get(leaf.address)
        return float((self.tape[leaf.address] if tensor is None else tensor).array[leaf.index])

    def positions(self) -> None:
        """Positions in halves, for an odd number of features; distances both ways, far beyond the last bucket."""
        kind, weight = self.dtype.type, self.parameter("W_bias", 32, 2)
        self.tape(sinusoid_halves, "halves", position=POSITION, positions=range(2, 5), d_model=7, dtype=kind)
        for name, both_ways in (("both", True), ("back", False)):
            how: dict[str, Any] = {"queries": range(20, 23), "keys": range(60), "both_ways": both_ways, "farthest": 40}
            self.tape(relative_bias, name, axes=(QUERY, KEY), weight=weight, **how)

    def attention(self) -> None:
        """Four query heads on two key heads, in a window, with a bias on the scores."""
        q = self.tensor("q", HEAD, QUERY, FEATURE, shape=(4, 3, 5))
        k, v = (self.tensor(name, KV_HEAD, KEY, FEATURE, shape=(2, 3, 5)) for name in "kv")
        raw = self.tape(products, "scores", q, k)
        seen: dict[str, Any] = {"past": 0, "window": 2, "padding": (), "dtype": self.dtype.type}
        hidden = self.tape(mask, "mask", query=QUERY, key=KEY, shape=(3, 3), **seen)
        bias = self.tensor("bias", HEAD, QUERY, KEY, shape=(4, 3, 3))
        weights = self.tape(softmax, "weights", self.tape(masked, "masked", raw, hidden, bias))
        self.tape(weigh, "heads", weights, v)
        for name, rooted in (("by_layer", True), ("by_layer_alone", False)):
            self.tape(layer_scores, name, q, k, layer=3, rooted=rooted)

    def choice(self) -> None:
        """A rescaled row, a matrix stored the other way round, and what a search adds up."""
        x = self.tape(rescale, "rescaled", self.tensor("x", POSITION, FEATURE, shape=(2, 6)))
        logits = self.tape(linear, "logits", x, weight=self.parameter("W", 9, 6, transposed=True))
        row = self.tape(candidates, "row", logits, forbidden={1: "a reason"}, forced=None)
        often: dict[str, Any] = {"ids": [2, 3, 4, 5, 5, 99], "reason": "a reason"}
        self.tape(
            repetition, "rarer", self.tape(repetition, "oftener", logits, penalty=0.7, **often), penalty=1.3, **often
        )
        self.tape(length_decay, "longer", logits, ids=[3, 7], factor=1.4, tokens=3)
        self.cuts(self.tape(bias, "biased", row, biases={1: 2.0, 6: -1.5, 8: 0.25}, reason="a reason"))
        self.tape(candidates, "forced", logits, forbidden={}, forced=2)
        log_p = self.tape(log_softmax, "log_softmax", row)
        self.tape(allowed, "allowed", log_p, forbidden={4: "a reason"}, forced=None)
        self.tape(allowed, "certain", log_p, forbidden={}, forced=2)

    def back(self) -> None:
        """The gradients of a number that everything is read for."""
        read = [one for one in self.tape.records if one.output.dims and not one.op.constant]
        slopes = [Slope(one.output, self.random.normal(size=one.output.shape)) for one in read]
        backward(self.tape, [self.tape], Objective("E", 0.0, slopes), Named({}, self.trained))

    def cuts(self, row: Tensor) -> None:
        """A row with one token ruled out, cut down in every way."""
        for setting, op, parameter in CUTS:
            for value in (1, 4) if setting == "top_k" else (0.1, 0.6):
                self.tape(op, f"{setting}_{value}", row, **{parameter: value})


def workbench(dtype: str) -> tuple[Sequence[Record], Callable[[Leaf], float]]:
    """The records of the tape, and how to read the cell that a leaf stands for."""
    bench = Workbench(dtype)
    bench.positions()
    bench.attention()
    bench.choice()
    bench.back()
    return bench.tape.records, bench.read
