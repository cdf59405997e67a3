"""What stops cost a motion.

Aimed at: a condition takes at most 20 µs where it is evaluated, and on zh-en a breakpoint that nothing matches makes
`continue` at most 1.02 times as long. Measured is processor time: that of a few conditions at a record, and that of
`continue` over steps already performed, without a stop, with one at an address that does not come, and with one whose
condition is evaluated at every softmax and never holds; with the time in which a step is performed, it gives the ratio.

    python benchmarks/stops.py [MODEL] [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import tracer
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import compile_expression
from tracer.debugger.history import History
from tracer.debugger.stops import Condition, place
from tracer.debugger.stops.sealed import Layouts
from tracer.run import Run

AIM = 20.0
TEXT = "他昨天去了北京。"
PLACE = "decoder.0.cross_attn.weights"
CONDITIONS = (
    "step > 99",
    "max(weights[h0]) > 2",
    "entropy(weights[h1, -1]) < -1",
    "any(dec.*.cross.weights > 2)",
    "argmax(logits[-1]) == -1",
    'prob("the") > 2',
    'rank("the") > 1e6',
)
STOPS = {
    "no stop": (),
    "one at an address that does not come": ("@9999:decoder.0.cross_attn.weights", "step > 9999"),
    "one at every softmax, never true": ("op:softmax", "step > 9999"),
}


def microseconds(action: Callable[[], object], times: int, rounds: int) -> float:
    """The median processor time of an action over so many rounds, in each of which it is done so many times."""
    spent = []
    for _round in range(rounds):
        start = time.process_time()
        for _time in range(times):
            action()
        spent.append((time.process_time() - start) / times * 1e6)
    return statistics.median(spent)


def measure_conditions(run: Run, rounds: int) -> None:
    """Print the cost of each condition at a record in the middle of a step."""
    sealed = Layouts(History()).sealed(run, 2)
    here = sealed.at(run.step(2).find(PLACE).index)
    for text in CONDITIONS:
        condition = Condition(compile_expression(text))
        assert condition.found(here) is None
        spent = microseconds(partial(condition.found, here), 100, rounds)
        print(f"{text:36} {spent:7.1f} µs     (aim: at most {AIM:g})")


def measure_continue(run: Run, rounds: int) -> None:
    """Print what `continue` takes beside performing the steps, and the ratio of the whole to that without a stop."""
    performing = microseconds(lambda: fresh(run.model).decode(), 1, max(1, rounds // 10)) / run.computed
    base = 0.0
    for name, stop in STOPS.items():
        debugger = Debugger(lambda _text: run)
        if stop:
            where, condition = stop
            debugger.stops.add(place(where, debugger.here), Condition(compile_expression(condition)))
        spent = microseconds(partial(go_through, debugger), 1, rounds) / run.computed
        base = base or spent
        ratio = (performing + spent) / (performing + base)
        print(f"continue, {name:37} {performing:6.0f} + {spent:5.1f} µs a token   {ratio:6.3f}")


def go_through(debugger: Debugger) -> None:
    """`continue` from the start to the end."""
    debugger.cursor = debugger.start
    for _stop in debugger.proceed():
        pass


def fresh(model: tracer.Model) -> Run:
    """A run of the text, nothing of it performed."""
    return Run(model, model.source_ids(TEXT)[0])


def main(model: str, rounds: int) -> None:
    """Measure on one run."""
    run = fresh(tracer.load(model)).decode()
    measure_conditions(run, rounds)
    measure_continue(run, rounds)


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("zh-en", "50")[len(sys.argv) - 1 :]]
    main(arguments[0], int(arguments[1]))
