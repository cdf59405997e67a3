"""Lessons in files, and a coach who teaches them."""

from functools import cache

import pytest
from taught import Taught

from commands.learning import player
from tracer import i18n


@pytest.fixture(scope="session", autouse=True)
def _read_once():
    """The models that lessons open: no lesson changes one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(player, "open_model", cache(player.open_model))
        yield


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
