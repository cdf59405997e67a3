"""How far long work is, on standard error: a training, and whatever takes more than a moment at the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..i18n import _
from ..work import watched_by

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

PATIENCE, PAUSE = 1.0, 0.1
"""Seconds that nothing is said of work, and those between two looks at it."""

Thing = TypeVar("Thing")


class Standing(Protocol):
    """Where a training stands (`tracer.training.loop.Progress`)."""

    epoch: int
    update: int
    loss: float
    bleu: float
    best: float


Report = Callable[[Standing, int], None]
"""Called with where the training stands and the number of updates in all."""


@contextmanager
def training_progress(console: Console) -> Iterator[Report]:
    """A bar with loss, BLEU, the best so far and the time left; off a terminal, one plain line an epoch."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _line_an_epoch(console)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=False, expand=True) as bar:
        yield _bar(bar)


def _bar(bar: Bar) -> Report:
    task = bar.add_task("", total=None)

    def report(standing: Standing, updates: int) -> None:
        bar.update(task, completed=standing.update, total=updates, description=account(standing))

    return report


def _line_an_epoch(console: Console) -> Report:
    last = 0

    def report(standing: Standing, updates: int) -> None:
        nonlocal last
        if standing.epoch > last:
            last = standing.epoch
            done = _("update {update} of {updates}").format(update=standing.update, updates=updates)
            console.print(f"{account(standing)}  {done}", soft_wrap=True)

    return report


Count = Callable[[int], None]
"""Called with how many things are done."""


@contextmanager
def counting(console: Console, what: str, total: int, before: int = 0) -> Iterator[Count]:
    """A bar with how many things are done, beside those ``before``, how many a second, and the time left.

    Off a terminal nothing is said.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task, begun = bar.add_task(what, total=total, completed=before, speed=""), time.monotonic()

        def count(done: int) -> None:
            speed = _("{n:.1f}/s").format(n=done / max(1e-9, time.monotonic() - begun))
            bar.update(task, completed=before + done, speed=speed)

        yield count


def account(standing: Standing) -> str:
    """``epoch 3  loss 2.314  BLEU 17.9  best 18.2``; what is not known yet is left out."""
    parts = [_("epoch {n}").format(n=standing.epoch), _("loss {loss}").format(loss=f"{standing.loss:.3f}")]
    if standing.bleu == standing.bleu:
        parts.append(_("BLEU {bleu}").format(bleu=f"{standing.bleu:.1f}"))
    if standing.best >= 0:
        parts.append(_("best {best}").format(best=f"{standing.best:.1f}"))
    return "  ".join(parts)


@contextmanager
def watching(make_console: Callable[[], Console]) -> Iterator[None]:
    """While it lasts, work that takes its time is a bar on a console; nothing is left of it, however that ends."""
    watch = Watch(make_console)
    try:
        with watched_by(watch):
            yield
    finally:
        watch.end()


class Watch:
    """See `work.Watcher`: of loops within one another, the outermost is the bar."""

    def __init__(self, make_console: Callable[[], Console]) -> None:
        self._make_console = make_console
        self._begun = self._seen = time.monotonic()
        self._bar: Bar | None = None
        self._is_at_work = False

    def __call__(self, things: Iterable[Thing], what: str, total: int) -> Iterator[Thing]:
        if self._is_at_work:
            yield from things
            return
        self._is_at_work = True
        try:
            for done, thing in enumerate(things):
                self._see(what, done, total)
                yield thing
        finally:
            self.end()

    def _see(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now < max(self._begun + PATIENCE, self._seen + PAUSE):
            return
        self._seen = now
        if self._bar is None:
            self._bar = _opened(self._make_console(), what, total)
        self._bar.update(self._bar.task_ids[0], completed=done)
        self._bar.refresh()

    def end(self) -> None:
        """Take the bar away, if there is one."""
        self._is_at_work = False
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _opened(console: Console, what: str, total: int) -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task(what, total=total or None)
    bar.start()
    return bar
