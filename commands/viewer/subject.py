"""What a viewer looks at: a tensor, what it is called, and where its cells come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tracer import render
from tracer.addresses import Selector
from tracer.derive import Explainer
from tracer.i18n import _
from tracer.run import Run
from tracer.tape import Record
from tracer.tensor import Tensor

if TYPE_CHECKING:
    from tracer.render.page import View

Index = tuple[int, ...]


class Origin(Protocol):
    """Where the cells of a tensor come from."""

    @property
    def address(self) -> str:
        """What stands before the index in the name of a cell."""

    def index(self, index: Index) -> Index:
        """The index, under that address, of the cell at ``index`` of the tensor."""

    def explanation(self, index: Index) -> View | None:
        """The arithmetic of a cell; None where no operation was recorded that yielded it."""


@dataclass(frozen=True)
class Subject:
    """A tensor, its title, and the origin of its cells; ``probabilities`` says how they are coloured."""

    tensor: Tensor
    title: str
    origin: Origin
    probabilities: bool = False
    decimals: int | None = None


@dataclass(frozen=True)
class Computed:
    """The value of an expression."""

    text: str

    @property
    def address(self) -> str:
        """The expression in parentheses."""
        return f"({self.text})"

    def index(self, index: Index) -> Index:
        """The same."""
        return index

    def explanation(self, index: Index) -> None:
        """None: what an expression computes is not recorded."""


class Within:
    """What selectors cut out of a tensor that has a name; raises as `Tensor.locate` does."""

    def __init__(self, address: str, tensor: Tensor, selectors: tuple[Selector, ...] = ()) -> None:
        self._address = address
        self._where = tensor.locate(selectors)
        self._shape = tensor.shape

    @property
    def address(self) -> str:
        """The name of the whole tensor."""
        return self._address

    def index(self, index: Index) -> Index:
        """The index into the tensor, on whose axes selectors took one place or some."""
        places = iter(index)
        lengths = zip(self._where, self._shape, strict=True)
        return tuple(where if isinstance(where, int) else range(n)[where][next(places)] for where, n in lengths)

    def explanation(self, index: Index) -> View:
        """That a parameter was trained."""
        cell = f"{self.address}[{','.join(map(str, self.index(index)))}]"
        return render.page.Sentence(_("{cell} is a trained number, which no operation computes").format(cell=cell))


class Recorded(Within):
    """What selectors cut out of the output of a record of a run; its address has the step."""

    def __init__(self, run: Run, record: Record, selectors: tuple[Selector, ...] = ()) -> None:
        super().__init__(record.output.address, record.output, selectors)
        self._run = run
        self._record = record

    def explanation(self, index: Index) -> View:
        """The record's own arithmetic, one level deep."""
        explainer = Explainer(self._run, self._run.model.parameters)
        return render.derivation.explanation_view(
            explainer.explain(self._record, self.index(index), 1), reasons=explainer.reasons
        )
