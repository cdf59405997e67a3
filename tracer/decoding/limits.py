"""How many tokens an output may have, and who says so."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..errors import InputError
from ..i18n import N_, Message, _
from .rules import Rules

By = Literal["asked", "stated", "ours", "model"]

ENDINGS: dict[By, Message] = {
    "asked": N_("{n} tokens, the most allowed (--max-tokens)"),
    "stated": N_("{n} tokens, the most that the checkpoint allows; --max-tokens N goes on"),
    "ours": N_("the limit of {n} tokens is tx-trace's own; --max-tokens N goes on"),
    "model": N_("{n} tokens, the most that the model has positions for"),
}
"""Why an output ended at its limit."""


class Limit(NamedTuple):
    """The most tokens that may be chosen, and whether that was asked for, is stated, or is due to us or the model."""

    tokens: int
    by: By

    @property
    def forces(self) -> int | None:
        """The number of the token in whose place the end is forced; a limit that transformers has not forces none."""
        return self.tokens if self.by in ("asked", "stated") else None

    @property
    def ending(self) -> Message:
        """Why an output that reached it ended."""
        return ENDINGS[self.by].format(n=self.tokens)


def limit_of(asked: int | None, rules: Rules, given: int, ours: int, room: int) -> Limit:
    """The limit of an output before which ``given`` tokens are read; the model has ``room`` for no more.

    Raises:
        InputError: the checkpoint allows no token after those given.
    """
    return min(_wanted(asked, rules, given, ours), Limit(room, "model"), key=lambda limit: limit.tokens)


def _wanted(asked: int | None, rules: Rules, given: int, ours: int) -> Limit:
    if asked is not None:
        return Limit(asked, "asked")
    if rules.max_new_tokens is not None:
        return Limit(rules.max_new_tokens, "stated")
    if rules.max_length is None:
        return Limit(ours, "ours")
    if rules.max_length <= given:
        raise InputError(
            _(
                "the checkpoint states max_length = {most}, and {n} tokens are given before the first is chosen; "
                "ask for some with --max-tokens N"
            ).format(most=rules.max_length, n=given)
        )
    return Limit(rules.max_length - given, "stated")
