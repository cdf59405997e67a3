"""How many tokens an output may have, and who says so."""

from __future__ import annotations

from typing import Literal

from ..errors import InputError
from ..i18n import ngettext
from ..namedtuple import NamedTuple
from .rules import Rules

By = Literal["asked", "stated", "ours", "model"]


class Limit(NamedTuple):
    """The most tokens that may be chosen, and whether that was asked for, is stated, or is due to us or the model."""

    tokens: int
    by: By

    @property
    def forces(self) -> int | None:
        """The number of the token in whose place the end is forced; a limit that transformers has not forces none."""
        return self.tokens if self.by in ("asked", "stated") else None

    @property
    def ending(self) -> str:
        """Why an output that reached it ended."""
        return _ending(self.by, self.tokens).format(n=self.tokens)


def _ending(by: By, n: int) -> str:
    match by:
        case "asked":
            return ngettext(
                "{n} token, the most allowed (--max-tokens)", "{n} tokens, the most allowed (--max-tokens)", n
            )
        case "stated":
            return ngettext(
                "{n} token, the most that the checkpoint allows; --max-tokens N goes on",
                "{n} tokens, the most that the checkpoint allows; --max-tokens N goes on",
                n,
            )
        case "ours":
            return ngettext(
                "the limit of {n} token is tx-trace's own; --max-tokens N goes on",
                "the limit of {n} tokens is tx-trace's own; --max-tokens N goes on",
                n,
            )
        case "model":
            return ngettext(
                "{n} token, the most that the model has positions for",
                "{n} tokens, the most that the model has positions for",
                n,
            )


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
        told = ngettext(
            "the checkpoint states max_length = {most}, and {n} token is given before the first is chosen; "
            "ask for some with --max-tokens N",
            "the checkpoint states max_length = {most}, and {n} tokens are given before the first is chosen; "
            "ask for some with --max-tokens N",
            given,
        )
        raise InputError(told.format(most=rules.max_length, n=given))
    return Limit(rules.max_length - given, "stated")
