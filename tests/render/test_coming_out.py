"""What is shown of a derivation holds as it stands: the numbers in a line come to the number that it says they do."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import takewhile
from typing import Any, NamedTuple

import pytest

import tracer
from tracer.decoding.choice import CUTS
from tracer.derive import Explainer, derive
from tracer.operation import Gradient
from tracer.ops import catalogue
from tracer.ops.activation import BY_NAME
from tracer.tape import Record
from tracer.tensor import FEATURE, Axis
from tracer.views.derivation import derivation_view, explanation_view

from ..engine.conftest import FIXTURES
from ..engine.test_derive import evaluated
from ..engine.traces import considered, edited, with_gradients
from ..engine.workbench import Workbench
from .screen import seen

CELLS, CELLS_OF_GRADIENT = 100, 20
"""of each operation, and of each on the way back"""
ELSEWHERE = {"quick_gelu_gradient", "new_rows_gradient", "rows_placed"}
"""None of the runs here has these."""
WIDE = 4000
"""so many columns that no line is folded"""

WAYS: tuple[dict[str, Any], ...] = (
    {"strategy": "sample", "temperature": 0.7, "top_k": 9, "top_p": 0.9, "max_tokens": 2, "cache": True},
    {"strategy": "beam", "beams": 2, "max_tokens": 2, "cache": False, "back": "sum(choice.score)"},
    {"target_ids": [1, 17, 16, 35], "max_tokens": 1, "back": "sum(loss)"},
    {"max_tokens": 1},
)
NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
STATED = re.compile(rf"[^ =]+ = {NUMBER}(?:, [^ =]+ = {NUMBER})*")
PART = re.compile(rf"(\S.*?) = (.+) = ({NUMBER})")
ARITHMETIC = re.compile(rf"(?:{NUMBER}|∞|nan|sqrt|exp|log|erf|tanh|sin|cos|max(?=\()|[-+*/(), ])+")
PYTHON = {"·": "*", "−": "-", "²": "**2", "³": "**3", "∞": "inf", " (rounding)": ""}


def reading(text: str) -> float | None:
    """The value of arithmetic as it is written; None for other texts."""
    text = re.sub(rf"√({NUMBER})", r"sqrt(\1)", text).replace("√(", "sqrt(")
    for sign, python in PYTHON.items():
        text = text.replace(sign, python)
    try:
        return evaluated(text.strip()) if ARITHMETIC.fullmatch(text) else None
    except (ArithmeticError, ValueError):
        return math.nan


def agrees(read: float, stated: str) -> bool:
    """Whether a value is the number stated, to the last of its digits."""
    exponent = Decimal(stated).as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(read - float(stated)) <= 0.500001 * 10.0**exponent


class Row(NamedTuple):
    """A line of a table: its label, its numbers, and what stands at its end."""

    label: str
    numbers: list[str]
    tail: str


def cells(line: str) -> Row | None:
    """A line of numbers under a label, if it is one."""
    label, *texts = re.split(" {2,}", line.rstrip())
    count = next((i for i, text in enumerate(texts) if not re.fullmatch(rf"{NUMBER}|−?∞|nan", text)), len(texts))
    return Row(label, texts[:count], "   ".join(texts[count:])) if label and count else None


class Reader:
    """Reads an explanation line by line as a person with a calculator would."""

    def __init__(self, text: str) -> None:
        head, *lines = text.splitlines()
        self.value = head.split(" = ")[1].split(" ")[0]
        self.lines = [line[4:] for line in takewhile(lambda line: line[0] in "├│└ ", lines)]
        stated = [pair for line in self.lines if STATED.fullmatch(line) for pair in line.split(", ")]
        self.constants = dict(pair.split(" = ") for pair in stated)
        self.above: dict[str, list[str]] = {}
        self.found: Counter[str] = Counter()

    def read(self, line: str) -> None:
        if STATED.fullmatch(line):
            return
        if line.startswith("  "):
            self.above = {}
        elif row := cells(line):
            self.table(row)
        elif line.startswith("= "):
            self.found["rounding"] += "(rounding)" in line
            self.claim("line", reading(line[2:]), self.value)
        elif match := PART.fullmatch(line):
            self.claim("part", reading(match[2]), match[3])
            self.constants[match[1]] = match[3]

    def claim(self, kind: str, read: float | None, stated: str) -> None:
        if read is not None and not re.search("∞|nan", stated):
            assert agrees(read, stated), (read, stated)
            self.found[kind] += 1

    def table(self, row: Row) -> None:
        label = row.label.removesuffix(" ≈")
        came_out = [read is None or agrees(read, stated) for read, stated in self.stage(label, row.numbers)]
        assert all(came_out) == (label == row.label)
        self.found["stage"] += 1
        self.above[label] = row.numbers
        if total := re.search(r"Σ = (\S+)", row.tail):
            rest = re.search(r"(?:terms? |rounding )= (\S+)", row.tail)
            terms = [*row.numbers, *([rest[1]] if rest else [])]
            self.claim("sum", reading(" + ".join(f"({term})" for term in terms)), total[1])

    def stage(self, label: str, numbers: Sequence[str]) -> Iterator[tuple[float | None, str]]:
        """Each number of a row as it is read from those above it, and as it is stated."""
        for place, stated in enumerate(numbers):
            known = {**self.constants, **{name: above[place] for name, above in self.above.items()}}
            text = label
            for name in sorted(known, key=len, reverse=True):
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"({known[name]})", text, flags=re.ASCII)
            if not re.search("∞|nan", stated):
                yield reading(text), stated


Shown = Callable[[tuple[int, ...]], str]


def everything() -> Iterator[tuple[Record, Shown]]:
    """Every record of runs of the reference checkpoints, and of what they have not; and how a cell of it is shown."""
    for path in sorted(config.parent for config in FIXTURES.glob("*/config.json")):
        model = tracer.load(path, "float32")
        for how in WAYS if "decode" in model.texts.passes else ({},):
            way = dict(how)
            text = way.pop("back", None)
            yield from of_run(with_gradients(tracer.trace(model, ids=[7, 11, 12, 5, 2, 0], **way).decode(), text))
    yield from of_run(with_gradients(edited(tracer.load(FIXTURES / "marian_zh_en", "float32")), "sum(loss)"))
    bench = Workbench("float32")
    bench.positions(), bench.attention(), bench.choice()
    for name, operation in BY_NAME.items():
        bench.tape(operation, name, bench.tensor(f"for {name}", Axis("position"), FEATURE, shape=(4, 40)))
    bench.back()
    yield from ((record, derived(record)) for record in bench.tape)


def of_run(run: tracer.Run) -> Iterator[tuple[Record, Shown]]:
    explainer = Explainer(run)
    for tape in [*(step.tape for step in run.steps), *considered(run)]:
        yield from ((record, explained(explainer, record)) for record in tape)


def explained(explainer: Explainer, record: Record) -> Shown:
    def show(index: tuple[int, ...]) -> str:
        view = explanation_view(explainer.explain(record, index, 1), reasons=explainer.reasons, count=4)
        return seen(view, WIDE)

    return show


def derived(record: Record) -> Shown:
    return lambda index: seen(derivation_view(derive(record, index)), WIDE)


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[tuple[Record, Shown]]]:
    found: dict[str, list[tuple[Record, Shown]]] = {}
    for record, show in everything():
        if 0 not in record.output.shape:
            found.setdefault(record.op.name, []).append((record, show))
    return found


@pytest.mark.parametrize("name", [name for name in catalogue() if name not in ELSEWHERE])
def test_what_is_shown_comes_out(name: str, recorded: dict[str, list[tuple[Record, Shown]]]) -> None:
    rng, checked = random.Random(name), Counter[str]()
    count = CELLS_OF_GRADIENT if isinstance(catalogue()[name], Gradient) else CELLS
    for record, show in rng.choices(recorded[name], k=count):
        text = show(tuple(map(rng.randrange, record.output.shape)))
        reader = Reader(text)
        for line in reader.lines:
            try:
                reader.read(line)
            except AssertionError as error:
                raise AssertionError(f"{line}\n{text}") from error
        checked += reader.found
    assert checked["rounding"] <= count / 20
    assert name in WITHOUT_ARITHMETIC or checked["line"] + checked["sum"] >= count / 3


WITHOUT_ARITHMETIC = {
    *("mask", "argmax", "draw", "kept", "top_experts", *(op.name for _setting, op, _parameter in CUTS)),
    *("relu_gradient", "repetition_gradient", "token_gradient"),
    *("rows_added", "scaled_rows_added", "seed", "placed"),
}
"""Most cells of these are numbers as they stand, or 0."""
