"""RoBERTa (Liu et al. 2019): BERT's architecture, positions counted from behind the row of padding.

The head has GELU, whatever the layers have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..i18n import Message, _
from ..tensor import FEATURE, Axis
from .bert import ASIDE as OF_BERT
from .bert import Bert, Config, add_biases, add_transform, configured, stack
from .layout import OUTPUT, Layout
from .padding import counted
from .stated import Stated

EMBEDDING = {"roberta.embeddings.word_embeddings.weight": "encoder.embed.tokens.weight"}
HEAD = "lm_head"
ASIDE: Mapping[str, Message] = {pattern.replace("bert", "roberta"): why for pattern, why in OF_BERT.items()}


class Roberta(Bert):
    """Padding has a row of its own in the table of positions, and is not counted (transformers, after fairseq)."""

    model_type: ClassVar[str] = "roberta"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return counting(configured(stated, pad_id=1, vocabulary=50265), stated)

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        layout = stack(config, "roberta", HEAD, ASIDE)
        head = {f"{HEAD}.decoder.weight": OUTPUT}
        layout.head(EMBEDDING, (source, config.vocab), (FEATURE, config.d_model), tied=config.tied_output, head=head)
        add_transform(layout, f"{HEAD}.dense", f"{HEAD}.layer_norm", config)
        add_biases(layout, HEAD, config, source)
        return layout

    @property
    def offset(self) -> int:
        return int(self.config.pad_id or 0) + 1

    @property
    def head_activation(self) -> str:
        return "gelu"

    def places(self, ids: Sequence[int], hidden: Sequence[int]) -> Sequence[int] | None:
        """0, 1, 2, … for what is no padding, whatever a mask hides; −1 for padding."""
        pads = [place for place, i in enumerate(ids) if i == self.config.pad_id]
        return counted(len(ids), pads, -1) if pads else None


def counting(config: Config, stated: Stated) -> Config:
    """The same, if its positions can be counted: there is padding, and room for a position behind its row."""
    fits = config.pad_id is not None and config.pad_id + 1 < config.positions
    room = _("a token id less than max_position_embeddings − 1, as positions are counted from the one after it")
    stated.insist(fits, "pad_token_id", room)
    return config
