"""Mistakes in what a stack begins with: embeddings, and where tokens stand."""

from __future__ import annotations

from collections.abc import Sequence

from ..edits import Call
from ..i18n import N_
from ..ops.embedding import embed, scaled_embed
from ..ops.position import Positions, SinusoidHalves, Sinusoids
from .mistake import Mistake


class EmbedScale(Mistake):
    """√d_model left out where a model has it, or put in where it has none."""

    sentence = N_("the embedding is not multiplied by √d_model where it should be, or is where it should not")
    where = N_("scale_embedding in config.json; the paper has √d_model, BART by default has not")
    needs = N_("an embedding")

    def wrong(self, call: Call) -> Call | None:
        other = {embed.name: scaled_embed, scaled_embed.name: embed}.get(call.op.name)
        return call.with_op(other) if other else None


class PositionOffset(Mistake):
    """Every token a place too far on; in BART's table, the two rows before the first forgotten."""

    sentence = N_("positions are counted from another number")
    where = N_("do positions begin with 0? BART's table begins with 2 rows of no position")
    needs = N_("positions that are added to the embedding")

    def wrong(self, call: Call) -> Call | None:
        if not isinstance(call.op, Sinusoids | SinusoidHalves | Positions):
            return None
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


embed_scale = EmbedScale()
position_offset = PositionOffset()
