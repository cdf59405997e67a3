"""What the way back from a number has come to."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import BOLD, Block
from ..gradients import Gradients
from ..i18n import _, ngettext
from .numbers import Notation
from .page import Page
from .tokens import shown
from .view import line, remark, view


@view
def gone(page: Page, way: Gradients) -> Iterator[Block]:
    """The number, how many gradients were recorded and where they stand, and what they leave out."""
    value = Notation(page).alone(way.objective.value)
    yield line(shown(f"{way.objective.text} = {value}"), page, BOLD)
    told = ngettext("{n} gradient, {first} to {last}", "{n} gradients, {first} to {last}", len(way.records))
    counted = told.format(n=len(way.records), first=f"#{way.records[0]}", last=f"#{way.records[-1]}")
    trained = ngettext("{n} of them of a parameter", "{n} of them of parameters", way.trained).format(n=way.trained)
    yield line(_("{counted}, {trained}; step goes into them").format(counted=counted, trained=trained), page)
    if way.through_cache:
        yield remark(
            _(
                "the step was made with a cache: what earlier steps left counts as given, but for the keys and values "
                "of cross-attention; set cache off for gradients through all of it"
            ),
            page,
        )
