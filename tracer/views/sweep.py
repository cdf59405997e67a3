"""A sweep: the effect of an edit at every place as a heat map, and the places in the order of their effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..document import Block
from ..i18n import N_, _, ngettext, spoken
from ..sweeps import EFFECT, NORMALISED, Sweep
from .heading import Heading
from .numbers import Notation
from .page import Page
from .table import Column, Remark, table
from .tensors import tensor_view
from .tokens import shown, spelt
from .view import remark, view

_TITLES = {EFFECT: N_("effect"), NORMALISED: N_("normalised")}


@view
def sweep_view(page: Page, sweep: Sweep) -> Iterator[Block]:
    """The table of places as far as it is done, and below it the places, the largest effect first."""
    number = Notation(page)
    yield heading(sweep, number, page)
    if sweep.values:
        yield from tensor_view(sweep.shown, title=title_of(sweep)).blocks(page)
        yield from _listed(sweep, number, page)
    yield from interrupted(sweep, page)


def heading(sweep: Sweep, number: Notation, page: Page) -> Block:
    """What is done, where, what is measured, and what that is without the edit."""
    where = _("at @{n}").format(n=sweep.here.step)
    without = _("without the edit: {value}").format(value=number.alone(sweep.base))
    title = _("{act} over {places}").format(act=sweep.act, places=" ".join(sweep.over))
    return Heading(title).above([shown(sweep.measure.text), where, without, *_clean(sweep, number)], page)


def interrupted(sweep: Sweep, page: Page) -> Iterator[Block]:
    """How far it came, where it did not come to its end."""
    total, done = len(sweep.places.addresses), len(sweep.values)
    if done < total:
        told = ngettext("interrupted after {n} of {total} place", "interrupted after {n} of {total} places", total)
        yield remark(told.format(n=done, total=total), page)


def places_column(sweep: Sweep, order: Sequence[int]) -> list[Column]:
    """Some of the places, and the tokens there if there are any."""
    tokens = list(sweep.places.labels())
    return [
        Column(_("place"), [str(sweep.places.addresses[place]) for place in order], "<"),
        *([Column(_("token"), [spelt(tokens[place]) for place in order], "<", 3, free="end")] if any(tokens) else []),
    ]


def title_of(sweep: Sweep) -> str:
    """What the table is of."""
    return spoken(_TITLES[NORMALISED if sweep.is_normalised else EFFECT])


def _clean(sweep: Sweep, number: Notation) -> list[str]:
    """What the measure is in the run that is taken from."""
    if sweep.source is None:
        return []
    told = _("in {run}: {value}").format(run=_name(sweep), value=number(sweep.clean))
    return [told if sweep.tells_apart else _("{told}, the same: nothing to normalise by").format(told=told)]


def _name(sweep: Sweep) -> str:
    number = None if sweep.source is None else sweep.source.number
    return _("the other run") if number is None else f"r{number}"


def _listed(sweep: Sweep, number: Notation, page: Page) -> Iterator[Block]:
    """The places with the largest effects, as many as the page has rows for."""
    effects = np.array(sweep.effects)
    sizes = np.nan_to_num(np.abs(effects), nan=-1.0)
    order = np.argsort(-sizes, kind="stable")[: page.rows].tolist()
    largest = max(float(sizes.max()), 0.0) or 1.0

    def of(values: Sequence[float]) -> list[str]:
        return [number(values[place]) for place in order]

    columns = [
        *places_column(sweep, order),
        Column(_("measure"), of(sweep.values), spare=2),
        Column(spoken(_TITLES[EFFECT]), of(sweep.effects)),
        *([Column(spoken(_TITLES[NORMALISED]), of(sweep.normalised), spare=1)] if sweep.tells_apart else []),
    ]
    yield table(columns, [Remark(share=max(0.0, float(sizes[place])) / largest) for place in order])
    if rest := len(sizes) - len(order):
        yield remark(_("… {n} more").format(n=rest), page, indent=2)
