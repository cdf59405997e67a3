"""How long it takes to see the first table, the prompt, and the help.

Aimed at: from the start of the process to the first table, in batch, takes at most 2.2 times as long as
``python -c 'import numpy'``; to the prompt of the shell, at a terminal, at most 3 times. All run in turn; medians of
the times and of their ratios, pair by pair, are printed. With processors that are busy elsewhere, the time of the
processor (``--cpu``) says more than that of the clock; the prompt is waited for by the clock alone.

    python benchmarks/start.py [--cpu] [ROUNDS]
"""

from __future__ import annotations

import os
import pty
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = "p dec.0.cross.weights[h0]"
USUAL = "import numpy"
COMMANDS = {
    USUAL: ["-c", "import numpy"],
    "first table": ["-m", "commands", "--batch", "-t", "我爱你", "-e", "token", "-e", TABLE],
    "--help": ["-m", "commands", "--help"],
    "prompt": ["-m", "commands"],
}
AIMS = {"first table": 2.2, "prompt": 3.0}
PROMPT = b"(tx)"
ANSWERS = {b"\x1b[c": b"\x1b[?62c", b"\x1b[6n": b"\x1b[1;1R"}
"""What a terminal is asked, and says: what it is, and where the cursor stands."""


def environ(home: str) -> dict[str, str]:
    """That of a person who has nothing set, and modules compiled before."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return known | {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, "TERM": "xterm-256color"}


def by_clock(arguments: list[str], home: str) -> float:
    """The time one process takes; raises `CalledProcessError` if it fails."""
    start = time.perf_counter()
    _run(arguments, home)
    return time.perf_counter() - start


def by_processor(arguments: list[str], home: str) -> float:
    """The time of the processor that one process takes; raises `CalledProcessError` if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(arguments, home)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(arguments: list[str], home: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environ(home), stdout=subprocess.DEVNULL, check=True)


def to_prompt(arguments: list[str], home: str) -> float:
    """The time until the prompt stands at a terminal, whose questions are answered; the shell is ended then."""
    start, seen = time.perf_counter(), b""
    process, terminal = pty.fork()
    if not process:
        termios.tcsetwinsize(0, (40, 120))
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, *arguments], environ(home))
    while PROMPT not in seen:
        read = os.read(terminal, 1 << 16)
        seen += read
        for question, answer in ANSWERS.items():
            os.write(terminal, answer * read.count(question))
    taken = time.perf_counter() - start
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(terminal)
    return taken


def main(rounds: int, measured: Callable[[list[str], str], float]) -> None:
    """Measure in turn, and print medians and ratios."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as home:
        for turn in range(rounds + 1):
            for name, arguments in COMMANDS.items():
                taken = (to_prompt if name == "prompt" else measured)(arguments, home)
                times[name] += [taken] if turn else []
    usual = times[USUAL] if measured is by_clock else []
    for name, values in times.items():
        print(f"{name:14} {statistics.median(values) * 1000:7.0f} ms", end="")
        against = usual or times[USUAL]
        ratio = statistics.median(one / other for one, other in zip(values, against, strict=True))
        aim = f"(aim: at most {AIMS[name]:g})" if name in AIMS else ""
        is_alike = name != "prompt" or measured is by_clock
        print(f"{ratio:7.2f}     {aim}" if is_alike else "")


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--cpu"]
    main(int(given[0]) if given else 15, by_processor if "--cpu" in sys.argv else by_clock)
