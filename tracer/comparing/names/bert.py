"""Modules of BERT and its relatives that hold others: parts of a layer, the embedding, and what a head begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from ...tape import Record, Tape
from ...tensor import Tensor
from ..anatomy import Layer, Named, Records, layers, recorded, scopes
from ..homes import module_of, spellings
from .modules import unchanged

QUERY = ".attention.self.query"
"""How the name of a layer's projection to queries goes on after that of the layer."""
WHOLE = (".embeddings", ".transform")
"""How the names of modules end whose norm is the last thing in them."""


def names(tapes: Sequence[Tape], base: str) -> Iterator[tuple[str, Record]]:
    """Every such module, with the base before its name and without."""
    for tape in tapes:
        for name, record in recorded(_modules(scopes(tape)), tapes):
            yield from ((spelt, record) for spelt in spellings(name, base))


def _modules(found: Mapping[str, Records]) -> Iterator[Named]:
    yield from chain.from_iterable(map(_layer, layers(found)))
    for records in (found.get("encoder.embed", {}), found.get("transform", {})):
        module = module_of(records["norm"]).rpartition(".")[0] if "norm" in records else ""
        if f".{module}".endswith(WHOLE):
            yield from unchanged(f"{module}.dropout", records["norm"].output)
            yield module, records["norm"].output
    if "transform" in found:
        yield from _head(found[""]["logits"], found["transform"])


def _layer(layer: Layer) -> Iterator[Named]:
    """The four parts of a layer, and what goes into them."""
    attention, ffn = (layer.sublayers.get(name, {}) for name in ("self_attn", "ffn"))
    home, ending, _rest = module_of(attention["q"]).rpartition(QUERY) if "q" in attention else ("", "", "")
    if not ending:
        return
    concat, norm, activated = (record.output for record in (attention["concat"], attention["norm"], ffn["activated"]))
    yield from _part(f"{home}.attention.self", concat, layer.entering)
    yield from _part(f"{home}.attention.output", norm, concat, layer.entering)
    yield from _part(f"{home}.intermediate", activated, norm)
    yield from _part(f"{home}.output", layer.output, activated, norm)
    for name, records in (("attention.output", attention), ("output", ffn)):
        yield from unchanged(f"{home}.{name}.dropout", records["output"].output)
    yield from unchanged(f"{home}.attention.self.dropout", attention["weights"].output)
    yield f"{home}.attention.self.output.1", attention["weights"].output
    yield f"{home}.attention.self.inputs.attention_mask", attention["mask"].output


def _part(module: str, output: Tensor, *inputs: Tensor) -> Iterator[Named]:
    """A module, by what it yields and what goes into it."""
    yield module, output
    yield from ((f"{module}.inputs.{place}", tensor) for place, tensor in enumerate(inputs))


def _head(logits: Record, transform: Records) -> Iterator[Named]:
    """The head that adds the bias, and the output projection within it."""
    bias, norm = logits.parameters["bias"], transform["norm"]
    home = bias.path.rpartition(".")[0]
    if not module_of(norm).startswith(f"{home}."):
        yield from _part(home, logits.output, norm.output)
        return
    yield from _part(f"{home}.decoder", logits.output, norm.output)
    yield f"{home}.transform.inputs.0", transform["hidden"].inputs[0]
    for whole in filter(None, (home, home.rpartition(".")[0])):
        yield from _part(whole, logits.output, transform["hidden"].inputs[0])
