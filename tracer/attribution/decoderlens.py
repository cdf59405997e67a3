"""The decoder as a lens: what it would say if it read another layer of the encoder than the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..addresses import At
from ..dataclass import dataclass
from ..edits import edit
from ..errors import AddressError, InputError
from ..i18n import N_, _
from ..passes import BEGIN
from ..run import Run
from ..tape import Record
from ..tensor import Array, Axis
from ..work import work
from .layers import PROBS, Likeliest, layers, likeliest
from .method import Trust, method

MEMORY = "@0:encoder.output"
"""What the decoder reads of the encoder."""


@dataclass(frozen=True)
class DecoderLens:
    """What a step would yield with each of the encoder's ``layers`` in place of the last.

    ``likeliest`` are the tokens [layer, position] at the places of ``positions``, ``outputs`` the whole text that comes
    of each layer, where that was asked for. ``gap`` is by how much the last row is off from the run's probabilities.
    """

    at: At
    layers: Sequence[str]
    positions: Axis
    likeliest: Likeliest
    gap: float
    outputs: Sequence[str] = ()


@method(
    formula="p = decoder(N(encoder[l]))",
    latex=r"p = \mathrm{decoder}(N(\mathrm{encoder}_{\ell}))",
    reference="Langedijk et al. 2023 (DecoderLens), §3",
    trust=Trust.READING,
    leaves_out=N_(
        "the decoder was trained to read the last layer; what it makes nothing of may be there all the same, and that "
        "it reads something from an earlier one does not prove that the run uses it"
    ),
)
def decoderlens(run: Run, *, step: int | None = None, whole: bool = False) -> DecoderLens:
    """What a step would yield if the decoder read each layer of the encoder, through its last norm where it has one.

    The tokens before the step stay; with ``whole``, each layer is also decoded from the start. The step is the last
    one, unless one is named.

    Raises:
        AddressError: there is no such step, or it is the encoder's.
        InputError: the model has no encoder whose layers a decoder reads; or the output is given, and asked for.
    """
    number = max(run.computed, BEGIN["decode"]) if step is None else step
    _insist(run, number, whole)
    own = run.step(number).find(PROBS).output
    found = layers(run.step(BEGIN["encode"]), "encoder")
    memories = [_memory(run, record) for record in found.values()]
    read = [_probs(run, memory, number) for memory in work(memories, _("layers"))]
    rows = [likeliest([probs]) for probs in read]
    outputs = [run.branch(edit(MEMORY, one)).decode(False).text for one in work(memories, _("layers"))] if whole else []
    gap = float(np.abs(read[-1] - own.array).max())
    stacked = Likeliest(*map(np.stack, zip(*rows, strict=True)))
    return DecoderLens(At(number), list(found), own.dims[0], stacked, gap, outputs)


def _insist(run: Run, number: int, whole: bool) -> None:
    """Raise `InputError` or `AddressError` where there is nothing to be read."""
    if run.model.texts.passes != ("encode", "decode"):
        told = _("{model} has no decoder that reads an encoder; lens reads the layers of what it has")
        raise InputError(told.format(model=run.model.name))
    if number < BEGIN["decode"]:
        told = _("step @{n} is the encoder's; the decoder's begin at @{first}")
        raise AddressError(told.format(n=number, first=BEGIN["decode"]))
    if whole and not run.chooses:
        raise InputError(_("the output is given here, and none is decoded; leave out --outputs, or set target off"))


def _memory(run: Run, record: Record) -> Array:
    """What the decoder would read if a layer were the encoder's last."""
    tape = replace(run.pass_at(At(BEGIN["encode"])), past=None).tape()
    with tape.scope("encoder"):
        return run.model.architecture.finish(tape, "encoder", record.output).array


def _probs(run: Run, memory: Array, number: int) -> Array:
    """The probabilities [position, vocab] of a step that reads a memory; the tokens before it stay."""
    return run.replayed(edit(MEMORY, memory), at=number).step(number).find(PROBS).output.array
