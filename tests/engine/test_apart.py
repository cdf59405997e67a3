"""Programs in a process apart: what they answer, and what is told of one that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracer import apart
from tracer.apart import answered

READ = "import json, sys\nasked = json.load(sys.stdin)\n"


@pytest.fixture
def tried(tmp_path: Path) -> Any:
    """The answer of a program to something long."""

    def answer(source: str, seconds: float = 20) -> Any:
        program = tmp_path / "program.py"
        program.write_text(source)
        return answered(program, {"text": "x" * 10**6}, seconds)

    return answer


def test_an_answer_is_what_the_program_makes_of_the_question(tried: Any) -> None:
    assert tried(READ + "print(json.dumps(len(asked['text'])))") == 10**6


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        (READ + "raise ValueError('x' * 10**4)", "ValueError: x"),
    ],
)
def test_a_program_that_is_wrong_is_not_told_to_need_too_much(tried: Any, source: str, reason: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        tried(source)
    assert str(caught.value).startswith(reason)
    assert len(str(caught.value)) <= apart.LONGEST


def test_what_is_no_answer_is_a_fault(tried: Any) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        tried(READ + "print('?')")


@pytest.mark.parametrize("source", ["x = bytearray(10**10)", "raise MemoryError", "import os; os.kill(os.getpid(), 9)"])
def test_one_that_comes_to_its_bounds_has_no_answer(tried: Any, source: str) -> None:
    assert tried(READ + source) is None


def test_no_more_is_read_than_an_answer_may_have(tried: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_READ", 1000)
    assert tried(READ + "while True: print('x' * 1000)") is None
    assert tried(READ + "print(json.dumps('x' * 998))") is None


def test_one_that_takes_too_long_is_ended(tried: Any) -> None:
    for source in ("import time; time.sleep(60)", "import sys; [sys.stderr.write('x' * 10**6) for _ in range(99)]"):
        with pytest.raises(TimeoutError):
            tried(source, 0.5)
