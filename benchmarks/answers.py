"""How long the shell takes from Enter to the finished answer, apart from the arithmetic of the model itself.

Aimed at: at most 16 ms at the median, a frame of a screen, in truecolor at 100 columns, on zh-en and on a random model
of GPT-2's size (124 M parameters) with a prompt of 512 tokens and a cache; 25 ms where a table of 20 rows fills it.
The viewer draws its screen of 160 columns and 50 lines anew in 16 ms. What is asked about is performed before: the
prompt, and then one token more. What goes through a pager, such as the 249 lines of ``info tensors`` or the 300 of
``heads``, is measured too, and may take as long as its cells do: 0.1 ms each.

    python benchmarks/answers.py [ROUNDS]
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from checkpoints import GPT2_SMALL, write

from commands.execute import execute
from commands.launch import Origin
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from commands.viewer.subject import Computed, Subject
from commands.viewer.viewer import Viewer
from tracer.render.fragments import fragments
from tracer.render.sheet import Sheet
from tracer.tensor import Axis, Tensor

AIM, FULL = 16.0, 25.0
PROMPT = " ".join(map(str, range(1000, 1512)))
TABLES = """
print dec.3.self.weights[h1]
print dec.11.ffn.hidden
print dec.3.self.q
print probs
heads
"""
TOKENS = """
step
rs
top
list dec.3.self.q
tokens
why dec.3.self.weights[h1,0,3]
why dec.3.ffn.hidden[0,3]
info tensors
"""
ZH_EN = """
step
rs
print dec.0.cross.weights
print dec.2.ffn.norm
print probs
heads
top
info tensors
"""


def measure(name: str, session: Session, before: Sequence[str], questions: str, rounds: int) -> None:
    """Print the median time of every question."""
    with presenter_of("text")(io.StringIO(), Look(100, "always")) as presenter:
        for line in before:
            execute(line, session, presenter)
        for question in questions.split("\n")[1:-1]:
            report(
                name, question, [milliseconds(partial(execute, question, session, presenter)) for _ in range(rounds)]
            )


def measure_viewer(rounds: int) -> None:
    """Print the median time of a key and the screen after it, in numbers and in colour alone."""
    weights = np.random.default_rng(0).random((12, 512, 512), np.float32)
    names = [f"token{n}" for n in range(512)]
    tensor = Tensor(weights, (Axis("head"), Axis("query", names), Axis("key", names)), "@1:weights")
    viewer = Viewer(Subject(tensor, "weights", Computed("weights"), probabilities=True), Sheet(depth="truecolor"))
    viewer.resize(160, 50)
    for shown in ("numbers", "colours"):
        keys = ["l", "j"] * (rounds // 2)
        report("viewer", shown, [milliseconds(partial(_pressed, viewer, key)) for key in keys])
        viewer.press("z")


def _pressed(viewer: Viewer, key: str) -> None:
    viewer.press(key)
    for line in viewer.frame().lines:
        fragments(line)


def milliseconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def report(name: str, question: str, times: Sequence[float]) -> None:
    """Print the median."""
    print(f"{name:18} {question:34} {statistics.median(times):6.1f} ms", flush=True)


def main(rounds: int) -> None:
    """Ask both models, and look around."""
    measure("zh-en", Origin("zh-en", "他昨天去了北京。").session(), ["token", "rs 40"], ZH_EN, rounds)
    with tempfile.TemporaryDirectory() as directory:
        path = str(write(Path(directory), GPT2_SMALL))
        session = Origin(path, PROMPT, ids=True, chosen={"max_tokens": 4, "cache": True}).session()
        measure("GPT-2, 512 tokens", session, ["token"], TABLES, rounds)
        measure("GPT-2, one more", session, ["token", "rs 40"], TOKENS, rounds)
    measure_viewer(rounds)
    print(f"aim: at most {AIM:.0f} ms, {FULL:.0f} ms for a table as large as a page")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
