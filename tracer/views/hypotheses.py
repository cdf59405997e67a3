"""What beam search considered: hypotheses with their scores, what became of each, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..decoding.beam import Hypothesis
from ..document import Block
from ..i18n import N_, _, spoken
from .page import Page
from .table import Column, Remark, table
from .tokens import shown
from .view import view

_FATES = {"open": N_("open"), "finished": N_("finished"), "pruned": N_("pruned")}
_REASONS = {"": "", "below the beams": N_("below the beams"), "ended below the beams": N_("ended below the beams")}


@view
def hypotheses_view(
    page: Page, hypotheses: Sequence[Hypothesis], text_of: Callable[[Sequence[int]], str]
) -> Iterator[Block]:
    """A line for each, the text so far at its end, and after it the reason why the search did not go on with it."""
    columns = [
        Column(_("address"), [h.name for h in hypotheses], "<"),
        Column(_("parent"), [h.parent_name or page.text("–") for h in hypotheses], "<", 1),
        Column("log p", [f"{h.log_prob:.4f}" for h in hypotheses], spare=2),
        Column(_("beam score"), [f"{h.score:.4f}" for h in hypotheses]),
        Column(_("fate"), [spoken(_FATES[h.fate]) for h in hypotheses], "<"),
        Column(_("text"), [shown(text_of(h.ids)) for h in hypotheses], "<", free="end"),
    ]
    yield table(columns, [Remark(spoken(_REASONS[h.reason])) for h in hypotheses], indent=0)
