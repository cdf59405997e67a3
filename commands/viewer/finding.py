"""Going to a cell by what is known of it: a label, or its place on the axes."""

from __future__ import annotations

from tracer.addresses import Index, Selector, parse_selectors
from tracer.errors import SelectorError
from tracer.i18n import _
from tracer.tensor import Tensor

from .position import Position


def jumped(tensor: Tensor, position: Position, text: str) -> Position:
    """At the cell that ``text`` names: its row and column, or its place on every axis, as selectors name them.

    Raises:
        AddressError: it does not parse, has too many or too few selectors, or names a place that is not there.
    """
    selectors = parse_selectors(text)
    axes = _named(position, len(selectors))
    wanted: list[Selector] = [Index(place) for place in position.cursor]
    for axis, selector in zip(axes, selectors, strict=True):
        wanted[axis] = selector
    places = {axis: place for axis, place in enumerate(tensor.locate(wanted)) if isinstance(place, int)}
    if len(places) < len(wanted):
        raise SelectorError(_("{text} is more than one cell; give one place on an axis").format(text=text))
    return position.at(places)


def _named(position: Position, count: int) -> tuple[int, ...]:
    """The axes that so many selectors speak of."""
    if count == len(position.shape):
        return tuple(range(count))
    if count in (1, 2):
        return (position.rows, position.columns)[:count]
    raise SelectorError(
        _("{n} places are given; give a row and a column, or a place on each of {m} axes").format(
            n=count, m=len(position.shape)
        )
    )


def searched(tensor: Tensor, position: Position, text: str, after: tuple[int, int], *, back: bool) -> tuple[int, int]:
    """The axis and place of the next label that contains ``text``, case aside.

    Rows come first, then columns, then the leading axes; the search goes on from ``after``, an axis and a place, or
    back from it, and around the end.

    Raises:
        SelectorError: no label contains it, or it is empty.
    """
    if not text:
        raise SelectorError(_("nothing is searched for yet; / asks for a label"))
    order = [position.rows, position.columns, *position.leading]
    found = [(order.index(axis), place) for axis in order for place in _labelled(tensor, axis, text)]
    if not found:
        raise SelectorError(_('no label contains "{text}"').format(text=text))
    here = (order.index(after[0]), after[1])
    beyond = [match for match in found if (match < here if back else match > here)] or found
    axis, place = beyond[-1 if back else 0]
    return order[axis], place


def _labelled(tensor: Tensor, axis: int, text: str) -> list[int]:
    labels = tensor.dims[axis].labels or ()
    return [place for place, label in enumerate(labels) if text.casefold() in label.casefold()]
