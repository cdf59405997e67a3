"""A logit as a sum of what the parts of a model add."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .. import document
from ..attribution.contributions import Contributions, Group, contributions
from ..document import Block, Cell, Span, Table
from ..i18n import _, ngettext
from .heading import Heading
from .method import method_view
from .numbers import Notation, magnitude
from .page import Page
from .table import Column, Remark, table
from .tokens import place_label, quoted
from .view import remark, view
from .words import bound

Piece = Callable[[int], str]

MEMBERS = 4
"""So many parts of a module are named beside its sum."""


@view
def contributions_view(page: Page, found: Contributions, piece: Piece, *, full: bool = False) -> Iterator[Block]:
    """The sum, then modules, the largest first, with what each is made of; with ``full`` every part by itself.

    ``piece`` tells an id's token.
    """
    yield Heading(_title(found, piece)).above(_facts(found, Notation(page)), page)
    yield from (_parts if full else _groups)(page, found)
    if found.is_capped:
        told = _("logits are capped here, and the sum is of the value before: {address}")
        yield remark(told.format(address=found.of.output.address), page, indent=2)
    yield from method_view(contributions).blocks(page)


def _title(found: Contributions, piece: Piece) -> str:
    token = quoted(piece(found.token))
    if found.rival is None:
        return _("logit of {token}").format(token=token)
    return _("logit of {token} minus that of {rival}").format(token=token, rival=quoted(piece(found.rival)))


def _facts(found: Contributions, number: Notation) -> list[str]:
    """Where it is, and that it adds up."""
    count = len(found.parts)
    told = ngettext("{value} = the sum of {n} part", "{value} = the sum of {n} parts", count)
    return [
        found.of.output.address,
        _("after {token}").format(token=place_label(found.of.output.dims[0], found.place)),
        told.format(value=number(found.value), n=count),
        _("remainder {rest}").format(rest=magnitude(found.remainder)),
    ]


def _groups(page: Page, found: Contributions) -> Iterator[Block]:
    """A row for each module, as many as the page has, with the largest of its parts behind it."""
    number, groups = Notation(page), found.groups
    columns = [
        document.Column(_("module"), align="<"),
        document.Column(_("adds")),
        document.Column(_("of which"), align="<", room="fold"),
    ]
    rows = [_row(group.module, number(group.value), _members(group, number)) for group in groups[: page.rows]]
    yield Table(columns, rows, _row("", number(found.total), ""), indent=2)
    if rest := groups[page.rows :]:
        told = ngettext("… {n} more module, {value} in all", "… {n} more modules, {value} in all", len(rest))
        value = number(sum(group.value for group in rest))
        yield remark(told.format(n=len(rest), value=value), page, indent=2)


def _row(*texts: str) -> list[Cell]:
    return [Cell(Span(text)) for text in texts]


def _members(group: Group, number: Notation) -> str:
    """The largest parts of a module, and how many others there are."""
    named = [bound(f"{part.name} {number(part.value)}") for part in group.parts[:MEMBERS] if part.name]
    rest = len(group.parts) - MEMBERS
    return "  ".join([*named, *([bound(f"+ {rest}")] if rest > 0 else [])])


def _parts(page: Page, found: Contributions) -> Iterator[Block]:
    """A row for each part, under its address."""
    number, parts = Notation(page), found.ordered
    largest = abs(parts[0].value) or 1.0
    columns = [
        Column(_("part"), [f"{part.module} {part.name}".rstrip() for part in parts], "<"),
        Column(_("adds"), [number(part.value) for part in parts], foot=number(found.total)),
        Column(_("cells"), [str(part.address) for part in parts], "<", 2),
    ]
    yield table(columns, [Remark(share=abs(part.value) / largest) for part in parts])
