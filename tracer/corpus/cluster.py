"""Parts made by several workers, here or on a cluster. Dask does the running, and is imported here alone."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.diagnostics.plugin import WorkerPlugin

from .. import __version__
from ..errors import InputError, TraceError
from ..i18n import _
from ..outward import SHORT
from .parts import Task
from .plan import Plan, answer

AHEAD = 2
"""Parts that are handed out for each worker: one that it is at, and one to go on with."""
PATIENCE = 10
"""seconds until a scheduler has answered, and its first worker is there"""


class Made(NamedTuple):
    """A part that was tried; its table is None where the workers that tried it have died of it."""

    task: Task
    table: bytes | None


class Deaf(WorkerPlugin):  # type: ignore[misc]
    """Lets a worker pass over Ctrl-C, which is for the one who asks."""

    def setup(self, worker: Any) -> None:
        """Called when a worker starts, the one that takes the place of a dead one too."""
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def clients(workers: int, scheduler: str | None) -> Iterator[Client]:
    """What hands work to workers: so many processes here, or those of a scheduler.

    Raises:
        InputError: the scheduler can't be reached, or has no workers.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        with _reached(scheduler) as client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Deaf())
        yield client


def _reached(scheduler: str) -> Client:
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        told = _("there is no scheduler at {address} ({reason}); dask scheduler starts one, and says its address")
        reason = SHORT.repr(str(error).partition("\n")[0])
        raise InputError(told.format(address=scheduler, reason=reason)) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        client.close()
        told = _("the scheduler at {address} has no workers; dask worker {address} starts some")
        raise InputError(told.format(address=scheduler)) from error
    try:
        _check_versions(client)
    except BaseException:
        client.close()
        raise
    return client


def _check_versions(client: Client) -> None:
    """Insist that all workers have this program; raises `InputError` where one has none, or another version."""
    try:
        theirs = set(client.run(_version).values())
    except ImportError as error:
        raise _lacking(error) from error
    if theirs != {__version__}:
        told = _("the workers have tx-trace {theirs}, and here it is {ours}; they need the same version")
        raise InputError(told.format(theirs=", ".join(sorted(theirs)), ours=__version__))


def _version() -> str:
    return __version__


def _lacking(error: ImportError) -> InputError:
    told = _("the workers lack {module}; they need tx-trace with the extra survey, of the same version")
    return InputError(told.format(module=error.name))


def made(client: Client, plan: Plan, tasks: Iterable[Task]) -> Iterator[Made]:
    """Parts as they are done, of which no more are handed out than workers can begin with.

    Raises:
        TraceError: the workers can't do it at all.
    """
    waiting, under_way = iter(tasks), {}
    running = as_completed()

    def hand_out() -> None:
        task = next(waiting, None)
        if task is not None:
            future = client.submit(answer, plan, task.sentences, pure=False)
            under_way[future] = task
            running.add(future)

    for _worker in range(AHEAD * max(1, len(client.nthreads()))):
        hand_out()
    for future in running:
        task = under_way.pop(future)
        hand_out()
        yield Made(task, _table(future))
        future.release()


def _table(future: Any) -> bytes | None:
    try:
        table: bytes = future.result()
    except (KilledWorker, CancelledError):
        return None
    except TraceError:
        raise
    except ImportError as error:
        raise _lacking(error) from error
    return table
