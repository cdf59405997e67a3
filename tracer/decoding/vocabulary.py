"""Rules that speak of tokens beyond the vocabulary: there are no logits to apply them to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from ..decisions import DECODING
from ..i18n import N_, Message
from ..models.stated import Stated
from .rules import Rules

FORCED = N_("{file}: {key} is {ids}, beyond the vocabulary of {size}: it can't be forced, and is not")
FORBIDDEN = N_("{file}: {key} has {ids}, beyond the vocabulary of {size}: that can never be chosen anyway")
TOLD: Mapping[str, Message] = {
    "decoder_start_token_id": N_(
        "{file}: the start token is {ids}, beyond the vocabulary of {size}: decoding can't start"
    ),
    "eos_token_id": N_("{file}: an end token is {ids}, beyond the vocabulary of {size}: it can never be chosen"),
    "forced_bos_token_id": FORCED,
    "forced_eos_token_id": FORCED,
    "suppress_tokens": FORBIDDEN,
    "begin_suppress_tokens": FORBIDDEN,
    "bad_words_ids": FORBIDDEN,
    "sequence_bias": FORBIDDEN,
}
"""What is said of an id beyond the vocabulary, by the key that states it."""


def within(rules: Rules, size: int, stated: Stated) -> Rules:
    """The rules as far as they are of a vocabulary of ``size``; of the rest, ``stated.decisions`` are told.

    A start token stays: nothing is amiss until it is read.
    """

    def there(ids: Iterable[int]) -> tuple[int, ...]:
        return tuple(i for i in ids if i < size)

    def one(token: int | None) -> int | None:
        return next(iter(there(_some(token))), None)

    beyond = {key: sorted({i for i in ids if i >= size}) for key, ids in _by_key(rules).items()}
    beyond = {key: ids for key, ids in beyond.items() if ids}
    for key, ids in beyond.items():
        named = {"file": Path(stated.file_of(key)).name, "key": key, "ids": ", ".join(map(str, ids)), "size": size}
        stated.decisions.note(DECODING, TOLD[key].format(**named))
    found = replace(
        rules,
        eos_ids=there(rules.eos_ids),
        forced_bos=one(rules.forced_bos),
        forced_eos=one(rules.forced_eos),
        suppressed=there(rules.suppressed),
        suppressed_first=there(rules.suppressed_first),
        bad_words=tuple(word for word in rules.bad_words if max(word) < size),
        biases=tuple((word, bias) for word, bias in rules.biases if max(word) < size),
    )
    return replace(found, stated=_followed(found, beyond))


def _followed(rules: Rules, beyond: Iterable[str]) -> Mapping[str, Any]:
    """What is stated to some effect, where the rules have nothing ``beyond`` the vocabulary left of some keys."""
    left = {
        "forced_bos_token_id": rules.forced_bos,
        "forced_eos_token_id": rules.forced_eos,
        "suppress_tokens": list(rules.suppressed),
        "begin_suppress_tokens": list(rules.suppressed_first),
        "bad_words_ids": list(map(list, rules.bad_words)),
        "sequence_bias": [[list(word), bias] for word, bias in rules.biases],
    }
    stated = {key: left[key] if key in beyond and key in left else value for key, value in rules.stated.items()}
    return {key: value for key, value in stated.items() if value not in (None, [])}


def _by_key(rules: Rules) -> Mapping[str, Iterable[int]]:
    return {
        "decoder_start_token_id": _some(rules.start_id),
        "eos_token_id": rules.eos_ids,
        "forced_bos_token_id": _some(rules.forced_bos),
        "forced_eos_token_id": _some(rules.forced_eos),
        "suppress_tokens": rules.suppressed,
        "begin_suppress_tokens": rules.suppressed_first,
        "bad_words_ids": chain.from_iterable(rules.bad_words),
        "sequence_bias": chain.from_iterable(word for word, _bias in rules.biases),
    }


def _some(token: int | None) -> tuple[int, ...]:
    return () if token is None else (token,)
