"""What went into one pass of another implementation, and how it was read as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..i18n import N_, Message
from ..model import Model
from ..models.padding import counted, hidden, pad_ids
from ..models.texts import Given
from ..reading import check_mask, check_positions

Ids = Sequence[int]


@dataclass(frozen=True)
class Pass:
    """What went into one pass: a ``row`` of the ids of a ``prefix``, one of ``rows``, and how they are read.

    ``target`` is None where the decoder of an encoder–decoder was given nothing. ``assumed`` is what the file leaves
    open, and was taken to be so.
    """

    prefix: str
    row: int
    rows: int
    source: Ids
    target: Ids | None
    mask: Ids | None = None
    target_mask: Ids | None = None
    positions: Ids | None = None
    assumed: tuple[Message, ...] = ()

    def taking(self, assumed: Message, **stated: Ids) -> Pass:
        """The same with something more, that the file does not say."""
        return replace(self, **stated, assumed=(*self.assumed, assumed))  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """What the ids are called."""
        return f"{self.prefix}input_ids[{self.row}]" if self.rows > 1 else f"{self.prefix}input_ids"


def checked(model: Model, given: Pass) -> Pass:
    """What went in, if the model takes it.

    Raises:
        InputError: it doesn't.
    """
    source, target = model.check_ids(given.source, "source"), given.target
    if target is None:
        target = model.texts.unstated
    if target is not None:
        target = model.check_ids(target, "target")
    found = replace(given, source=source, target=target)
    if given.mask is not None:
        found = replace(found, mask=check_mask(model, given.mask, source, name=f"{given.prefix}attention_mask"))
    if given.target_mask is not None:
        name = f"{given.prefix}decoder_attention_mask"
        found = replace(found, target_mask=check_mask(model, given.target_mask, target or [], "target", name))
    if given.positions is not None and model.texts.takes_positions:
        name = f"{given.prefix}position_ids"
        return replace(found, positions=check_positions(model, given.positions, source, name))
    return replace(found, positions=None)


def readings(model: Model, given: Pass) -> Iterator[Pass]:
    """What went in, as it is read; then the other ways in which what the file leaves open may have been meant."""
    for masked in (given, *_masked(model, given)):
        yield masked
        places = hidden(masked.mask or ())
        if masked.positions is None and places and model.texts.takes_positions:
            told = N_("{ids}: no position_ids are stated; it agrees with positions that count what the mask lets in")
            positions = counted(len(masked.source), places)
            yield masked.taking(told.format(ids=given.name), positions=positions)


def _masked(model: Model, given: Pass) -> Iterator[Pass]:
    """Where no mask is stated, with one: of nothing, where something would be hidden, and of all padding."""
    if given.mask is None:
        pads = {place for place, i in enumerate(given.source) if i in pad_ids(model)}
        usual = {*model.texts.read(model, Given(given.source, given.target))[0].hidden}
        if usual:
            told = N_("{ids}: no attention_mask is stated; it agrees with one that hides no padding")
            yield given.taking(told.format(ids=given.name), mask=[1] * len(given.source))
        if pads != usual:
            told = N_("{ids}: no attention_mask is stated; it agrees with one that hides all padding")
            mask = [int(place not in pads) for place in range(len(given.source))]
            yield given.taking(told.format(ids=given.name), mask=mask)
