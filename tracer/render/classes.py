"""Heat: a class of colour for each number, and its tone."""

from __future__ import annotations

import numpy as np

from ..heat import CENTRE, PUOR, TONES
from ..tensor import Array
from .page import BOLD, DIM

INFINITE, NEGATIVE_INFINITE, NAN, HIDDEN = range(len(PUOR), len(PUOR) + 4)
TONE_OF = (*("" if k == CENTRE else tone for k, tone in enumerate(TONES)), BOLD, DIM, "nan", DIM)
"""Of every class: orange below 0, purple above, plain around it; then of what is no number on the scale."""


def heat(values: Array, bound: float, *, zero_is_hidden: bool = False) -> Array:
    """The class of every value: linear from −bound to bound, so that probabilities (bound 1) have one hue.

    −∞, nan and hidden zeros are classes of their own and never enter the scale.
    """
    scaled = np.nan_to_num(values / (bound or 1.0), nan=0.0, posinf=0.0, neginf=0.0)
    classes = np.rint(np.clip(scaled, -1, 1) * CENTRE).astype(np.int64) + CENTRE
    classes[np.isposinf(values)] = INFINITE
    classes[np.isneginf(values)] = NEGATIVE_INFINITE
    classes[np.isnan(values)] = NAN
    if zero_is_hidden:
        classes[values == 0] = HIDDEN
    return classes
