"""mT5 (Xue et al. 2021): T5 v1.1 in many languages, with an output of its own that nothing divides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .stated import Stated
from .t5 import T5, Config, configured

DEFAULTS: Mapping[str, Any] = {
    "vocab_size": 250112,
    "d_ff": 1024,
    "num_layers": 8,
    "num_heads": 6,
    "feed_forward_proj": "gated-gelu",
}


class MT5(T5):
    """Gated feed-forward; the output is the file's own, or the embedding where it has none, and never rescaled."""

    model_type: ClassVar[str] = "mt5"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.expect("scale_decoder_outputs", False)
        return configured(stated, DEFAULTS, tied_output=stated.flag("tie_word_embeddings", True), rescaled=False)
