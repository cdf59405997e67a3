"""A small tape, made by calling real operations, and matrices."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tracer.addresses import At
from tracer.ops.attention import mask, masked, scores, weigh
from tracer.ops.choice import argmax, candidates
from tracer.ops.linear import linear
from tracer.ops.norm import layer_norm
from tracer.ops.softmax import softmax
from tracer.tape import Tape
from tracer.tensor import D_K, FEATURE, HEAD, Axis, Parameter, Tensor

TARGET = Axis("query", ["<s>", "i", "爱"])
Q = [[[1, 0, 2, 0], [0, 1, 0, 1], [1, 1, 1, 1]], [[0, 2, 0, 0], [1, 0, 0, 1], [2, 0, 1, 0]]]
K = [[[1, 0, 1, 0], [2, 1, 0, 0], [0, 0, 1, 3]], [[0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 2, 1]]]


@cache
def tape() -> Tape:
    """One causal attention of two heads over three tokens, then a norm, logits over five pieces, and a choice."""
    tape = Tape(2)
    q = Tensor(np.array(Q, float), (HEAD, TARGET, D_K), "decoder.0.self_attn.q", At(2))
    k = Tensor(np.array(K, float), (HEAD, TARGET.named("key"), D_K), "decoder.0.self_attn.k", At(2))
    with tape.scope("decoder"), tape.scope("0"), tape.scope("self_attn"):
        products = tape(scores, "scores", q, k)
        _attend(tape, products, k)
    x = Tensor(np.arange(24, dtype=float).reshape(3, 8) % 7, (TARGET.named("position"), FEATURE), "x", At(2))
    norm = tape(layer_norm, "norm", x, weight=parameter("norm.weight", np.full(8, 2.0), FEATURE), bias=None, eps=1e-5)
    table = np.arange(40, dtype=float).reshape(5, 8) % 3 - 1
    logits = tape(linear, "logits", norm, weight=parameter("embed", table, Axis("vocab"), FEATURE))
    allowed = tape(candidates, "choice.logits", logits, forbidden={}, forced=None)
    tape(argmax, "choice", tape(softmax, "choice.probs", allowed))
    return tape


def _attend(tape: Tape, products: Tensor, k: Tensor) -> None:
    hidden = tape(
        mask,
        "mask",
        query=TARGET,
        key=k.dims[1],
        shape=(3, 3),
        past=0,
        window=None,
        padding=[],
        dtype=np.float64,
    )
    weights = tape(softmax, "weights", tape(masked, "masked", products, hidden))
    tape(weigh, "heads", weights, k)


def parameter(name: str, array: Any, *dims: Axis) -> Parameter:
    return Parameter(array, dims, name)


def matrix(rows: int, columns: int, *, labels: bool = False) -> Tensor:
    """[query, key]: the cell (i, j) is i + j / 1000."""
    array = np.arange(rows)[:, None] + np.arange(columns) / 1000
    names = ([f"q{i}" for i in range(rows)], [f"k{j}" for j in range(columns)]) if labels else (None, None)
    return Tensor(array, (Axis("query", names[0]), Axis("key", names[1])), "m", At(1))
