"""Lenses: the likeliest token of every layer at every position, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .. import document
from ..attribution.decoderlens import DecoderLens, decoderlens
from ..attribution.layers import Likeliest
from ..attribution.lens import Lens, lens
from ..document import BOLD, Block, Cell, Span, Table
from ..i18n import _, ngettext, spoken
from ..tensor import Axis
from .heading import Heading
from .method import method_view
from .numbers import Notation, magnitude
from .page import Page
from .table import Column, table
from .tokens import digits_of, place_label, shown, spelt
from .view import line, remark, view

Piece = Callable[[int], str]

DECIMALS = 2
"""Of a probability beside its token."""
POSITIONS = 12
"""So many positions are shown, the last ones, unless all are asked for."""


@view
def lens_view(page: Page, found: Lens, piece: Piece, *, full: bool = False) -> Iterator[Block]:
    """A table for each convention, the first layer at the top; ``piece`` tells an id's token."""
    title = _("lens of the {stack} at {at}").format(stack=found.stack, at=found.at)
    yield Heading(title).above([_told(found.layers)], page)
    for reading in found.readings:
        if len(found.readings) > 1:
            yield line(spoken(reading.convention), page, indent=2)
        yield from _tabled(page, found.layers, found.positions, reading.likeliest, piece, full)
    yield from _below(page, found.readings[0].likeliest, full)
    yield remark(_checked(found.gap), page, indent=2)
    yield from method_view(lens).blocks(page)


def _checked(gap: float | None) -> str:
    if gap is None:
        return _(
            "the encoder is read by the projection whose matrix is its own embedding; nothing is recorded to hold it "
            "against, and no norm of the decoder has a part in it"
        )
    return _("the last layer is what the run says: largest difference {gap}").format(gap=magnitude(gap))


@view
def decoderlens_view(page: Page, found: DecoderLens, piece: Piece, *, full: bool = False) -> Iterator[Block]:
    """The table of a step, and the whole output of each layer where there are some."""
    title = _("decoder at {at}, reading each layer of the encoder").format(at=found.at)
    yield Heading(title).above([_told(found.layers)], page)
    yield from _tabled(page, found.layers, found.positions, found.likeliest, piece, full)
    yield from _below(page, found.likeliest, full)
    if found.outputs:
        texts = Column(_("output"), list(map(shown, found.outputs)), "<", free="end")
        yield table([Column(_("layer"), list(found.layers), "<"), texts])
    last = _("reading the last layer, it is the run: largest difference {gap}").format(gap=magnitude(found.gap))
    yield remark(last, page, indent=2)
    yield from method_view(decoderlens).blocks(page)


def _told(layers: Sequence[str]) -> str:
    count = len(layers) - 1
    return ngettext("embedding and {n} layer", "embedding and {n} layers", count).format(n=count)


def _tabled(
    page: Page, layers: Sequence[str], positions: Axis, likeliest: Likeliest, piece: Piece, full: bool
) -> Iterator[Block]:
    """A row for each layer, a column for each position; in bold what the last layer says as well."""
    number, (ids, probs) = Notation(page, DECIMALS), likeliest
    digits = digits_of(positions, ids.shape[1])

    def cell(layer: int, place: int) -> Cell:
        token = int(ids[layer, place])
        text = f"{spelt(piece(token))} {number(float(probs[layer, place]))}"
        return Cell(Span(text, BOLD if token == ids[-1, place] else ""))

    places = range(0 if full else max(0, ids.shape[1] - POSITIONS), ids.shape[1])
    heads = [document.Column(place_label(positions, place, digits=digits), align="<", most=20) for place in places]
    rows = [[Cell(Span(name)), *(cell(n, place) for place in places)] for n, name in enumerate(layers)]
    yield Table([document.Column(_("layer"), align="<"), *heads], rows, indent=2, goes_on=True)


def _below(page: Page, likeliest: Likeliest, full: bool) -> Iterator[Block]:
    """What a cell is, and how many positions there are before those shown."""
    yield remark(
        _("what follows each token: the likeliest and its probability; bold: as the last layer"), page, indent=2
    )
    if not full and (rest := likeliest.ids.shape[1] - POSITIONS) > 0:
        told = ngettext("… {n} position before; --all shows it", "… {n} positions before; --all shows them", rest)
        yield remark(told.format(n=rest), page, indent=2)
