"""A checkpoint against results that another implementation computed from it, address by address.

The results stand in a `reference.safetensors` beside the checkpoint: ids in (``input_ids``, ``decoder_input_ids``),
hidden states (``enc_hidden.i``, ``dec_hidden.i``, ``hidden.i``), attention weights (``enc_attn.i``, ``dec_attn.i``,
``cross_attn.i``, ``attn.i``), outputs of modules by their parameters' name (``module/NAME#0``), ``logits``, and what
decoding yielded (``greedy.ids``, ``beam4.ids``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .checkpoints.json_file import read_json
from .checkpoints.safetensors import SafetensorsFile
from .decoding.settings import Settings
from .errors import InputError
from .i18n import _
from .model import Model
from .run import Run
from .tape import Record
from .tensor import Array, Parameter, Tensor

REFERENCE = "reference.safetensors"
ATTENTION = 1e-5
"""The largest difference allowed in an attention weight."""
NOISE = 1e-5
"""What float32 is taken to differ by where `reference.json` does not say; ten times as much is allowed."""

_LAYER = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.output")
_WEIGHTS = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.(?P<kind>self|cross)_attn\.weights")


class Check(NamedTuple):
    """One array of the reference: its address here, and the largest difference, or None where the shapes differ."""

    name: str
    address: str
    largest: float | None
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether the difference is within what is allowed."""
        return self.largest is not None and self.largest <= self.allowed


class Reference:
    """The results beside a checkpoint, read when asked for.

    Raises:
        InputError: there is none, or the ids that went in are missing from it.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / REFERENCE
        if not path.exists():
            raise InputError(
                _("{path}: is missing; it holds what another implementation computed from the checkpoint").format(
                    path=path
                )
            )
        self._file = SafetensorsFile(path)
        self.names = list(self._file.entries)
        stated = directory / "reference.json"
        facts = read_json(stated) if stated.exists() else {}
        self.noise = max(NOISE, facts.get("checks", {}).get("float32_vs_float64_logits", NOISE))
        self.limit: int = facts.get("generation", {}).get("max_new_tokens", 12)

    def read(self, name: str) -> Array:
        """An array without its batch axis."""
        array = self._file.read(name, np.float64)
        return array[0] if len(array) == 1 else array

    def ids(self, *names: str) -> list[int] | None:
        """The first of some lists of ids that is there."""
        found = next((name for name in names if name in self.names), None)
        return None if found is None else [int(i) for i in self.read(found)]


def checks(model: Model, reference: Reference) -> Iterator[Check]:
    """Compare everything of the reference that has an address here, in the order of the reference."""
    source = reference.ids("input_ids", "source_ids")
    target = reference.ids("decoder_input_ids", "target_ids")
    if source is None or (target is None and model.has_encoder):
        raise InputError(_("{file}: holds no input_ids to compute from").format(file=REFERENCE))
    run = Run(model, source, target_ids=target or []).decode()
    places = _places(run)
    for name in reference.names:
        tensor = places.get(name)
        if tensor is not None:
            yield _compared(name, tensor, reference)
    yield from _decoded(model, source, reference)


def _places(run: Run) -> dict[str, Tensor]:
    """The recorded tensor for every name that a reference may use."""
    places: dict[str, Tensor] = {}
    for step in run.steps:
        layers = 0
        for address in step.tape.addresses:
            record = step.tape.find(address)
            if match := _LAYER.fullmatch(address):
                layers = int(match["layer"]) + 1
            first_used = dict.fromkeys(_modules(record, run.model.architecture.base), record.output)
            places = first_used | places | dict.fromkeys(_states(address, layers), record.output)
    return places


def _states(address: str, layers: int) -> Iterator[str]:
    """What a reference calls a hidden state or attention weights; ``layers`` have been passed so far."""
    stack, _dot, rest = address.partition(".")
    short = stack[:3]
    if rest in ("embed.output", "output") or _LAYER.fullmatch(address):
        depth = 0 if rest == "embed.output" else layers
        yield from (f"{short}_hidden.{depth}", f"hidden.{depth}", address.removesuffix(".output"))
    if match := _WEIGHTS.fullmatch(address):
        kind = short if match["kind"] == "self" else "cross"
        yield from (f"{kind}_attn.{match['layer']}", f"attn.{match['layer']}", address.removesuffix(".weights"))
    yield from {"encoder.output": ("memory",), "decoder.output": ("decoder.output",), "logits": ("logits",)}.get(
        address, ()
    )


def _modules(record: Record, base: str) -> Iterator[str]:
    """What a reference calls the output of the one module whose parameters were used; it has embeddings unscaled."""
    used = [value for value in record.parameters.values() if isinstance(value, Parameter)]
    modules = {parameter.address.rpartition(".")[0] for parameter in used}
    if len(modules) == 1 and record.op.name != "scaled_embed":
        module = modules.pop().removeprefix(base)
        yield from (f"module/{module}#0", f"module/{base}{module}#0")


def _compared(name: str, tensor: Tensor, reference: Reference) -> Check:
    ours, theirs = tensor.array.astype(np.float64), reference.read(name)
    if tensor.address.endswith(".position_bias"):
        ours = ours.transpose(1, 2, 0)
    if ours.ndim == 3 and theirs.ndim == 2:
        ours = ours.transpose(1, 0, 2).reshape(len(theirs), -1)
    allowed = ATTENTION if tensor.address.endswith("_attn.weights") else 10 * reference.noise
    largest = float(np.abs(ours - theirs).max()) if ours.shape == theirs.shape else None
    return Check(name, tensor.address, largest, allowed)


def _decoded(model: Model, source: Sequence[int], reference: Reference) -> Iterator[Check]:
    """Ids that decoding yields: every one must be the same."""
    prompt = 1 if model.has_encoder else len(source)
    for name, settings in (
        ("greedy.ids", Settings(max_tokens=reference.limit)),
        ("beam4.ids", Settings("beam", beams=4, max_tokens=reference.limit)),
    ):
        if name in reference.names:
            best = np.atleast_2d(reference.read(name))[0]
            theirs = [int(i) for i in best][prompt:]
            ours = Run(model, source, settings).decode(record=False).output_ids
            differing = sum(a != b for a, b in zip(ours, theirs, strict=False)) + max(0, len(ours) - len(theirs))
            yield Check(name, "choice", float(differing), 0.0)
