"""A checkpoint against results that another implementation computed from it, address by address.

The results stand in a `reference.safetensors` beside the checkpoint: ids in (``input_ids``, ``decoder_input_ids``),
hidden states (``enc_hidden.i``, ``dec_hidden.i``, ``hidden.i``), attention weights (``enc_attn.i``, ``dec_attn.i``,
``cross_attn.i``, ``attn.i``), ``logits``, anything else by the address it has here (``decoder.0.cross_attn.scores``),
outputs of modules by their parameters' name (``module/NAME#0``), what decoding yielded (``greedy.ids``, ``beam4.ids``),
and the same of a padded batch, whose names begin with ``batch.``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .checkpoints.json_file import read_json_if_there
from .checkpoints.safetensors import SafetensorsFile
from .decoding.settings import Settings
from .errors import InputError
from .i18n import _
from .model import Model
from .ops.activation import BY_NAME
from .ops.embedding import scaled_embed
from .run import Run
from .tape import Record, Tape
from .tensor import Array, Parameter, Tensor

REFERENCE = "reference.safetensors"
ATTENTION = 1e-5
"""The largest difference allowed in an attention weight, or the noise of the logits where that is more."""
NOISE = 1e-5
"""What float32 is taken to differ by where `reference.json` does not say; ten times as much is allowed."""

_LAYER = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.output")
_WEIGHTS = re.compile(r"(?:encoder|decoder)\.(?P<layer>\d+)\.(?P<kind>self|cross)_attn\.weights")
_EMBEDDING = re.compile(r"(?P<stack>encoder|decoder)\.embed\.(?P<table>tokens|positions)")
_ACTIVATIONS = (".act", ".act_fn", ".activation_fn")


class Cell(NamedTuple):
    """One cell of a tensor, with its value here and there."""

    place: tuple[int, ...]
    here: float
    there: float

    @property
    def difference(self) -> float:
        """How far apart they are; infinite where that is no number."""
        difference = 0.0 if self.here == self.there else abs(self.here - self.there)
        return np.inf if np.isnan(difference) else difference


class Check(NamedTuple):
    """One array of the reference: the address that holds the same here, and the largest difference between the two.

    The difference is infinite where the shapes differ or a number is none; of ids, it is how many are not the same.
    ``cell`` is where it is largest, if it is that of a cell.
    """

    name: str
    address: str
    largest: float
    allowed: float
    cell: Cell | None = None

    @property
    def holds(self) -> bool:
        """Whether the difference is within what is allowed."""
        return self.largest <= self.allowed


@dataclass(frozen=True)
class Pass:
    """What went into one pass of the reference: its ids, and the ``row`` of a ``batch.`` that they are."""

    source: Sequence[int]
    target: Sequence[int]
    prefix: str = ""
    row: int = 0


class Reference:
    """The results beside a checkpoint, read when asked for; or those in a ``file``, here or beside the checkpoint.

    Raises:
        InputError: there are none, or the ids that went in are missing.
    """

    def __init__(self, directory: Path, file: Path | None = None) -> None:
        beside = directory / (file or REFERENCE)
        self.path = file if file and file.exists() else beside
        if not self.path.exists():
            raise InputError(
                _("{path}: is missing; it holds what another implementation computed from the checkpoint").format(
                    path=self.path
                )
            )
        self._file = SafetensorsFile(self.path)
        self.names = list(self._file.entries)
        facts = read_json_if_there(self.path.with_suffix(".json")) or {}
        self.noise: float = facts.get("checks", {}).get("float32_vs_float64_logits") or NOISE
        self.limit: int = facts.get("generation", {}).get("max_new_tokens", 12)

    def read(self, name: str, row: int = 0) -> Array:
        """An array without its batch axis, where it has one: a row of a ``batch.``, or the only one there is."""
        array = self._file.read(name, np.float64)
        return array[row] if name.startswith("batch.") or len(array) == 1 else array

    def passes(self, prefix: str = "") -> list[Pass]:
        """What went in, a row of a batch at a time."""
        sources = self._ids(f"{prefix}input_ids", f"{prefix}source_ids")
        targets = self._ids(f"{prefix}decoder_input_ids", f"{prefix}target_ids") or [[]] * len(sources)
        pairs = zip(sources, targets, strict=True)
        return [Pass(source, target, prefix, row) for row, (source, target) in enumerate(pairs)]

    @cached_property
    def only(self) -> Pass:
        """What went into the one pass that every reference has."""
        if not (found := self.passes()):
            raise InputError(_("{file}: holds no input_ids to compute from").format(file=self.path.name))
        return found[0]

    def _ids(self, *names: str) -> list[Sequence[int]]:
        """The rows of the first of some arrays that is there."""
        found = next((name for name in names if name in self.names), None)
        return [] if found is None else [list(map(int, ids)) for ids in self._file.read(found, np.float64)]


@dataclass
class Comparison:
    """Every array of the reference that has an address here, and the names of the results that have none."""

    checks: list[Check] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def beyond(self) -> list[Check]:
        """Of `worst`, the checks that do not hold, in the order of the computation."""
        return [check for check in self.worst.values() if not check.holds]

    @property
    def worst(self) -> dict[str, Check]:
        """For each address, the check that comes off worst."""
        found: dict[str, Check] = {}
        for check in self.checks:
            if check.address not in found or check.largest > found[check.address].largest:
                found[check.address] = check
        return found


def compare(model: Model, reference: Reference) -> Comparison:
    """Compute what the reference was computed from, and compare.

    Raises:
        InputError: the reference does not say what went in, or the model can't take it.
    """
    comparison = Comparison()
    for given in (reference.only, *reference.passes("batch.")):
        places = _places(_forced(model, given))
        names = [name for name in reference.names if name.startswith("batch.") == bool(given.prefix)]
        found = [(places[short], name) for name in names if (short := name.removeprefix(given.prefix)) in places]
        for record, name in sorted(found, key=lambda pair: (pair[0].step, pair[0].index)):
            comparison.checks.append(_compared(name, record.output, reference, given.row))
    comparison.checks += _decoded(model, reference)
    compared = {check.name for check in comparison.checks}
    comparison.left_out = [name for name in reference.names if name not in compared and not _is_context(name)]
    return comparison


def _is_context(name: str) -> bool:
    """Whether an array is no result to compare: what went in, or the scores on the way to ids."""
    return name.endswith(("_ids", "_mask", ".scores"))


def _forced(model: Model, given: Pass) -> Run:
    """One pass over what went in."""
    source, target = model.check_ids(given.source, "source"), model.check_ids(given.target, "target")
    return Run(model, source, target_ids=target).decode()


def _places(run: Run) -> dict[str, Record]:
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
            states |= dict.fromkeys([address, *_states(address, layers)], record)
            for module in _modules(record, step.tape, base):
                modules.setdefault(f"module/{module}#0", record)
                modules.setdefault(f"module/{base}{module}#0", record)
    return modules | states


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
    if address == "encoder.output":
        yield "memory"


def _modules(record: Record, tape: Tape, base: str) -> Iterator[str]:
    """The modules whose output a record may be: the one whose parameters it used, or one known by its place."""
    is_scaled = record.op is scaled_embed
    if (module := _used(record, base)) and not is_scaled:
        yield module
    if (match := _EMBEDDING.fullmatch(record.address)) and not is_scaled:
        yield f"{match['stack']}.embed_{match['table']}"
    if record.address == "logits" and "bias" not in record.parameters:
        yield "lm_head"
    if record.op in BY_NAME.values() and (applied_to := _used(tape.find(record.inputs[0].address), base)):
        yield from (applied_to.rpartition(".")[0] + name for name in _ACTIVATIONS)


def _used(record: Record, base: str) -> str | None:
    """The one module whose parameters were used."""
    used = [value for value in record.parameters.values() if isinstance(value, Parameter)]
    modules = {parameter.address.rpartition(".")[0] for parameter in used}
    return modules.pop().removeprefix(base) if len(modules) == 1 else None


def _compared(name: str, tensor: Tensor, reference: Reference, row: int) -> Check:
    theirs = reference.read(name, row)
    is_weight = tensor.address.endswith("_attn.weights")
    allowed = max(ATTENTION, reference.noise) if is_weight else 10 * reference.noise
    if tensor.array.size != theirs.size:
        return Check(name, tensor.address, np.inf, allowed)
    cell = _farthest(tensor.array.astype(np.float64), _as_here(theirs, tensor, is_module="module/" in name))
    return Check(name, tensor.address, cell.difference, allowed, cell)


def _farthest(ours: Array, theirs: Array) -> Cell:
    """The cell in which two arrays differ most: one where the difference is no number, if there is one."""
    with np.errstate(invalid="ignore"):
        differences = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
    place = tuple(map(int, np.unravel_index(np.argmax(differences), ours.shape)))
    return Cell(place, float(ours[place]), float(theirs[place]))


def _as_here(theirs: Array, tensor: Tensor, *, is_module: bool) -> Array:
    """The numbers in our axes; modules have positions first and heads side by side, or a bias with its heads last."""
    shape = tensor.shape
    if is_module and tensor.address.endswith(".position_bias"):
        return theirs.reshape(*shape[1:], shape[0]).transpose(2, 0, 1)
    if is_module and tensor.axes[-1:] == ("d_k",):
        return theirs.reshape(shape[1], shape[0], shape[2]).transpose(1, 0, 2)
    return theirs.reshape(shape)


def _decoded(model: Model, reference: Reference) -> Iterator[Check]:
    """Ids that decoding yields: every one must be the same."""
    source = reference.only.source
    given = 1 if model.has_encoder else len(source)
    for name, settings in (
        ("greedy.ids", Settings(max_tokens=reference.limit)),
        ("beam4.ids", Settings("beam", beams=4, max_tokens=reference.limit)),
    ):
        if name in reference.names:
            best = np.atleast_2d(reference.read(name))[0]
            theirs = [int(i) for i in best][given:]
            ours = Run(model, source, settings).decode(record=False).output_ids
            differing = sum(a != b for a, b in zip(ours, theirs, strict=False)) + max(0, len(ours) - len(theirs))
            yield Check(name, name, float(differing), 0.0)
