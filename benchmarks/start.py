"""How long it takes to see the first table.

Aimed at: from the start of the process to the first table, in batch, takes at most 3 times as long as
``python -c 'import numpy'``. Both run in turn; medians and their ratio are printed.

    python benchmarks/start.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
AIM = 3.0
TABLE = "p dec.0.cross.weights[h0]"
COMMANDS = {
    "import numpy": ["-c", "import numpy"],
    "first table": ["-m", "commands", "--batch", "-t", "我爱你", "-e", "token", "-e", TABLE],
}


def seconds(arguments: list[str]) -> float:
    """The time one process takes, its modules compiled before; raises `CalledProcessError` if it fails."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Measure in turn, and print medians and ratio."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for arguments in COMMANDS.values():
        seconds(arguments)
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            times[name].append(seconds(arguments))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:14} {median * 1000:7.0f} ms")
    ratio = medians["first table"] / medians["import numpy"]
    print(f"{'ratio':14} {ratio:7.2f}     (aim: at most {AIM:g})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
