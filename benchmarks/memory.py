"""What a long run holds in memory, and what it costs to go back in it.

Aimed at: the peak of a traced run over 1,024 positions of GPT-2 small's size is at most the parameters, the key/value
cache and the memory budget of the tapes, plus 10 %; and the step at position 1,000, dropped since, is computed again
bit for bit in about the time of one step.

    python benchmarks/memory.py [--prompt N] [--positions N] [--budget MB]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import tracer
from benchmarks.checkpoints import GPT2_SMALL, write
from tracer.decoding.settings import Settings
from tracer.past import Rows
from tracer.run import BUDGET, Run

AIM_PEAK, AIM_STEP = 1.1, 1.2
BACK, AROUND = 24, 5
"""How far before the last position the step lies that is gone back to; so many steps on each side are timed too."""


def held(run: Run) -> dict[str, int]:
    """The bytes that a run may hold."""
    kept = run.past.kept.values() if run.past else ()
    return {
        "parameters": sum(parameter.array.nbytes for parameter in run.model.parameters.values()),
        "key/value cache": sum(rows.room.nbytes for rows in kept if isinstance(rows, Rows)),
        "budget of the tapes": run.budget,
    }


def peak() -> int:
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def seconds(run: Run, steps: Iterable[int]) -> dict[int, float]:
    """How long each step takes to get at."""
    times = {}
    for number in steps:
        start = time.perf_counter()
        run.step(number)
        times[number] = time.perf_counter() - start
    return times


def drop(run: Run, last: int) -> None:
    """Touch so many early steps that later ones, up to ``last``, are kept no more."""
    kept = 0
    for number in range(2, last):
        kept += run.step(number).nbytes
        if kept > run.budget:
            return
    raise SystemExit(f"{last} steps fit into the budget of {run.budget >> 20} MB: choose a smaller --budget")


def main(arguments: Sequence[str]) -> None:
    """Decode, measure, go back, and print."""
    parser = argparse.ArgumentParser(description="What a long run holds, and what going back in it costs.")
    parser.add_argument("--prompt", type=int, default=32)
    parser.add_argument("--positions", type=int, default=1024)
    parser.add_argument("--budget", type=int, default=BUDGET >> 20, help="in MB")
    given = parser.parse_args(arguments)
    model = tracer.load(write(Path(tempfile.gettempdir()) / "tx-trace-benchmarks" / "gpt2", GPT2_SMALL))
    endless = replace(model, rules=replace(model.rules, eos_ids=()))
    last = given.positions - given.prompt
    run = Run(endless, list(range(100, 100 + given.prompt)), Settings(max_tokens=last), budget=given.budget << 20)
    times = seconds(run, range(1, last + 1))
    report_memory(held(run), peak(), given.positions)
    report_going_back(run, last - BACK, times)


def report_memory(parts: dict[str, int], most: int, positions: int) -> None:
    """Print what may be held, the peak, and their ratio."""
    for name, size in {**parts, "sum": sum(parts.values()), f"peak over {positions} positions": most}.items():
        print(f"{name:30} {size / (1 << 20):8.0f} MB")
    print(f"{'peak / sum':30} {most / sum(parts.values()):8.2f}        (aim: at most {AIM_PEAK:g})\n")


def report_going_back(run: Run, back: int, times: dict[int, float]) -> None:
    """Print what a step costs the first time and the second, and whether both gave the same."""
    around = range(back - AROUND, back + AROUND + 1)
    first = run.step(back)["logits"].array.tobytes()
    drop(run, around[0])
    again = statistics.median(seconds(run, around).values())
    once = statistics.median(times[number] for number in around)
    print(f"{f'step @{back}, the first time':30} {once * 1000:8.1f} ms")
    print(f"{'computed again':30} {again * 1000:8.1f} ms")
    print(f"{'ratio':30} {again / once:8.2f}        (aim: at most {AIM_STEP:g})")
    print(f"{'bit for bit the same':30} {'yes' if run.step(back)['logits'].array.tobytes() == first else 'no':>8}")


if __name__ == "__main__":
    main(sys.argv[1:])
