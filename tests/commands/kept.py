"""What was kept of a run: a trace with nothing behind it that could compute, neither model nor parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import tracer
from tracer.addresses import At
from tracer.card import Card, Words
from tracer.errors import AddressError
from tracer.parameters import Named
from tracer.tape import Record, Tape
from tracer.tensor import Axis, Parameter, Tensor
from tracer.trace import left_out


class Pieces:
    """A vocabulary as a list."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = list(pieces)

    def piece(self, token: int) -> str:
        return self._pieces[token]

    def id_of(self, piece: str) -> int | None:
        return next((self._pieces.index(p) for p in (piece, f"▁{piece}") if p in self._pieces), None)

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(map(self.piece, ids)).replace("▁", " ").strip()


def card_of(card: Card) -> Card:
    """A card of which nothing leads to the model."""
    words: dict[Any, Words | None] = {side: Pieces(card.pieces(side)) for side in card.words}
    kind = card.kind()
    return replace(card, kind=lambda: kind, words=words, path=None)


class KeptTape(Tape):
    """A copy of a tape, with the names of the parameters but not their numbers."""

    def __init__(self, tape: Tape) -> None:
        super().__init__(tape.number, tape.beam)
        self.records = [_record(record) for record in tape]
        self._places = {address: tape.find(address).index - 1 for address in tape.addresses}


class KeptTrace:
    """The steps of a run that has been decoded, up to one of them."""

    parameters = Named({}, {})
    goes_on = False
    number = parent = None
    edits = downstream = ()

    def __init__(self, run: tracer.Run, last: int | None = None) -> None:
        self.card = card_of(run.card)
        self.computed = run.computed if last is None else last
        self.first, self.ended = run.first, self.computed == run.computed
        chosen = self.computed if run.tokens else 0
        given = len(run.target) - len(run.tokens)
        self.tokens = run.tokens[:chosen]
        self.source, self.target = list(run.source), run.target[: given + chosen]
        self.pieces = {side: {"source": self.source, "target": self.target}[side] for side in run.pieces}
        self.begins, self.chooses = run.begins, run.chooses
        self.decoder_ids = list(run.decoder_ids)[: given + chosen]
        self.text = self.tokens[-1].text if self.tokens else run.text
        self.mask, self.positions = run.mask, run.positions
        self.teacher_forced, self.decided, self.ending = run.teacher_forced, run.decided, run.ending
        self._tapes = {n: KeptTape(run.step(n)) for n in range(self.first, self.computed + 1)}

    @property
    def numbers(self) -> range:
        return range(self.first, self.computed + 1)

    def step(self, number: int) -> Tape:
        if number not in self._tapes:
            raise AddressError(f"step @{number} was not kept with this trace; it has @{self.first} to @{self.computed}")
        return self._tapes[number]

    def at(self, place: At) -> Tape:
        return self.step(place.number)


def _record(record: Record) -> Record:
    parameters = {
        name: left_out(value) if isinstance(value, Parameter) else value for name, value in record.parameters.items()
    }
    inputs = tuple(map(_tensor, record.inputs))
    return Record(record.index, record.op, inputs, parameters, _tensor(record.output))


def _tensor(tensor: Tensor) -> Tensor:
    return Tensor(np.array(tensor.array), tuple(map(_axis, tensor.dims)), tensor.path, tensor.at)


def _axis(axis: Axis) -> Axis:
    return axis._replace(labels=None if axis.labels is None else list(axis.labels))
