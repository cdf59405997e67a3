"""What was kept of a run: recorded to a file, and opened from it with nothing behind it that could compute."""

from __future__ import annotations

import tempfile
from pathlib import Path

import tracer
from tracer.saved.trace import KeptTrace


def kept_of(run: tracer.Run) -> KeptTrace:
    """A run by way of a file, which is gone by the time anything is read."""
    with tempfile.TemporaryDirectory() as folder:
        run.save(Path(folder) / "run.trace.safetensors")
        return tracer.open(Path(folder) / "run.trace.safetensors")


def kept_until(run: tracer.Run, last: int) -> KeptTrace:
    """The same of a run of which no more than the steps up to one were computed."""
    begun = run.of(run.model)
    begun.step(last)
    return kept_of(begun)
