"""What was decided about a checkpoint while it was opened.

Its files leave a choice, contradict each other, or ask for something that is not done: none of that happens in silence.
"""

from __future__ import annotations

from .i18n import N_, Message
from .namedtuple import NamedTuple

CONFIGURATION = N_("configuration")
HEAD = N_("output projection")
PARAMETERS = N_("parameters")
POSITIONS = N_("positions")
TOKENIZER = N_("tokenizer")
DECODING = N_("decoding")
SUBJECTS = (CONFIGURATION, HEAD, PARAMETERS, POSITIONS, TOKENIZER, DECODING)
"""What a decision can be about, in the order in which they are told."""


class Decision(NamedTuple):
    """One of them; an ``odd`` one is not what somebody who knows the family would expect, and is told unasked."""

    about: Message
    what: Message
    odd: bool


class Decisions(list[Decision]):
    """The decisions about one checkpoint; whoever reads a file of it adds to them."""

    def take(self, about: Message, what: Message) -> None:
        """A decision as the files suggest it."""
        self._add(Decision(about, what, odd=False))

    def note(self, about: Message, what: Message) -> None:
        """A decision that would surprise, so that it is told when the checkpoint opens."""
        self._add(Decision(about, what, odd=True))

    def _add(self, decision: Decision) -> None:
        if decision not in self:
            self.append(decision)

    @property
    def told(self) -> list[Decision]:
        """All of them, subject by subject."""
        return sorted(self, key=lambda decision: SUBJECTS.index(decision.about))
