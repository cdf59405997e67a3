"""How many workers there are where nobody says."""

import pytest

pytest.importorskip("pyarrow")
from tracer.corpus import running


@pytest.mark.parametrize(
    ("sentences", "cores", "expected"), [(0, 8, 1), (399, 8, 1), (400, 8, 2), (10_000, 2, 2), (10_000, 1, 1)]
)
def test_workers_have_enough_to_do(monkeypatch, sentences, cores, expected):
    monkeypatch.setattr(running.os, "sched_getaffinity", lambda _pid: set(range(cores)), raising=False)
    assert running.usual(sentences) == expected
