"""What a sweep costs, beside as many full passes; and an edited step, beside a plain one.

Sweeps over all heads of a model of GPT-2 small's size, with random parameters, at the step that reads 64 tokens: each
head is zeroed in turn, and the log probability of the next token taken. In float32, everything recorded, with the
key/value cache; the ways run in turn, in one process, and medians are printed.

Aimed at: a sweep over all heads costs at most 0.6 × (their number × a full pass), because the layers before the edit
are taken over; an edited step costs at most 1.1 × a plain one, also where nothing can be taken over. Under teacher
forcing, logits and probabilities of all 64 positions are computed again for every head, a fifth of that pass: a sweep
comes to 0.6 × and a little more.

    python benchmarks/sweep.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import tracer
from benchmarks.checkpoints import GPT2_SMALL, write

TOKENS = 64
AIM_SWEEP, AIM_STEP = 0.6, 1.1
EVERYWHERE = "decoder.*.self_attn.h*"
PASS, STEP, SWEEP = "the step that reads 64 tokens", "the step after it", "a sweep over all heads"
BESIDE = {
    "with its first record edited": PASS,
    "with a head of its last layer edited": PASS,
    "with its first record edited too": STEP,
}
"""What is edited, and what that is held against."""


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def step_seconds(run: tracer.Run, number: int) -> float:
    """How long a step takes that has not been computed, after those before it."""
    for before in range(run.first, number):
        run.step(before)
    return seconds(lambda: run.step(number))


def fresh(run: tracer.Run) -> tracer.Run:
    """The same run, not begun."""
    return run.of(run.model)


def main(rounds: int) -> None:
    """Measure in turn, and print seconds and ratios."""
    model = tracer.load(write(Path(tempfile.gettempdir()) / "tx-trace-benchmarks" / "gpt2", GPT2_SMALL))
    model.read()
    ids = list(range(100, 100 + TOKENS))
    run = tracer.trace(model, ids=ids, max_tokens=2, cache=True)
    first, late = (tracer.edit(where, 0.0) for where in ("decoder.embed.tokens[0]", "decoder.11.self_attn.heads[h0]"))
    edited = (
        lambda: step_seconds(run.branch(first), 1),
        lambda: step_seconds(run.branch(late), 1),
        lambda: step_seconds(run.replayed(first, at=2), 2),
    )
    ways: dict[str, Callable[[], float]] = {
        PASS: lambda: step_seconds(fresh(run), 1),
        STEP: lambda: step_seconds(fresh(run), 2),
        **dict(zip(BESIDE, edited, strict=True)),
        SWEEP: lambda: seconds(lambda: tracer.sweep(run, "ablate", EVERYWHERE, measure="logprob(7)", at=1)),
    }
    for name in (PASS, STEP, *BESIDE):
        ways[name]()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _round in range(rounds):
        for name, way in ways.items():
            times[name].append(way())
    report({name: statistics.median(found) for name, found in times.items()}, heads_of(run))


def heads_of(run: tracer.Run) -> int:
    """How many heads there are in all layers."""
    return sum(record.output.shape[0] for record in run.step(1) if record.name == "heads")


def report(median: Mapping[str, float], heads: int) -> None:
    """Print seconds, ratios, and what they aim at."""
    for name, found in median.items():
        print(f"{name:40} {found * 1000:9.1f} ms")
    print()
    for name, plain in BESIDE.items():
        print(f"{plain} {name}: {median[name] / median[plain]:.2f} × (aim: at most {AIM_STEP:g})")
    print(f"{SWEEP}: {median[SWEEP] / heads / median[PASS]:.2f} × {heads} passes (aim: at most {AIM_SWEEP:g})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
