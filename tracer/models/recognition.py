"""The family of a configuration that does not name it, as files of 2019 and 2020 do: told by its class, or its keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..decisions import CONFIGURATION
from ..i18n import N_
from ..namedtuple import NamedTuple
from .stated import Stated

HEADS = r"(For\w+|(LMHead|WithLMHead|MT|DoubleHeads|Encoder)?Model)"
"""How the names of transformers' classes go on after the name of the family."""


class Marks(NamedTuple):
    """What a file of a family states, ``...`` for whatever value; and ``never``, what only its relatives state."""

    stated: Mapping[str, Any]
    never: Sequence[str] = ()


BART = {"encoder_ffn_dim": ..., "decoder_ffn_dim": ..., "encoder_attention_heads": ...}
BERT = {"hidden_size": ..., "intermediate_size": ..., "num_hidden_layers": ..., "num_attention_heads": ...}
OTHER_BERTS = ("embedding_size", "num_hidden_groups", "attention_window", "has_relative_attention", "relation_size")

MARKS: Mapping[str, Marks] = {
    "gpt2": Marks({"n_embd": ..., "n_head": ..., "n_layer": ...}, ("afn", "dff", "rotary_dim", "multi_query")),
    "t5": Marks({"d_kv": ..., "d_ff": ..., "relative_attention_num_buckets": ...}),
    "bart": Marks(BART | {"normalize_before": False, "normalize_embedding": True}, ("layernorm_variant",)),
    "mbart": Marks(BART | {"normalize_before": True, "normalize_embedding": True}),
    "marian": Marks(BART | {"normalize_before": False, "static_position_embeddings": True}),
    "distilbert": Marks({"dim": ..., "hidden_dim": ..., "n_heads": ..., "sinusoidal_pos_embds": ...}),
    "bert": Marks(BERT | {"type_vocab_size": 2}, OTHER_BERTS),
    "roberta": Marks(BERT | {"type_vocab_size": 1}, OTHER_BERTS),
}
"""The families of those years."""


def by_class(stated: Stated, families: Collection[str]) -> str | None:
    """The family of the first class in `architectures` that is one of some families', which is then noted."""
    for name in classes(stated):
        for family in sorted(families):
            if re.fullmatch(re.sub(r"[-_]", "", family) + HEADS, name, re.IGNORECASE):
                told = N_("config.json: there is no model_type, and architectures has {name}: taken as {family}")
                stated.decisions.note(CONFIGURATION, told.format(name=name, family=family))
                return family
    return None


def classes(stated: Stated) -> list[str]:
    """The names of classes that `architectures` has."""
    listed = stated.get("architectures")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def by_keys(stated: Stated, families: Collection[str]) -> str | None:
    """The one family whose marks a file has, which is then noted; None if that is none of ``families``."""
    found = list(_marked(stated))
    if len(found) != 1 or found[0] not in families:
        return None
    told = N_("config.json: there is no model_type: taken as {family}, as it states {keys}")
    keys = ", ".join(MARKS[found[0]].stated)
    stated.decisions.note(CONFIGURATION, told.format(family=found[0], keys=keys))
    return found[0]


def _marked(stated: Stated) -> Iterator[str]:
    return (
        family
        for family, marks in MARKS.items()
        if stated.has(marks.stated) and not any(stated.has({key: ...}) for key in marks.never)
    )
