"""``patch``: what another run has at the same place (activation patching)."""

from __future__ import annotations

import re

from ...addresses import Address, At, matching
from ...edits import Aligned, edit
from ...errors import AddressError, InputError
from ...i18n import _
from ..locations import Here
from .act import Act, Builder

FROM = "from"
_SOURCE = re.compile(rf"{FROM}\s+(?P<text>r(?P<run>\d{{1,9}})(?:@(?P<step>\d{{1,9}}))?)")


class Patch(Act):
    """Puts in its place what another run has there, in the step of the same number or in the one that is named."""

    name = "patch"
    takes = f"{FROM} RUN[@STEP]"

    def reading(self, options: str, here: Here) -> Builder:
        match = _SOURCE.fullmatch(options)
        if match is None:
            raise InputError(_("patch takes from RUN, e.g. from r1 or from r1@2, not {text!r}").format(text=options))
        number, at = int(match["run"]), None if match["step"] is None else At(int(match["step"]))
        here.run_of(Address(run=number))
        return lambda place: [edit(place, taken_from(here, number, at, place.path))]


patch = Patch()


def taken_from(here: Here, number: int, at: At | None, path: str) -> Aligned:
    """What a run has at a path, of one of its steps or of that of the same number.

    Raises:
        InputError: another model computed it.
        AddressError: there is no such run, or it has no such step, or that records nothing there.
    """
    run = here.run_of(Address(run=number))
    ours, theirs = here.run.card, run.card
    if (ours.name, ours.path) != (theirs.name, theirs.path):
        told = _("r{n} is a run of {theirs}, and r{here} of {ours}: values go between runs of one model")
        raise InputError(told.format(n=number, theirs=theirs.name, here=here.run.number or 0, ours=ours.name))
    text = f"r{number}{at or ''}"
    if at is not None and not matching(path, run.at(at).addresses):
        raise AddressError(_("{run} records nothing at {path}").format(run=text, path=path))
    return Aligned(run, at, text=text)
