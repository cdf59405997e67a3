"""Nodes of the graphs of llama.cpp, as ``ggml:NAME:OP#n``: names come again, so that the n-th with an operation counts.

Scores that are divided by √d_k are no node: llama.cpp divides within the softmax.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...ops.activation import gelu, gelu_tanh, quick_gelu, relu, silu
from ...ops.attention import append, cached, products
from ...ops.norm import layer_norm
from ...tape import Record, Tape
from ..anatomy import STACKS, Layer, Records, is_looked_up, last, layers, scopes

Nodes = Iterator[tuple[str, str, Record]]
"""A name, an operation, and the record that such a node holds."""

PROJECTED = {"q": "Qcur", "k": "Kcur", "v": "Vcur", "k_new": "Kcur", "v_new": "Vcur"}
ATTENDED = {
    "q_norm": (("Qcur_normed", "MUL"),),
    "k_norm": (("Kcur_normed", "MUL"),),
    "q_rotated": (("Qcur", "ROPE"),),
    "k_rotated": (("Kcur", "ROPE"),),
    "weights": (("kq_soft_max", "SOFT_MAX"), ("kq_soft_max_ext", "SOFT_MAX")),
    "heads": (("kqv", "MUL_MAT"),),
    "concat": (("kqv_out", "CONT"), ("kqv_out", "RESHAPE"), ("kqv_merged_cont", "CONT")),
}
MIXED = {
    "router.logits": (("ffn_moe_logits", "MUL_MAT"),),
    "router.probs": (("ffn_moe_probs", "SOFT_MAX"),),
    "experts.gate": (("ffn_moe_gate", "MUL_MAT_ID"),),
    "experts.up": (("ffn_moe_up", "MUL_MAT_ID"),),
    "experts.output": (("ffn_moe_down", "MUL_MAT_ID"),),
}
SHAPED = (("", "RESHAPE"), (" (reshaped)", "RESHAPE"), ("", "VIEW"), (" (view)", "VIEW"), ("", "CONT"))
FUNCTIONS = {
    relu: ("RELU", "REGLU"),
    gelu: ("GELU", "GEGLU"),
    gelu_tanh: ("GELU", "GEGLU"),
    silu: ("SILU", "SWIGLU"),
    quick_gelu: ("GELU_QUICK", "GEGLU_QUICK"),
}
"""Activations, and units that are gated by them."""


def names(tapes: Sequence[Tape], _base: str) -> Iterator[tuple[str, Record]]:
    """Every node that is a record; those of later passes count on."""
    seen: Counter[tuple[str, str]] = Counter()
    for tape in tapes:
        for name, op, record in _nodes(scopes(tape)):
            yield f"ggml:{name}:{op}#{seen[name, op]}", record
            seen[name, op] += 1


def _nodes(found: Mapping[str, Records]) -> Nodes:
    for stack in STACKS:
        yield from _embedding(found.get(f"{stack}.embed", {}))
    for layer in layers(found):
        for name, op, record in _layer(layer):
            called, blank, shaped = name.partition(" ")
            yield f"{called}-{layer.number}{blank}{shaped}", op, record
    for stack in STACKS:
        yield from _norm("result_norm", found.get(stack, {}))
    if logits := found.get("", {}).get("logits"):
        yield from _product(["result_output"], logits)


def _embedding(records: Records) -> Nodes:
    for name, record in records.items():
        if name == "tokens" and is_looked_up(records):
            yield from ((called, "GET_ROWS", record) for called in ("embd", "inp_embd"))
        elif name == "positions":
            yield "pos_embd", "GET_ROWS", record
        elif name == "output" and record.inputs:
            yield "inpL", "ADD", record


def _layer(layer: Layer) -> Nodes:
    """The nodes of a layer, the number of which follows their names."""
    for kind, records in layer.sublayers.items():
        called = {"self_attn": "attn_norm", "cross_attn": "attn_norm_cross", "ffn": "ffn_norm"}[kind]
        yield from _norm(called, records)
        yield from _norm(called.replace("_norm", "_post_norm"), records, "norm_post")
        yield from (_feed_forward if kind == "ffn" else _attention)(records)
    stream = ("l_out", "ffn_inp", "cross_inp")
    for name, records in zip(stream, reversed(list(layer.sublayers.values())), strict=False):
        yield name, "ADD", last(records)


def _attention(records: Records) -> Nodes:
    for name, record in records.items():
        if name in PROJECTED and record.op not in (append, cached):
            yield from _product([PROJECTED[name]], record)
            yield from ((PROJECTED[name] + suffix, op, record) for suffix, op in SHAPED)
        elif name == "qkv":
            yield from _product(["wqkv"], record, ["wqkv_b", "bqkv"])
        elif name == "scores" and record.op is products:
            yield "kq", "MUL_MAT", record
        yield from ((called, op, record) for called, op in ATTENDED.get(name, ()))
    yield from _product(["kqv_out", "attn_out"], records["output"])


def _feed_forward(records: Records) -> Nodes:
    if "router.logits" in records:
        yield from ((called, op, records[name]) for name, nodes in MIXED.items() for called, op in nodes)
        return
    function, unit = FUNCTIONS[records["activated"].op]
    yield from ((f"ffn_{function.lower()}", op, records["activated"]) for op in (function, "UNARY"))
    if "gate" in records:
        yield from ((f"ffn_{unit.lower()}", op, records["hidden"]) for op in (unit, "GLU"))
        yield "ffn_gate_par", "MUL", records["hidden"]
    if "gate" in records and "gate_up" not in records:
        yield from _product(["ffn_gate"], records["gate"], ["ffn_gate_b"])
    if up := records.get("gate_up", records.get("up" if "gate" in records else "hidden")):
        yield from _product(["ffn_up"], up, ["ffn_up_b"])
    yield from _product(["ffn_out"], records["output"])


def _product(names: Iterable[str], record: Record, biased: Iterable[str] = ()) -> Nodes:
    """A matrix product; where a bias is added to it, that node is the record, which may have another name."""
    if record.parameters.get("bias") is None:
        yield from ((name, "MUL_MAT", record) for name in names)
    else:
        yield from ((name, "ADD", record) for name in biased or names)


def _norm(name: str, records: Records, which: str = "norm") -> Nodes:
    """The last node of a norm: its bias, or its gain where it has none."""
    if norm := records.get(which):
        yield name, "ADD" if norm.op is layer_norm else "MUL", norm
