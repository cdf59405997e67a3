"""The texts that a model reads, by the passes that it has: what becomes of ids that are given, and what may be given.

An encoder–decoder reads a source with its encoder and, from a start token on, the output with its decoder; a decoder
goes on with the text that it is given; an encoder reads one text, and that is all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from ..decoding.reading import pad_id, read_rules, start_id
from ..decoding.rules import Rules
from ..errors import InputError
from ..i18n import _
from ..namedtuple import NamedTuple
from ..pieces import Ids
from .padding import counted, hidden, padding
from .text import Side, Text, continued

if TYPE_CHECKING:
    from ..model import Model
    from ..tokenizers import Encoded, Tokenizer
    from .stated import Stated

Kind = Literal["encode", "decode"]
"""What a pass does, by the name that architectures have for it."""


class Given(NamedTuple):
    """The ids that a run is given, and what is stated of their places.

    ``target`` is None where the output is to be decoded. ``mask`` has 0 for every source id that no query looks at, and
    1 for the others; ``target_mask`` the same for target ids; ``positions`` are those of the source ids, counted as the
    model does, and ``segments`` say which part of the text each of them is of.
    """

    source: Sequence[int]
    target: Sequence[int] | None = None
    mask: Sequence[int] | None = None
    positions: Sequence[int] | None = None
    target_mask: Sequence[int] | None = None
    segments: Sequence[int] | None = None


class Texts(ABC):
    """What the models have in common that have the same ``passes``.

    ``sides`` are those whose vocabulary a text is of; ``needed``, those on which an id must be given if any are;
    ``takes_positions`` is whether the positions of ids can be stated; ``unstated`` are the target ids of one pass over
    what is given where none are.
    """

    passes: ClassVar[tuple[Kind, ...]]
    sides: ClassVar[tuple[Side, ...]]
    needed: ClassVar[tuple[Side, ...]] = ("source",)
    takes_positions: ClassVar[bool] = True
    unstated: ClassVar[Sequence[int] | None] = None

    @property
    def is_encoder_decoder(self) -> bool:
        """What `config.json` states under that name."""
        return len(self.passes) > 1

    @abstractmethod
    def rules(self, stated: Stated, start: int | None) -> Rules:
        """The rules of decoding that are stated; ``start`` is the token that a decoder begins with if none is."""

    @abstractmethod
    def read(self, model: Model, given: Given) -> tuple[Text, ...]:
        """What each pass reads before anything is chosen.

        Raises:
            InputError: the model reads no such thing.
        """

    @abstractmethod
    def output(self, model: Model, tokenizer: Tokenizer, text: str) -> tuple[Encoded, Ids]:
        """An output given as text: what a tokenizer makes of it, and the target ids; raises as `read` does."""

    def limit(self, given: Given) -> int:
        """The most tokens that are chosen where nobody says anything."""
        return 0

    def unscored(self, given: Given) -> int:
        """The place of the first target id from which a given one is predicted."""
        return 0


class SourceAndTarget(Texts):
    """An encoder reads a source; a decoder reads the output so far, beginning with a start token.

    A decoder's text is read as it is: pad ids, one of which may be its start token, are hidden only if a mask says so.
    """

    passes = ("encode", "decode")
    sides = needed = ("source", "target")
    takes_positions = False

    def rules(self, stated: Stated, start: int | None) -> Rules:
        rules = read_rules(stated)
        return replace(rules, start_id=start_id(stated, start))

    def read(self, model: Model, given: Given) -> tuple[Text, ...]:
        ids = [model.start_id] if given.target is None else given.target
        labels = model.pieces(ids, "target")
        return _source(model, given), Text(tuple(ids), tuple(labels), hidden(given.target_mask or ()))

    def output(self, model: Model, tokenizer: Tokenizer, text: str) -> tuple[Encoded, Ids]:
        encoded = tokenizer.encode(text)
        start = model.start_id if tokenizer.start_id is None else tokenizer.start_id
        return encoded, Ids([start, *encoded.ids], [model.piece(start, "target"), *encoded.ids.pieces])

    def limit(self, given: Given) -> int:
        return 2 * len(given.source) + 10


class OneText(Texts):
    """A decoder goes on with what it is given: a source, and target ids behind it, are one text."""

    passes = ("decode",)
    sides = ("target",)
    unstated = ()

    def rules(self, stated: Stated, start: int | None) -> Rules:
        return replace(read_rules(stated), pad_id=pad_id(stated))

    def read(self, model: Model, given: Given) -> tuple[Text, ...]:
        target, decodes, mask = given.target or (), given.target is None, _whole_mask(given)
        ids = (*given.source, *target)
        labels = (*model.pieces(given.source, "source"), *model.pieces(target, "target"))
        places = hidden(mask) if mask is not None else padding(model, ids) if decodes else []
        positions = given.positions
        if positions is None and decodes and places:
            positions = counted(len(ids), places)
        elif positions is None:
            positions = model.architecture.places(ids, places)
        return (Text(ids, labels, places, positions and continued(positions, len(ids))),)

    def output(self, model: Model, tokenizer: Tokenizer, text: str) -> tuple[Encoded, Ids]:
        encoded, end = tokenizer.cut(text), model.rules.eos_ids[:1]
        return encoded, Ids([*encoded.ids, *end], [*encoded.ids.pieces, *model.pieces(end, "target")])

    def limit(self, given: Given) -> int:
        return 64

    def unscored(self, given: Given) -> int:
        return len(given.source) - 1


class SourceAlone(Texts):
    """An encoder reads a text; nothing is chosen."""

    passes = ("encode",)
    sides = ("source",)

    def rules(self, stated: Stated, start: int | None) -> Rules:
        return Rules(None, ())

    def read(self, model: Model, given: Given) -> tuple[Text, ...]:
        if given.target is not None:
            raise _no_output(model)
        return (_source(model, given),)

    def output(self, model: Model, tokenizer: Tokenizer, text: str) -> tuple[Encoded, Ids]:
        raise _no_output(model)


def texts_of(passes: tuple[Kind, ...]) -> Texts:
    """The texts of models that have these passes."""
    return _BY_PASSES[passes]


_BY_PASSES: Mapping[tuple[Kind, ...], Texts] = {
    texts.passes: texts for texts in (SourceAndTarget(), OneText(), SourceAlone())
}


def _source(model: Model, given: Given) -> Text:
    """What an encoder reads: the places that the mask has 0 at are hidden, or those that are padding."""
    ids, positions = given.source, given.positions
    places = padding(model, ids) if given.mask is None else hidden(given.mask)
    if positions is None:
        positions = model.architecture.places(ids, places)
    else:
        positions = [place - model.facts.first for place in positions]
    return Text(ids, model.pieces(ids, "source"), places, positions, side="source", segments=given.segments)


def _whole_mask(given: Given) -> list[int] | None:
    """The mask of source and target ids as one, None where nothing is stated.

    A text has no padding, whatever its ids, as a tokenizer's mask has it.
    """
    source, target = given.source, given.target or ()
    stated = [1] * len(source) if given.mask is None and isinstance(source, Ids) else given.mask
    if stated is None and given.target_mask is None:
        return None
    return [n for mask, ids in ((stated, source), (given.target_mask, target)) for n in mask or [1] * len(ids)]


def _no_output(model: Model) -> InputError:
    told = _("{name} reads one text and writes none; leave out the target (set target off)")
    return InputError(told.format(name=model.name))
