"""``ablate``: without what a head, a sublayer or a layer puts out."""

from __future__ import annotations

from ...domains import meant
from ...edits import edit
from ..locations import Here
from .act import Act, Builder

_VALUES = {"zero": 0.0, "mean": "mean"}


class Ablate(Act):
    """Puts 0 in its place, or the mean over the positions of the pass."""

    name = "ablate"
    takes = "[zero|mean]"

    def reading(self, options: str, here: Here) -> Builder:
        value = _VALUES[meant(options or "zero", _VALUES)]
        return lambda place: [edit(place, value)]


ablate = Ablate()
