"""DistilBERT (Sanh et al. 2019): BERT with half the layers, and without segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..i18n import Message
from ..ops.activation import BY_NAME
from ..tensor import FEATURE, Axis
from .bert import OTHER_HEAD, Bert, Config, add_transform, check
from .layout import OUTPUT, Layout
from .stated import Stated

EMBEDDING = {"distilbert.embeddings.word_embeddings.weight": "encoder.embed.tokens.weight"}
HEAD = {"vocab_projector.weight": OUTPUT}
ASIDE: Mapping[str, Message] = {r"(pre_classifier|classifier|qa_outputs)\..*": OTHER_HEAD}
EPS = 1e-12
"""No file states it."""


class DistilBert(Bert):
    """Its table of positions may hold sines, which are in the file as any other numbers are."""

    model_type: ClassVar[str] = "distilbert"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        stated.also(dim="hidden_size", n_heads="num_attention_heads", n_layers="num_hidden_layers")
        stated.flag("sinusoidal_pos_embds", False)
        config = Config(
            vocab=stated.size("vocab_size", 30522),
            positions=stated.size("max_position_embeddings", 512),
            d_model=stated.size("dim", 768),
            heads=stated.size("n_heads", 12),
            layers=stated.layers("n_layers", 6),
            ffn=stated.size("hidden_dim", 3072),
            activation=stated.one_of("activation", BY_NAME, "gelu"),
            norm_eps=EPS,
            pad_id=stated.token("pad_token_id", 0, null=None),
            segments=0,
            tied_output=stated.flag("tie_word_embeddings", True),
        )
        check(stated, config, "dim", "n_heads")
        return config

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features = (FEATURE, config.d_model)
        layout = Layout(base="distilbert.", head_prefix="vocab_", ignored={**ASIDE})
        layout.head(EMBEDDING, (source, config.vocab), features, tied=config.tied_output, head=HEAD)
        name, places = "distilbert.embeddings", (Axis("position"), config.positions)
        layout.add(f"{name}.position_embeddings.weight", "encoder.embed.positions.weight", places, features)
        layout.norm(f"{name}.LayerNorm", "encoder.embed.norm", features)
        for i in range(config.layers):
            _add_layer(layout, f"distilbert.transformer.layer.{i}", f"encoder.{i}", config)
        add_transform(layout, "vocab_transform", "vocab_layer_norm", config)
        layout.add("vocab_projector.bias", "logits.bias", (source, config.vocab))
        return layout


def _add_layer(layout: Layout, name: str, path: str, c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    for part, theirs in (("q", "q_lin"), ("k", "k_lin"), ("v", "v_lin"), ("output", "out_lin")):
        layout.linear(f"{name}.attention.{theirs}", f"{path}.self_attn.{part}", features, features)
    layout.norm(f"{name}.sa_layer_norm", f"{path}.self_attn.norm", features)
    layout.linear(f"{name}.ffn.lin1", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{name}.ffn.lin2", f"{path}.ffn.output", features, hidden)
    layout.norm(f"{name}.output_layer_norm", f"{path}.ffn.norm", features)
