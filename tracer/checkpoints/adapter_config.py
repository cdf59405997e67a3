"""What an adapter states: by how much its products are multiplied, and that it asks for nothing else than those."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..i18n import N_, _
from ..models.stated import Stated
from ..outward import SHORT, visible

PATTERN = re.compile(r"\^?(\w|-|\.|\\\.|\\d\+?)*\$?")
"""Patterns of modules that are followed: names, and numbers in them."""
MOST_PATTERNS, LONGEST_PATTERN = 4096, 200

HARMLESS: Mapping[str, tuple[Any, ...]] = {
    "init_lora_weights": (True, False, "gaussian", "eva", "orthogonal"),
    **dict.fromkeys(("use_dora", "lora_bias", "use_qalora", "ensure_weight_tying"), (False,)),
    **dict.fromkeys(("target_parameters", "alora_invocation_tokens", "layer_replication"), ([],)),
    **dict.fromkeys(("trainable_token_indices", "megatron_config", "use_bdlora"), ({}, [], False)),
    **dict.fromkeys(("arrow_config", "kasa_config", "velora_config", "monteclora_config"), ({},)),
}
"""What would add something else than W + s·BA, or to another W, with what is as good as nothing."""

IDLE = (
    *("task_type", "auto_mapping", "peft_version", "revision", "inference_mode", "target_modules", "exclude_modules"),
    *("lora_dropout", "fan_in_fan_out", "bias", "modules_to_save", "layers_to_transform", "layers_pattern"),
    *("megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "qalora_group_size"),
    *("runtime_config", "base_model_name_or_path"),
)
"""What is over when an adapter is saved, or shows in its tensors."""


class Scales(NamedTuple):
    """What products are multiplied by: α over the rank or its root; patterns of modules may have an α of their own.

    ``ranks`` are those that the factors may have.
    """

    alpha: float
    patterns: Mapping[re.Pattern[str], float]
    of_root: bool
    ranks: frozenset[int]

    def of(self, module: str, rank: int) -> float:
        """That of a module, by its name in the model."""
        found = (alpha for pattern, alpha in self.patterns.items() if pattern.match(module))
        return next(found, self.alpha) / (math.sqrt(rank) if self.of_root else rank)


def scales(stated: Stated) -> Scales:
    """How `adapter_config.json` has the products multiplied.

    Raises:
        InputError: it is of another kind than LoRA, or states something that is not followed.
    """
    stated.one_of("peft_type", ("LORA",))
    ranks = {stated.size("r"), *_patterns(stated, "rank_pattern").values()}
    alphas = {re.compile(rf"(.*\.)?({key})$"): alpha for key, alpha in _patterns(stated, "alpha_pattern").items()}
    found = Scales(stated.number("lora_alpha"), alphas, stated.flag("use_rslora", False), frozenset(ranks))
    _settle(stated)
    return found


def _patterns(stated: Stated, key: str) -> Mapping[str, float]:
    """Positive numbers by patterns of modules."""
    found: Mapping[str, float] = stated.get(key, {})
    sound = isinstance(found, dict) and len(found) <= MOST_PATTERNS
    if not sound or not all(_is_positive(number) for number in found.values()):
        raise stated.error(
            _("{key}: expected an object: patterns of modules, each with a number above 0").format(key=key)
        )
    for pattern in found:
        if len(pattern) > LONGEST_PATTERN or not PATTERN.fullmatch(pattern):
            told = _("{key}: the pattern {pattern} is not followed; write names of modules, with \\d+ for numbers")
            raise stated.error(told.format(key=key, pattern=SHORT.repr(visible(pattern))))
    return found


def _is_positive(number: Any) -> bool:
    return type(number) in (int, float) and 0 < number < math.inf


def _settle(stated: Stated) -> None:
    """Account for every other key; what would change the sum is refused, and so is what is not known, unless empty."""
    for key, nothing in HARMLESS.items():
        stated.refuse(key, *nothing)
    stated.ignore(N_("no effect on an adapter that is merged: {keys}"), *IDLE)
    for key in stated.left:
        if value := stated.get(key):
            told = _("{key} = {value} is not known here, and may change what the adapter adds")
            raise stated.error(told.format(key=visible(key), value=SHORT.repr(json.dumps(value))))
