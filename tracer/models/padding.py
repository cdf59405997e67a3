"""Where padding stands in a text, which no query looks at, and the positions of what is no padding.

Both can be stated. Where they are not, they are what transformers takes them to be. It finds padding by its id in the
prompt that a decoder-only model goes on from (`generate`), and then counts the visible ids for positions; otherwise
these are 0, 1, 2, …. The paper's own architecture hides its padding wherever it stands. To that comes one rule of ours:
pad ids at the end of an encoder's text are hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import Model


def hidden(mask: Sequence[int]) -> list[int]:
    """The places that a mask has 0 at."""
    return [place for place, seen in enumerate(mask) if not seen]


def padding(model: Model, ids: Sequence[int]) -> list[int]:
    """The places that hold the pad id that is hidden anywhere, and trailing ones that hold the architecture's.

    One that ends texts too is a word, as `generate` has it.
    """
    ends = {None, *model.rules.eos_ids}
    pads, trailing = {model.rules.pad_id} - ends, {model.rules.pad_id, model.facts.pad_id} - ends
    real = len(ids)
    while real and ids[real - 1] in trailing:
        real -= 1
    return [place for place, i in enumerate(ids) if i in pads or place >= real]


def pad_ids(model: Model) -> set[int]:
    """The ids that fill texts up, as decoding has it and as the architecture has."""
    return {pad for pad in (model.rules.pad_id, model.facts.pad_id) if pad is not None}


def counted(length: int, places: Sequence[int], other: int = 0) -> list[int]:
    """0, 1, 2, … for the ids that are not hidden; ``other`` for those that are."""
    away = frozenset(places)
    seen = [place not in away for place in range(length)]
    return [n - 1 if visible else other for visible, n in zip(seen, accumulate(seen), strict=True)]
