"""How long an answer to ``why`` takes.

Aimed at: at depth 3, on a random model of GPT-2's size (124 M parameters), at most 100 ms at the median, the view laid
out for 100 columns included. The cells are drawn at random from every record of a step; those of the distribution over
the vocabulary, 50,257 wide, are measured apart as well.

    python benchmarks/why.py [CELLS]
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from checkpoints import GPT2_SMALL, write
from tracer.render.derivation import explanation_view

import tracer
from tracer.derive import Explainer
from tracer.render.console import make_console
from tracer.tape import Record

PROMPT, TOKENS, DEPTH = list(range(1000, 1016)), 3, 3
AIM = 100.0


def milliseconds(explainer: Explainer, record: Record, rng: random.Random) -> float:
    """The time from the question about a random cell of a record to the last line of the answer."""
    index = tuple(map(rng.randrange, record.output.shape))
    console = make_console(io.StringIO(), width=100, color="never", accessible=False, environ={})
    start = time.perf_counter()
    explanation = explainer.explain(record, index, DEPTH)
    console.print(explanation_view(explanation, reasons=explainer.reasons))
    return (time.perf_counter() - start) * 1000


def report(name: str, times: list[float]) -> None:
    """Median, and the slowest of twenty."""
    times = sorted(times)
    print(f"{name:22} median {statistics.median(times):7.1f} ms   95 % {times[int(0.95 * len(times))]:7.1f} ms")


def main(cells: int) -> None:
    """Ask, and print what it took."""
    with tempfile.TemporaryDirectory() as directory:
        model = tracer.load(write(Path(directory), GPT2_SMALL))
        run = tracer.trace(model, ids=PROMPT, max_tokens=TOKENS)
    records, rng = run.step(TOKENS).records, random.Random(0)
    explainer = Explainer(run)
    milliseconds(explainer, records[0], rng)
    report("every record", [milliseconds(explainer, rng.choice(records), rng) for _ in range(cells)])
    for path in ("probs", "logits"):
        record = run.step(TOKENS).find(path)
        report(path, [milliseconds(explainer, record, rng) for _ in range(max(5, cells // 10))])
    print(f"{'aim':22} median at most {AIM:g} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
