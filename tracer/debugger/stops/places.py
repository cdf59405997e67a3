"""Where a breakpoint stands: at an address, at an operation, in a step, at a token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from ...addresses import Address, Label, parse, parse_selectors, suggestion
from ...card import Card
from ...dataclass import dataclass
from ...errors import AddressError
from ...i18n import _
from ...ops import catalogue
from ...pieces import goes_by
from ..locations import Here
from .naming import whole
from .sealed import Sealed, Tested

if TYPE_CHECKING:
    from .points import Kind


class Place:
    """A breakpoint's place, as often as the run comes by it."""

    kind: ClassVar[Kind] = "breakpoint"

    def indices(self, step: Sealed) -> Sequence[int]:
        """The records of a step that it stands for."""
        raise NotImplementedError

    def found(self, here: Tested) -> tuple[()]:
        """Being there is all it takes."""
        return ()


@dataclass(frozen=True)
class AtAddress(Place):
    """Every record at an address: of one step or of all, by a path, which may have ``*``, or a number."""

    address: Address

    def indices(self, step: Sealed) -> Sequence[int]:
        is_here = self.address.run in (None, step.run.number) and self.address.step in (None, step.number)
        return step.indices(self.address) if is_here else ()

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True)
class AtOperation(Place):
    """Every record of an operation."""

    name: str

    def indices(self, step: Sealed) -> Sequence[int]:
        return [record.index for record in step.tape if record.op.name == self.name]

    def __str__(self) -> str:
        return f"op:{self.name}"


@dataclass(frozen=True)
class AtStep(Place):
    """The first record of a step."""

    number: int

    def indices(self, step: Sealed) -> Sequence[int]:
        return (1,) if step.number == self.number else ()

    def __str__(self) -> str:
        return f"@{self.number}"


@dataclass(frozen=True)
class AtToken(Place):
    """The last record of every step that yields a token, named exactly or without its leading blank."""

    text: str

    def indices(self, step: Sealed) -> Sequence[int]:
        piece = step.at(step.last).token
        return (step.last,) if piece is not None and goes_by(piece, self.text) else ()

    def __str__(self) -> str:
        return f"token:{Label(self.text)}"


_TAGGED = re.compile(r"(op|token):(.*)", re.DOTALL)


def place(text: str, here: Here) -> Place:
    """The place of a text: an address of a record or a step, ``op:NAME`` or ``token:"PIECE"``.

    Raises:
        AddressError: it is none of these, or names nothing that a run of this model comes by.
    """
    tagged = _TAGGED.fullmatch(text)
    if tagged is None:
        return _at(parse(text), here)
    return _operation(tagged[2]) if tagged[1] == "op" else _token(tagged[2], here.run.card)


def _at(address: Address, here: Here) -> Place:
    if address.selectors:
        raise AddressError(
            _("a breakpoint stands at a whole record; put {address} into its condition: break {path} if …").format(
                address=address, path=replace(address, selectors=())
            )
        )
    run = here.run_of(address)
    if address.step is not None and address.step < run.first:
        run.step(address.step)
    if address.step is not None and not address.path and address.record is None:
        return AtStep(address.step)
    if here.parameters(address):
        here.find(address)
    if address.record == 0:
        raise AddressError(_("records are counted from #1"))
    return AtAddress(whole(address, here))


def _operation(name: str) -> Place:
    if name in catalogue():
        return AtOperation(name)
    nearest = suggestion(name, catalogue())
    hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
    raise AddressError(_("there is no operation {name}{hint}").format(name=name, hint=hint))


def _token(text: str, card: Card) -> Place:
    labels = parse_selectors(text) if text.startswith('"') else ()
    if len(labels) != 1 or not isinstance(labels[0], Label):
        raise AddressError(_('a token stands in double quotes, e.g. token:"love"'))
    piece = labels[0].text
    if card.words["target"] is not None and card.id_of(piece, "target") is None:
        nearest = suggestion(piece, (known.lstrip("▁") for known in card.pieces("target")))
        hint = _("; did you mean {nearest}?").format(nearest=Label(nearest)) if nearest else ""
        raise AddressError(_("{token} is no token of the target vocabulary{hint}").format(token=labels[0], hint=hint))
    return AtToken(piece)
