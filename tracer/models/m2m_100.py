"""M2M-100 (Fan et al. 2021) and NLLB (NLLB Team 2022): mBART with positions that are computed, and none at padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..i18n import N_, _
from ..ops.linear import add
from ..ops.position import padded_sinusoids
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from .architecture import MOST, Facts
from .bart import EMBEDDINGS, Bart, Config, configured, stacks
from .layout import Layout, Parameters
from .padding import counted
from .stated import Stated
from .text import Text

FORM: Mapping[str, bool] = {
    "normalize_before": True,
    "normalize_embedding": False,
    "add_final_layer_norm": True,
    "static_position_embeddings": True,
}
"""What files may say of the form of the family; it is the same whatever they say."""


class M2M100(Bart):
    """Pre-norm, sinusoidal positions; the decoder's first token is the id of the language that it is to write."""

    model_type: ClassVar[str] = "m2m_100"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        usual: dict[str, Any] = {"vocabulary": 128112, "activation": "relu", "scaled": True}
        config = Config(**configured(stated, FORM, **usual, norm="pre", final_norm=True))
        stated.insist(config.d_model >= 4, "d_model", _("4 or more"))
        stated.insist(
            config.pad_id is not None, "pad_token_id", _("a token id, as it is skipped in counting positions")
        )
        return config

    @classmethod
    def layout(cls, config: Any, source: Axis, target: Axis) -> Layout:
        layout = stacks(config, target)
        layout.ignore(
            r"model\.(en|de)coder\.embed_positions\.weights?", N_("the sines and cosines, which are computed")
        )
        layout.head(EMBEDDINGS, (target, config.target_vocab), (FEATURE, config.d_model), tied=config.tied_output)
        return layout

    @property
    def facts(self) -> Facts:
        c = self.config
        longest = max(MOST, c.positions)
        return Facts(c.source_vocab, c.target_vocab, longest, longest, c.pad_id, made_for=c.positions)

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: E[ids], scaled, + positional encoding."""
        with tape.scope("embed"):
            tokens = self._look_up(tape, p, text)
            where = self._where(tokens, text) | {"positions": self._counted(text)}
            places = tape(padded_sinusoids, "positions", **where, offset=self._pad + 1)
            return tape(add, "output", tokens, places)

    @property
    def _pad(self) -> int:
        return int(self.config.pad_id or 0)

    def _counted(self, text: Text) -> Sequence[int]:
        """The positions of ids that are no padding, whatever a mask hides; −1 for padding."""
        pads = [place for place, i in enumerate(text.ids) if i == self._pad]
        if not pads:
            return text.positions
        first = text.positions[0]
        return [n if n < 0 else first + n for n in counted(len(text), pads, -1)]
