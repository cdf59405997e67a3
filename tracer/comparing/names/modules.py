"""Modules of transformers and of torch, by the names of the parameters that a record used.

A module within which others lie is what their names have in common: in the scope of an attention it is the attention,
in that of a layer the layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from ...ops.activation import BY_NAME
from ...ops.linear import columns
from ...tape import Record, Tape
from ...tensor import Tensor
from ..anatomy import STACKS, Layer, Named, Records, entering, is_looked_up, last, layers, projected, recorded, scopes
from ..homes import beside, common, module_of, spellings

ACTIVATIONS = ("act", "act_fn", "activation_fn", "activation", "intermediate_act_fn", "transform_act_fn")
TABLES = {"tokens": ("embed_tokens", "wte"), "positions": ("embed_positions", "wpe")}
HEAD = "lm_head"
MAPS = ("qkv", "q", "k", "k_new", "v", "v_new", "gate_up", "gate", "up", "hidden", "output")
"""The linear maps of a sublayer, which are in a module of their own or in that of the layer."""
DROPOUTS = ("dropout", "resid_dropout")
OF_LAYER = {
    "self_attn": ("resid_attn_dropout", "post_attention_dropout"),
    "ffn": ("resid_mlp_dropout", "post_mlp_dropout"),
}
"""Those after a sublayer that are modules of the layer."""
SPELT = {r"\.block_sparse_moe\b": ".mlp", r"^language_model\.model\b": "model.language_model"}
"""What published files have in names, and what the modules of transformers 5 are called."""
_IN_A_LIST = re.compile(r"(?P<layer>(?:(?P<stack>.*)\.)?[A-Za-z_]\w*\.\d+)(?:\.[A-Za-z_]\w*)?")


class Places(NamedTuple):
    """In which places a layer or an attention may take a mask and the memory, and yield a bias and weights."""

    mask: Sequence[int]
    memory: Sequence[int]
    bias: Sequence[int]
    weights: Sequence[int]


USUAL = Places((1, 2, 3), (1, 2, 3), (), (1, 2, 3))
BIASED = Places((1,), (3,), (1,), (2, 3))
"""Where a bias of positions is handed from layer to layer."""


def names(tapes: Sequence[Tape], base: str) -> Iterator[tuple[str, Record]]:
    """Every module whose output, or what goes into it, is a record; with the base before its name and without."""
    is_alone = not any("decoder" in scopes(tape) for tape in tapes)
    for tape in tapes:
        for name, record in recorded(_modules(tape, base, is_alone=is_alone), tapes):
            for spelt in dict.fromkeys((*spellings(name, base), _newer(name))):
                yield spelt, record


def _newer(name: str) -> str:
    """A name as transformers 5 has it."""
    for pattern, newer in SPELT.items():
        name = re.sub(pattern, newer, name)
    return name


def _modules(tape: Tape, base: str, *, is_alone: bool) -> Iterator[Named]:
    found = scopes(tape)
    everyone = list(layers(found))
    homes = {layer.stack: _stack_of(layer, base) for layer in everyone}
    for stack in STACKS:
        if embedding := found.get(f"{stack}.embed"):
            yield from _embedding(embedding, list(filter(None, (homes.get(stack), stack))))
    yield from chain.from_iterable(_leaf(record, tape) for record in tape)
    yield from chain.from_iterable(map(_layer, everyone))
    for stack, home in homes.items():
        own = [layer for layer in everyone if layer.stack == stack]
        yield from _stack(stack, home, found, own, is_alone=is_alone)
    if logits := projected(found):
        yield from _head(logits, {module_of(record) for record in tape if ".embed." in record.address})


def _leaf(record: Record, tape: Tape) -> Iterator[Named]:
    """The module whose parameters a record used, or that applies a function to what such a one yields."""
    if record.address in ("logits", "logits_raw") or ".embed." in record.address:
        return
    if module := module_of(record):
        yield from _whole(module, record)
    if record.op in BY_NAME.values() and (inner := module_of(_maker(record, tape))):
        yield from chain.from_iterable(_whole(beside(inner, name), record) for name in ACTIVATIONS)


def _maker(record: Record, tape: Tape) -> Record:
    """The record of what goes into another; of a part of a fused product, that of the whole."""
    maker = tape.find(record.inputs[0].path)
    return tape.find(maker.inputs[0].path) if maker.op is columns else maker


def _whole(module: str, record: Record) -> Iterator[Named]:
    """What a module yields that does what a record does, and what goes into it."""
    yield module, record.output
    if record.inputs:
        yield f"{module}.inputs.0", record.inputs[0]


def _embedding(records: Records, homes: Sequence[str]) -> Iterator[Named]:
    """The tables, by the names of their parameters and by the usual ones; what comes of them passes a dropout."""
    for name, record in records.items():
        if name == "tokens" and not is_looked_up(records):
            continue
        if (module := module_of(record)) not in ("", HEAD):
            yield from _whole(module, record)
        for home in homes:
            yield from ((f"{home}.{table}", record.output) for table in TABLES.get(name, ()))
    for home in homes:
        for name in ("drop", "dropout", "emb_dropout"):
            yield from unchanged(f"{home}.{name}", records["output"].output)


def _layer(layer: Layer) -> Iterator[Named]:
    """A layer, and the modules within it that hold others."""
    places = BIASED if layer.is_biased else USUAL
    match = _IN_A_LIST.match(common(layer.records))
    home = match["layer"] if match else ""
    if home:
        yield home, layer.output
        yield from _given(home, layer.entering, layer.attentions, places)
        if not layer.is_biased:
            yield from ((f"{home}.output.2", records["weights"].output) for records in layer.attentions[1:])
            yield from _looked_at(home, layer.attentions[:1], places)
    for n, (kind, records) in enumerate(layer.sublayers.items(), 1):
        for name in (f"dropout{n}", *OF_LAYER.get(kind, ())) if home else ():
            yield from unchanged(f"{home}.{name}", records["output"].output)
        yield from _mixture(records) if "router.logits" in records else _sublayer(records, home, places)


def _sublayer(records: Records, home: str, places: Places) -> Iterator[Named]:
    """The module of its maps, and the one that holds its norm and residual as well, if they are none of the layer."""
    output = records["output"]
    maps = [records[name] for name in MAPS if name in records]
    within = [record for record in records.values() if record.scope == output.scope]
    own, whole = common(maps), common(within)
    both = ((own, maps, output), (whole, within, last(records)))
    for module, inside, yielded in both[own == whole and "norm" in records :]:
        if module not in ("", home):
            yield module, yielded.output
            yield from _given(module, entering(inside), [records], places)
            yield from _looked_at(module, [records], places)
            yield from chain.from_iterable(unchanged(f"{module}.{name}", output.output) for name in DROPOUTS)
        if whole == own:
            break
    if own:
        yield from unchanged(f"{own}.dropout", output.inputs[0])
    if own and "weights" in records:
        yield from unchanged(f"{own}.attn_dropout", records["weights"].output)


def _mixture(records: Records) -> Iterator[Named]:
    """The modules of a mixture: its router, which yields three things, all experts, the shared one, and the whole."""
    experts, shared = (
        [there for name in MAPS if (there := records.get(f"{scope}.{name}"))] for scope in ("experts", "shared")
    )
    everything = [records["router.logits"], *experts, *shared]
    routed = [records[f"router.{name}"].output for name in ("logits", "shares", "chosen")]
    router, mixed = module_of(everything[0]), records.get("mixed", records["output"])
    yield from ((f"{router}.output.{place}", tensor) for place, tensor in enumerate(routed))
    ends = (experts, mixed), (shared, records.get("shared.output")), (everything, records["output"])
    for members, yielded in ends:
        if yielded is not None and (module := common(members)):
            yield module, yielded.output
            yield f"{module}.inputs.0", entering(members)


def unchanged(name: str, tensor: Tensor) -> Iterator[Named]:
    """What a module yields that leaves everything as it is, and what goes into it."""
    yield from ((called, tensor) for called in (name, f"{name}.inputs.0"))


def _given(module: str, entering: Tensor, attentions: Sequence[Records], places: Places) -> Iterator[Named]:
    """What goes into a module: hidden states, and the mask and the memory of an attention in it."""
    yield f"{module}.inputs.0", entering
    masks = [records["mask"].output for records in attentions if "mask" in records]
    memories = [memory for records in attentions if (memory := _memory(records))]
    for found, called in (
        (masks[:1], ("attention_mask", "mask", *places.mask)),
        (masks[1:], ("encoder_attention_mask",)),
        (memories[:1], ("encoder_hidden_states", "key_value_states", "memory", *places.memory)),
    ):
        yield from ((f"{module}.inputs.{name}", tensor) for tensor in found for name in called)


def _memory(records: Records) -> Tensor | None:
    """What the keys are made from, if another pass yielded it."""
    keys = records.get("k")
    if keys is None or not common([keys]) or keys.inputs[0].at == keys.at:
        return None
    return keys.inputs[0]


def _looked_at(module: str, attentions: Iterable[Records], places: Places) -> Iterator[Named]:
    """What a module yields besides its output: the bias of positions and the weights of an attention."""
    for records in attentions:
        for name, where in (("position_bias", places.bias), ("weights", places.weights)):
            if name in records:
                yield from ((f"{module}.output.{place}", records[name].output) for place in where)


def _stack(
    stack: str, home: str, found: Mapping[str, Records], those: Sequence[Layer], *, is_alone: bool
) -> Iterator[Named]:
    """A stack, and the whole, where it is the last part of that."""
    output = found[stack].get("output")
    if not home or output is None:
        return
    yield home, output.output
    yield from unchanged(f"{home}.dropout", output.output)
    for layer in those[:1]:
        given = _given(home, layer.entering, layer.attentions, USUAL)
        yield from ((name, tensor) for name, tensor in given if ".inputs.encoder_" in name)
        if is_alone:
            yield from ((f"{home}.inputs.{name}", layer.entering) for name in ("0", "hidden_states"))
    if (is_alone or stack == "decoder") and (whole := home.rpartition(".")[0]):
        yield whole, output.output


def _head(logits: Record, tables: set[str]) -> Iterator[Named]:
    """The output projection, which adds a bias of its own alone; none where it is a part of a head."""
    bias, module = logits.parameters.get("bias"), module_of(logits)
    if bias is not None and bias.path.rpartition(".")[0] not in ("", module):
        return
    for head in dict.fromkeys([HEAD] if module in ("", *tables) else [HEAD, module]):
        yield f"{head}.inputs.0", logits.inputs[0]
        if bias is None or module or not bias.array.any():
            yield head, logits.output


def _stack_of(layer: Layer, base: str) -> str:
    """The module whose list of layers a layer is in, with the base where the file leaves it out."""
    match = _IN_A_LIST.match(common(layer.records))
    home = (match and match["stack"]) or ""
    return home if match is None or f"{home}.".startswith(base) else f"{base}{home}".rstrip(".")
