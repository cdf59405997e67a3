"""Make dumps of ports that go wrong in one way each (extra `parity`).

    python tests/ports/make.py DIRECTORY [NAME … | suite]

A directory a case: `dump.npz` has what its modules yield, or `dump.safetensors` where that is bf16 or f16;
`expected.json` which records may be called the first to be wrong, which of them is the one (`exact`), the key of the
mistake, where it was made (everywhere if that is empty), other keys that may be named (`also`), and how far the logits
are off. Where a dump has little, the first record that it has and that is off may be named too; where nobody can know
the mistake, either end of what lies between.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import CASES, SUITE, Case
from dumping import computed
from families import Arrays, Port, opened
from planting import PLANTS

import tracer

LEAST = 1e-6
"""share of the largest number by which something must be off for it to be a mistake"""
PADS = 3


def make(case: Case, directory: Path) -> None:
    """Write one dump, and what is expected of it."""
    right = port_of(case)
    theirs, answer = computed(right, case.kind)
    wrong = port_of(case)
    first = PLANTS[case.mistake](wrong, case.at) if case.mistake != "none" else ()
    arrays, other = computed(wrong, case.kind)
    off = differing(theirs, arrays)
    assert bool(off) is bool(first), f"{case.name}: {off or 'nothing differs'}"
    directory.mkdir(parents=True, exist_ok=True)
    if case.dtype:
        tracer.capture(wrong.model, wrong.inputs, directory / "dump.safetensors")
    else:
        np.savez(directory / "dump.npz", **{case.renamed(name): stored(array) for name, array in arrays.items()})
    beside = seen(right, off) if off and (case.cause == "unknown" or case.kind not in ("full", "weights")) else []
    beside += gap(right, beside) if case.cause == "unknown" else []
    expected = {
        "checkpoint": case.checkpoint,
        "first": list(dict.fromkeys([*first, *beside])),
        "exact": list(first),
        "cause": case.cause,
        "at": case.at,
        "also": list(case.also),
        "logits_differ_by": (answer.logits.float() - other.logits.float()).abs().max().item(),
    }
    (directory / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def port_of(case: Case) -> Port:
    """A checkpoint as it should be, padded where the case is."""
    port = opened(case.checkpoint, getattr(torch, case.dtype or "float32"), case.attention)
    if case.padded:
        pad(port, case.padded)
    return port


def pad(port: Port, side: str) -> None:
    """Hide the first or the last ids, and count positions from the first that is seen."""
    ids = port.inputs["input_ids"]
    places = slice(0, PADS) if side == "left" else slice(-PADS, None)
    mask = torch.ones_like(ids)
    mask[:, places] = 0
    ids[:, places] = port.config.get("pad_token_id") or 0
    port.inputs["attention_mask"] = mask
    if not port.has_encoder:
        port.inputs["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)


def differing(theirs: Arrays, arrays: Arrays) -> list[str]:
    """The names of what is off, in order."""
    off = [name for name in theirs if name in arrays and is_off(theirs[name].float(), arrays[name].float())]
    return sorted(off, key=lambda name: (not name.startswith("encoder"), "last_hidden" in name))


def is_off(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape != other.shape or bool((one - other).abs().max() > LEAST * one.abs().max())


def seen(port: Port, names: list[str]) -> list[str]:
    """The records that the first name which is off stands for, of those that stand for one."""
    family, addresses = port.family, {theirs: ours for ours, theirs in port.paths()}
    layers = {f"{path}.{n}": f"{stack}.{n}" for stack, (path, _l) in family.layers.items() for n in range(9)}
    for name in names:
        if "hidden_state" in name:
            return hidden(port, name)
        if name in layers:
            return [f"{layers[name]}.{family.last}"]
        if name in addresses:
            return [addresses[name] + ".output" * addresses[name].endswith("_attn")]
    return ["logits"]


def gap(port: Port, seen_first: list[str]) -> list[str]:
    """Where the part of attention begins that no module has, if what is seen first comes after it."""
    attention, _dot, last = seen_first[0].rpartition(".")
    is_rotary = "model.rotary_emb" in dict(port.model.named_modules())
    return (
        [f"{attention}.{'q_rotated' if is_rotary else 'scores'}"] if "_attn" in attention and last == "output" else []
    )


def hidden(port: Port, name: str) -> list[str]:
    """The record that a hidden state is: after the embedding, after a layer, or after the norm at the end."""
    stack = "encoder" if name.startswith("encoder") else "decoder"
    count, number = len(port.layers(stack)), name.rpartition(".")[2]
    if number == "0":
        return [f"{stack}.embed.{last}" for last in ("norm", "output", "tokens")]
    is_last = not number.isdigit() or int(number) == count
    if is_last and port.is_prenorm:
        return [f"{stack}.norm"]
    return [f"{stack}.{count - 1 if is_last else int(number) - 1}.{port.family.last}"]


def stored(array: torch.Tensor) -> Any:
    """As NumPy has it: ids as int32, all else as float32."""
    return array.int().numpy() if not array.is_floating_point() else array.float().numpy()


def main() -> None:
    directory, *names = sys.argv[1:]
    names = [*SUITE] if names == ["suite"] else names
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for case in CASES:
        if not names or case.name in names:
            make(case, Path(directory) / case.name)


if __name__ == "__main__":
    main()
