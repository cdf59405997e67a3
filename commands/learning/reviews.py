"""Predictions that went wrong come back: in the next session, after some lessons, at the end of the course."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

LESSONS = 3
"""So many lessons are finished before a question comes back the second time."""


class Item(NamedTuple):
    """A question: the lesson, by what its progress is kept under, and the step."""

    lesson: str
    step: str


class Now(NamedTuple):
    """What tells whether a question is due: the sessions begun, the lessons finished, and whether that is all."""

    sessions: int
    finished: int
    is_over: bool


class Review(NamedTuple):
    """How often a question was answered right since it went wrong, and since when, in sessions or lessons."""

    stage: int = 0
    since: int = 0

    def is_due(self, now: Now) -> bool:
        """Whether the question is to be asked without being asked for."""
        if self.stage == 1:
            return now.is_over or now.finished >= self.since + LESSONS
        return now.sessions > self.since and (self.stage == 0 or now.is_over)

    def is_open(self, now: Now) -> bool:
        """Whether it may be asked on request: what went wrong need not wait for the next session."""
        return self.stage == 0 or self.is_due(now)

    def after(self, now: Now, *, is_right: bool) -> Review | None:
        """When it comes next, None where it has come often enough; after a wrong answer it begins again."""
        stage = self.stage + 1 if is_right else 0
        return Review(stage, now.finished if stage == 1 else now.sessions) if stage < 3 else None


def mixed(items: Iterable[Item]) -> Sequence[Item]:
    """Questions in such an order that those of a lesson do not follow each other, as far as that can be."""
    lessons: dict[str, list[Item]] = {}
    for item in items:
        lessons.setdefault(item.lesson, []).append(item)
    return [item for item in chain.from_iterable(zip_longest(*lessons.values())) if item is not None]
