"""Long work: a loop that may take its time tells whoever watches how far it is. Nobody does, unless asked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

Thing = TypeVar("Thing")


class Watcher(Protocol):
    """Goes through things for a loop, and sees how many of them are done; ``total`` is 0 where nobody knows it."""

    def __call__(self, things: Iterable[Thing], what: str, total: int) -> Iterable[Thing]: ...


_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def work(things: Iterable[Thing], what: str, total: int = 0) -> Iterable[Thing]:
    """Things, one after the other; ``what`` says in a word or two what they are, or what is done with them."""
    watcher = _WATCHER.get()
    if watcher is None:
        return things
    return watcher(things, what, len(things) if isinstance(things, Sized) else total)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let somebody watch what is done within."""
    before = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(before)
