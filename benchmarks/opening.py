"""What it costs to open a checkpoint that torch has saved, beside the same one as safetensors.

Aimed at: opening it and reading every parameter takes at most 1.25 times as long. Both are opened in turn; medians and
their ratio are printed. Extra `parity`, for torch.

    python benchmarks/opening.py [ROUNDS]
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import tracer
from benchmarks.checkpoints import OPUS_MT, write

AIM = 1.25


def pickled(directory: Path, source: Path) -> Path:
    """The same checkpoint as torch saves it."""
    import torch
    from safetensors.torch import load_file

    directory.mkdir()
    shutil.copy(source / "config.json", directory)
    torch.save(load_file(source / "model.safetensors"), directory / "pytorch_model.bin")
    return directory


def seconds(path: Path) -> tuple[float, float]:
    """The time until it is open, and until every parameter is read."""
    start = time.perf_counter()
    model = tracer.load(path)
    opened = time.perf_counter() - start
    model.read()
    return opened, time.perf_counter() - start


def main(rounds: int) -> None:
    """Measure in turn, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        first = write(Path(folder, "safetensors"), OPUS_MT)
        paths = [first, pickled(Path(folder, "torch"), first)]
        for path in paths:
            seconds(path)
        times = [[seconds(path) for path in paths] for _round in range(rounds)]
    for n, what in enumerate(("opened", "opened and read")):
        one, other = (statistics.median(both[side][n] for both in times) for side in (0, 1))
        print(f"{what:16} {one * 1000:6.0f} ms, {other * 1000:6.0f} ms   ratio {other / one:.2f}")
    print(f"{'aim':16} {AIM:g} for the second")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
