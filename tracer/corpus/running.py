"""A survey carried out: part by part in this process, or by workers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .parts import Parts, Task
from .plan import PART, Plan, answer
from .sentences import Corpus

WORTH = 4
"""So many parts for each worker make it worth its start."""


def usual(sentences: int) -> int:
    """How many workers there are where nobody says: one a core, if they have enough to do."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, sentences // (WORTH * PART)))


class Standing(NamedTuple):
    """How far a survey is: sentences that were asked since it began or went on, and parts that were lost."""

    sentences: int
    lost: int


def carried_out(
    plan: Plan, corpus: Corpus, parts: Parts, workers: int = 1, scheduler: str | None = None
) -> Iterator[Standing]:
    """Make the parts that are not there yet; tells after each how far that is.

    Raises:
        TraceError: the corpus or the model can't be read, a part can't be written, or workers can't be had.
    """
    sentences = lost = 0
    with _makers(plan, parts.missing(corpus), workers, scheduler) as made:
        for task, table in made:
            if table is None:
                lost += 1
            else:
                parts.put(task.number, table)
                sentences += len(task.sentences)
            yield Standing(sentences, lost)


@contextmanager
def _makers(
    plan: Plan, tasks: Iterable[Task], workers: int, scheduler: str | None
) -> Iterator[Iterator[tuple[Task, bytes | None]]]:
    """What makes the parts, one after the other."""
    if workers == 1 and scheduler is None:
        yield ((task, answer(plan, task.sentences)) for task in tasks)
        return
    from .cluster import clients, made

    with clients(workers, scheduler) as client:
        yield made(client, plan, tasks)
