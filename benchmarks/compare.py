"""What comparing a dump costs, beside one traced pass over the same ids: GPT-2 small, every tensor of every module.

    python benchmarks/compare.py [--tokens N] [--rounds N]

The dump is our own, by the names that transformers has for the modules, so that it agrees. Each round times one pass
and one comparison, one after the other, and the median ratio is told.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from checkpoints import GPT2_SMALL, write

import tracer
from tracer.checkpoints.writing import Planned, write_tensors
from tracer.comparing.comparison import compare
from tracer.comparing.names import known
from tracer.dumps.dump import Dump
from tracer.dumps.evidence import Values
from tracer.dumps.opening import open_dump

MODULES = re.compile(
    r"transformer\.(wte|wpe|drop|ln_f|h\.\d+(\.(ln_[12]|attn(\.c_(attn|proj)|\.resid_dropout)?|mlp(\.(c_fc|act|c_proj|dropout))?))?)"
    "|lm_head|logits"
)
AIM = 3.0
"""passes, beside reading"""


def dump(run: tracer.Run, path: Path) -> Path:
    """Every module of a run, by its name, with q, k and v as one tensor, and the ids."""
    arrays = {"input_ids": np.array([run.source_ids], np.int64)}
    for name, records in known(run).items():
        if MODULES.fullmatch(name):
            arrays[name] = np.ascontiguousarray(records[0].output.array)[None]
    planned = [Planned(name, array.shape, array.dtype) for name, array in arrays.items()]
    write_tensors(path, {}, planned, arrays.items())
    return path


def read(opened: Dump) -> None:
    """Read every tensor of a dump, once."""
    for entry in opened.entries:
        if isinstance(entry.evidence, Values):
            entry.evidence.read()


def timed(model: tracer.Model, ids: list[int], path: Path) -> tuple[float, float, float]:
    """The seconds that one traced pass takes, that the dump takes to be read, and that comparing it takes."""
    moments = [perf_counter()]
    tracer.trace(model, ids=ids, target_ids=[])
    moments.append(perf_counter())
    read(open_dump(path))
    moments.append(perf_counter())
    found = compare(model, open_dump(path))
    moments.append(perf_counter())
    assert not found.beyond
    a, b, c, d = moments
    return b - a, c - b, d - c


def main() -> None:
    """Print the ratio of comparing to one pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "tx-trace-benchmarks"
    model = tracer.load(write(folder / "gpt2", GPT2_SMALL))
    ids = [(17 * n) % 50257 for n in range(asked.tokens)]
    path = dump(tracer.trace(model, ids=ids, target_ids=[]), folder / "dump.safetensors")
    rounds = [timed(model, ids, path) for _round in range(asked.rounds + 1)][1:]
    passes, reading, comparing = (statistics.median(part) for part in zip(*rounds, strict=True))
    ratio = statistics.median((c - r) / p for p, r, c in rounds)
    print(f"one pass {passes * 1e3:.0f} ms, reading {reading * 1e3:.0f} ms, comparing {comparing * 1e3:.0f} ms")
    print(f"comparing without reading / one pass: {ratio:.2f} (aim {AIM})")


if __name__ == "__main__":
    main()
