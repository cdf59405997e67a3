"""Performing the passes of a run: what the model computes, and how a token is chosen from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .decoding.choice import choose, keep, search_log_probs
from .decoding.limits import Limit
from .decoding.rules import Adjustment, Verdict
from .decoding.settings import Settings
from .model import Model
from .models.texts import Given
from .namedtuple import NamedTuple
from .ops.softmax import loss
from .passes import Pass
from .tape import Tape
from .tensor import Array, Tensor


class Chosen(NamedTuple):
    """An id, and its probability in the distribution that it was chosen from."""

    id: int
    prob: float


class Yield(NamedTuple):
    """What comes of a pass: an encoder's memory [position, feature], or the token that is chosen after a decoder's."""

    memory: Tensor | None = None
    chosen: Chosen | None = None


class Performer:
    """Makes tapes of passes; the same pass always computes the same, however often.

    ``given`` is what the run was given, of which a decoder read ``prompt`` ids before anything was chosen; ``settings``
    are those in force.
    """

    def __init__(self, model: Model, given: Given, prompt: int, settings: Settings, limit: Limit) -> None:
        self.model, self.settings, self.limit = model, settings, limit
        self._given, self._prompt = given, prompt

    @np.errstate(all="ignore")
    def perform(self, here: Pass, tape: Tape) -> Yield:
        """Make the tape of a pass, and choose the token that it yields, if any.

        What is not finite is for the reader of the tape to see, and no warning of NumPy's.
        """
        if here.kind == "encode":
            return Yield(memory=self.model.architecture.encode(tape, here.text))
        logits = self.logits(here, tape)
        if self._given.target is not None:
            self._lose(here, tape, logits)
            return Yield()
        probs, chosen = self._choose(here, tape, logits)
        return Yield(chosen=Chosen(int(chosen.array), float(probs.array[chosen.array])))

    def logits(self, here: Pass, tape: Tape) -> Tensor:
        """A decoder's pass, as far as its logits [position, vocab]."""
        if self._given.target is None and not here.start:
            self.model.check_start()
        memory, source = here.across or (None, None)
        return self.model.architecture.decode(tape, here.text, memory, source, here.start)

    @np.errstate(all="ignore")
    def log_probs(self, here: Pass, tape: Tape) -> Array:
        """log p [vocab] of the token after a decoder's pass, as a search adds it up."""
        z, read = self.logits(here, tape), here.text.ids
        with tape.scope("choice"):
            return search_log_probs(tape, z, self.model.rules, self.verdict(read), self._adjustments(read)).array

    def _choose(self, here: Pass, tape: Tape, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The distribution chosen from, [vocab], and the id chosen, a scalar; of a hypothesis, the one it has."""
        verdict, adjustments = self.verdict(here.text.ids), self._adjustments(here.text.ids)
        if here.hypothesis is None:
            return choose(tape, logits, self.settings, verdict, adjustments)
        length_penalty = self.setting("length_penalty")
        return keep(tape, logits, self.model.rules, verdict, adjustments, here.hypothesis, length_penalty)

    def verdict(self, read: Sequence[int]) -> Verdict:
        """What the model's rules say of the token after those read."""
        return self.model.rules.verdict(read, self._prompt, self.limit.forces, self._repeatable)

    def _adjustments(self, read: Sequence[int]) -> Iterator[Adjustment]:
        """What the model's rules make less likely, or more, in the choice of the token after those read."""
        return self.model.rules.adjustments(read, self._prompt, self._repeatable)

    def setting(self, name: str) -> Any:
        """One of the settings in force, which has a value by default."""
        return getattr(self.settings, name)

    @cached_property
    def _repeatable(self) -> list[int | None]:
        """The source as an output could repeat it: None for a token that only the source's vocabulary has."""
        vocab = self.model.facts.target_vocab
        return [i if i < vocab else None for i in self._given.source]

    def _lose(self, here: Pass, tape: Tape, logits: Tensor) -> None:
        """The loss of every given target id that the decoder saw something before."""
        start = self.model.texts.unscored(self._given)
        if gold := here.text.ids[start + 1 :]:
            tape(loss, "loss", logits, gold=gold, start=start)
