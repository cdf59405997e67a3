"""What was likely after a token, or in its place: a row of the probabilities of a step, and the token that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from tracer.addresses import Address, Index, Label, UnknownAddressError
from tracer.dataclass import dataclass
from tracer.debugger.debugger import Debugger
from tracer.errors import InputError
from tracer.i18n import _
from tracer.passes import BEGIN
from tracer.tape import Record
from tracer.tensor import Tensor
from tracer.trace import Trace
from tracer.views.tokens import quoted

MASKED = ("[MASK]", "<mask>")
"""How the tokens are written in whose place an encoder is to say what stands there."""


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
    def of_encoder(self) -> bool:
        """Whether it is of the token at that position itself, and not of the one after it."""
        return self.table.step == BEGIN["encode"]

    @property
    def where(self) -> str:
        """What the token at that position has to do with it."""
        token = quoted(self._read[self.position])
        return _("at {token}").format(token=token) if self.of_encoder else _("after {token}").format(token=token)

    @property
    def _read(self) -> Sequence[str]:
        """The pieces of what the model reads last, and of what it chose."""
        return list(self.run.pieces.values())[-1]

    @property
    def asked(self) -> int:
        """The row to be shown unless another is asked for: the first that is masked, else the last."""
        last = self.table.output.shape[0] - 1
        masked = (n for n, piece in enumerate(self._read) if piece in MASKED)
        return next(masked, last) if self.of_encoder else last

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


def likely(debugger: Debugger, at: Index | Label | None) -> Likely:
    """The row at a position of the cursor's step, or the one asked for by itself; raises as `Tensor.locate` does.

    Raises:
        InputError: the model is an encoder without a head.
    """
    run = debugger.run
    try:
        table = debugger.here.find(Address("probs"))
    except UnknownAddressError:
        if run.chooses or run.teacher_forced:
            raise
        told = _("{name} has no head over the vocabulary, so no token is likelier than another; it yields {shown}")
        raise InputError(told.format(name=run.card.name, shown="encoder.output")) from None
    [place, _vocab] = table.output.locate([Index(Likely(run, table, 0).asked) if at is None else at])
    assert isinstance(place, int)
    return Likely(run, table, place)
