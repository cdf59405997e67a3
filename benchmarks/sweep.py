"""What a sweep costs, beside as many full passes; and an edited step, beside a plain one.

Sweeps over all heads of a model of GPT-2 small's size, with random parameters, at 64 tokens: each head is zeroed in
turn, and the log probability of a token taken. In float32, everything recorded; the ways run in turn, in one process,
and medians are printed.

Aimed at: a sweep over all heads costs at most 0.6 × (their number × a full pass), because the layers before the edit
are taken over; an edited step costs at most 1.1 × a plain one, also where nothing can be taken over.

    python benchmarks/sweep.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import tracer
from benchmarks.checkpoints import GPT2_SMALL, write

TOKENS = 64
AIM_SWEEP, AIM_STEP = 0.6, 1.1
EVERYWHERE = "decoder.*.self_attn.h*"


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def plain(model: tracer.Model, ids: list[int], **how: object) -> tracer.Run:
    """One pass over some ids, recorded."""
    return tracer.trace(model, ids=ids, target_ids=[], **how)  # type: ignore[arg-type]


def main(rounds: int) -> None:
    """Measure in turn, and print seconds and ratios."""
    model = tracer.load(write(Path(tempfile.gettempdir()) / "tx-trace-benchmarks" / "gpt2", GPT2_SMALL))
    model.read()
    ids = list(range(100, 100 + TOKENS))
    run = plain(model, ids)
    everywhere = tracer.edit("decoder.embed.tokens[0]", 0.0)
    late = tracer.edit("decoder.11.self_attn.heads[h0]", 0.0)
    ways: dict[str, Callable[[], object]] = {
        "a full pass": lambda: plain(model, ids),
        "with its first record edited": lambda: run.branch(everywhere).step(1),
        "with a head of its last layer edited": lambda: run.branch(late).step(1),
        "a sweep": lambda: tracer.sweep(run, "ablate", EVERYWHERE, measure="logprob(7)"),
    }
    for work in ways.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _round in range(rounds):
        for name, work in ways.items():
            times[name].append(seconds(work))
    median = {name: statistics.median(found) for name, found in times.items()}
    for name, found in median.items():
        print(f"{name:40} {found * 1000:9.1f} ms")
    full, first, last, sweep = median.values()
    heads = run.model.config.layers * run.model.config.heads
    print(f"\nsweep / ({heads} heads × a full pass)       {sweep / heads / full:6.2f}     (aim: at most {AIM_SWEEP:g})")
    print(f"edited at its beginning / plain         {first / full:6.2f}     (aim: at most {AIM_STEP:g})")
    print(f"edited in its last layer / plain        {last / full:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
