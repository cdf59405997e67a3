"""What went into the passes of a dump: the ids, and how they were read as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from ..dataclass import dataclass
from ..dumps.dump import Dump, Entry
from ..errors import InputError
from ..i18n import N_, Message, _
from ..model import Model
from ..models.padding import counted, hidden, pad_ids
from ..models.texts import Given
from ..reading import check_mask, check_positions, check_segments
from .ids import Ids, reader_of, rows

BATCH = "batch."
"""What the names of a second batch begin with."""

SOURCE, TARGET = ("input_ids", "source_ids"), ("decoder_input_ids", "target_ids")
"""The names of ids, which may have others before them: ``model.encoder.inputs.input_ids``."""
STATED = ("attention_mask", "decoder_attention_mask", "position_ids", "token_type_ids")
"""The names of what is stated of them."""
EMBEDDINGS = (
    *("embed_tokens.inputs.0", "wte.inputs.0", "embed_in.inputs.0", "shared.inputs.0", "embedding.inputs.0"),
    *("encoder.inputs.input_ids", "decoder.inputs.input_ids"),
)
"""What embeds tokens is given them, and so is a stack, where nothing else has their name."""


@dataclass(frozen=True)
class Pass:
    """What went into one pass: a ``row`` of the ids of a ``prefix``, one of ``rows``, and how they are read.

    ``target`` is None where the decoder of an encoder–decoder was given nothing. ``assumed`` is what the dump leaves
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
    segments: Ids | None = None
    assumed: tuple[Message, ...] = ()

    def taking(self, assumed: Message, **stated: Ids) -> Pass:
        """The same with something more, that the dump does not say."""
        return replace(self, **stated, assumed=(*self.assumed, assumed))  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """What the ids are called."""
        return f"{self.prefix}input_ids[{self.row}]" if self.rows > 1 else f"{self.prefix}input_ids"


def passes(
    dump: Dump,
    stated: Given | None = None,
    otherwise: Given | None = None,
    named: Mapping[str, str] = MappingProxyType({}),
) -> list[Pass]:
    """What went in, a row at a time: the ids of the dump and of its second batch; or what is ``stated`` of one text.

    Where the dump has none and nothing is stated, it is what went in ``otherwise``, which also says how the same ids
    are read where the dump does not. ``named`` are names that somebody else has given its tensors.

    Raises:
        InputError: there are no ids, or what there is does not fit together.
    """
    arrays = _Arrays(dump.path, [one._replace(means=named.get(one.name, one.means)) for one in dump.entries])
    found = [_read_as(one, otherwise) for one in arrays.passes()]
    if stated is not None:
        return [_overruled(found[0] if len(found) == 1 else None, stated)]
    if not found and otherwise is not None:
        return [_overruled(None, otherwise)]
    if not found:
        told = _(
            "{file}: holds no input_ids to compute from; state what went in: --text and --target (with --ids, as token "
            "ids)"
        )
        raise InputError(told.format(file=dump.path.name))
    return [*found, *arrays.passes(BATCH)]


def _overruled(found: Pass | None, stated: Given) -> Pass:
    """What is stated of a text, and of what is not what a dump says."""
    source = stated.source or (found.source if found else ())
    target = stated.target if stated.target is not None or found is None else found.target
    given = Pass("", 0, 1, source, target, stated.mask, stated.target_mask, stated.positions, stated.segments)
    if found is None or list(found.source) != list(source):
        return given
    mask = found.mask if stated.mask is None else stated.mask
    positions = found.positions if stated.positions is None else stated.positions
    segments = found.segments if stated.segments is None else stated.segments
    return replace(given, mask=mask, target_mask=found.target_mask, positions=positions, segments=segments)


def _read_as(found: Pass, otherwise: Given | None) -> Pass:
    """The ids of a dump with what is stated of them that it leaves open, if the same ids went in otherwise."""
    if otherwise is None or list(otherwise.source) != list(found.source):
        return found
    mask = otherwise.mask if found.mask is None else found.mask
    positions = otherwise.positions if found.positions is None else found.positions
    segments = otherwise.segments if found.segments is None else found.segments
    return replace(found, mask=mask, positions=positions, segments=segments)


class _Arrays:
    """The lists of whole numbers among the entries of a dump."""

    def __init__(self, path: Path, entries: Sequence[Entry]) -> None:
        self._path = path
        self._entries = [entry for entry in entries if reader_of(entry.evidence) is not None]

    def passes(self, prefix: str = "") -> list[Pass]:
        """The rows of the ids whose names begin with a prefix."""
        sources, targets = self._first(prefix, *SOURCE), self._first(prefix, *TARGET)
        if not prefix:
            embedded = self._embedded()
            sources, targets = sources or embedded[0], targets or embedded[1]
        columns = [self._column(self._first(prefix, name), len(sources or ()), prefix) for name in STATED]
        given = self._column(targets, len(sources or ()), prefix)
        rows = zip(sources or (), given, *columns, strict=True)
        return [Pass(prefix, n, len(sources or ()), *row) for n, row in enumerate(rows)]

    def _first(self, prefix: str, *names: str) -> list[Ids] | None:
        """The rows of the first of some arrays that is there, by its whole name, else by how its name ends."""
        for name in names:
            for entry in self._entries:
                if name_of(entry) == prefix + name:
                    return rows(entry, self._path)
        ends = tuple(f".{name}" for name in names) if not prefix else ()
        fits = (entry for entry in self._entries if ends and name_of(entry).endswith(ends) and _is_whole(entry))
        return next((rows(entry, self._path) for entry in fits if not _is_elsewhere(entry)), None)

    def _embedded(self) -> tuple[list[Ids] | None, list[Ids] | None]:
        """The ids that were embedded: those of the encoder or of the only stack, and those of a decoder beside one."""
        found = [entry for entry in self._entries if name_of(entry).endswith(EMBEDDINGS) and _is_whole(entry)]
        ours = {"decoder" in entry.meaning: rows(entry, self._path) for entry in reversed(found)}
        return (ours[False], ours.get(True)) if False in ours else (ours.get(True), None)

    def _column(self, found: list[Ids] | None, rows: int, prefix: str) -> list[Ids | None]:
        """A row for each text; the only one there is serves all of them."""
        if found is None:
            return [None] * rows
        if len(found) == 1:
            return [found[0]] * rows
        if rows not in (0, len(found)):
            told = _("{file}: {name} has {rows} rows, and what goes with it has {n}")
            raise InputError(told.format(file=self._path.name, name=f"{prefix}input_ids", rows=rows, n=len(found)))
        return [*found[:rows]]


def is_of(entry: Entry, given: Pass) -> bool:
    """Whether an entry is of the batch that a pass is of."""
    return entry.meaning.startswith(BATCH) == bool(given.prefix)


def name_of(entry: Entry) -> str:
    """What an entry means, without the number of the first call."""
    return entry.meaning.removesuffix("#0")


def _is_whole(entry: Entry) -> bool:
    """Whether numbers are stored as whole ones, in the shape that ids have."""
    return entry.evidence.dtype.startswith(("I", "U")) and len(entry.evidence.shape) in (1, 2)


def _is_elsewhere(entry: Entry) -> bool:
    """Whether what goes by a usual name is of a second batch, or was given to a decoder by the name of its own."""
    return entry.meaning.startswith(BATCH) or ".decoder." in f".{entry.meaning}"


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
    return replace(found, positions=_positions(model, given, source), segments=_segments(model, given, source))


def _positions(model: Model, given: Pass, source: Ids) -> Ids | None:
    """The positions, if the model takes any; raises as `checked`."""
    if given.positions is None or not model.texts.takes_positions:
        return None
    return check_positions(model, given.positions, source, f"{given.prefix}position_ids")


def _segments(model: Model, given: Pass, source: Ids) -> Ids | None:
    """The segments, if the model tells any apart; raises as `checked`."""
    if given.segments is None or not model.facts.segments:
        return None
    return check_segments(model, given.segments, source, f"{given.prefix}token_type_ids")


def readings(model: Model, given: Pass) -> Iterator[Pass]:
    """What went in, as it is read; then the other ways in which what the dump leaves open may have been meant."""
    for masked in (given, *_masked(model, given)):
        yield masked
        places = hidden(masked.mask or ())
        if masked.positions is None and places and model.texts.takes_positions:
            told = N_("{ids}: no position_ids are stated; it agrees with positions that count what the mask lets in")
            positions = [model.facts.first + n for n in counted(len(masked.source), places)]
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
