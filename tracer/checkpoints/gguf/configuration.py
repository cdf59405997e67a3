"""What GGUF metadata state of an architecture and of decoding, under the keys of config.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ...dataclass import dataclass
from ...decisions import POSITIONS, Decisions
from ...errors import InputError
from ...i18n import N_, _
from ...tensor import Array
from .container import Info
from .families import CAPPED, FACTORS, LONG_FACTORS, SHORT_FACTORS, WINDOW, Family

EMBEDDING, OUTPUT = "token_embd.weight", "output.weight"
TOKENS = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
ENDS = ("eos", "eot")
"""What ends an output."""
IDLE = (
    *("vocab_size", "rope.dimension_count", "attention.value_length", "attention.layer_norm_epsilon"),
    *("attention.key_length", "rope.scaling.finetuned", "rope.scaling.attn_factor", "attention.causal"),
)
"""What has no effect beside other settings."""
SCALINGS = {
    "factor": "factor",
    "original_max_position_embeddings": "original_context_length",
    "beta_fast": "yarn_beta_fast",
    "beta_slow": "yarn_beta_slow",
    "attention_factor": "yarn_attn_factor",
}
LARGEST_GEMMAS = {"gemma2": 46, "gemma3": 62}
"""The numbers of layers of those whose scores are divided by the root of the features a head would have."""

ENOUGH = 8
"""numbers of a list that is not known here"""


@dataclass(frozen=True)
class Stating:
    """What a file states of an ``architecture``, and its tensors by their names; ``numbers`` reads one of them."""

    file: str
    architecture: str
    metadata: Mapping[str, Any]
    infos: Mapping[str, Info]
    numbers: Callable[[str], Array]

    def get(self, name: str) -> Any:
        """What is stated of the architecture under a key; of a list for all layers, what holds for every one."""
        value = self.metadata.get(f"{self.architecture}.{name}")
        if not isinstance(value, np.ndarray):
            return value
        if (value != value[:1]).any():
            told = _("{file}: {key} differs from layer to layer, which is not supported")
            raise InputError(told.format(file=self.file, key=f"{self.architecture}.{name}"))
        return next(iter(value[:1].tolist()), None)

    def size(self, name: str) -> int:
        """A number of things; 0 where none is stated."""
        value = self.get(name)
        return value if isinstance(value, int) and value > 0 else 0

    def others(self, *known: str) -> Iterator[tuple[str, Any]]:
        """What else is stated of the architecture, but for nothing and false; of a list, how it begins."""
        prefix = f"{self.architecture}."
        for key in self.metadata:
            if key.startswith(prefix) and key.removeprefix(prefix) not in known:
                value = self.metadata[key]
                value = value[:ENOUGH].tolist() if isinstance(value, np.ndarray) else value
                if value:
                    yield key, value


def configuration(stating: Stating, family: Family, decisions: Decisions) -> dict[str, Any]:
    """The keys of config.json, with what the metadata state.

    Raises:
        InputError: something that must be stated is not, or differs from layer to layer.
    """
    _check_stated(stating, family)
    found = {key: value for key, name in family.settings.items() if (value := stating.get(name)) is not None}
    return {
        "model_type": family.model_type,
        **family.fixed,
        **{key: value for key, value in found.items() if value or key not in (*WINDOW, *CAPPED)},
        **_vocabulary(stating),
        **{key: True for key, label in family.biases.items() if label in stating.infos},
        **_rotary(stating, decisions),
        **_gemma(stating),
        **_tokens(stating.metadata),
        **_rest(stating, family),
    }


def _check_stated(stating: Stating, family: Family) -> None:
    for name in family.required:
        if stating.get(name) is None:
            told = _("{file}: {key} is missing")
            raise InputError(told.format(file=stating.file, key=f"{stating.architecture}.{name}"))


def _rest(stating: Stating, family: Family) -> dict[str, Any]:
    """What else is stated, under its own names: whoever reads the configuration says that it is not known."""
    if not family.settings:
        return {}
    rotary = ("rope.freq_base", "rope.scale_linear", "rope.scaling.type")
    scalings = (f"rope.scaling.{name}" for name in SCALINGS.values())
    return dict(stating.others(*family.settings.values(), *rotary, *scalings, *IDLE))


def _vocabulary(stating: Stating) -> dict[str, Any]:
    """The size of the vocabulary, which is that of the embedding, and whether the output is tied to that."""
    info = stating.infos.get(EMBEDDING)
    size = info.shape[0] if info and info.shape else stating.get("vocab_size")
    return {"vocab_size": size, "tie_word_embeddings": OUTPUT not in stating.infos}


def _rotary(stating: Stating, decisions: Decisions) -> dict[str, Any]:
    """How positions are scaled to longer texts, and which part of a head is turned."""
    turned, width = stating.size("rope.dimension_count"), _width(stating)
    partly = {"partial_rotary_factor": turned / width} if turned and width and turned != width else {}
    scaling = _factors(stating, decisions) or _scaling(stating)
    return {**partly, **({"rope_scaling": scaling} if scaling else {}), **_outside(scaling)}


def _width(stating: Stating) -> int:
    """The features of a head."""
    return stating.size("attention.key_length") or _share(stating)


def _share(stating: Stating) -> int:
    """The features of a head where the heads share those of the model."""
    return stating.size("embedding_length") // max(1, stating.size("attention.head_count"))


def _factors(stating: Stating, decisions: Decisions) -> dict[str, Any]:
    """A factor for each pair, as a tensor has them; each pair is slowed by its own, as LongRoPE does it."""
    if FACTORS in stating.infos:
        decisions.take(POSITIONS, N_("{name}: each pair is slowed by a factor of its own").format(name=FACTORS))
        factors = stating.numbers(FACTORS).astype(np.float64).tolist()
        return {"rope_type": "longrope", "short_factor": factors, "long_factor": factors, "attention_factor": 1.0}
    if SHORT_FACTORS not in stating.infos or LONG_FACTORS not in stating.infos:
        return {}
    short, long = ([float(str(x)) for x in stating.numbers(name)] for name in (SHORT_FACTORS, LONG_FACTORS))
    original = stating.get("rope.scaling.original_context_length")
    return {
        "rope_type": "longrope",
        "short_factor": short,
        "long_factor": long,
        "original_max_position_embeddings": original,
    }


def _scaling(stating: Stating) -> dict[str, Any]:
    """A scaling that the metadata state."""
    kind, linear = stating.get("rope.scaling.type"), stating.get("rope.scale_linear")
    if kind in (None, "none"):
        return {"rope_type": "linear", "factor": linear} if linear and linear != 1 else {}
    stated = {key: stating.get(f"rope.scaling.{name}") for key, name in SCALINGS.items()}
    return {"rope_type": kind, **{key: value for key, value in stated.items() if value is not None}}


def _outside(scaling: Mapping[str, Any]) -> dict[str, Any]:
    """What Phi-3's config.json states beside the scaling."""
    key = "original_max_position_embeddings"
    return {key: scaling[key]} if scaling.get("rope_type") == "longrope" and scaling.get(key) else {}


def _gemma(stating: Stating) -> dict[str, Any]:
    """By the root of what scores are divided: the features of a head, or those that it would have."""
    layers = LARGEST_GEMMAS.get(stating.architecture)
    if layers is None:
        return {}
    features = _share(stating) if stating.size("block_count") == layers else _width(stating)
    return {"query_pre_attn_scalar": features}


def _tokens(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The ids of tokens with a role; what ends an output may be several."""
    found = {key: _token(metadata, name) for key, name in TOKENS.items()}
    ends = list(dict.fromkeys(end for name in ENDS if (end := _token(metadata, name)) is not None))
    several = {"eos_token_id": ends} if len(ends) > 1 else {}
    return {key: value for key, value in (found | several).items() if value is not None}


def _token(metadata: Mapping[str, Any], name: str) -> int | None:
    value = metadata.get(f"tokenizer.ggml.{name}_token_id")
    return value if isinstance(value, int) else None
