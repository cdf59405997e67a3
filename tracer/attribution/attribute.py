"""What each token of a step adds to a number, by any of the methods that say so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from ..addresses import Address, parse
from ..dataclass import dataclass
from ..debugger.cursor import Cursor
from ..debugger.expressions import Expression, compile_expression
from ..debugger.locations import Here
from ..domains import meant
from ..errors import InputError
from ..i18n import _
from ..run import Run, live
from ..tensor import Array, Axis, Tensor
from .grad_input import grad_input
from .integrated import integrated
from .method import Method
from .occlusion import occlusion
from .ranks import rank_correlation
from .tokens import PAD, ZERO, Place, Question, Scored, places, whole

METHODS: dict[str, Method[[Question], Scored]] = {one.word: one for one in (grad_input, integrated, occlusion)}
"""The methods by which numbers are attributed to tokens, by name."""
STEPS = 64
WIDE = 0.05
"""From this part of the difference on, a gap is wide."""
FURTHEST = 4096
"""So many steps at most are advised."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """A number attributed to tokens by a method; ``is_whole`` says that a step made with a cache was made again."""

    asked: Question
    method: Method[[Question], Scored]
    scored: Scored
    is_whole: bool

    @property
    def places(self) -> Sequence[Place]:
        """Whose tokens they are."""
        return self.asked.places

    @cached_property
    def scores(self) -> Array:
        """[token]: those of all places, one after the other."""
        joined: Array = np.concatenate(self.scored.scores)
        return joined

    @property
    def labels(self) -> Sequence[str]:
        """The token of each score."""
        return list(chain.from_iterable(map(_labels, self.places)))

    @property
    def sum(self) -> float:
        """What the scores come to, without those that there are none of."""
        return float(np.nansum(self.scores))

    @property
    def difference(self) -> float | None:
        """What they should come to, where that is known."""
        return self.scored.difference

    @property
    def gap(self) -> float | None:
        """What they come to beyond that."""
        return None if self.difference is None else self.sum - self.difference

    @property
    def is_wide(self) -> bool:
        """Whether the gap is a large part of the difference."""
        return self.difference is not None and not abs(self.sum - self.difference) <= WIDE * abs(self.difference)

    @property
    def closing(self) -> int | None:
        """So many steps as may close a wide gap, None if more steps alone hardly do.

        The error of the midpoint rule falls with their square; twice as many are a reserve for a way that bends.
        """
        if self.steps is None or not self.gap or not self.difference or not math.isfinite(self.gap):
            return None
        needed = 2 * self.steps * math.sqrt(abs(self.gap / (WIDE * self.difference)))
        return 1 << math.ceil(math.log2(needed)) if needed <= FURTHEST else None

    def agrees(self, other: Attribution) -> float:
        """Spearman's ρ of this and another attribution to the same tokens, without those that lack a score."""
        return rank_correlation(self.scores, other.scores)

    @property
    def steps(self) -> int | None:
        """The steps of the path, if there is one."""
        return self.asked.steps if self.method is integrated else None

    @property
    def baseline(self) -> str | None:
        """What stands for a token that is not there; None where it is knocked out."""
        return self.asked.baseline


class TokenScores(Tensor):
    """Scores [position], with the tokens for labels.

    ``value`` is that of the number, ``sum`` what the scores come to, ``difference`` what they should, or None.
    """

    __slots__ = ("difference", "sum", "value")

    def __init__(self, found: Attribution) -> None:
        super().__init__(found.scores, (Axis("position", found.labels),))
        self.sum, self.difference, self.value = found.sum, found.difference, found.asked.value


def attribute(
    here: Here,
    expression: Expression,
    *,
    method: str = integrated.word,
    at: Address | None = None,
    steps: int = STEPS,
    baseline: str | float | None = None,
) -> Attribution:
    """An expression over the step of a place, or over the first that yields anything, attributed to tokens.

    Raises:
        InputError: there is no such method or baseline; the run is none that computes; or as the methods do.
        AddressError: nothing is recorded at the address.
        ExpressionError: it has no derivative.
    """
    run = live(here.run, "attribute")
    found = METHODS[meant(method, METHODS)]
    if steps < 1:
        raise InputError(_("a path has one step or more, not {n}").format(n=steps))
    bare, there = whole(run, here, expression, max(here.step, *run.begins.values()))
    of = places(bare, there, at)
    asked = Question(expression, there, bare, of, steps, _baseline(baseline, found, at))
    if not math.isfinite(asked.value):
        told = _("{text} is {value} here, and only a finite number can be attributed")
        raise InputError(told.format(text=expression.text, value=asked.value))
    return Attribution(asked, found, found(asked), bare is not run)


def of_tokens(
    run: Run, expression: str, method: str, at: str | None, steps: int, baseline: str | float | None, step: int
) -> TokenScores:
    """The same as a tensor, as a program asks for it; raises as `attribute` does."""
    here = Here(run, Cursor(step, len(run.step(step))), runs={0: run})
    where = None if at is None else parse(at)
    start = ZERO if baseline == 0 else baseline
    return TokenScores(
        attribute(here, compile_expression(expression), method=method, at=where, steps=steps, baseline=start)
    )


def _baseline(named: Any, found: Method[[Question], Scored], at: Address | None) -> str | None:
    """What the way begins with, or stands for a token: what was named, else 0, but a knockout of tokens in all layers.

    A knockout is the same whatever record is meant, so that of one that was named the rows are 0.
    """
    if named is None:
        return None if found is occlusion and at is None else ZERO
    return meant(str(named), (ZERO, PAD))


def _labels(place: Place) -> Sequence[str]:
    tokens = place.tokens
    return [str(tokens.number(n)) for n in range(place.length)] if tokens.labels is None else tokens.labels
