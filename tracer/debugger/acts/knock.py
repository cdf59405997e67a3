"""``knock``: a query does not look at a key (Geva et al. 2023, attention knockout)."""

from __future__ import annotations

import math

from ...edits import edit
from ...errors import InputError
from ...i18n import _
from ...tape import Record
from ..locations import Here
from .act import Act, Builder


class Knock(Act):
    """Puts −∞ in the place of masked scores, before softmax: the other keys share the weight."""

    name = "knock"
    of_module = of_heads = "masked"

    def suits(self, record: Record) -> bool:
        """Only scores after the mask, of which softmax makes weights."""
        return record.name == self.of_module

    def reading(self, options: str, here: Here) -> Builder:
        if options:
            raise InputError(_("knock takes cells and nothing else, not {text!r}").format(text=options))
        return lambda place: [edit(place, -math.inf)]


knock = Knock()
