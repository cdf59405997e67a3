"""``patch``: what another run has at the same place (activation patching)."""

from __future__ import annotations

import re

from ...addresses import Address, At
from ...edits import OfRun, edit
from ...errors import InputError
from ...i18n import _
from ..locations import Here
from .act import Act, Builder

_FROM = re.compile(r"from\s+(?P<text>r(?P<run>\d{1,9})(?:@(?P<step>\d{1,9}))?)")


class Patch(Act):
    """Puts in its place what another run has there, in the step of the same number or in the one that is named."""

    name = "patch"
    takes = "from RUN[@STEP]"

    def reading(self, options: str, here: Here) -> Builder:
        match = _FROM.fullmatch(options)
        if match is None:
            raise InputError(_("patch takes from RUN, e.g. from r1 or from r1@2, not {text!r}").format(text=options))
        run = here.run_of(Address(run=int(match["run"])))
        at = None if match["step"] is None else At(int(match["step"]))
        return lambda place: [edit(place, OfRun(run, at, text=match["text"]))]


patch = Patch()
