"""The words on both sides of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..debugger.locations import performed
from ..errors import InputError
from ..i18n import _
from ..tensor import Array, Axis, Tensor
from ..trace import Trace
from .words import Word, words


class Sides:
    """The words on both sides of a run that has come to its end.

    Raises:
        InputError: it reads no source, or there is no word on a side.
    """

    def __init__(self, trace: Trace) -> None:
        if not {"source", "target"} <= trace.begins.keys():
            told = _(
                "{name} reads one text, and alignments are between two; flow shows what comes from where within it"
            )
            raise InputError(told.format(name=trace.card.name))
        performed(trace, math.inf)
        apart = {*trace.card.languages, *(f"__{code}__" for code in trace.card.languages)}
        self.source, self.target = words(trace.source, apart), words(trace.target, apart, after=1)
        if not (self.source and self.target):
            told = _("there is no word in the source") if not self.source else _("there is no word in the output")
            raise InputError(_("{told}, so there is nothing to align").format(told=told))

    def table(self, shares: Array, target: Sequence[Word] | None = None) -> Tensor:
        """Shares [target, source] with the words along both axes; those of a word add up to 1, or are all 0."""
        sums = shares.sum(1, keepdims=True)
        return self.over(np.divide(shares, sums, out=np.zeros_like(shares), where=sums > 0), target)

    def over(self, array: Array, target: Sequence[Word] | None = None) -> Tensor:
        """Numbers [target, source] with the words along both axes."""
        axes = (
            Axis("target", [word.text for word in (self.target if target is None else target)]),
            Axis("source", [word.text for word in self.source]),
        )
        return Tensor(array, axes)
