"""An operation: its formula, the shapes that go in and come out, its convention, and where it is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..derive import Derivation
from ..document import BOLD, Block, Formula, Paragraph, Span
from ..i18n import _, spoken
from ..operands import Operand, operands_of, row_by_column, shapes
from ..tape import Record
from ..tensor import Axis
from .facts import facts_view
from .page import Page
from .product import product_view
from .view import view
from .words import bound
from .written import formula


@view
def formula_view(page: Page, record: Record, derivation: Derivation | None = None) -> Iterator[Block]:
    """An operation as it was recorded; with the derivation of a cell, the row and the column it is the product of."""
    yield Paragraph([Span(record.output.address, BOLD)])
    yield from facts_view(_facts(record, derivation)).blocks(page)
    if derivation is not None and row_by_column(derivation.expression):
        yield from product_view(derivation).blocks(page)


def _facts(record: Record, derivation: Derivation | None) -> dict[str, Sequence[str | Formula]]:
    operation, told, taken = record.op, formula(record), operands_of(record)
    convention, note = operation.convention(record), operation.note(record)
    return {
        _("operation"): [operation.name],
        _("formula"): [told, *([note] if note != told.text else [])],
        _("shapes"): list(_shapes(record, taken.operands, is_product=taken.is_product, in_all=derivation is None)),
        _("operands"): [f"{operand.symbol} = {operand.tensor.address}" for operand in taken.operands],
        _("convention"): [convention] if convention else [],
        _("literature"): [spoken(operation.reference)],
    }


def _shapes(record: Record, operands: Sequence[Operand], *, is_product: bool, in_all: bool) -> Iterator[str]:
    output = list(zip(record.output.dims, record.output.shape, strict=True))
    taken = [bound(f"{operand.name} {_named(operand.extents)}") for operand in operands]
    yield f"{_joined(taken, is_product)} → {_named(output)}".strip()
    if is_product and in_all:
        yield shapes(record)


def _joined(texts: Sequence[str], is_product: bool) -> str:
    return " + ".join([" · ".join(texts[:2]), *texts[2:]]) if is_product else ", ".join(texts)


def _named(extents: Sequence[tuple[Axis, int]]) -> str:
    return bound(f"[{', '.join(f'{axis.name} {n}' for axis, n in extents)}]")
