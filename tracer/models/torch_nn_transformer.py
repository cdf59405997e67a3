"""`torch.nn.Transformer` with embeddings and a generator around it: the paper's architecture under torch's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..tensor import FEATURE, Axis
from .layout import Layout, Slot
from .stated import Stated
from .transformer import Config, Transformer, sublayers


class TorchTransformer(Transformer):
    """`torch.nn.Transformer`: q, k and v lie stacked in ``in_proj_weight``, and a norm follows each stack."""

    model_type: ClassVar[str] = "torch_nn_transformer"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        d_model, heads = stated.size("d_model"), stated.size("heads")
        stated.divided("d_model", "heads")
        return Config(
            d_model=d_model,
            heads=heads,
            encoder_layers=stated.layers("layers"),
            decoder_layers=stated.layers("layers"),
            ffn=stated.size("ffn"),
            source_vocab=stated.size("source_vocab"),
            target_vocab=stated.size("target_vocab"),
            pad_id=stated.token("pad_id", 0),
            bos_id=stated.token("bos_id", 1),
            eos_id=stated.token("eos_id", 2),
            activation=stated.one_of("activation", ("relu", "gelu"), "relu"),
            norm="pre" if stated.flag("norm_first", False) else "post",
            final_norm=True,
            norm_eps=stated.number("layer_norm_eps", 1e-5),
            tied_output=False,
        )

    @classmethod
    def layout(cls, config: Config, source: Axis, target: Axis) -> Layout:
        features, vocabulary = (FEATURE, config.d_model), (target, config.target_vocab)
        layout = Layout()
        layout.add("src_embed.weight", "encoder.embed.weight", (source, config.source_vocab), features)
        layout.add("tgt_embed.weight", "decoder.embed.weight", vocabulary, features)
        for path, attentions in sublayers(config):
            _add_layer(layout, path, attentions, config)
        for stack in ("encoder", "decoder"):
            layout.norm(f"transformer.{stack}.norm", f"{stack}.norm", features)
        layout.linear("generator", "logits", vocabulary, features)
        return layout


def _add_layer(layout: Layout, path: str, attentions: Sequence[str], c: Config) -> None:
    features, hidden = (FEATURE, c.d_model), (FEATURE, c.ffn)
    name = f"transformer.{path.replace('.', '.layers.')}"
    for attention, torch_name in zip(attentions, ("self_attn", "multihead_attn"), strict=False):
        stacked = (FEATURE, 3 * c.d_model)
        for kind, extents in (("weight", (stacked, features)), ("bias", (stacked,))):
            paths = tuple(f"{path}.{attention}.{part}.{kind}" for part in "qkv")
            layout.slots[f"{name}.{torch_name}.in_proj_{kind}"] = Slot(paths, extents)
        layout.linear(f"{name}.{torch_name}.out_proj", f"{path}.{attention}.output", features, features)
    layout.linear(f"{name}.linear1", f"{path}.ffn.hidden", hidden, features)
    layout.linear(f"{name}.linear2", f"{path}.ffn.output", features, hidden)
    for i, sublayer in enumerate((*attentions, "ffn"), 1):
        layout.norm(f"{name}.norm{i}", f"{path}.{sublayer}.norm", features)
