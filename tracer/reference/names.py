"""What a reference may call the records of a run.

Hidden states (``enc_hidden.i``, ``dec_hidden.i``, ``hidden.i``) and attention weights (``enc_attn.i``, ``dec_attn.i``,
``cross_attn.i``, ``attn.i``), or as transformers has them (``hidden_states.i``, ``encoder_attentions.i``, …);
``logits``; anything by the address that it has here, with its step or without (``@1:decoder.0.cross_attn.scores``);
outputs of modules by their parameters' name (``module/NAME#0``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..ops.activation import BY_NAME
from ..ops.embedding import scaled_embed
from ..run import Run
from ..tape import Record, Tape
from ..tensor import Parameter

DECODED: dict[str, dict[str, Any]] = {"greedy.ids": {}, "beam4.ids": {"strategy": "beam", "beams": 4}}
"""Ids that decoding yields, and the settings that it has."""

_LAYER = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.output")
_WEIGHTS = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.(?P<kind>self|cross)_attn\.weights")
_EMBEDDING = re.compile(r"(?P<stack>encoder|decoder)\.embed\.(?P<table>tokens|positions)")
_SHORT = re.compile(r"((?:enc_|dec_|cross_)?(?:hidden|attn)\.)\d+|logits|memory")
_ACTIVATIONS = (".act", ".act_fn", ".activation_fn")


def places(run: Run) -> dict[str, Record]:
    """The record for every name that a reference may use."""
    states: dict[str, Record] = {}
    modules: dict[str, Record] = {}
    base = run.model.architecture.base
    for step in run.steps:
        layers = 0
        for address in step.tape.addresses:
            record = step.tape.find(address)
            if match := _LAYER.fullmatch(address):
                layers = int(match["layer"]) + 1
            names = [address, f"{step.tape.at}:{address}", *_states(address, layers)]
            states |= dict.fromkeys(names, record)
            for module in _modules(record, step.tape, base):
                modules.setdefault(f"module/{module}#0", record)
                modules.setdefault(f"module/{base}{module}#0", record)
    return modules | states


def kinds(names: Iterable[str]) -> list[str]:
    """The short ones among some names, each kind once: ``hidden.N``."""
    matches = (match for name in names if (match := _SHORT.fullmatch(name)))
    return list(dict.fromkeys(f"{match[1]}N" if match[1] else match[0] for match in matches))


def _states(address: str, layers: int) -> Iterator[str]:
    """What a reference calls a hidden state or attention weights; ``layers`` have been passed so far."""
    stack, _dot, rest = address.partition(".")
    short = stack[:3]
    if rest in ("embed.output", "output") or _LAYER.fullmatch(address):
        depth = 0 if rest == "embed.output" else layers
        yield from (f"{short}_hidden.{depth}", f"hidden.{depth}", address.removesuffix(".output"))
        yield from (f"{stack}_hidden_states.{depth}", f"hidden_states.{depth}")
    if match := _WEIGHTS.fullmatch(address):
        layer, is_self = match["layer"], match["kind"] == "self"
        yield from (f"{short if is_self else 'cross'}_attn.{layer}", f"attn.{layer}", address.removesuffix(".weights"))
        yield from (f"{stack}_attentions.{layer}", f"attentions.{layer}") if is_self else (f"cross_attentions.{layer}",)
    if address == "encoder.output":
        yield from ("memory", "encoder_last_hidden_state")
    if address == "decoder.output":
        yield "last_hidden_state"


def _modules(record: Record, tape: Tape, base: str) -> Iterator[str]:
    """The modules whose output a record may be: the one whose parameters it used, or one known by its place."""
    is_scaled = record.op is scaled_embed
    if (module := _used(record, base)) and not is_scaled:
        yield module
    if (match := _EMBEDDING.fullmatch(record.address)) and not is_scaled:
        yield f"{match['stack']}.embed_{match['table']}"
    if record.address == "logits" and "bias" not in record.parameters:
        yield "lm_head"
    if record.op in BY_NAME.values() and (applied_to := _used(tape.find(record.inputs[0].path), base)):
        yield from (applied_to.rpartition(".")[0] + name for name in _ACTIVATIONS)


def _used(record: Record, base: str) -> str | None:
    """The one module whose parameters were used."""
    used = [value for value in record.parameters.values() if isinstance(value, Parameter)]
    modules = {parameter.address.rpartition(".")[0] for parameter in used}
    return modules.pop().removeprefix(base) if len(modules) == 1 else None
