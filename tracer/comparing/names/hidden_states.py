"""Hidden states and attention weights as transformers returns them, and as references call them for short.

State 0 is the embedding; the last one comes after the final norm in most implementations, and before it in some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from ...tape import Record, Tape
from ..anatomy import STACKS, Layer, Named, Records, layers, recorded, scopes


def names(tapes: Sequence[Tape], _base: str) -> Iterator[tuple[str, Record]]:
    """Those of each stack; then those that do not say of which they are, the decoder's first."""
    found = [scopes(tape) for tape in tapes]
    decoders_first = sorted(found, key=lambda scopes: "decoder" not in scopes)
    yield from recorded(chain.from_iterable(map(_of_a_stack, found)), tapes)
    yield from recorded(chain.from_iterable(map(_of_any, decoders_first)), tapes)


def _of_a_stack(found: Mapping[str, Records]) -> Iterator[Named]:
    """Names that say of which stack the states and weights are."""
    for stack, depth, record in _states(found):
        kinds = (f"{stack[:3]}_hidden", f"{stack}_hidden_states", f"{stack}.hidden_states")
        yield from ((f"{kind}.{depth}", record.output) for kind in kinds)
    for stack in STACKS:
        for scope in (f"{stack}.embed", stack):
            yield from ((scope, record.output) for record in _outputs(found, scope))
    for layer in layers(found):
        yield f"{layer.stack}.{layer.number}", layer.output
        yield from _weights(layer)
    yield from (("memory", record.output) for record in _outputs(found, "encoder"))
    yield from (("encoder_last_hidden_state", record.output) for record in _outputs(found, "encoder"))


def _weights(layer: Layer) -> Iterator[Named]:
    for attention, kinds in (
        ("self_attn", (f"{layer.stack[:3]}_attn", f"{layer.stack}_attentions", f"{layer.stack}.attentions")),
        ("cross_attn", ("cross_attn", "cross_attentions", f"{layer.stack}.cross_attentions")),
    ):
        if weights := layer.sublayers.get(attention, {}).get("weights"):
            yield from ((f"{kind}.{layer.number}", weights.output) for kind in kinds)
            yield weights.scope, weights.output


def _of_any(found: Mapping[str, Records]) -> Iterator[Named]:
    """Names that leave open of which stack the states and weights are."""
    for _stack, depth, record in _states(found):
        yield from ((f"{kind}.{depth}", record.output) for kind in ("hidden", "hidden_states"))
    for attention in ("self_attn", "cross_attn"):
        for layer in layers(found):
            if weights := layer.sublayers.get(attention, {}).get("weights"):
                yield from ((f"{kind}.{layer.number}", weights.output) for kind in ("attn", "attentions"))
    for stack in STACKS:
        yield from (("last_hidden_state", record.output) for record in _outputs(found, stack))


def _states(found: Mapping[str, Records]) -> Iterator[tuple[str, int, Record]]:
    """The hidden states of the stacks, by depth: that of the final norm before that of the last layer."""
    for stack in STACKS:
        depth = sum(layer.stack == stack for layer in layers(found))
        yield from ((stack, 0, record) for record in _outputs(found, f"{stack}.embed"))
        yield from ((stack, depth, record) for record in _outputs(found, stack))
        for number in range(depth):
            yield from ((stack, number + 1, record) for record in _outputs(found, f"{stack}.{number}"))


def _outputs(found: Mapping[str, Records], scope: str) -> Sequence[Record]:
    """The record that a scope hands on, if the pass has it."""
    return [found[scope]["output"]] if "output" in found.get(scope, {}) else []
