"""The keys of `generation_config.json`, and what becomes of each; those of transformers 5.24.

A key stands in one of these tables, with the values that change nothing; absent and null never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..namedtuple import NamedTuple
from .settings import DECLARED

Neutral = tuple[Any, ...]

TOKENS = {"bos_token_id", "eos_token_id", "decoder_start_token_id", "force_bos_token_to_be_generated"}
"""Where an output begins and ends."""

LIMITS = {"max_length", "max_new_tokens"}
"""How long it may be."""

RULES: dict[str, Neutral] = {
    "forced_bos_token_id": (),
    "forced_eos_token_id": (),
    "suppress_tokens": ([],),
    "begin_suppress_tokens": ([],),
    "bad_words_ids": ([],),
    "no_repeat_ngram_size": (0,),
    "encoder_no_repeat_ngram_size": (0,),
    "repetition_penalty": (1,),
    "encoder_repetition_penalty": (1,),
    "min_length": (0,),
    "min_new_tokens": (),
    "renormalize_logits": (False,),
    "sequence_bias": ([],),
    "exponential_decay_length_penalty": (),
}
"""What is followed by every strategy."""


class Default(NamedTuple):
    """A key whose value holds where nothing else is asked: the setting it is of, and what changes nothing."""

    setting: str
    neutral: Neutral


DEFAULTS = {
    "num_beams": Default("beams", (1,)),
    "length_penalty": Default("length_penalty", (1,)),
    "early_stopping": Default("early_stopping", (False,)),
    "temperature": Default("temperature", (1,)),
    "top_k": Default("top_k", (0,)),
    "top_p": Default("top_p", (1,)),
    "min_p": Default("min_p", (0,)),
    "typical_p": Default("typical_p", (1,)),
    "epsilon_cutoff": Default("epsilon_cutoff", (0, 1)),
    "eta_cutoff": Default("eta_cutoff", (0, 1)),
    "top_h": Default("top_h", ()),
    "use_cache": Default("cache", (True,)),
}
"""What is followed by the strategy that the setting belongs to."""

STRATEGIES = {"num_beams": "beam", "do_sample": "sample"}
"""What asks for a strategy, which holds unless a person asks for another; of two, the first."""


class Unfollowed(NamedTuple):
    """A key that is not followed: the strategy in which transformers heeds it, or any, and what changes nothing."""

    strategy: str
    neutral: Neutral = ()


UNFOLLOWED = {
    "num_return_sequences": Unfollowed("sample", (1,)),
    "num_beam_groups": Unfollowed("beam", (1,)),
    "diversity_penalty": Unfollowed("beam", (0,)),
    "low_memory": Unfollowed("beam", (False,)),
    "guidance_scale": Unfollowed("", (1,)),
    "remove_invalid_values": Unfollowed("", (False,)),
    "watermarking_config": Unfollowed(""),
    "penalty_alpha": Unfollowed("", (0,)),
    "dola_layers": Unfollowed(""),
    "constraints": Unfollowed(""),
    "force_words_ids": Unfollowed(""),
    "stop_strings": Unfollowed("", ("", [])),
    "max_time": Unfollowed(""),
    "token_healing": Unfollowed("", (False,)),
    "use_mtp": Unfollowed("", (False,)),
    "is_assistant": Unfollowed("", (False,)),
    "prompt_lookup_num_tokens": Unfollowed(""),
    "assistant_early_exit": Unfollowed(""),
    "cache_implementation": Unfollowed(
        "", ("dynamic", "static", "offloaded", "offloaded_static", "hybrid", "sliding_window", "paged")
    ),
}

WITHOUT_EFFECT = {
    "pad_token_id",
    "output_attentions",
    "output_hidden_states",
    "output_logits",
    "output_scores",
    "return_dict_in_generate",
    "cache_config",
    "max_cache_len",
    "compile_config",
    "disable_compile",
    "continuous_batching_config",
    "prefill_chunk_size",
    "num_assistant_tokens",
    "num_assistant_tokens_schedule",
    "assistant_confidence_threshold",
    "assistant_lookbehind",
    "assistant_ensemble_weight",
    "target_lookbehind",
    "max_matching_ngram_size",
    "speculation_type",
    "transformers_version",
    "_from_model_config",
    "_commit_hash",
}
"""What changes no token of one text that is decoded alone: batches, what is returned, speed, where a file is from."""


def effective(get: Callable[[str], Any]) -> dict[str, Any]:
    """What is stated to some effect; ``get`` gives the value of a key, or None."""
    neutral = {"do_sample": (False,), **RULES}
    neutral |= {key: row.neutral for table in (DEFAULTS, UNFOLLOWED) for key, row in table.items()}
    stated = ((key, get(key)) for key in neutral)
    return {key: value for key, value in stated if value is not None and value not in neutral[key]}


def preferred(stated: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of settings, by the name of the setting."""
    asked = [strategy for key, strategy in STRATEGIES.items() if key in stated]
    settings = {default.setting: stated[key] for key, default in DEFAULTS.items() if key in stated}
    return {"strategy": asked[0], **settings} if asked else settings


def unfollowed(stated: Mapping[str, Any], strategy: str) -> list[str]:
    """The keys of what is stated, and heeded by transformers in this strategy or in one stated, but not here."""
    asked = {heeded for key, heeded in STRATEGIES.items() if key in stated}
    return [key for key, heeded in _heeded() if key in stated and _is_left_out(key, heeded, strategy, asked)]


def _heeded() -> Iterator[tuple[str, str]]:
    """Every key that one strategy alone heeds, and the strategy."""
    yield "do_sample", "sample"
    for key, default in DEFAULTS.items():
        if strategy := DECLARED[default.setting].strategy:
            yield key, strategy
    for key, row in UNFOLLOWED.items():
        if row.strategy:
            yield key, row.strategy


def _is_left_out(key: str, heeded: str, strategy: str, asked: set[str]) -> bool:
    return key in UNFOLLOWED if heeded == strategy else heeded in asked
