"""What was likely after a token: a row of the probabilities of a step, and the token that follows there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tracer.addresses import Address, Index, Label
from tracer.debugger.debugger import Debugger
from tracer.i18n import _
from tracer.tape import Record
from tracer.tensor import Tensor
from tracer.trace import Trace


@dataclass(frozen=True)
class Likely:
    """The row ``place`` of the record ``table`` of `probs` [position, vocab]."""

    run: Trace
    table: Record
    place: int

    @property
    def title(self) -> str:
        """The row's address."""
        return f"{self.table.output.address}[{self.place}]"

    @property
    def position(self) -> int:
        """Where the row stands in what is read: all that was given, and what was chosen before the step."""
        given = len(self._read) - len(self.run.tokens)
        read = given + self.table.step - 1 if self.run.chooses else given
        return read - self.table.output.shape[0] + self.place

    @property
    def after(self) -> str:
        """The token at that position."""
        return self._read[self.position]

    @property
    def _read(self) -> Sequence[str]:
        """The pieces of what the model reads last, and of what it chose."""
        return list(self.run.pieces.values())[-1]

    @property
    def following(self) -> int | None:
        """The id after it, None where there is none yet."""
        rest = self.run.decoder_ids[self.position + 1 :]
        return rest[0] if rest else None

    @property
    def is_chosen(self) -> bool:
        """Whether that was chosen rather than given."""
        return self.position + 1 >= len(self.run.target) - len(self.run.tokens)

    @property
    def marks(self) -> Mapping[int, str]:
        """What there is to say of the id that follows."""
        if self.following is None:
            return {}
        return {self.following: _("chosen") if self.is_chosen else _("given")}

    @cached_property
    def probs(self) -> Tensor:
        """[vocab]."""
        return self.table.output.select([Index(self.place)])

    @cached_property
    def logits(self) -> Tensor:
        """[vocab]."""
        return self.run.step(self.table.step).find("logits").output.select([Index(self.place)])


def likely(debugger: Debugger, at: Index | Label) -> Likely:
    """The row at a position of the cursor's step; raises as `Here.find` and `Tensor.locate` do."""
    table = debugger.here.find(Address("probs"))
    [place, _vocab] = table.output.locate([at])
    assert isinstance(place, int)
    return Likely(debugger.run, table, place)
