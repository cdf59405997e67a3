"""What a model forbids or forces while decoding, as its generation_config.json states it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..i18n import N_, Message


class Verdict(NamedTuple):
    """For the next token: the ids ruled out, each with the reason, and the one id that is forced, if any."""

    forbidden: dict[int, Message]
    forced: int | None


FREE = Verdict({}, None)


@dataclass(frozen=True)
class Rules:
    """The rules of one model. Ids are of the target vocabulary; ``start_id`` is None for a decoder-only model.

    The rules are those of transformers' generation, and apply in its order.
    """

    start_id: int | None
    eos_ids: tuple[int, ...]
    forced_bos: int | None = None
    forced_eos: int | None = None
    suppressed: tuple[int, ...] = ()
    suppressed_first: tuple[int, ...] = ()
    bad_words: tuple[tuple[int, ...], ...] = ()
    no_repeat_ngram: int = 0
    min_length: int = 0
    """of all ids, those given counted: no end token before"""
    min_new_tokens: int | None = None
    """of the ids chosen; takes the place of ``min_length``"""
    renormalise: bool = False
    not_taken_over: tuple[str, ...] = ()
    """settings of the checkpoint that are not followed unless asked for, e.g. ``num_beams=6``"""

    def verdict(self, ids: Sequence[int], given: int, limit: int) -> Verdict:
        """What holds for the token after ``ids``: the first ``given`` were not chosen, at most ``limit`` will be."""
        chosen = len(ids) - given
        if self.forced_eos is not None and chosen == limit - 1:
            return Verdict({}, self.forced_eos)
        if self.forced_bos is not None and len(ids) == 1:
            return Verdict({}, self.forced_bos)
        if not self._forbids:
            return FREE
        first_free = 1 if self.forced_bos is not None and given == 1 else 0
        early = len(ids) < (self.min_length if self.min_new_tokens is None else given + self.min_new_tokens)
        return Verdict(dict(self._forbidden(ids, chosen == first_free, early)), None)

    @cached_property
    def _forbids(self) -> bool:
        """Whether there is any rule that forbids."""
        lists = self.suppressed, self.suppressed_first, self.bad_words
        return any(lists) or bool(self.no_repeat_ngram or self.min_length or self.min_new_tokens)

    def _forbidden(self, ids: Sequence[int], first: bool, early: bool) -> Iterator[tuple[int, Message]]:
        for token in self.suppressed:
            yield token, N_("suppressed by the checkpoint's settings")
        for token in self.suppressed_first if first else ():
            yield token, N_("suppressed as the first token")
        for *before, last in self.bad_words:
            if not before or list(ids[-len(before) :]) == before:
                yield last, N_("a bad word of the checkpoint's settings")
        for token in self.eos_ids if early else ():
            yield token, N_("too early to end")
        for token in self._repeating(ids):
            yield token, N_("would repeat {n} tokens in a row").format(n=self.no_repeat_ngram)

    def _repeating(self, ids: Sequence[int]) -> Iterator[int]:
        n = self.no_repeat_ngram
        if not 0 < n <= len(ids):
            return
        tail = list(ids[len(ids) - n + 1 :])
        for i in range(len(ids) - n + 1):
            if list(ids[i : i + n - 1]) == tail:
                yield ids[i + n - 1]
