"""Lessons in files, and a coach who teaches them."""

import pytest
from taught import Taught

from tracer import i18n


@pytest.fixture(autouse=True)
def _in_english():
    """Whatever language a lesson was switched to."""
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture
def write(tmp_path):
    """Put a text into a file; its path."""

    def written(text, name="sample.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def teach(write):
    """A lesson of a text, about to be opened."""
    return lambda text, **options: Taught(write(text), **options)
