"""What is stated of the places of a text, checked; and what would surprise about how it is read."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence

import numpy as np

from .errors import InputError
from .i18n import N_, Message, _, ngettext, spoken
from .model import Model
from .models.padding import pad_ids
from .models.text import SIDES, Side, Text

MASK = "--attention-mask"
POSITIONS = "--position-ids"
SEGMENTS = "--segment-ids"

HIDDEN = N_("padding is hidden at {n} of {total} places: {pads}")
HIDDEN_HERE = N_(
    "padding at the end is hidden, at {n} of {total} places: {pads}; transformers hides it only if an attention_mask "
    "says so, as {option} does"
)
SEEN = N_("padding is not hidden, as transformers has it, at {n} of {total} places: {pads}; {option} hides it")


def check_mask(
    model: Model, mask: Sequence[int], ids: Sequence[int], side: Side = "source", name: str = MASK
) -> list[int]:
    """The mask of some ids, of 0 and 1; ``name`` is what it is called.

    Raises:
        InputError: it holds something else, or is not as long as they are.
    """
    found = _numbers(name, mask, model, ids, side)
    for number in found:
        if number not in (0, 1):
            raise InputError(
                _("{name} has 0 for what is hidden and 1 for the rest; {n} is neither").format(name=name, n=number)
            )
    return found


def check_positions(model: Model, positions: Sequence[int], ids: Sequence[int], name: str = POSITIONS) -> list[int]:
    """The positions of some ids; ``name`` is what they are called.

    Raises:
        InputError: the model has none of that number, counts them itself, or they are not as many as the ids.
    """
    texts = model.texts
    if not texts.takes_positions:
        told = _("{name} counts the positions of its texts itself; leave out {option}")
        raise InputError(told.format(name=model.name, option=name))
    found = _numbers(name, positions, model, ids, "source")
    last = model.facts.longest(texts.sides[0]) + model.facts.first - 1
    for number in found:
        if not 0 <= number <= last:
            told = _("position {n} is out of range: {name} has positions 0 to {last}")
            raise InputError(told.format(n=number, name=model.name, last=last))
    return found


def check_segments(model: Model, segments: Sequence[int], ids: Sequence[int], name: str = SEGMENTS) -> list[int]:
    """The segments that some ids are of; ``name`` is what they are called.

    Raises:
        InputError: the model has none of that number, or none at all, or they are not as many as the ids.
    """
    count = model.facts.segments
    if not count:
        told = _("{name} tells no segments of a text apart; leave out {option}")
        raise InputError(told.format(name=model.name, option=name))
    found = _numbers(name, segments, model, ids, "source")
    for number in found:
        if not 0 <= number < count:
            told = _("segment {n} is out of range: {name} has segments 0 to {last}")
            raise InputError(told.format(n=number, name=model.name, last=count - 1))
    return found


def _numbers(option: str, numbers: Sequence[int], model: Model, ids: Sequence[int], side: Side) -> list[int]:
    """Whole numbers, one for each id."""
    try:
        found = [int(n) if isinstance(n, np.bool_) else operator.index(n) for n in numbers]
    except TypeError:
        told = _("{option} takes whole numbers, and {numbers!r} are not")
        raise InputError(told.format(option=option, numbers=numbers)) from None
    if len(found) != len(ids):
        pieces = " ".join(model.piece(i, side) for i in ids)
        told = ngettext(
            "{option} has {given}, and the {side} text has {n} token: {pieces}",
            "{option} has {given}, and the {side} text has {n} tokens: {pieces}",
            len(ids),
        )
        given = ngettext("{n} number", "{n} numbers", len(found)).format(n=len(found))
        raise InputError(told.format(option=option, given=given, side=spoken(SIDES[side]), n=len(ids), pieces=pieces))
    return found


def remarks(model: Model, texts: Sequence[Text], *, stated: bool, decoding: bool) -> Iterator[Message]:
    """What would surprise about how texts are read, a pass each; ``stated`` says that a mask was given."""
    text, prompt = texts[0], texts[-1]
    if text.hidden and len(text.hidden) == len(text.ids):
        yield N_("the text is padding alone: no query sees a key of it, and every weight is the same")
    elif not stated:
        yield from _of_pads(model, text)
    made_for = model.facts.made_for
    if made_for is not None and not isinstance(text.positions, range) and max(text.positions) >= made_for:
        told = N_("positions reach {last}, and {model} is made for {n} of them; they go on all the same")
        yield told.format(last=max(text.positions), model=model.name, n=made_for)
    if decoding and len(prompt) - 1 in prompt.hidden:
        yield N_("the text ends in padding, and decoding goes on from there, as transformers does; pad before the text")


def _of_pads(model: Model, text: Text) -> Iterator[Message]:
    """What is made of pad ids."""
    hides, length = text.hidden, len(text.ids)
    if hides:
        told = HIDDEN_HERE if model.rules.pad_id is None else HIDDEN
        yield told.format(pads=_pieces(text, hides), n=len(hides), total=length, option=MASK)
    seen = [place for place, i in enumerate(text.ids) if i in pad_ids(model) and place not in hides]
    if seen and (len(seen) > 1 or text.ids[seen[0]] not in model.rules.eos_ids):
        yield SEEN.format(pads=_pieces(text, seen), n=len(seen), total=length, option=MASK)


def _pieces(text: Text, places: Sequence[int]) -> str:
    """What stands at some places, each once, with its id."""
    found = {text.ids[place]: text.labels[place] for place in places}
    return ", ".join(f"{piece} (id {i})" for i, piece in found.items())
