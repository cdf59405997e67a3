"""What tracing costs.

Aimed at: decoding with every operation recorded takes at most 2.2 times as long as a bare NumPy loop that computes the
same and keeps every result, on the built-in zh-en model (d_model 128, 3+3 layers), float32, with the key/value cache;
and that is at most 5 µs a recorded operation beyond the arithmetic. The ways run in turn, in one process; medians are
printed. Where other programs use the processor, set OPENBLAS_NUM_THREADS=1: two threads that wait for each other
measure only that.

    python benchmarks/trace.py [ROUNDS]
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

import tracer
from tracer.tensor import Array

TEXT, TOKENS = "我昨天在北京买了三本很有意思的书。", 64
AIM_RATIO, AIM_MICROSECONDS = 2.2, 5.0


class Bare:
    """The model's two passes with nothing around them: arrays in, arrays out, each result kept in a list."""

    def __init__(self, model: tracer.Model) -> None:
        self.config = model.config
        self.parameters = {name: parameter.array for name, parameter in model.parameters.items()}
        self.positions = sinusoids(1024, self.config.d_model)
        self.kept: list[Array] = []

    def decode(self, source: list[int], limit: int) -> list[int]:
        """Source ids -> ``limit`` greedy target ids."""
        c, self.kept = self.config, []
        x = self.embedded("encoder", source, 0)
        for i in range(c.encoder_layers):
            x = self.attention(f"encoder.{i}.self_attn", x, *self.keys_values(f"encoder.{i}.self_attn", x))
            x = self.feed_forward(f"encoder.{i}.ffn", x)
        layers = [f"decoder.{i}" for i in range(c.decoder_layers)]
        memory = [self.keys_values(f"{layer}.cross_attn", x) for layer in layers]
        past = [np.empty((2, c.heads, limit, c.d_model // c.heads), np.float32) for _ in layers]
        ids = [c.bos_id]
        while len(ids) <= limit:
            ids.append(self.step(ids, layers, past, memory))
        return ids[1:]

    def step(self, ids: list[int], layers: list[str], past: list[Array], memory: list[tuple[Array, Array]]) -> int:
        """The id after ``ids``; the rows of the last position are added to ``past``."""
        n = len(ids)
        x = self.embedded("decoder", ids[-1:], n - 1)
        for layer, rows, (k, v) in zip(layers, past, memory, strict=True):
            rows[0, :, n - 1 : n], rows[1, :, n - 1 : n] = self.keys_values(f"{layer}.self_attn", x)
            x = self.attention(f"{layer}.self_attn", x, rows[0, :, :n], rows[1, :, :n])
            x = self.attention(f"{layer}.cross_attn", x, k, v)
            x = self.feed_forward(f"{layer}.ffn", x)
        logits = self.keep(x @ self.parameters["decoder.embed.weight"].T)
        return int(self.softmax(logits)[-1].argmax())

    def keep(self, array: Array) -> Array:
        self.kept.append(array)
        return array

    def embedded(self, stack: str, ids: list[int], start: int) -> Array:
        tokens = self.keep(self.parameters[f"{stack}.embed.weight"][ids] * np.float32(math.sqrt(self.config.d_model)))
        return self.keep(tokens + self.positions[start : start + len(ids)])

    def linear(self, name: str, x: Array) -> Array:
        y = x @ self.parameters[f"{name}.weight"].T
        y += self.parameters[f"{name}.bias"]
        return self.keep(y)

    def split(self, name: str, x: Array) -> Array:
        return self.linear(name, x).reshape(len(x), self.config.heads, -1).transpose(1, 0, 2)

    def keys_values(self, name: str, x: Array) -> tuple[Array, Array]:
        return self.split(f"{name}.k", x), self.split(f"{name}.v", x)

    def attention(self, name: str, x: Array, k: Array, v: Array) -> Array:
        q = self.split(f"{name}.q", x)
        scores = q @ k.transpose(0, 2, 1)
        scores /= math.sqrt(q.shape[2])
        heads = self.keep(self.softmax(self.keep(scores)) @ v)
        concat = self.keep(heads.transpose(1, 0, 2).reshape(len(x), -1))
        return self.normed(f"{name}.norm", self.keep(x + self.linear(f"{name}.output", concat)))

    def feed_forward(self, name: str, x: Array) -> Array:
        activated = self.keep(np.maximum(self.linear(f"{name}.hidden", x), 0))
        return self.normed(f"{name}.norm", self.keep(x + self.linear(f"{name}.output", activated)))

    def normed(self, name: str, x: Array) -> Array:
        n = x.shape[1]
        centred = x - np.add.reduce(x, -1, keepdims=True) / n
        y = centred / np.sqrt(np.add.reduce(centred * centred, -1, keepdims=True) / n + self.config.norm_eps)
        y *= self.parameters[f"{name}.weight"]
        y += self.parameters[f"{name}.bias"]
        return self.keep(y)

    def softmax(self, x: Array) -> Array:
        y = np.exp(x - np.maximum.reduce(x, -1, keepdims=True))
        y /= np.add.reduce(y, -1, keepdims=True)
        return self.keep(y)


def endless(model: tracer.Model) -> tracer.Model:
    """The model without an end token, so that every run has as many tokens as it is asked for."""
    return replace(model, rules=replace(model.rules, eos_ids=()))


def sinusoids(length: int, d_model: int) -> Array:
    """[position, feature]: sin at even features, cos at odd ones."""
    angle = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, d_model, 2) / d_model)
    return np.stack([np.sin(angle), np.cos(angle)], -1).reshape(length, d_model).astype(np.float32)


def main(rounds: int) -> None:
    """Measure in turn, and print times, ratios, and the cost of recording one operation."""
    model = endless(tracer.load("zh-en"))
    source = model.source_ids(TEXT)[0]

    def decode(record: bool) -> tracer.Run:
        return tracer.trace(model, ids=source, cache=True, max_tokens=TOKENS, record=record)

    traced, bare = decode(record=True), Bare(model)
    assert bare.decode(source, TOKENS) == traced.output_ids, "the loops must compute the same"
    records = sum(map(len, traced.steps))
    ways: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare.decode(source, TOKENS),
        "untraced": lambda: decode(record=False),
        "traced": lambda: decode(record=True),
    }
    medians = measured(ways, rounds)
    print(f"{len(source)} source tokens, {TOKENS} target tokens, {records} records\n")
    for name, median in medians.items():
        ratio = median / medians["bare"]
        print(f"{name:10} {median / TOKENS * 1e6:7.0f} µs/token {TOKENS / median:7.0f} tokens/s {ratio:6.2f} × bare")
    print(f"\ntraced / bare      {medians['traced'] / medians['bare']:6.2f}     (aim: at most {AIM_RATIO:g})")
    print(f"traced / untraced  {medians['traced'] / medians['untraced']:6.2f}")
    added = (medians["traced"] - medians["bare"]) / records * 1e6
    print(f"beyond arithmetic  {added:6.2f} µs a recorded operation (aim: at most {AIM_MICROSECONDS:g})")
    print(f"of it, recording   {(medians['traced'] - medians['untraced']) / records * 1e6:6.2f} µs")


def measured(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median time of each way, in seconds, measured in turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(rounds + 2):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            if round_number > 1:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
