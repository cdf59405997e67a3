"""Hooks of TransformerLens: those of its own models, and those of the bridge to models of transformers.

Its norms without a mean divide before the hook and multiply by the gain after it, so that their ``hook_normalized`` is
no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...ops.norm import layer_norm
from ...tape import Record, Tape
from ..anatomy import STACKS, Layer, Named, Records, handed_on, is_looked_up, last, layers, projected, recorded, scopes

ATTENTION = {
    "q": ("hook_q", "q.hook_out"),
    "k": ("hook_k", "k.hook_out"),
    "v": ("hook_v", "v.hook_out"),
    "qkv": ("qkv.hook_out",),
    "q_norm": ("q_norm.hook_out",),
    "k_norm": ("k_norm.hook_out",),
    "q_rotated": ("hook_rot_q",),
    "k_rotated": ("hook_rot_k",),
    "masked": ("hook_attn_scores",),
    "weights": ("hook_pattern",),
    "heads": ("hook_z",),
    "concat": ("o.hook_in", "hook_z"),
    "output": ("o.hook_out", "hook_out"),
}
PLAIN = {
    "hidden": ("hook_pre", "in.hook_out", "input.hook_out"),
    "activated": ("hook_post", "out.hook_in"),
    "output": ("out.hook_out", "hook_out"),
}
GATED = {
    "gate": ("hook_pre", "gate.hook_out"),
    "up": ("hook_pre_linear", "in.hook_out"),
    "hidden": ("hook_post", "out.hook_in"),
    "output": ("out.hook_out", "hook_out"),
}
SUBLAYERS = {
    "self_attn": (("attn", "self_attn"), "hook_attn_out", "hook_resid_mid"),
    "cross_attn": (("cross_attn",), "hook_cross_attn_out", "hook_resid_mid_cross"),
    "ffn": (("mlp",), "hook_mlp_out", "hook_resid_post"),
}
"""What a sublayer is called, its own output, and what the residual stream is after it."""
EMBEDDINGS = {
    "tokens": ("embed.hook_out", "hook_embed"),
    "positions": ("pos_embed.hook_out", "hook_pos_embed"),
    "norm": ("embed_ln.hook_out",),
}


FIRST = ("qkv", "q", "gate_up", "gate", "router.logits", "hidden")
"""What computes with the input of a sublayer."""


def names(tapes: Sequence[Tape], _base: str) -> Iterator[tuple[str, Record]]:
    """Every hook whose tensor is a record."""
    for tape in tapes:
        yield from recorded(_hooks(scopes(tape)), tapes)


def _hooks(found: Mapping[str, Records]) -> Iterator[Named]:
    everyone = list(layers(found))
    is_crossed = any("cross_attn" in layer.sublayers for layer in everyone)
    for layer in everyone:
        blocks = {f"{layer.stack}_blocks": None, layer.stack: None, "blocks": None}
        for block in list(blocks)[: 2 if is_crossed else 3]:
            yield from ((f"{block}.{layer.number}.{name}", tensor) for name, tensor in _layer(layer))
    for stack in STACKS:
        yield from _embedding(stack, found.get(f"{stack}.embed", {}))
        yield from _final_norm(stack, found.get(stack, {}))
    if logits := projected(found):
        yield "unembed.hook_in", logits.inputs[0]
        yield "unembed.hook_out", logits.output


def _layer(layer: Layer) -> Iterator[Named]:
    yield from ((name, layer.entering) for name in ("hook_resid_pre", "hook_in"))
    yield "hook_out", layer.output
    for number, (kind, records) in enumerate(layer.sublayers.items(), 1):
        called, own, after = SUBLAYERS[kind]
        yield own, handed_on(records).output
        yield after, last(records).output
        for name, norm in ((f"ln{number}", "norm"), (f"ln{number}_post", "norm_post")):
            yield from _norm(name, records[norm]) if norm in records else ()
        for name in called:
            yield from ((f"{name}.{hook}", tensor) for hook, tensor in _sublayer(records))


def _sublayer(records: Records) -> Iterator[Named]:
    """The hooks within an attention or a feed-forward."""
    hooks = ATTENTION if "weights" in records else GATED if "gate" in records else PLAIN
    for name, record in records.items():
        yield from ((hook, record.output) for hook in hooks.get(name.removesuffix("_new"), ()))
    inner = "q" if "weights" in records else "in"
    for first in [records[name] for name in FIRST if name in records][:1]:
        yield from ((hook, first.inputs[0]) for hook in ("hook_in", f"{inner}.hook_in"))


def _norm(name: str, norm: Record) -> Iterator[Named]:
    yield f"{name}.hook_in", norm.inputs[0]
    yield f"{name}.hook_out", norm.output
    if norm.op is layer_norm:
        yield f"{name}.hook_normalized", norm.output


def _embedding(stack: str, records: Records) -> Iterator[Named]:
    """Those of the embedding; of the decoder of an encoder–decoder by names of their own."""
    for name, record in records.items():
        if name != "tokens" or is_looked_up(records):
            hooks = EMBEDDINGS.get(name, ())
            yield from ((hook, record.output) for hook in hooks)
            yield from ((f"{stack}_{hook}", record.output) for hook in hooks)


def _final_norm(stack: str, records: Records) -> Iterator[Named]:
    if norm := records.get("norm"):
        for name in ("ln_final", f"{stack}_ln_final", f"{stack}_final_ln"):
            yield from _norm(name, norm)
