"""Results that show values: a part of a recorded tensor or of a parameter, or what an expression came to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from tracer import views
from tracer.addresses import GRADIENT, Address, Selector, UnknownAddressError
from tracer.dataclass import dataclass
from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Format
from tracer.debugger.earlier import Earlier
from tracer.debugger.expressions import Expression, Places, Several, or_of_the_language, plain
from tracer.errors import SelectorError
from tracer.export import jsonl
from tracer.i18n import _
from tracer.namedtuple import NamedTuple
from tracer.operation import Trait
from tracer.ops.softmax import softmax
from tracer.stack import common, stacked
from tracer.tape import Record
from tracer.tensor import Located, Parameter, Tensor
from tracer.trace import Trace

from .computed import PLAIN, Computed, in_format, tensor_in_format
from .result import Cells, Result, Results, View
from .shared import record_result, record_results


class Shown(Protocol):
    """What an expression comes to, and how that is shown."""

    @property
    def form(self) -> Format:
        """How."""

    @property
    def value(self) -> Any:
        """It itself: a tensor, several, or what the expression language has."""

    def results(self) -> Results:
        """It as it is shown; raises as `Tensor.select` does."""


class Cut(ABC):
    """What selectors cut out of a tensor that has a name; ``label`` stands before its title."""

    debugger: Debugger
    selectors: tuple[Selector, ...]
    form: Format
    label: str

    @property
    @abstractmethod
    def name(self) -> str:
        """What the tensor is called."""

    @property
    @abstractmethod
    def tensor(self) -> Tensor:
        """The whole tensor."""

    @property
    @abstractmethod
    def remark(self) -> str:
        """What there is to say of it, beside its name."""

    @abstractmethod
    def result(self) -> Result:
        """The values, or the view that fits them; raises as `Tensor.select` does."""

    @cached_property
    def where(self) -> Located:
        """The selectors as an index; raises as `Tensor.locate` does."""
        return self.tensor.locate(self.selectors)

    @property
    def cut(self) -> Tensor:
        """What the selectors leave; raises as `Tensor.locate` does."""
        return self.tensor.cut(self.where) if self.selectors else self.tensor

    @property
    def value(self) -> Tensor:
        """What is kept of it: its numbers as they are now, with their axes and labels."""
        cut = self.cut
        return Tensor(cut.array, cut.dims, self.address)

    @property
    def address(self) -> str:
        """Its name with its selectors."""
        return self.name + _bracketed(self.selectors)

    @property
    def title(self) -> str:
        """The address and the remark."""
        return f"{self.label}{self.address}" + (f"  ({self.remark})" if self.remark else "")

    @property
    def is_distribution(self) -> bool:
        """Whether its rows add up to 1."""
        return False

    def results(self) -> Results:
        yield self.line() if self.form.short else self.result()

    def line(self) -> Result:
        """A line about it."""
        cut = self.cut

        def view() -> View:
            return in_format(views.tensors.header_view(cut, title=self.title, decimals=self.form.decimals), self.form)

        return replace(self.result(), view=view)


@dataclass(frozen=True)
class Part(Cut):
    """What selectors cut out of a recorded tensor."""

    debugger: Debugger
    record: Record
    selectors: tuple[Selector, ...] = ()
    form: Format = PLAIN
    label: str = ""
    of: int | None = None
    """The number of the run that it is of, where that is another one."""

    @property
    def name(self) -> str:
        return str(replace(Address.of(self.record.address, self.record.at), run=self.of))

    @property
    def tensor(self) -> Tensor:
        return self.record.output

    @property
    def remark(self) -> str:
        told = ahead(self.debugger, self.record) if self.run is self.debugger.run else ""
        return _("; ").join(filter(None, [told, self.record.note if self.record.edits else ""]))

    @property
    def is_distribution(self) -> bool:
        return self.record.has(Trait.DISTRIBUTION)

    @property
    def run(self) -> Trace:
        """The run that it is of."""
        return self.debugger.here.run_of(Address(run=self.of))

    def result(self) -> Result:
        cut = self.cut
        return Result(
            lambda: [jsonl.tensor(cut, self.record.step, self.address)],
            lambda: in_format(self._view(cut), self.form),
            about=Cells(self.record, self.where),
        )

    def line(self) -> Result:
        return super().line() if self.selectors else record_result(self.record, self.remark)

    def _view(self, cut: Tensor) -> View:
        whole, _short, decimals, _scientific, highlight = self.form
        if self._is_worked and not highlight and (row := self._row()) is not None:
            return self._worked(row)
        if self.record.has(Trait.MASK) and not self.selectors and not highlight:
            return views.mask.mask_view(self.record, title=self.title, full=whole)
        if self.record.has(Trait.LOSS) and cut.array.ndim and not highlight:
            return self._losses(cut)
        title, remark = self._named if not cut.array.ndim else (self.title, "")
        return views.tensors.tensor_view(
            cut,
            title=title,
            remark=remark,
            decimals=decimals,
            full=whole,
            probabilities=self.is_distribution,
            highlight=highlight,
            measured=not self.record.has(Trait.MASK),
        )

    @property
    def _named(self) -> tuple[str, str]:
        """The address and the remark, between which a number stands."""
        return f"{self.label}{self.address}", f"({self.remark})" if self.remark else ""

    @property
    def _is_worked(self) -> bool:
        """Whether a row of it can be worked out as one of a softmax."""
        record = self.record
        is_known = record.op is softmax or record.op in views.gradient_rows.VIEWS
        return is_known and not record.edits and record.explains

    def _row(self) -> list[int] | None:
        """The index of the one row that is selected whole, if it is one."""
        *row, last = self.where
        whole = last == slice(0, self.record.output.shape[-1], 1) or last == slice(0, self.record.output.shape[-1])
        places = [place for place in row if isinstance(place, int)]
        if not whole or len(places) < len(row):
            return None
        places = [place % n for place, n in zip(places, self.record.output.shape, strict=False)]
        return places if self.record.op is softmax or views.gradient_rows.has_row(self.record, places) else None

    def _losses(self, cut: Tensor) -> View:
        gold, [axis] = self.record.parameters["gold"], cut.dims
        pieces = [self.debugger.run.card.piece(gold[axis.number(i)], "target") for i in range(cut.shape[0])]
        return views.scored.loss_view(cut, pieces, title=self.title, decimals=self.form.decimals, full=self.form.whole)

    def _worked(self, row: list[int]) -> View:
        record, tape, decimals = self.record, self.run.at(self.record.at), self.form.decimals
        rows = record.output.shape[-1] + 1 if self.form.whole else None
        if record.op is softmax:
            return views.softmax.softmax_view(record, row, tape, title=self.title, decimals=decimals, max_rows=rows)
        shown = views.gradient_rows.VIEWS[record.op]
        return shown(record, row, title=self.title, decimals=decimals, max_rows=rows)


@dataclass(frozen=True)
class Trained(Cut):
    """What selectors cut out of a parameter, under the name that it was asked for by."""

    debugger: Debugger
    called: str
    parameter: Parameter
    selectors: tuple[Selector, ...] = ()
    form: Format = PLAIN
    label: str = ""

    @property
    def name(self) -> str:
        return self.called

    @property
    def tensor(self) -> Tensor:
        return self.parameter

    @property
    def remark(self) -> str:
        """Its name in the file, where that is another."""
        return "" if self.parameter.address == self.name else self.parameter.address

    def result(self) -> Result:
        cut = self.cut
        return Result(
            lambda: [jsonl.tensor(cut, None, self.address)],
            lambda: tensor_in_format(cut, self.title, self.form),
        )


class Together(NamedTuple):
    """The tensors that a glob stands for: a line for each, or, with selectors, what these leave of them in one table.

    Where they don't fit in one table, each has its own.
    """

    parts: Sequence[Cut]
    address: Address
    form: Format
    label: str

    @property
    def value(self) -> Several:
        return Several(tuple(part.name for part in self.parts), tuple(part.value for part in self.parts))

    def results(self) -> Results:
        if self.form.short or not self.address.selectors:
            yield from self._lines()
            return
        whole = stacked(list(map(_cut_of, self.parts)), [part.name for part in self.parts])
        if whole is None or len(self.parts) == 1:
            yield from (part.result() for part in self.parts)
        else:
            likely = all(part.is_distribution for part in self.parts)
            yield Result(self._objects, lambda: tensor_in_format(whole, self._title, self.form, probabilities=likely))

    def _lines(self) -> Results:
        """A line for each, those of records in one table."""
        found = [part for part in self.parts if isinstance(part, Part)]
        if self.address.selectors or len(found) < len(self.parts):
            yield from (part.line() for part in self.parts)
        else:
            yield record_results([part.record for part in found], [part.remark for part in found])

    def _objects(self) -> Iterator[jsonl.Object]:
        return (thing for part in self.parts for thing in part.result().objects())

    @property
    def _title(self) -> str:
        name = common([part.name for part in self.parts]) or str(replace(self.address, selectors=()))
        remark = next((part.remark for part in self.parts if part.remark), "")
        return f"{self.label}{name}{_bracketed(self.address.selectors)}" + (f"  ({remark})" if remark else "")


def _cut_of(part: Cut) -> Tensor:
    """What selectors leave of one of several, which is named where they don't fit it."""
    try:
        return part.cut
    except SelectorError as error:
        raise SelectorError(f"{part.name}: {error}") from None


def sought(debugger: Debugger, expression: Expression, form: Format = PLAIN, label: str = "") -> Shown:
    """What an expression comes to: a part of a tensor, several, or a value; raises what evaluating raises."""
    address = expression.sole_address
    try:
        if address is None:
            return _computed(debugger, expression, form, label)
        parts = _parts(debugger, address, form, label)
    except UnknownAddressError as error:
        raise or_of_the_language(error) from None
    return Together(parts, address, form, label) if address.is_glob else parts[0]


def _computed(debugger: Debugger, expression: Expression, form: Format, label: str) -> Shown:
    here, remark = debugger.here, _ahead_of(debugger, expression)
    value = here.earlier(expression.sole) if isinstance(expression.sole, Earlier) else expression.found(here)
    return Computed(expression.text, value if isinstance(value, Places) else plain(value), form, label, remark)


def _parts(debugger: Debugger, address: Address, form: Format, label: str) -> Sequence[Cut]:
    trained = debugger.here.parameters(address)
    if trained:
        return [Trained(debugger, name, p, address.selectors, form, label) for name, p in trained.items()]
    of = None if debugger.here.run_of(address) is debugger.run else address.run
    return [Part(debugger, record, address.selectors, form, label, of) for record in debugger.here.recorded(address)]


def printed(debugger: Debugger, expression: Expression, form: Format = PLAIN, label: str = "") -> Results:
    """The value of an expression, as it is shown."""
    yield from sought(debugger, expression, form, label).results()


def _ahead_of(debugger: Debugger, expression: Expression) -> str:
    """What to say of an expression of which something has not been reached."""
    return next(filter(None, (ahead(debugger, record) for record in _read(debugger, expression))), "")


def _read(debugger: Debugger, expression: Expression) -> Iterator[Record]:
    """The records that an expression reads."""
    here = debugger.here
    for address in expression.addresses:
        if here.run_of(address) is debugger.run and not here.parameters(address):
            yield from here.recorded(address)
    for operand in expression.everywhere:
        if here.run_of(operand.address) is not debugger.run:
            continue
        for number in reversed(here.every_step(operand.address)):
            tape = debugger.run.step(number)
            yield from (tape.records[place.index - 1] for place in here.places(operand.address, number))


def ahead(debugger: Debugger, record: Record) -> str:
    """What to say of a record that the cursor has not reached; nothing of a gradient, which has been asked for."""
    is_asked_for = record.address.startswith(GRADIENT)
    return _("ahead: the cursor has not been there") if debugger.is_ahead(record) and not is_asked_for else ""


def _bracketed(selectors: Sequence[Selector]) -> str:
    return f"[{', '.join(map(str, selectors))}]" if selectors else ""
