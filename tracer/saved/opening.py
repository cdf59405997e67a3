"""Opening a trace file: every field is checked, and no number is read before somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..addresses import Address, parse_selectors
from ..card import Card, Dtype
from ..edits import Constant, Edit
from ..errors import AddressError
from ..fields import Fields
from ..i18n import _
from ..models.text import SIDES, Side
from ..tokenizers import Spoken
from ..trace import Decided, Origin, Token
from ..trace_file import TraceFile
from .records import Numbers, Told, ToldOfModel
from .restoring import Restoring
from .shared import NUMBERS, Shared
from .trace import KeptTrace
from .words import KeptWords


def open_trace(path: str | Path) -> KeptTrace:
    """The run that was recorded in a trace file, as far as it was.

    Raises:
        InputError: it is no trace file, or something in it is broken.
    """
    return Opening(TraceFile(Path(path))).trace()


class Opening:
    """A file whose header is read."""

    def __init__(self, file: TraceFile) -> None:
        self._file = file
        self._numbers = Numbers(file)
        self._words: dict[Side, KeptWords | None] = {}

    def trace(self) -> KeptTrace:
        """All of it; raises as `open_trace` does."""
        stated = self._file.stated
        card = self._card(stated.within("model"))
        self._shared = Shared(stated, self._words)
        edits = list(map(_edit, stated.within("run").each("edits")))
        tapes = Restoring(self._file, self._numbers, self._shared, edits).tapes(stated)
        run = stated.within("run")
        return KeptTrace(
            card=card,
            tapes=tapes,
            changed={number: _changed(row) for number, row in zip(tapes, stated.each("steps"), strict=True)},
            edits=edits,
            decided=dict(self._decided(run.within("decided"))),
            **_texts(run, card),
            **{name: run(name, str) for name in ("source_text", "text", "ending")},
            **{name: run(name, bool) for name in ("teacher_forced", "chooses", "ended")},
        )

    def _decided(self, row: Fields) -> Iterator[tuple[str, Decided]]:
        for name in row.names:
            one = row.within(name)
            yield name, Decided(one.read("value", Any, self._shared.value), one("origin", Origin))

    def _card(self, row: Fields) -> Card:
        sizes, kind = row("sizes", dict[str, int]), row("kind", str)
        row.insist(
            {*sizes} == {*SIDES} and all(n >= 0 for n in sizes.values()), "sizes", _("expected one for each side")
        )
        for side in SIDES:
            self._words[side] = self._vocabulary(row.within("vocabularies"), side, sizes[side])
        spoken = row("spoken", list[str | None])
        row.insist(len(spoken) == 2, "spoken", _("expected two languages"))
        return Card(
            row("name", str),
            lambda: kind,
            row("dtype", Dtype),
            words=dict(self._words),
            sizes={side: sizes[side] for side in SIDES},
            chosen=Spoken(*spoken),
            languages=row("languages", list[str]),
        )

    def _vocabulary(self, row: Fields, side: Side, size: int) -> KeptWords | None:
        name = row(side, str | None)
        if name is None:
            return None
        stored = self._file.tensors.get(name)
        if stored is None or stored.dtype != "U8":
            raise row.error(side, _("expected the name of a tensor of bytes"))
        return KeptWords(self._file, name, size, lambda: self._numbers.read(name).tobytes())


def _texts(run: Fields, card: Card) -> dict[str, Any]:
    """What was read and chosen, by the names that a trace has for it."""
    sides: dict[str, list[str]] = {side: run(side, list[str]) for side in SIDES}
    ids = {side: _ids(run, side, card, len(sides[side])) for side in SIDES}
    reads, begins = run("reads", list[str]), run("begins", dict[str, int])
    run.insist(
        {*reads} == {*begins} and {*reads} <= {*SIDES},
        "reads",
        _("expected the same sides in reads and begins: source, target"),
    )
    tokens = [_token(row, card, place) for place, row in enumerate(run.each("tokens"), 1)]
    run.insist(len(tokens) <= len(ids["target"]), "tokens", _("expected no more than there are in the target"))
    return {
        "source": sides["source"],
        "source_ids": ids["source"],
        "target": sides["target"],
        "decoder_ids": ids["target"],
        "pieces": {side: sides[side] for side in SIDES if side in reads},
        "begins": {side: begins[side] for side in SIDES if side in begins},
        "tokens": tokens,
        **{name: _places(run, name, len(ids["source"])) for name in ("mask", "positions", "segments")},
    }


def _changed(step: Fields) -> set[str]:
    """The paths of the records that come of edits."""
    return {row("address", str) for row in step.each("records") if row("downstream", bool | None)}


def _ids(run: Fields, side: Side, card: Card, count: int) -> Sequence[int]:
    ids: list[int] = run(f"{side}_ids", list[int])
    are_ids = len(ids) == count and all(0 <= i < card.sizes[side] for i in ids)
    run.insist(are_ids, f"{side}_ids", _("expected {n} ids of the vocabulary").format(n=count))
    return ids


def _places(run: Fields, name: str, count: int) -> Sequence[int] | None:
    numbers: list[int] | None = run(name, list[int] | None)
    run.insist(numbers is None or len(numbers) == count, name, _("expected a number for every token"))
    return numbers


def _token(row: Fields, card: Card, step: int) -> Token:
    token, prob = row("id", int), row("prob", float | dict[str, str])
    row.insist(row("step", int) == step, "step", _("expected {n}").format(n=step))
    row.insist(0 <= token < card.sizes["target"], "id", _("expected an id of the vocabulary"))
    if isinstance(prob, dict):
        prob = NUMBERS.get(prob.get("float", ""), np.nan)
    return Token(step, token, row("piece", str), float(prob), row("text", str))


def _edit(row: Fields) -> Edit:
    number = row("number", int)
    step, record = row("step", int | None), row("record", int | None)
    try:
        selectors = parse_selectors(row("selectors", str))
    except AddressError:
        raise row.error("selectors", _("expected selectors")) from None
    address = Address(row("path", str), step, record, selectors)
    return Edit(address, _value(row), row("onward", bool), number, frozenset(row("paths", list[str])))


def _value(row: Fields) -> Any:
    number, text, told = row("value", int | float | None), row("text", str), row("told", list[str])
    if number is not None:
        return Constant(number, text)
    return (ToldOfModel if row("of_model", bool) else Told)(text, told)
