"""How a text is read: where padding stands in it, which no query looks at, and the position of each id.

Both can be stated. Where they are not, they are what transformers takes them to be. It finds padding by its id in the
prompt that a decoder-only model goes on from (`generate`), and then counts the visible ids for positions; otherwise
these are 0, 1, 2, …. The paper's own architecture hides its padding wherever it stands. To that comes one rule of ours:
pad ids at the end of an encoder's text are hidden.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from .card import SIDES, Side
from .errors import InputError
from .i18n import N_, Message, _, ngettext, spoken
from .model import Model
from .models.text import Text, continued

MASK = "--attention-mask"
POSITIONS = "--position-ids"

HIDDEN = N_("padding is hidden at {n} of {total} places: {pads}")
HIDDEN_HERE = N_(
    "padding at the end is hidden, at {n} of {total} places: {pads}; transformers hides it only if an attention_mask "
    "says so, as {option} does"
)
SEEN = N_("padding is not hidden, as transformers has it, at {n} of {total} places: {pads}; {option} hides it")


def read_source(model: Model, ids: Sequence[int], labels: Sequence[str], mask: Sequence[int] | None) -> Text:
    """What an encoder reads: the places that ``mask`` has 0 at are hidden, or those that hold the pad id."""
    return Text(ids, labels, padding(model, ids) if mask is None else hidden(mask))


def read_prompt(
    model: Model,
    ids: Sequence[int],
    labels: Sequence[str],
    mask: Sequence[int] | None,
    positions: Sequence[int] | None,
    *,
    decoding: bool,
) -> Text:
    """What a decoder reads before it yields anything; what is not stated of the last ids goes on from the others.

    An encoder's decoder reads its text as it is: pad ids, one of which may be its start token, are hidden only if
    ``mask`` says so.
    """
    generating = decoding and not model.has_encoder
    places = hidden(mask) if mask is not None else padding(model, ids) if generating else ()
    if positions is None and generating and places:
        positions = counted(len(ids), places)
    return Text(ids, labels, places, positions and continued(positions, len(ids)))


def hidden(mask: Sequence[int]) -> list[int]:
    """The places that a mask has 0 at."""
    return [place for place, seen in enumerate(mask) if not seen]


def padding(model: Model, ids: Sequence[int]) -> list[int]:
    """The places that hold the pad id that is hidden anywhere, and trailing ones that hold the architecture's.

    One that ends texts too is a word, as `generate` has it.
    """
    ends = {None, *model.rules.eos_ids}
    pads, trailing = {model.rules.pad_id} - ends, {model.rules.pad_id, model.facts.pad_id} - ends
    real = len(ids)
    while real and ids[real - 1] in trailing:
        real -= 1
    return [place for place, i in enumerate(ids) if i in pads or place >= real]


def pad_ids(model: Model) -> set[int]:
    """The ids that fill texts up, as decoding has it and as the architecture has."""
    return {pad for pad in (model.rules.pad_id, model.facts.pad_id) if pad is not None}


def counted(length: int, places: Sequence[int]) -> list[int]:
    """0, 1, 2, … for the ids that are not hidden; 0 for the others."""
    seen = [place not in places for place in range(length)]
    return [n - 1 if visible else 0 for visible, n in zip(seen, accumulate(seen), strict=True)]


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
    if model.has_encoder:
        told = _("{name} counts the positions of its texts itself; leave out {option}")
        raise InputError(told.format(name=model.name, option=name))
    found = _numbers(name, positions, model, ids, "source")
    last = model.facts.longest_target - 1
    for number in found:
        if not 0 <= number <= last:
            told = _("position {n} is out of range: {name} has positions 0 to {last}")
            raise InputError(told.format(n=number, name=model.name, last=last))
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


def remarks(model: Model, source: Text, prompt: Text, *, stated: bool, decoding: bool) -> Iterator[Message]:
    """What would surprise about how a text is read; ``stated`` says that a mask was given."""
    text = source if model.has_encoder else prompt
    if text.hidden and len(text.hidden) == len(text.ids):
        yield N_("the text is padding alone: no query sees a key of it, and every weight is the same")
    elif not stated:
        yield from _of_pads(model, text)
    made_for = model.facts.made_for
    if made_for is not None and not isinstance(text.positions, range) and max(text.positions) >= made_for:
        told = N_("positions reach {last}, and {model} is made for {n} of them; they go on all the same")
        yield told.format(last=max(text.positions), model=model.name, n=made_for)
    if decoding and not model.has_encoder and len(text.ids) - 1 in text.hidden:
        yield N_("the text ends in padding, and decoding goes on from there, as transformers does; pad before the text")


def _of_pads(model: Model, text: Text) -> Iterator[Message]:
    """What is made of pad ids."""
    hides, length = text.hidden, len(text.ids)
    if hides:
        told = HIDDEN_HERE if model.has_encoder and model.rules.pad_id is None else HIDDEN
        yield told.format(pads=_pieces(text, hides), n=len(hides), total=length, option=MASK)
    seen = [place for place, i in enumerate(text.ids) if i in pad_ids(model) and place not in hides]
    if seen and (len(seen) > 1 or text.ids[seen[0]] not in model.rules.eos_ids):
        yield SEEN.format(pads=_pieces(text, seen), n=len(seen), total=length, option=MASK)


def _pieces(text: Text, places: Sequence[int]) -> str:
    """What stands at some places, each once, with its id."""
    found = {text.ids[place]: text.labels[place] for place in places}
    return ", ".join(f"{piece} (id {i})" for i, piece in found.items())
