"""What gradients cost.

Aimed at: the gradients of a loss, by everything and every parameter, take at most 3 times as long as the two passes
that it comes of, on the built-in zh-en model; and at most 1.5 times as long as torch's backward pass, for a model of
the size of GPT-2 small over 64 tokens. Both sides run in turn, in one process; medians and their ratio are printed.
Extra `parity`, for torch.

    python benchmarks/backward.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

import tracer
from benchmarks.checkpoints import GPT2_SMALL, write

SOURCE, TARGET = "我昨天在北京买了三本很有意思的书。", "I bought three very interesting books in Beijing yesterday."
TOKENS = 64
AIM_FORWARD, AIM_TORCH = 3.0, 1.5
BUDGET = 4 << 30

Side = Callable[[], Any]


def gradients(run: tracer.Run) -> Side:
    """The gradients of the loss of a run, whose passes are recorded already, by everything and every parameter."""

    def compute() -> None:
        for gradient in run.gradient("sum(loss)", step=1).values():
            _ = gradient.array

    return compute


def passes(run: tracer.Run) -> Side:
    """The encoder's and the decoder's pass of it once more."""
    return lambda: run.of(run.model).step(1)


def torchs(path: Path, ids: list[int]) -> Side:
    """torch's backward pass, for which a forward pass is made outside of the time that counts."""
    import torch
    from transformers import GPT2LMHeadModel

    torch.set_num_threads(os.cpu_count() or 1)
    model = GPT2LMHeadModel.from_pretrained(path, attn_implementation="eager").eval()
    batch = torch.tensor([ids])

    def prepared() -> Side:
        model.zero_grad(set_to_none=True)
        loss = model(batch, labels=batch).loss * (len(ids) - 1)
        return lambda: loss.backward()

    return prepared


def seconds(compute: Side) -> float:
    """How long it takes; of what is prepared first, only the rest."""
    made = compute() if compute.__name__ == "prepared" else compute
    start = time.perf_counter()
    made()
    return time.perf_counter() - start


def compared(name: str, one: Side, other: Side, aim: float, rounds: int) -> None:
    """Two sides in turn, and the ratio of the first to the second."""
    seconds(one), seconds(other)
    times = [(seconds(one), seconds(other)) for _round in range(rounds)]
    first, second = (statistics.median(side) for side in zip(*times, strict=True))
    print(f"{name:24} {first * 1000:7.1f} ms, {second * 1000:7.1f} ms   ratio {first / second:.2f}   aim {aim:g}")


def main(rounds: int) -> None:
    """Measure both, and print medians and ratios."""
    small = tracer.trace(tracer.load("zh-en"), SOURCE, target=TARGET)
    small.step(1)
    compared("zh-en, to its passes", gradients(small), passes(small), AIM_FORWARD, rounds)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder, "gpt2"), GPT2_SMALL)
        ids = np.random.default_rng(0).integers(0, GPT2_SMALL["vocab_size"], TOKENS).tolist()
        large = tracer.Run(tracer.load(path), ids[:1], target_ids=ids[1:], budget=BUDGET)
        large.step(1)
        compared("GPT-2 small, to torch", gradients(large), torchs(path, ids), AIM_TORCH, rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
