"""Traits of operations: whoever shows, checks or catches asks for them, and never for a name."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tracer.debugger.history import History
from tracer.debugger.stops.catches import CatchRowSum
from tracer.debugger.stops.sealed import Layouts
from tracer.operation import Operation, Trait
from tracer.ops import catalogue
from tracer.tape import Tape
from tracer.tensor import Axis, Tensor
from tracer.verify import Check, see_rows

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"\bop\.name (?:==|!=|in) [\"'(\[{]")
"""A name of an operation held against one that the program has written down."""


class Sparsemax(Operation):
    """[…, n] -> […, n], here without its arithmetic: all of it on the last place, and a little more."""

    traits = Trait.DISTRIBUTION

    def forward(self, x: Tensor) -> Tensor:
        y = np.zeros_like(x.array)
        y[..., -1] = 1.5
        return Tensor(y, x.dims)


def scattered() -> Tape:
    """A tape with a distribution whose rows add up to 1.5."""
    tape = Tape(1)
    tape(Sparsemax(), "weights", Tensor(np.zeros((2, 3)), (Axis("query"), Axis("key"))))
    return tape


def test_what_has_a_trait() -> None:
    found = {trait: [name for name, op in catalogue().items() if trait in op.traits] for trait in Trait}
    assert found == {
        Trait.DISTRIBUTION: ["softmax"],
        Trait.MASK: ["mask"],
        Trait.LOSS: ["loss"],
        Trait.NORM: ["layer_norm", "rms_norm", "offset_rms_norm", "joint_rms_norm"],
    }


def test_a_new_distribution_is_checked_like_the_one_there_is() -> None:
    check = Check("", "")
    see_rows(check, scattered().find("weights"), 1e-5)
    assert (check.checked, check.at, len(check.failures)) == (2, "@1:weights[0]", 2)


def test_a_new_distribution_is_caught_like_the_one_there_is() -> None:
    assert CatchRowSum().indices(Layouts(History()).sealed(SimpleNamespace(step=lambda _number: scattered()), 1)) == [1]


def sources() -> list[Path]:
    return sorted(path for package in ("tracer", "commands") for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_one_asks_for_a_name(path: Path) -> None:
    assert NAMED.findall(path.read_text(encoding="utf-8")) == []
