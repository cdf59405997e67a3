"""Whether a question is answered by who can work it out, and not by 0, by 1 or by a number that it states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tracer.debugger.locations import Here
from tracer.errors import TraceError

from .lesson import Asking, Hole, Prose, Step
from .question import Question, number_of

TRIVIAL = (0.0, 1.0, -1.0)
FAR = 3
"""So many tolerances, at least, are between the right answer and any that may be met by chance."""
SHARE = 0.1
"""Of the right answer, that the tolerance is at most."""


def is_fair(step: Step, here: Here) -> bool:
    """Whether the question of a step, seen from a place, is: its answer stands clear, and its slips can be told apart.

    Where an answer can't be had there it is not.
    """
    assert isinstance(step.goal, Asking)
    try:
        question = Question.asked(step.goal, here)
        slips = [number_of(slip.of, here) for slip in step.goal.slips]
        truth, within = question.truth, step.goal.within
        others = slips if step.goal.among is not None else [*slips, *TRIVIAL, *_stated(step, here)]
    except TraceError:
        return False
    is_clear = all(abs(truth - other) > FAR * within for other in others) and within <= SHARE * abs(truth)
    return is_clear and all(abs(one - other) > 2 * within for one, other in combinations(slips, 2))


def _stated(step: Step, here: Here) -> Iterator[float]:
    """The numbers that the text of a step is filled with."""
    texts = (piece.text for piece in step.before if isinstance(piece, Prose))
    for hole in (part for text in texts for part in text.parts if isinstance(part, Hole)):
        if isinstance(hole.form, int):
            yield from filter(math.isfinite, np.ravel(np.asarray(hole.value.evaluate(here))).astype(float).tolist())
