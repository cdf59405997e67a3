"""Looking around in a tensor: one cell is under the cursor, and the matrix around it is in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from tracer.document import BOLD, DIM
from tracer.i18n import _
from tracer.render.drawing import Line
from tracer.render.paragraphs import Flowing
from tracer.render.shades import Shades
from tracer.render.sheet import Sheet
from tracer.render.viewport import Extent, Viewport, Window, fitting
from tracer.tensor import Axis, Statistics, Tensor
from tracer.views.grid import Painter
from tracer.views.heading import Heading, about
from tracer.views.heat import HeatPainter
from tracer.views.numbers import Notation, decimals_of
from tracer.views.tokens import place_label, shown

from .finding import jumped, searched
from .modes import Frame, Mode, Screen
from .position import Position
from .subject import Asked, Index, Subject

Action = Callable[["Browsing", Screen], Mode | None]
"""What a key does; the mode that comes of it, None to leave."""

_BELOW = 2
"""The lines under the matrix: the cell, and what can be done."""
_FINER = 3
"""So many decimals more than the others has the cell under the cursor."""


class Browsing:
    """See `Mode`. ``dense`` is 0 for numbers, else the columns that a cell takes in colour alone."""

    def __init__(self, subject: Subject, actions: Mapping[str, Action]) -> None:
        self.subject = subject
        self.tensor = _at_least_a_matrix(subject.tensor)
        self.position = Position.first(self.tensor.shape)
        self.dense = 0
        self.message = ""
        self._actions = actions
        self._sought = ""
        self._found_on = self.position.rows

    def press(self, key: str, screen: Screen) -> Mode | None:
        self.message = ""
        action = self._actions.get(key)
        return action(self, screen) if action else self

    def frame(self, screen: Screen) -> Frame:
        return self.framed(screen, self.message or _("? help   q leave   / label   @ cell   [ ] matrix   z heat"))

    def framed(self, screen: Screen, last: str) -> Frame:
        """The matrix under its title, the cell under the cursor, and ``last`` at the bottom."""
        page = screen.page
        viewport, extent = self._viewport(page), self.extent(screen)
        self.position = position = self.position.within(extent.rows, extent.columns)
        window = Window(position.top, position.left, position.row, position.column)
        above = [self._title(page), *viewport.lines(window, extent)]
        below = [fitting(self._status(page), page, BOLD), fitting([last], page, DIM)]
        blank: list[Line] = [[] for _line in range(screen.height - len(above) - len(below))]
        hidden = max(0, len(above) + len(below) - screen.height)
        x, y = viewport.place(window, extent)
        return Frame([*above, *blank, *below][hidden:], (x, max(0, y + 1 - hidden)))

    def extent(self, screen: Screen) -> Extent:
        """How much of the matrix is in sight."""
        return self._viewport(screen.page).extent(screen.height - 1 - _BELOW)

    @property
    def index(self) -> Index:
        """The index of the cell into the subject's tensor."""
        return self.position.cursor[: self.subject.tensor.array.ndim]

    @property
    def asked(self) -> Asked | None:
        """The cell, if it is recorded where it comes from."""
        return self.subject.origin.asked(self.index)

    def jump(self, text: str) -> None:
        """Go to a cell by its places; raises as `jumped` does."""
        self.position = jumped(self.tensor, self.position, text)

    def search(self, text: str) -> None:
        """Go to the first label from the row of the cursor on that contains a text; raises as `searched` does."""
        self._sought = text
        self._find((self.position.rows, self.position.row - 1), back=False)

    def search_on(self, *, back: bool) -> None:
        """Go to the next label with the text last searched for, or to the one before; raises as `searched` does."""
        self._find((self._found_on, self.position.cursor[self._found_on]), back=back)

    def _find(self, after: tuple[int, int], *, back: bool) -> None:
        self._found_on, place = searched(self.tensor, self.position, self._sought, after, back=back)
        self.position = self.position.at({self._found_on: place})

    @cached_property
    def _statistics(self) -> Statistics:
        return self.tensor.statistics()

    def _notation(self, page: Sheet, *, finer: int = 0) -> Notation:
        decimals = page.decimals if self.subject.decimals is None else self.subject.decimals
        return Notation(page, decimals_of(self.tensor, decimals + finer), marks_zero=self.subject.probabilities)

    def _viewport(self, page: Sheet) -> Viewport:
        position = self.position
        array = self.tensor.array[position.matrix]
        rows, columns = self.tensor.dims[position.rows], self.tensor.dims[position.columns]
        ordered = array if position.rows < position.columns else array.T
        return Viewport(ordered, rows, columns, self._painter(page), page, is_dense=self.dense > 0)

    def _painter(self, page: Sheet) -> Painter:
        likely, measures = self.subject.probabilities, self.tensor.array.dtype.kind == "f"
        heat = HeatPainter(self._notation(page), self._statistics, probabilities=likely, measures=measures)
        return Shades(heat, page, self.dense) if self.dense else heat

    def _title(self, page: Sheet) -> Line:
        facts = about(self.subject.tensor, self._statistics, self._notation(page).decimals, page)
        return next(Flowing(Heading(self.subject.title).above(facts, page), page).lines(page.width))

    def _status(self, page: Sheet) -> Iterator[str]:
        """The cell by name, with its labels and value, in fewer and fewer words."""
        origin = self.subject.origin
        address, index = shown(origin.address), ",".join(map(str, origin.index(self.index)))
        value = f"[{index}] = {self._value(page)}"
        labels = "   ".join(self._labels(page))
        yield from (f"{address}{value}   {labels}", f"{value}   {labels}", f"{address}{value}", value)

    def _labels(self, page: Sheet) -> Iterator[str]:
        for axis, place in zip(self.subject.tensor.dims, self.index, strict=True):
            yield f"{axis.name} {place_label(axis, place)}"

    def _value(self, page: Sheet) -> str:
        return self._notation(page, finer=_FINER).precisely(self.tensor.array[self.position.cursor].item())


def _at_least_a_matrix(tensor: Tensor) -> Tensor:
    """A row or a single value as a matrix, with axes of one place added."""
    added = 2 - tensor.array.ndim
    if added <= 0:
        return tensor
    dims = (*tensor.dims, *[Axis(_("value"), [""])] * added)
    return Tensor(tensor.array.reshape(*tensor.shape, *[1] * added), dims)
