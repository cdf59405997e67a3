"""How long the shell takes from Enter to the finished answer, apart from the arithmetic of the model itself.

Aimed at: at most 50 ms at the median for a step, a step back and a table, in truecolor at 100 columns, on zh-en and on
a random model of GPT-2's size (124 M parameters) with a prompt of 512 tokens. Their steps are performed before.

    python benchmarks/answers.py [ROUNDS]
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from checkpoints import GPT2_SMALL, write

from commands.execute import execute
from commands.launch import Origin
from commands.output.formats import presenter_of
from commands.output.present import Look

AIM = 50.0
PROMPT = " ".join(map(str, range(1000, 1512)))
QUESTIONS = {
    "zh-en": ["step", "rs", "print dec.0.cross.weights", "print dec.2.ffn.norm", "print probs", "heads"],
    "GPT-2, 512 tokens": [
        "step",
        "rs",
        "print dec.3.self.weights[h1]",
        "print dec.11.ffn.hidden",
        "print probs",
    ],
}


def measure(name: str, origin: Origin, rounds: int) -> None:
    """Print the median time of every question."""
    sitting = origin.sitting()
    with presenter_of("text")(io.StringIO(), Look(100, "always")) as presenter:
        execute("token", sitting, presenter)
        execute("rs 40", sitting, presenter)
        for question in QUESTIONS[name]:
            times = []
            for _round in range(rounds):
                start = time.perf_counter()
                execute(question, sitting, presenter)
                times.append((time.perf_counter() - start) * 1000)
            print(f"{name:18} {question:30} {statistics.median(times):6.1f} ms")


def main(rounds: int) -> None:
    """Ask both models."""
    measure("zh-en", Origin("zh-en", "他昨天去了北京。"), rounds)
    with tempfile.TemporaryDirectory() as directory:
        path = str(write(Path(directory), GPT2_SMALL))
        measure("GPT-2, 512 tokens", Origin(path, PROMPT, ids=True, chosen={"max_tokens": 4}), rounds)
    print(f"aim: at most {AIM:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
