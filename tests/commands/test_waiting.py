"""Long work is a bar at a terminal, from its second second on, and nothing is left of it."""

import io

import pytest

from commands.execute import execute
from commands.output import present
from commands.output.formats import presenter_of
from commands.output.present import Look
from tracer import load
from tracer.decoding.settings import Settings
from tracer.render import progress
from tracer.render.console import make_console
from tracer.run import Run
from tracer.verify import verify
from tracer.work import watched_by, work

HIDE, SHOW, ERASE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    """A terminal on which work is watched; every look at the clock finds a second gone."""
    seconds = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(seconds)))
    return Terminal()


def watching(screen):
    environ = {"TERM": "xterm"}
    return progress.watching(lambda: make_console(screen, width=80, color="never", accessible=False, environ=environ))


def test_nobody_watches_unless_asked_to():
    things = [1, 2]
    assert work(things, "things") is things


def test_work_is_a_bar_and_then_nothing(screen):
    with watching(screen):
        assert list(work(range(40), "steps")) == [*range(40)]
    text = screen.getvalue()
    assert "steps" in text
    assert "30/40" in text
    assert text.index(HIDE) < text.index(SHOW)
    assert text.rstrip().endswith(ERASE)


def test_work_of_a_moment_shows_nothing():
    screen = Terminal()
    with watching(screen):
        list(work(range(40), "steps"))
    assert screen.getvalue() == ""


def test_of_loops_within_one_another_the_outermost_is_seen(screen):
    with watching(screen):
        for _row in work(range(5), "rows"):
            list(work(range(5), "cells"))
        list(work(iter(range(9)), "more", total=9))
    assert "rows" in screen.getvalue()
    assert "cells" not in screen.getvalue()
    assert "8/9" in screen.getvalue()


def test_ctrl_c_leaves_nothing_behind(screen):
    def interrupted():
        yield from range(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), watching(screen):
        list(work(interrupted(), "steps"))
    assert screen.getvalue().count(HIDE) == screen.getvalue().count(SHOW) == 1
    assert screen.getvalue().rstrip().endswith(ERASE)


def test_what_takes_long_can_be_watched():
    seen = []

    def watcher(things, what, total):
        seen.append((what, total))
        return things

    model = load("zh-en-tiny")
    run = Run(model, model.source_ids("我爱你")[0], Settings.of(strategy="beam", max_tokens=3))
    with watched_by(watcher):
        run.decode()
        verify(run, run.step(1).records)
    assert seen[:3] == [("steps", 3), ("beam search", 3), ("records", 41)]


def test_a_script_is_not_watched(session, monkeypatch):
    monkeypatch.setattr(present.sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "Watch", lambda *_: pytest.fail("watched"))
    with presenter_of("text")(io.StringIO(), Look(100)) as presenter:
        execute("token", session, presenter)
