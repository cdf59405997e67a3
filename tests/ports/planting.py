"""Mistakes as ports make them, planted in models of torch: each a function of the port and of where, by its key.

It answers which records are the first to be wrong. Nothing of `tracer` is used here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from families import FIXTURES, Port
from nn_transformer import NnTransformer
from rewriting import Lines, rewrite
from torch import Tensor, nn

First = Sequence[str]
Plant = Callable[[Port, str], First]
PLANTS: dict[str, Plant] = {}
HIDDEN = ("mask", "masked", "weights")
ATTENTION = ("q", "k", "v", "scores", *HIDDEN, "heads", "concat", "output", "residual", "norm")
MASKED = "attn_weights + attention_mask"
FUTURE = "attn_weights + torch.full_like(attn_weights, torch.finfo(attn_weights.dtype).min).triu({})"


def plant(*names: str) -> Callable[[Plant], Plant]:
    """Keep a function under each of these keys."""

    def kept(function: Plant) -> Plant:
        PLANTS.update(dict.fromkeys(names, function))
        return function

    return kept


def attentions(port: Port, at: str) -> list[tuple[str, Any]]:
    """The modules of attention."""
    return [(ours, module) for ours, module in port.under(at) if ours.endswith("_attn")]


def rewrite_attention(port: Port, at: str, before: str, after: str) -> str:
    """Another line in the arithmetic of attention; answers the first attention that has it."""
    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, eager_attention_forward=[Lines(before, after)])
    return found[0][0]


@plant("no_scale")
def no_scale(port: Port, at: str) -> First:
    return [rewrite_attention(port, at, " * scaling", "") + ".scores"]


@plant("extra_scale")
def extra_scale(port: Port, at: str) -> First:
    return [rewrite_attention(port, at, " * scaling", " * scaling / query.size(-1) ** 0.5") + ".scores"]


@plant("wrong_axis")
def wrong_axis(port: Port, at: str) -> First:
    return [rewrite_attention(port, at, "attn_weights, dim=-1", "attn_weights, dim=-2") + ".weights"]


@plant("kv_tiling")
def kv_tiling(port: Port, at: str) -> First:
    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, repeat_kv=lambda states, groups: states.repeat(1, groups, 1, 1), eager_attention_forward=())
    return [found[0][0] + ".scores"]


@plant("kv_tiling values")
def kv_tiling_of_values(port: Port, at: str) -> First:
    before = "repeat_kv(value, module.num_key_value_groups)"
    after = "value.repeat(1, module.num_key_value_groups, 1, 1)"
    return [rewrite_attention(port, at, before, after) + ".heads"]


@plant("no_causal")
def no_causal(port: Port, at: str) -> First:
    if isinstance(port.model, NnTransformer):
        port.model.seen = torch.zeros_like
        return [f"decoder.0.self_attn.{name}" for name in HIDDEN]
    own = [ours for ours, _module in attentions(port, at) if ours.startswith("dec") and ours.endswith("self_attn")]
    for ours in own:
        rewrite_attention(port, ours, MASKED, "attn_weights")
    return [f"{own[0]}.{name}" for name in HIDDEN]


@plant("causal_off_by_one")
def causal_off_by_one(port: Port, at: str) -> First:
    if isinstance(port.model, NnTransformer):
        port.model.seen = lambda future: torch.ones_like(future).triu(2)
        return [f"decoder.0.self_attn.{name}" for name in HIDDEN]
    own = [ours for ours, _module in attentions(port, at) if ours.startswith("dec") and ours.endswith("self_attn")]
    for ours in own:
        rewrite_attention(port, ours, MASKED, FUTURE.format(2))
    return [f"{own[0]}.{name}" for name in HIDDEN]


@plant("padding_seen")
def padding_seen(port: Port, at: str) -> First:
    found = attentions(port, at)
    for ours, _module in found:
        is_causal = ours.startswith("decoder") and ours.endswith("self_attn")
        rewrite_attention(port, ours, MASKED, FUTURE.format(1) if is_causal else "attn_weights")
    return [f"{found[0][0]}.{name}" for name in HIDDEN]


def before_module(module: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    """Change what a module is given."""
    module.register_forward_pre_hook(lambda _module, given: (change(given[0]), *given[1:]))


def after_module(module: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    """Change what a module yields; what it hands on beside that stays."""
    module.register_forward_hook(
        lambda _module, _given, out: (change(out[0]), *out[1:]) if isinstance(out, tuple) else change(out)
    )


@plant("position_offset")
def position_offset(port: Port, at: str) -> First:
    found = [(ours, module) for ours, module in port.under(at) if ours.endswith(".positions")]
    if isinstance(port.model, NnTransformer):
        port.model.positions.start = 1
        return ["encoder.embed.positions", "encoder.embed.output"]
    for _ours, module in found:
        if hasattr(module, "offset"):
            module.offset = 0
        else:
            rewrite_positions(module)
    stack = found[0][0].removesuffix(".positions")
    return [found[0][0], f"{stack}.sum" if hasattr(found[0][1], "offset") else f"{stack}.output"]


def rewrite_positions(module: Any) -> None:
    """Every row one further on."""
    look = type(module).forward
    table = module.weight.roll(-1, 0)

    def forward(*args: Any, **kwargs: Any) -> Tensor:
        kept, module.weight.data = module.weight.data, table
        try:
            return look(module, *args, **kwargs)
        finally:
            module.weight.data = kept

    module.forward = forward


@plant("embed_scale")
def embed_scale(port: Port, _at: str) -> First:
    """√d_model left out, or put in."""
    if isinstance(port.model, NnTransformer):
        port.model.scale = 1.0
    elif port.config["model_type"] == "marian":
        for stack in ("encoder", "decoder"):
            getattr(port.model.model, stack).embed_scale = 1.0
    else:
        for module in dict(port.under("")).values():
            if isinstance(module, nn.Embedding) and hasattr(module, "embed_scale"):
                module.embed_scale = 1.0 if module.embed_scale != 1.0 else math.sqrt(module.embedding_dim)
            elif isinstance(module, nn.Embedding) and module is port["decoder.embed.tokens"]:
                after_module(module, lambda x: x * math.sqrt(x.shape[-1]))
    first = next(ours for ours, _module in port.under("") if ours.endswith(".tokens"))
    return [first, first.replace(".tokens", ".output"), first.replace(".tokens", ".sum")]


@plant("missing_bias")
def missing_bias(port: Port, at: str) -> First:
    """Linear maps without their bias, but not the logits."""
    found = [
        (ours, module)
        for ours, module in port.under(at)
        if getattr(module, "bias", None) is not None and not is_norm(module) and ours != "logits"
    ]
    for _ours, module in found:
        module.bias.data.zero_()
    return [found[0][0]]


@plant("logits_bias")
def logits_bias(port: Port, _at: str) -> First:
    if isinstance(port.model, NnTransformer):
        port.model.generator.bias.data.zero_()
    else:
        port.model.final_logits_bias.zero_()
    return ["logits"]


@plant("transposed")
def transposed(port: Port, at: str) -> First:
    """Every square matrix that isn't a table of embeddings."""
    found = [
        (ours, module)
        for ours, module in port.under(at)
        if not isinstance(module, nn.Embedding) and is_square(getattr(module, "weight", None))
    ]
    for _ours, module in found:
        module.weight.data = module.weight.data.T.contiguous()
    return [found[0][0]]


def is_square(weight: Tensor | None) -> bool:
    """Whether it is a matrix that can be turned over unseen."""
    return weight is not None and weight.dim() == 2 and weight.shape[0] == weight.shape[1]


def exchange(port: Port, at: str, first: str, second: str) -> First:
    """Exchange the parameters of two linear maps of one parent, wherever they are found."""
    every = dict(port.under(at))
    pairs = [
        (module, every[f"{ours.removesuffix(first)}{second}"])
        for ours, module in every.items()
        if ours.endswith(f".{first}") and f"{ours.removesuffix(first)}{second}" in every
    ]
    for one, other in pairs:
        for name, parameter in one.named_parameters():
            theirs = other.get_parameter(name)
            parameter.data, theirs.data = theirs.data, parameter.data
    return [next(ours for ours, module in every.items() if module is pairs[0][0])]


FUSED = "query_states, key_states, value_states = self.c_attn"


@plant("swapped q/k")
def swapped_q_k(port: Port, at: str) -> First:
    if port.config["model_type"] == "gpt2":
        return fused(port, at, "key_states, query_states, value_states = self.c_attn", ("q",))
    if isinstance(port.model, NnTransformer):
        return stacked(port, at, (1, 0, 2))
    return exchange(port, at, "q", "k")


@plant("swapped k/v")
def swapped_k_v(port: Port, at: str) -> First:
    if port.config["model_type"] == "gpt2":
        return fused(port, at, "query_states, value_states, key_states = self.c_attn", ("k",))
    if isinstance(port.model, NnTransformer):
        return stacked(port, at, (0, 2, 1))
    return exchange(port, at, "k", "v")


@plant("swapped gate/up")
def swapped_gate_up(port: Port, at: str) -> First:
    return exchange(port, at, "gate", "up")


def fused(port: Port, at: str, order: str, parts: First) -> First:
    """The three parts of one product, taken in another order."""
    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, forward=[Lines(FUSED, order)])
    return [f"{found[0][0]}.{part}" for part in parts]


def stacked(port: Port, at: str, order: Sequence[int]) -> First:
    """The rows of in_proj_weight, in another order."""
    found = attentions(port, at)
    for _ours, module in found:
        for parameter in (module.in_proj_weight, module.in_proj_bias):
            parts = parameter.data.chunk(3)
            parameter.data = torch.cat([parts[place] for place in order])
    return [f"{found[0][0]}.{'qkv'[next(i for i in range(3) if order[i] != i)]}"]


def is_norm(module: nn.Module) -> bool:
    """Whether it is a norm of any family."""
    return type(module).__name__.endswith(("LayerNorm", "RMSNorm"))


def norms(port: Port, at: str) -> list[tuple[str, Any]]:
    """The modules that are norms."""
    return [(ours, module) for ours, module in port.under(at) if is_norm(module)]


@plant("eps")
def eps(port: Port, at: str) -> First:
    """1e-6 where it is 1e-5, else 1e-5."""
    found = norms(port, at)
    for _ours, module in found:
        name = "eps" if hasattr(module, "eps") else "variance_epsilon"
        setattr(module, name, 1e-6 if getattr(module, name) == 1e-5 else 1e-5)
    return [found[0][0]]


@plant("no_final_norm")
def no_final_norm(port: Port, at: str) -> First:
    """The norm after a stack hands on what it is given."""
    found = [(ours, module) for ours, module in norms(port, at) if ours.count(".") == 1]
    for _ours, module in found:
        module.forward = lambda x: x
    return [found[0][0]]


SUBLAYERS = ("self_attn", "cross_attn", "ffn")
ADDED = Lines("hidden_states = residual + hidden_states", "pass")
GPT2_ADDED = {
    "self_attn": Lines("hidden_states = attn_output + residual", "hidden_states = attn_output"),
    "ffn": Lines("residual + feed_forward_hidden_states", "feed_forward_hidden_states"),
}


@plant("no_residual")
def no_residual(port: Port, at: str) -> First:
    """Sublayer(x) alone, in one sublayer or all of them."""
    parts = [ours.split(".") for ours, _module in port.under(at)]
    found = list(dict.fromkeys(".".join(part[:3]) for part in parts if len(part) > 3))
    for layer in dict.fromkeys(address.rpartition(".")[0] for address in found):
        alone(port, layer, [address.rpartition(".")[2] for address in found if address.startswith(f"{layer}.")])
    return [f"{found[0]}.residual"]


def alone(port: Port, address: str, sublayers: Sequence[str]) -> None:
    """Sublayers of one layer without the residual connection around them."""
    layer: Any = dict(port.layers(address))[address]
    every = [name for name in SUBLAYERS if name != "cross_attn" or (port.has_encoder and address.startswith("dec"))]
    kind = port.config["model_type"]
    if kind == "t5":
        for name in sublayers:
            rewrite(layer.layer[every.index(name)], forward=[Lines("hidden_states + self.dropout", "self.dropout")])
    elif kind == "gpt2":
        rewrite(layer, forward=[GPT2_ADDED[name] for name in sublayers])
    else:
        places = sorted((every.index(name) for name in sublayers), reverse=True)
        rewrite(layer, forward=[ADDED._replace(nth=place) for place in places])


NAMED_BY = ("activation_function", "hidden_act", "dense_act_fn", "activation")
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
}


def activations(port: Port, at: str) -> list[tuple[str, Any]]:
    """The modules between the two linear maps of a feed-forward."""
    return [(ours, module) for ours, module in port.under(at) if ours.endswith(".activated")]


def activate(port: Port, at: str, other: Callable[[str], str]) -> First:
    """Another function, which ``other`` names by the one that belongs there."""
    name = next(port.config[key] for key in NAMED_BY if key in port.config)
    function = ACTIVATIONS[other(name)]
    if isinstance(port.model, NnTransformer):
        stack = at or "encoder.0"
        for _ours, layer in port.layers(at):
            layer.activation = function
        return [f"{stack}.ffn.activated"]
    found = activations(port, at)
    for _ours, module in found:
        module.forward = function
    return [found[0][0]]


@plant("activation")
def activation(port: Port, at: str) -> First:
    return activate(port, at, lambda name: "gelu" if name == "relu" else "relu")


@plant("gelu_variant")
def gelu_variant(port: Port, at: str) -> First:
    return activate(port, at, {"gelu": "gelu_new", "gelu_new": "gelu"}.__getitem__)


def neighbours(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, *_more: Any) -> tuple[Tensor, Tensor]:
    """Rotary positions as complex numbers, 2i the real and 2i + 1 the imaginary part."""
    half = cos.shape[-1] // 2
    turn = torch.complex(cos[..., :half].double(), sin[..., :half].double()).unsqueeze(1)

    def turned(x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
        return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)

    return turned(q), turned(k)


@plant("rope_interleaved")
def rope_interleaved(port: Port, at: str) -> First:
    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, apply_rotary_pos_emb=neighbours)
    return [found[0][0] + ".q_rotated"]


@plant("rope_theta")
def rope_theta(port: Port, _at: str) -> First:
    """The usual base without scaling, or that of Llama 3 where it is the usual one."""
    rotary = port.model.model.rotary_emb
    theta, kind = rotary.config.rope_parameters["rope_theta"], rotary.rope_type
    base = 500000.0 if theta == 10000.0 and kind == "default" else 10000.0
    turn_by(rotary, base)
    return ["decoder.0.self_attn.q_rotated"]


def turn_by(rotary: Any, base: float) -> None:
    """Angles of another base, as the paper has them."""
    d_k = 2 * len(rotary.inv_freq)
    rotary.inv_freq = base ** -(torch.arange(0, d_k, 2).float() / d_k)
    rotary.attention_scaling = 1.0


SIDE_BY_SIDE = Lines("attn_output.reshape(*input_shape, -1)", "attn_output.transpose(-1, -2).flatten(-2)")
JOINED = {"gpt2": SIDE_BY_SIDE._replace(before="attn_output.reshape(*attn_output.shape[:-2], -1)")}


@plant("head_order")
def head_order(port: Port, at: str) -> First:
    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, forward=[JOINED.get(port.config["model_type"], SIDE_BY_SIDE)])
    return [found[0][0] + ".concat"]


@plant("post_pre_norm")
def post_pre_norm(port: Port, _at: str) -> First:
    port.model = NnTransformer.read(FIXTURES / port.name, norm_first=True)
    return [f"encoder.0.self_attn.{name}" for name in ATTENTION]


KINDS = {"bf16": torch.bfloat16, "f16": torch.float16}


@plant("precision bf16")
def in_bf16(port: Port, at: str) -> First:
    return fewer_digits(port, at, torch.bfloat16)


@plant("precision f16")
def in_f16(port: Port, at: str) -> First:
    return fewer_digits(port, at, torch.float16)


def fewer_digits(port: Port, at: str, kind: torch.dtype) -> First:
    """All of a model, or what some modules yield; float32 where the rest is."""
    if not at:
        port.model.to(kind)
        first = port.under("")[0][0]
        return [first, first.replace(".tokens", ".output"), first.replace(".tokens", ".sum")]
    found = [(ours, module) for ours, module in port.under(at) if not list(module.children())]
    for _ours, module in found:
        after_module(module, lambda x: x.to(kind).float())
    return [found[0][0]]


@plant("precision bf16 weights")
def weights_in_bf16(port: Port, at: str) -> First:
    """Attention weights cast to fewer digits after softmax."""
    after = "attn_weights.to(torch.bfloat16).float()"
    before = "nn.functional.dropout(attn_weights"
    return [rewrite_attention(port, at, before, before.replace("attn_weights", after)) + ".weights"]


# What no catalogue has.


@plant("unknown scaled_by_d_model")
def scaled_by_d_model(port: Port, at: str) -> First:
    return [rewrite_attention(port, at, "* scaling", f"* {port.config['n_embd']} ** -0.5") + ".scores"]


@plant("unknown half_turned")
def half_turned(port: Port, at: str) -> First:
    """Neighbours change places, with cos and sin as if halves did."""

    def rotate(x: Tensor) -> Tensor:
        return torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)

    found = attentions(port, at)
    for _ours, module in found:
        rewrite(module, rotate_half=rotate, apply_rotary_pos_emb=())
    return [found[0][0] + ".q_rotated"]


@plant("unknown slower_angles")
def slower_angles(port: Port, _at: str) -> First:
    """Angles that are half as large at the last feature, all of them at the first."""
    rotary = port.model.model.rotary_emb
    rotary.inv_freq = rotary.inv_freq * torch.linspace(1, 0.5, len(rotary.inv_freq))
    return ["decoder.0.self_attn.q_rotated"]


@plant("unknown rope_unscaled")
def rope_unscaled(port: Port, _at: str) -> First:
    rotary = port.model.model.rotary_emb
    turn_by(rotary, rotary.config.rope_parameters["rope_theta"])
    return ["decoder.0.self_attn.q_rotated"]


@plant("unknown bias_of_first_layer_alone")
def bias_of_first_layer_alone(port: Port, at: str) -> First:
    """The bias of relative positions left out after the first layer."""
    own = [ours for ours, _module in attentions(port, at) if ".self_attn" in ours and ".0." not in ours]
    for ours in own:
        rewrite_attention(port, ours, "attn_weights + position_bias", "attn_weights")
    return [f"{own[0]}.scores"]


@plant("unknown one_sided_buckets")
def one_sided_buckets(port: Port, _at: str) -> First:
    port["encoder.0.self_attn"].is_decoder = True
    return ["encoder.0.self_attn.position_bias", "encoder.0.self_attn.scores"]


@plant("unknown window_ignored")
def window_ignored(port: Port, at: str) -> First:
    found = attentions(port, at)
    for ours, _module in found:
        rewrite_attention(port, ours, MASKED, FUTURE.format(1))
    return [f"{found[0][0]}.{name}" for name in HIDDEN]


@plant("unknown no_gain")
def no_gain(port: Port, at: str) -> First:
    """Norms without what they multiply by."""
    found = norms(port, at)
    for _ours, module in found:
        module.weight.data.fill_(1.0)
    return [found[0][0]]


@plant("no_norm_bias")
def no_norm_bias(port: Port, at: str) -> First:
    found = norms(port, at)
    for _ours, module in found:
        module.bias.data.zero_()
    return [found[0][0]]


@plant("unknown not_rescaled")
def not_rescaled(port: Port, _at: str) -> First:
    """T5's output without the factor before it."""
    port.model.config.scale_decoder_outputs = False
    return ["rescaled", "logits"]


@plant("unknown no_q_norm")
def no_q_norm(port: Port, at: str) -> First:
    port[f"{at}.q_norm"].forward = lambda x: x
    return [f"{at}.q_norm"]


@plant("unknown permuted_rows")
def permuted_rows(port: Port, at: str) -> First:
    """Rows of a head in the order of another layout of rotary positions."""
    module = port[at]
    rows = module.weight.data.unflatten(0, (-1, port.config["head_dim"]))
    module.weight.data = torch.cat([rows[:, ::2], rows[:, 1::2]], 1).flatten(0, 1)
    return [at]


@plant("unknown positions_of_padding")
def positions_of_padding(port: Port, _at: str) -> First:
    """Positions counted from the padding on, whatever was stated."""
    length = port.inputs["input_ids"].shape[1]
    before_module(port["decoder.embed.positions"], lambda _places: torch.arange(length)[None])
    return ["decoder.embed.positions", "decoder.embed.output"]


@plant("unknown noise")
def noise(port: Port, at: str) -> First:
    """A rule that nobody knows: a thousandth of something."""
    module = port[at]
    generator = torch.Generator().manual_seed(0)
    after_module(module, lambda x: x + 0.01 * torch.randn(x.shape, generator=generator))
    return [at]
