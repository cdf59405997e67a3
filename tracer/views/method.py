"""A method of attribution: its formula and its source, how far it is to be trusted, and what it does not prove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..attribution.method import Method, Trust
from ..document import Block, Formula
from ..i18n import _, spoken
from .facts import facts_view
from .page import Page
from .view import view


@view
def method_view(page: Page, method: Method[..., Any]) -> Iterator[Block]:
    """What is said below whatever it yields."""
    trust = _("{n} of {count}: {words}").format(n=int(method.trust), count=len(Trust), words=spoken(method.trust.words))
    facts: dict[str, list[str | Formula]] = {
        _("formula"): [Formula(method.formula, method.latex)],
        _("literature"): [spoken(method.reference)],
        _("trust"): [trust],
        _("left out"): [page.text(spoken(method.leaves_out))],
    }
    yield from facts_view(facts).blocks(page)
