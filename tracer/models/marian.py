"""Marian (Junczys-Dowmunt et al. 2018), as opus-mt has it: the paper's Transformer, sines and cosines in halves."""

from __future__ import annotations

from typing import Any, ClassVar

from ..dataclass import dataclass
from ..i18n import N_
from ..ops.linear import add
from ..ops.position import sinusoid_halves
from ..tape import Tape
from ..tensor import FEATURE, Axis, Tensor
from . import bart
from .bart import EMBEDDINGS, FORM, Bart, configured, stacks
from .layout import Layout, Parameters
from .stated import Stated
from .text import Text

SOURCE_EMBEDDING = {"model.encoder.embed_tokens.weight": "encoder.embed.weight"}
TARGET_EMBEDDING = {"model.decoder.embed_tokens.weight": "decoder.embed.weight"}

DIFFERENT = {"normalize_embedding": False, "static_position_embeddings": True}
VOCABULARY = 58101
"""The size of the vocabulary where none is stated; its last id is then padding."""


@dataclass(frozen=True, kw_only=True)
class Config(bart.Config):
    """What `config.json` states; ``shared`` says that both sides read the same table of embeddings."""

    shared: bool


class Marian(Bart):
    """Post-norm, with one vocabulary for both sides or one each."""

    model_type: ClassVar[str] = "marian"
    config: Config

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        shared = stated.flag("share_encoder_decoder_embeddings", True)
        vocabulary = stated.size("vocab_size", VOCABULARY)
        of_its_own = stated.size("decoder_vocab_size", vocabulary)
        return Config(
            **configured(
                stated,
                {**FORM, **DIFFERENT},
                vocabulary=VOCABULARY,
                pad_id=VOCABULARY - 1,
                shared=shared,
                target_vocab=vocabulary if shared else of_its_own,
            )
        )

    @classmethod
    def layout(cls, config: Any, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.target_vocab)
        layout = stacks(config, target)
        layout.ignore(r"model\.(en|de)coder\.embed_positions\.weight", N_("the sines and cosines, which are computed"))
        if not config.shared:
            layout.shared(SOURCE_EMBEDDING, (source, config.source_vocab), features)
        embeddings = EMBEDDINGS if config.shared else TARGET_EMBEDDING
        layout.head(embeddings, vocabulary, features, tied=config.tied_output)
        return layout

    @property
    def start_by_default(self) -> int | None:
        return self.config.pad_id

    def _embed(self, tape: Tape, p: Parameters, text: Text) -> Tensor:
        """ids -> [position, feature]: E[ids], scaled, + positional encoding."""
        with tape.scope("embed"):
            tokens = self._look_up(tape, p, text)
            places = tape(sinusoid_halves, "positions", **self._where(tokens, text))
            return tape(add, "output", tokens, places)
