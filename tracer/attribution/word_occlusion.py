"""Each word of the source hidden in turn, and each with its neighbour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np

from ..decoding.settings import Settings
from ..edits import Edit
from ..errors import InputError
from ..i18n import N_, _
from ..run import Run, live
from ..tensor import Array, Tensor
from ..trace import Trace
from ..work import work
from .method import Trust, method
from .sides import Sides
from .words import Word

LEAST, PART = 0.05, 0.1
"""A word came from those of the source alone that make a difference of so many bits, and of such a part of its own."""


@method(
    formula="δ_j + ½ Σ_(k = j ± 1) max(0, δ_jk − δ_j − δ_k), δ_J = log p(y_i | x) − log p(y_i | x without x_J)",
    latex=(
        r"\delta_j + \tfrac12 \sum_{k = j \pm 1} \max(0, \delta_{jk} - \delta_j - \delta_k), \quad "
        r"\delta_J = \log p(y_i \mid x) - \log p(y_i \mid x_{\setminus J})"
    ),
    reference=N_(
        "Li et al. 2019, On the Word Alignment from Neural Machine Translation (prediction difference); "
        "Grabisch & Roubens 1999 (what two do only together)"
    ),
    trust=Trust.INTERVENTION,
    leaves_out=N_(
        "what words of the source that are no neighbours say alike, since each makes up for the other that is hidden; "
        "a text with a gap is unlike those that were learned from; a mark is held against marks alone, and a word "
        "against words, since a hidden word makes an end of the sentence a little less likely too"
    ),
)
def word_occlusion(trace: Trace) -> Tensor:
    """The bits [target, source] that hiding each word of the source in turn, and each with its neighbour, costs a word.

    What goes only where both are hidden, as with the two characters of one word, is half of either. What is less than
    `LEAST`, or than a `PART` of how unlikely a word is anyway, is 0, and so is what a mark and a word have in common.

    Raises:
        InputError: the run is not that of a model, or has no words on both sides; or an edit is of one step alone.
    """
    sides, run = Sides(trace), _given(trace)
    hidden = [*((word,) for word in sides.source), *pairwise(sides.source)]
    before = _losses(run, sides.target)
    without = [_losses(_hiding(run, words), sides.target) for words in work(hidden, _("words"), len(hidden))]
    alone, together = np.split(np.array(without) - before, [len(sides.source)])
    shared = np.maximum(together - alone[:-1] - alone[1:], 0) / 2
    alone[:-1] += shared
    alone[1:] += shared
    alone[(alone < np.maximum(LEAST, PART * before)) | ~_alike(sides)] = 0.0
    return sides.over(alone.T)


def can_hide(trace: Trace) -> bool:
    """Whether there is a model that could read a text with a word hidden, and the whole of the output in one pass."""
    return isinstance(trace, Run) and _once(trace) is None


def _given(trace: Trace) -> Run:
    """The run with its output given."""
    run = live(trace, "alignments")
    if (once := _once(run)) is not None:
        told = _("{edit} holds in one step alone, and all of the output is read in one; try {example}")
        raise InputError(told.format(edit=once.address, example="alignments alti"))
    bare = replace(run.unedited, settings=Settings(), target_ids=run.decoder_ids, shelf=None)  # type: ignore[arg-type]
    return bare.branch(*run.edits) if run.edits else bare


def _once(run: Run) -> Edit | None:
    """An edit that holds in one step alone."""
    return next((edit for edit in run.edits if edit.address.step is not None), None)


def _hiding(run: Run, words: Sequence[Word]) -> Run:
    """The same run with words of the source hidden."""
    seen = list(run.mask or [1] * len(run.source_ids))
    for place in chain.from_iterable(word.places for word in words):
        seen[place] = 0
    bare = replace(run.unedited, mask=seen, shelf=None)  # type: ignore[arg-type]
    return bare.branch(*run.edits) if run.edits else bare


def _alike(sides: Sides) -> Array:
    """[source, target]: whether both are marks, or neither is."""
    source, target = (np.array([word.is_punctuation for word in side]) for side in (sides.source, sides.target))
    alike: Array = source[:, None] == target
    return alike


def _losses(run: Run, target: Sequence[Word]) -> Array:
    """How unlikely each word is, in bits."""
    losses = run.step(run.begins["target"])["loss"].array.astype(np.float64) / math.log(2)
    return np.array([losses[word.places.start - 1 : word.places.stop - 1].sum() for word in target])
