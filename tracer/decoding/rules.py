"""What a model forbids or forces while decoding, as its generation_config.json states it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Any

from ..dataclass import dataclass
from ..i18n import N_, Message
from ..namedtuple import NamedTuple
from ..operation import Operation
from ..ops.choice import bias, length_decay, repetition
from ..outward import short
from . import generation_config
from .settings import DEFAULTS, Strategy


class Verdict(NamedTuple):
    """For the next token: the ids ruled out, each with the reason, and the one id that is forced, if any."""

    forbidden: dict[int, Message]
    forced: int | None


FREE = Verdict({}, None)


class Adjustment(NamedTuple):
    """Tokens that are made less likely, or more: the name of the record, the operation, and its parameters."""

    name: str
    op: Operation
    parameters: Mapping[str, Any]


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
    no_source_ngram: int = 0
    min_length: int = 0
    """of all ids, those given counted: no end token before"""
    min_new_tokens: int | None = None
    """of the ids chosen; takes the place of ``min_length``"""
    renormalise: bool = False
    repetition: float = 1.0
    source_repetition: float = 1.0
    """above 1, what stands in the source becomes likelier"""
    biases: tuple[tuple[tuple[int, ...], float], ...] = ()
    """what is added for the last token of a sequence where it would complete that"""
    decay: tuple[int, float] | None = None
    """how many tokens may be chosen before the end becomes likelier, and by which factor with each"""
    max_length: int | None = None
    """of all ids, those given counted"""
    max_new_tokens: int | None = None
    """of the ids chosen; takes the place of ``max_length``"""
    pad_id: int | None = None
    """of padding, hidden wherever it stands in a text that is read"""
    stated: Mapping[str, Any] = field(default_factory=dict)
    """what the checkpoint states to some effect, by the keys of its file"""

    @property
    def preferred(self) -> dict[str, Any]:
        """The settings that hold where nothing else is asked, by name."""
        return generation_config.preferred(self.stated)

    @property
    def strategy(self) -> Strategy:
        """How tokens are chosen where nothing else is asked."""
        found: Strategy = self.preferred.get("strategy", DEFAULTS["strategy"])
        return found

    @property
    def followed(self) -> dict[str, Any]:
        """What is stated that every strategy follows."""
        return {key: value for key, value in self.stated.items() if key in generation_config.RULES}

    def unfollowed(self, strategy: str) -> list[str]:
        """What is stated of strategies, and this one leaves out, e.g. ``num_beams=6``."""
        return [f"{key}={short(self.stated[key])}" for key in generation_config.unfollowed(self.stated, strategy)]

    def towards(self, code: int, codes: Collection[int]) -> Rules:
        """The rules of outputs in the language of a code: the decoder starts with it if with any, else it is forced."""
        starts = self.start_id in codes
        forced = code if not starts or self.forced_bos in codes else self.forced_bos
        return replace(self, start_id=code if starts else self.start_id, forced_bos=forced)

    def adjustments(self, ids: Sequence[int], given: int, source: Sequence[int | None]) -> Iterator[Adjustment]:
        """What is made less likely, or more, in the choice of the token after ``ids``, in order.

        The first ``given`` of them were not chosen.
        """
        if completing := self._completing(ids):
            told = N_("would complete a sequence of the checkpoint's settings")
            yield Adjustment("sequence_bias", bias, {"biases": completing, "reason": told})
        if self.source_repetition != 1:
            repeated = [i for i in source if i is not None]
            yield _penalty("encoder_repetition", 1 / self.source_repetition, repeated, N_("a token of the source"))
        if self.repetition != 1:
            yield _penalty("repetition", self.repetition, ids, N_("a token that was read before"))
        start, factor = self.decay or (0, 1.0)
        if factor != 1 and (tokens := len(ids) - given - start) > 0 and self.eos_ids:
            how = {"ids": self.eos_ids, "factor": factor, "tokens": tokens}
            yield Adjustment("length_decay", length_decay, how)

    def _completing(self, ids: Sequence[int]) -> dict[int, float]:
        """What is added for each token that would complete a sequence with a bias."""
        found: dict[int, float] = {}
        for (*before, last), stated in self.biases:
            if not before or list(ids[-len(before) :]) == before:
                found[last] = found.get(last, 0.0) + stated
        return found

    def verdict(self, ids: Sequence[int], given: int, limit: int | None, source: Sequence[int | None] = ()) -> Verdict:
        """What holds for the token after ``ids``, the first ``given`` of which were not chosen.

        The end is forced at the ``limit``-th token chosen. ``source`` has None for a token that no output has.
        """
        chosen = len(ids) - given
        if self.forced_eos is not None and limit is not None and chosen == limit - 1:
            return Verdict({}, self.forced_eos)
        if self.forced_bos is not None and len(ids) == 1:
            return Verdict({}, self.forced_bos)
        if not self._forbids:
            return FREE
        first_free = 1 if self.forced_bos is not None and given == 1 else 0
        early = len(ids) < (self.min_length if self.min_new_tokens is None else given + self.min_new_tokens)
        return Verdict(dict(self._forbidden(ids, source, chosen == first_free, early)), None)

    @cached_property
    def _forbids(self) -> bool:
        """Whether there is any rule that forbids."""
        lists = self.suppressed, self.suppressed_first, self.bad_words
        numbers = self.no_repeat_ngram, self.no_source_ngram, self.min_length, self.min_new_tokens
        return any(lists) or any(numbers)

    def _forbidden(
        self, ids: Sequence[int], source: Sequence[int | None], first: bool, early: bool
    ) -> Iterator[tuple[int, Message]]:
        for token in self.suppressed:
            yield token, N_("suppressed by the checkpoint's settings")
        for token in self.suppressed_first if first else ():
            yield token, N_("suppressed as the first token")
        for *before, last in self.bad_words:
            if not before or list(ids[-len(before) :]) == before:
                yield last, N_("a bad word of the checkpoint's settings")
        for token in self.eos_ids if early else ():
            yield token, N_("too early to end")
        for token in _completing(self.no_repeat_ngram, ids, ids):
            yield token, _repeating(self.no_repeat_ngram)
        for token in _completing(self.no_source_ngram, ids, source):
            yield token, _repeating_source(self.no_source_ngram)


def _penalty(name: str, penalty: float, ids: Sequence[int], reason: Message) -> Adjustment:
    return Adjustment(name, repetition, {"ids": ids, "penalty": penalty, "reason": reason})


def _repeating(n: int) -> Message:
    return N_("would repeat {n} tokens in a row").format(n=n) if n > 1 else N_("would repeat a token")


def _repeating_source(n: int) -> Message:
    if n > 1:
        return N_("would repeat {n} tokens in a row of the source").format(n=n)
    return N_("would repeat a token of the source")


def _completing(n: int, ids: Sequence[int], text: Sequence[int | None]) -> Iterator[int]:
    """The tokens after ``ids`` with which their end would be ``n`` tokens in a row of ``text``."""
    if not 0 < n <= len(ids) + 1:
        return
    tail = list(ids[len(ids) - n + 1 :])
    for i in range(len(text) - n + 1):
        last = text[i + n - 1]
        if last is not None and list(text[i : i + n - 1]) == tail:
            yield last
