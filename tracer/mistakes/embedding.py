"""Mistakes in what a stack begins with: embeddings, and where tokens stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..arithmetic import Node, Number
from ..edits import Call
from ..i18n import N_, Message
from ..operation import Operation
from ..ops.embedding import embed, scaled_embed
from ..ops.position import Positions, Rotate, SinusoidHalves, Sinusoids
from ..tensor import Tensor
from .mistake import Mistake
from .norms import unchanged

ADDED = (Sinusoids, SinusoidHalves, Positions)
"""Operations whose positions are added to the embedding."""


class EmbedScale(Mistake):
    """√d_model left out where a model has it, or put in where it has none."""

    sentence = N_("the embedding is not multiplied by √d_model where it should be, or is where it should not")
    where = N_("scale_embedding in config.json; the paper has √d_model, BART by default has not")
    needs = N_("an embedding")

    def wrong(self, call: Call) -> Call | None:
        other = {embed.name: scaled_embed, scaled_embed.name: embed}.get(call.op.name)
        return call.with_op(other) if other else None


class PositionOffset(Mistake):
    """Every token a place too far on; in BART's table, the two rows before the first forgotten. Or counted from 0."""

    sentence = N_("positions are counted from another number")
    where = N_("do positions begin with 0? BART's table begins with 2 rows of no position")
    needs = N_("positions that are added to the embedding, and can be others")
    variants: ClassVar[Sequence[str]] = ("shifted", "from_0")
    places: ClassVar[Mapping[str, Message]] = {
        "from_0": N_("position_ids: are they handed on, and made of the attention_mask where padding comes first?")
    }

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, ADDED):
            return None
        return _from_0(call) if self.variant == "from_0" else _shifted(call)


def _from_0(call: Call) -> Call | None:
    """Positions that are counted from 0, where they are others."""
    own = call.parameters["positions"]
    counted = range(len(own))
    return None if [*own] == [*counted] else call.having(positions=counted)


def _shifted(call: Call) -> Call | None:
    """The first rows of the table no longer left out, or each place one further on, where there is one."""
    if call.parameters.get("offset"):
        return call.having(offset=0)
    further = _further(call.parameters["positions"])
    is_there = not isinstance(call.op, Positions) or max(further) < len(call.parameters["weight"].array)
    return call.having(positions=further) if is_there else None


def _further(positions: Sequence[int]) -> Sequence[int]:
    """Each place one further on."""
    if isinstance(positions, range):
        return range(positions.start + 1, positions.stop + 1)
    return [place + 1 for place in positions]


class Nowhere(Operation):
    """-> [position, feature]: zeros, of the shape of the positions that another operation yields."""

    formula = "0"
    latex = "0"
    reference = ""
    constant = N_("zeros depend on nothing")

    def __init__(self, op: Operation) -> None:
        self._op = op

    def forward(self, **parameters: Any) -> Tensor:
        positions = self._op.forward(**parameters)
        return positions.replaced(np.zeros_like(positions.array))

    def derive(self, index: tuple[int, ...], **parameters: Any) -> Node:
        return Number(0.0)


class NoPositions(Mistake):
    """Nothing added to the embedding; queries and keys that aren't turned."""

    sentence = N_("positions are left out: nothing is added to the embedding, or queries and keys are not turned")
    where = N_("position_ids, the table of positions, or the rotary embedding: is it called, and is its result used?")
    needs = N_("positions that are added to the embedding or that turn queries and keys")

    def wrong(self, call: Call) -> Call | None:
        if isinstance(call.op, Rotate):
            return call.with_op(unchanged)._replace(parameters={})
        return call.with_op(Nowhere(call.op)) if isinstance(call.op, ADDED) else None


embed_scale = EmbedScale()
position_offset = PositionOffset()
no_positions = NoPositions()
