"""An operation: its formula, the shapes that go in and come out, its convention, and where it is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..derive import Derivation
from ..document import Block, Formula, Paragraph, Span
from ..factors import Factor, factors, row_by_column, shapes
from ..i18n import _, spoken
from ..tape import Record
from ..tensor import Axis
from .composite import Composite, formula
from .facts import Facts
from .page import BOLD, Page, View
from .product import product_view
from .words import bound


@dataclass(frozen=True)
class FormulaView(Composite):
    """See `formula_view`."""

    record: Record
    derivation: Derivation | None

    def parts(self, page: Page) -> Iterator[View | Block]:
        yield Paragraph([Span(self.record.output.address, BOLD)])
        yield Facts(self._facts())
        if self.derivation is not None and row_by_column(self.derivation.expression):
            yield product_view(self.derivation)

    def _facts(self) -> dict[str, Sequence[str | Formula]]:
        operation, written = self.record.op, formula(self.record)
        taken = factors(self.record)
        convention = operation.convention(self.record)
        note = operation.note(self.record)
        return {
            _("operation"): [operation.name],
            _("formula"): [written, *([note] if note != written.text else [])],
            _("shapes"): list(self._shapes(taken.operands, is_product=taken.is_product)),
            _("operands"): [f"{factor.symbol} = {factor.tensor.address}" for factor in taken.operands],
            _("convention"): [convention] if convention else [],
            _("literature"): [spoken(operation.reference)],
        }

    def _shapes(self, operands: Sequence[Factor], *, is_product: bool) -> Iterator[str]:
        output = list(zip(self.record.output.dims, self.record.output.shape, strict=True))
        taken = [bound(f"{factor.name} {_named(factor.extents)}") for factor in operands]
        yield f"{_joined(taken, is_product)} → {_named(output)}".strip()
        if is_product and self.derivation is None:
            yield shapes(self.record)


def formula_view(record: Record, derivation: Derivation | None = None) -> FormulaView:
    """An operation as it was recorded; with the derivation of a cell, the row and the column it is the product of."""
    return FormulaView(record, derivation)


def _joined(texts: Sequence[str], is_product: bool) -> str:
    return " + ".join([" · ".join(texts[:2]), *texts[2:]]) if is_product else ", ".join(texts)


def _named(extents: Sequence[tuple[Axis, int]]) -> str:
    return bound(f"[{', '.join(f'{axis.name} {n}' for axis, n in extents)}]")
