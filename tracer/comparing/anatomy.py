"""How the records of a pass lie in stacks, layers and sublayers, and which of them made what went into another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..ops.embedding import scaled_embed
from ..ops.position import padded_sinusoids, positions
from ..tape import Record, Tape
from ..tensor import Tensor

STACKS = ("encoder", "decoder")
_LAYER = re.compile(r"(?P<stack>\w+)\.(?P<number>\d+)")

Records = Mapping[str, Record]
"""Those of one scope, by the last segment of their addresses."""
Named = tuple[str, Tensor]
"""A name, and the output that it is of."""


class Layer(NamedTuple):
    """One layer of a stack: the records of its sublayers, in order, by the names of these, and what it hands on.

    Where scopes lie within that of a sublayer, their records are among its own, as ``router.probs``.
    """

    stack: str
    number: int
    sublayers: Mapping[str, Records]
    output: Tensor

    @property
    def records(self) -> Sequence[Record]:
        """All that stand in the layer, in order."""
        everything = (record for records in self.sublayers.values() for record in records.values())
        return [record for record in everything if record.address.startswith(f"{self.stack}.{self.number}.")]

    @property
    def entering(self) -> Tensor:
        """What goes into the layer."""
        return entering(self.records)

    @property
    def attentions(self) -> Sequence[Records]:
        """The sublayers that are attentions."""
        return [records for records in self.sublayers.values() if "weights" in records]

    @property
    def is_biased(self) -> bool:
        """Whether a bias of positions is added to scores of the layer."""
        return any("position_bias" in records for records in self.sublayers.values())


def scopes(tape: Tape) -> Mapping[str, Records]:
    """The records of every scope, second names included."""
    found: dict[str, dict[str, Record]] = {}
    for address in tape.addresses:
        scope, _dot, name = address.rpartition(".")
        found.setdefault(scope, {})[name] = tape.find(address)
    return found


def layers(found: Mapping[str, Records]) -> Iterator[Layer]:
    """Every layer among the scopes of a pass."""
    for scope, records in found.items():
        if (match := _LAYER.fullmatch(scope)) and "output" in records:
            sublayers = _sublayers(found, f"{scope}.")
            yield Layer(match["stack"], int(match["number"]), sublayers, records["output"].output)


def _sublayers(found: Mapping[str, Records], within: str) -> Mapping[str, Records]:
    """The scopes that begin so, each with what lies within it, in the order of computation."""
    sublayers: dict[str, dict[str, Record]] = {}
    for scope, records in found.items():
        if scope.startswith(within):
            name, dot, inner = scope.removeprefix(within).partition(".")
            own = {f"{inner}{dot}{record}": there for record, there in records.items()}
            sublayers[name] = {**sublayers.get(name, {}), **own}
    first = {name: min(record.index for record in records.values()) for name, records in sublayers.items()}
    return {name: sublayers[name] for name in sorted(sublayers, key=first.__getitem__)}


def entering(records: Iterable[Record]) -> Tensor:
    """What goes into the first of some records that takes anything in."""
    return next(record.inputs[0] for record in records if record.inputs)


def last(records: Records) -> Record:
    """The last record of a scope."""
    return max(records.values(), key=lambda record: record.index)


def is_looked_up(embedding: Records) -> bool:
    """Whether the record of tokens is what the table yields.

    Where positions are the paper's sines, √d_model comes after the table; elsewhere the table of BART and its relatives
    multiplies by it itself.
    """
    where = embedding.get("positions")
    return embedding["tokens"].op is not scaled_embed or where is None or where.op in (positions, padded_sinusoids)


def projected(found: Mapping[str, Records]) -> Record | None:
    """What the output projection yields: the logits, unless something is done to them after it."""
    whole = found.get("", {})
    return whole.get("logits_raw", whole.get("logits"))


def handed_on(records: Records) -> Record:
    """What a sublayer yields, normalised where a norm comes after it."""
    return records.get("norm_post", records["output"])


def recorded(named: Iterable[Named], tapes: Sequence[Tape]) -> Iterator[tuple[str, Record]]:
    """The records of named outputs; outputs that lie in none of the tapes are left out."""
    passes = {tape.at: tape for tape in tapes}
    for name, tensor in named:
        tape = None if tensor.at is None else passes.get(tensor.at)
        if tape is not None and (record := tape.there(tensor.path)) is not None:
            yield name, record
