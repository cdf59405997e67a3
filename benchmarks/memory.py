"""What a long run holds in memory, and what it costs to go back in it.

Aimed at: the peak of a traced run over 1,024 positions of GPT-2 small's size is at most the parameters, the key/value
cache and the memory budget of the tapes, plus 10 %; and the step at position 1,000, dropped since, is computed again
bit for bit in about the time of one step.

With --long, what commands hold over a text as long as a model takes: a prompt of 1,023 tokens of GPT-2 small's size, or
a source of 3,000 tokens of T5 small's. Aimed at: above the parameters no command has more than the key/value cache, the
budget, and twice what the largest operation reads and yields (verify performs it beside the recorded one), plus 10 %.

    python benchmarks/memory.py [--prompt N] [--positions N] [--budget MB]
    python benchmarks/memory.py --long gpt2|t5 [--prompt N] [--layers N] [--format text|jsonl]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

import tracer
from benchmarks.checkpoints import GPT2_SMALL, T5_SMALL, write
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from tracer.decoding.settings import Settings
from tracer.past import Rows
from tracer.run import BUDGET, Run, live

AIM_PEAK, AIM_STEP = 1.1, 1.2
BACK, AROUND = 24, 5
"""How far before the last position the step lies that is gone back to; so many steps on each side are timed too."""


DIRECTORY = Path(tempfile.gettempdir()) / "tx-trace-benchmarks"
LONG = {
    "gpt2": (GPT2_SMALL, "n_layer", 1023, "decoder", "@1"),
    "t5": (T5_SMALL, "num_layers", 3000, "encoder", "@0"),
}
"""A configuration, the name of its number of layers, a length, and where its largest outputs are."""


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
    parser.add_argument("--prompt", type=int)
    parser.add_argument("--long", choices=LONG)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--format", default="text")
    parser.add_argument("--positions", type=int, default=1024)
    parser.add_argument("--budget", type=int, default=BUDGET >> 20, help="in MB")
    asked = parser.parse_args(arguments)
    if asked.long:
        long_text(asked.long, asked.prompt, asked.layers, asked.format)
        return
    asked.prompt = asked.prompt or 32
    model = tracer.load(write(DIRECTORY / "gpt2", GPT2_SMALL))
    endless = replace(model, rules=replace(model.rules, eos_ids=()))
    last = asked.positions - asked.prompt
    run = Run(endless, list(range(100, 100 + asked.prompt)), Settings(max_tokens=last), budget=asked.budget << 20)
    times = seconds(run, range(1, last + 1))
    report_memory(held(run), peak(), asked.positions)
    report_going_back(run, last - BACK, times)


def long_text(name: str, length: int | None, layers: int | None, output: str) -> None:
    """Run commands over a long text, and print what each had in memory above the parameters."""
    config, key, usual, stack, step = LONG[name]
    directory = DIRECTORY / (f"{name}-{layers}" if layers else name)
    model = tracer.load(write(directory, config | ({key: layers} if layers else {})))
    loaded = sum(parameter.array.nbytes for parameter in model.parameters.values()) and resident("VmRSS")
    session = Session(Opener(model, " ".join(str(100 + i) for i in range(length or usual)), ids=True))
    most = 0
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        presenter_of(output)(nowhere, Look(100, "never"), session.heading) as presenter,
    ):
        for line in commands_of(f"{step}:{stack}.0.self_attn"):
            forget_peak()
            start = time.perf_counter()
            Batch(session, presenter).play(given((line,)))
            most = max(most, above := resident("VmHWM") - loaded)
            print(f"{line:48} {above / (1 << 20):6.0f} MB   {time.perf_counter() - start:6.1f} s", flush=True)
    run = live(session.run, "benchmark")
    parts: list[int] = [kept(run), BUDGET, 2 * largest(run)]
    allowed = sum(parts)
    told = "cache {:.0f} MB, budget {:.0f} MB, twice the largest operation {:.0f} MB"
    print(told.format(*(part / (1 << 20) for part in parts)))
    print(f"{'peak / their sum':48} {most / allowed:6.2f}      (aim: at most {AIM_PEAK:g})")


def commands_of(module: str) -> list[str]:
    """Commands that show, explain and check outputs of an attention, and of all of its step."""
    step = module.partition(":")[0]
    return [
        f"goto {step}",
        f"print {module}.scores",
        f"print {module}.weights[h0]",
        f"view {module}.weights",
        f"why {module}.weights[h0, 5, 3]",
        f"verify {module}.weights",
        f"verify {step}",
    ]


def kept(run: Run) -> int:
    """The bytes of what passes leave to those after them."""
    memory = [one.across.memory.array.nbytes for one in run.passes if one.across]
    return held(run)["key/value cache"] + max(memory, default=0)


def largest(run: Run) -> int:
    """The bytes that the largest operation so far reads and yields."""
    made = ((record.output, *record.inputs) for number in run.numbers for record in run.step(number))
    return max(sum(int(np.prod(one.shape)) * one.dtype.itemsize for one in tensors) for tensors in made)


def resident(what: str) -> int:
    """A number of bytes that Linux says of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(what))


def forget_peak() -> None:
    """From now on the peak is that of what follows."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


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
