"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def seen() -> Iterator[None]:
    """A fault of the program is told to nobody but the test that comes upon it, as what it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TX_TRACE_FAULTS", "raise")
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """A program that a test starts finds what the one before it compiled, as an installed one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield
