"""The progress of a training, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..i18n import _


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
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=console, transient=False, expand=True) as bar:
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


def account(standing: Standing) -> str:
    """``epoch 3  loss 2.314  BLEU 17.9  best 18.2``; what is not known yet is left out."""
    parts = [_("epoch {n}").format(n=standing.epoch), _("loss {loss}").format(loss=f"{standing.loss:.3f}")]
    if standing.bleu == standing.bleu:
        parts.append(_("BLEU {bleu}").format(bleu=f"{standing.bleu:.1f}"))
    if standing.best >= 0:
        parts.append(_("best {best}").format(best=f"{standing.best:.1f}"))
    return "  ".join(parts)
