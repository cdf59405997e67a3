"""A tape with the operations that none of the reference checkpoints calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tracer.arithmetic import Leaf
from tracer.ops.attention import mask, masked, products, weigh
from tracer.ops.choice import candidates, log_probs
from tracer.ops.embedding import embed
from tracer.ops.linear import last, linear, multiply, part, rescale
from tracer.ops.norm import rms_norm
from tracer.ops.position import positions, relative_bias, rotate, sinusoid_halves
from tracer.ops.softmax import softmax
from tracer.tape import Record, Tape
from tracer.tensor import FEATURE, HEAD, KV_HEAD, Axis, Parameter, Tensor

POSITION, QUERY, KEY = map(Axis, ("position", "query", "key"))


def workbench(dtype: str) -> tuple[Sequence[Record], Callable[[Leaf], float]]:
    """The records of the tape, and how to read the cell that a leaf stands for."""
    random = np.random.default_rng(0)
    parameters: dict[str, Parameter] = {}
    tape = Tape(1)

    def parameter(name: str, *shape: int, transposed: bool = False) -> Parameter:
        array = random.normal(size=shape).astype(dtype)
        parameters[name] = Parameter(array, (FEATURE,) * len(shape), name, transposed=transposed)
        return parameters[name]

    x = tape(embed, "tokens", ids=[3, 1, 4], labels="abc", weight=parameter("E", 6, 8))
    _positions(tape, x, parameter)
    _feed_forward(tape, x, parameter)
    _attention(tape, x, parameter)

    def read(leaf: Leaf) -> float:
        if leaf.address in parameters:
            stored = parameters[leaf.address]
            return float((stored.array.T if stored.transposed else stored.array)[leaf.index])
        return float(tape[leaf.address].array[leaf.index])

    return tape.records, read


def _positions(tape: Tape, x: Tensor, parameter: Callable[..., Parameter]) -> None:
    tape(sinusoid_halves, "halves", position=POSITION, start=2, shape=(3, 7), dtype=x.array.dtype.type)
    tape(positions, "positions", position=POSITION, start=1, length=3, weight=parameter("P", 9, 8), offset=2)
    bias = parameter("relative", 32, 2)
    for name, both_ways in (("both", True), ("back", False)):
        how: dict[str, Any] = {"shape": (3, 60), "start": 20, "weight": bias, "both_ways": both_ways, "farthest": 40}
        tape(relative_bias, name, axes=(QUERY, KEY), **how)


def _feed_forward(tape: Tape, x: Tensor, parameter: Callable[..., Parameter]) -> None:
    y = tape(rms_norm, "norm", x, weight=parameter("gain", 8), eps=1e-6)
    y = tape(multiply, "gated", y, x)
    y = tape(rescale, "rescaled", y)
    y = tape(last, "last", y)
    y = tape(linear, "logits", y, weight=parameter("W", 5, 8, transposed=True))
    row = tape(candidates, "row", y, forbidden={1: "a reason"}, forced=None)
    tape(log_probs, "log_probs", row)


def _attention(tape: Tape, x: Tensor, parameter: Callable[..., Parameter]) -> None:
    """Four query heads on two key heads, from one fused product, in a window, with a bias."""
    kind = x.array.dtype.type
    fused = tape(linear, "qkv", x, weight=parameter("c_attn", 24, 8), bias=parameter("c_bias", 24))
    q, k, v = (
        tape(part, name, fused, part=i, parts=3, heads=heads, axes=axes)
        for i, (name, heads, axes) in enumerate(
            (("q", 4, (HEAD, "query")), ("k", 4, (KV_HEAD, "key")), ("v", 4, (KV_HEAD, "key")))
        )
    )
    q = tape(rotate, "q_rotated", q, start=5, frequencies=(0.3,))
    k, v = (Tensor(t.array[:2], t.dims, t.address) for t in (k, v))
    raw = tape(products, "products", q, k)
    axes = q.dims[1], k.dims[1]
    hidden = tape(
        mask, "mask", query=axes[0], key=axes[1], shape=(3, 3), past=0, window=2, padding=(), dtype=kind
    )
    how: dict[str, Any] = {"weight": parameter("W_bias", 8, 4), "both_ways": False, "farthest": 16}
    bias = tape(relative_bias, "bias", axes=axes, shape=(3, 3), start=0, **how)
    weights = tape(softmax, "weights", tape(masked, "masked", raw, hidden, bias))
    tape(weigh, "heads", weights, v)
