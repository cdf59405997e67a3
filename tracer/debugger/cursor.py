"""Where a session stands, and how far a motion reaches among the addresses of one step.

The reaching functions take the addresses in the order of performing, and the place ``at`` of the record that comes
next, from 0; they return the place after the last record performed. Over reversed addresses they are the way back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..dataclass import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Cursor:
    """The last record performed: the ``index``-th of ``step``, from 1; index 0 is before the first record.

    Cursors compare in the order of the run.
    """

    step: int
    index: int


def one(_addresses: Sequence[str], at: int) -> int:
    """A single operation."""
    return at + 1


def over(addresses: Sequence[str], at: int) -> int:
    """The part of the present frame that begins here: an operation, or a whole scope.

    The present frame is the innermost scope that holds both the record before and the record after.
    """
    depth = len(_shared(addresses[at - 1], addresses[at])) if at else 0
    segments = addresses[at].split(".")
    if depth + 1 == len(segments):
        return at + 1
    return _end(addresses, at, segments[: depth + 1])


def out(addresses: Sequence[str], at: int, frame: int = 0) -> int:
    """The rest of the scope of the record before, or of the next one out where that one is at its end.

    ``frame`` counts the scopes to leave with it.
    """
    scope = addresses[at - 1].split(".")[: -1 - frame] if at else []
    while scope and _end(addresses, at, scope) == at:
        scope.pop()
    return _end(addresses, at, scope)


def into(addresses: Sequence[str], at: int, frame: int = 0) -> int:
    """The rest of the scope of the record that comes next, ``frame`` scopes further out."""
    return _end(addresses, at, addresses[at].split(".")[: -1 - frame])


def _shared(before: str, after: str) -> list[str]:
    """The innermost scope around two records, as segments."""
    shared: list[str] = []
    for left, right in zip(before.split(".")[:-1], after.split(".")[:-1], strict=False):
        if left != right:
            break
        shared.append(left)
    return shared


def _end(addresses: Sequence[str], at: int, scope: Sequence[str]) -> int:
    """The first place from ``at`` that lies outside a scope, given as segments."""
    inside = "".join(f"{segment}." for segment in scope)
    while at < len(addresses) and addresses[at].startswith(inside):
        at += 1
    return at
