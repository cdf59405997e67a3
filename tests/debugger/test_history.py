"""What is kept of printed values takes no more room than it may."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.debugger import history
from tracer.debugger.earlier import Earlier
from tracer.debugger.expressions import Several
from tracer.debugger.history import Gone, History
from tracer.errors import ExpressionError
from tracer.tensor import FEATURE, Tensor


def vector(n: int) -> Tensor:
    return Tensor(np.zeros(n), (FEATURE,), "x")


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for 25 numbers."""
    monkeypatch.setattr(history, "ROOM", 200)


def test_the_numbers_of_the_oldest_go_first() -> None:
    kept = History()
    for n in (5, 10, 15):
        assert kept.keep(f"x{n}", vector(n)) == n / 5
    assert [type(value) for _text, value in kept] == [Gone, Tensor, Tensor]
    assert kept.find(Earlier("$3", 3)).shape == (15,)
    with pytest.raises(ExpressionError, match=r"MB of \$1 were let go of for later values; print x5 again"):
        kept.find(Earlier("$1", 1))


def test_the_last_is_kept_however_large_it_is() -> None:
    kept = History()
    kept.keep("small", vector(1))
    kept.keep("number", 3.5)
    kept.keep("several", Several(("a", "b"), (vector(30), vector(40))))
    assert [type(value) for _text, value in kept] == [Gone, float, Several]


def test_a_small_part_holds_no_memory_of_the_rest() -> None:
    kept, whole = History(), np.arange(100.0)
    for part in (whole[:3], whole[:60]):
        kept.keep("x", Tensor(part, (FEATURE,), "x"))
    bases = [value.array.base for _text, value in kept if isinstance(value, Tensor)]
    assert bases == [whole] if len(bases) == 1 else bases[0] is None
    assert kept.find(Earlier("$", back=0)).array.tolist() == whole[:60].tolist()
