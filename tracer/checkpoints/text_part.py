"""The text part of a configuration that has several, as those of models that see or hear have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..decisions import CONFIGURATION, Decisions
from ..i18n import N_
from ..models import known

PARTS = ("text_config", "llm_config", "language_config")
"""The keys that have it."""
PREFIXES = ("model.language_model.", "language_model.", "model.text_model.", "text_model.")
"""How the names of its tensors begin; the output projection may stand alone."""
NOT_ALONE = {"paligemma", "colpali"}
"""Families whose text part computes something else by itself: among the others, a prompt sees all of itself."""
OF_THE_WHOLE = ("bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype")
"""What counts for the text too where it is stated beside the parts."""
TIED = "tie_word_embeddings"
TIE_BY_DEFAULT = {
    *("deepseek_vl", "florence2", "gemma3", "glmasr", "got_ocr2", "granite_docling", "granite_speech", "internvl"),
    *("janus", "lighton_ocr", "mistral3", "ovis2", "paddleocr_vl", "pp_chart2table", "qwen3_asr"),
}
"""Families whose output projection is the embedding of the text where nothing is stated (transformers 5.24)."""


def text_part(config: Mapping[str, Any], decisions: Decisions) -> dict[str, Any] | None:
    """What is stated of the text part, where that is of a known family and the whole is of none; it is then noted."""
    whole = config.get("model_type")
    key = next((key for key in PARTS if _family(config.get(key)) in known()), None)
    if key is None or not isinstance(whole, str) or whole in NOT_ALONE | {*known()}:
        return None
    text = config[key]
    told = N_("config.json: of the parts that {whole} has, {key} is read, which is {family}; texts alone go in")
    decisions.note(CONFIGURATION, told.format(whole=whole, key=key, family=_family(text)))
    of_the_whole = {name: config[name] for name in OF_THE_WHOLE if config.get(name) is not None}
    return {**text, **of_the_whole, **_tied(whole, config, text)}


def _family(part: Any) -> str | None:
    family = part.get("model_type") if isinstance(part, dict) else None
    return family if isinstance(family, str) else None


def _tied(whole: str, config: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the output projection is the embedding, as far as that is stated or holds by default."""
    by_default = True if whole in TIE_BY_DEFAULT else None
    stated = [tied for tied in (config.get(TIED, by_default), text.get(TIED)) if tied is not None]
    return {TIED: next(filter(None, stated), stated[0])} if stated else {}
