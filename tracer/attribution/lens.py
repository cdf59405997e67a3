"""The logit lens: what the model would say if each layer were its last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..addresses import At
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import N_, Message, _
from ..models.texts import Kind
from ..passes import BEGIN
from ..run import Run
from ..tape import Record, Tape
from ..tensor import Array, Axis, Tensor
from ..work import work
from .layers import LOGITS, PROBS, Likeliest, is_normalised, layers, likeliest, unnormalised
from .method import Trust, method

ROWS = 64
"""So many positions are read at a time: each has a number for every token."""
KINDS: Mapping[str, Kind] = {"encoder": "encode", "decoder": "decode"}
"""The pass that each stack makes."""
State = Callable[[Record], Tensor]
AS_IS = N_("each layer as it is")
BY_LAST_NORM = N_("each layer before its norm, through the norm of the last")


@dataclass(frozen=True)
class Reading:
    """The likeliest tokens [layer, position], read by one ``convention``."""

    convention: Message
    likeliest: Likeliest


@dataclass(frozen=True)
class Lens:
    """What the ``layers`` of a ``stack`` say at each place of ``positions``.

    ``gap`` is by how much the last row is off from the probabilities recorded. It is None where there are none: the
    encoder's of an encoder–decoder, read by the projection whose matrix is its embedding.
    """

    stack: str
    at: At
    layers: Sequence[str]
    positions: Axis
    readings: Sequence[Reading]
    gap: float | None


@method(
    formula="p = softmax(N(h) Wᵀ + b)",
    latex=r"p = \mathrm{softmax}(N(h) W^{\top} + b)",
    reference="nostalgebraist 2020 (interpreting GPT: the logit lens)",
    trust=Trust.READING,
    leaves_out=N_(
        "norm and projection were trained for the last layer; that a token is read from an earlier one does not prove "
        "that later layers read it so, nor does a token that is not read prove that nothing of it is there"
    ),
)
def lens(run: Run, stack: str | None = None, *, step: int | None = None) -> Lens:
    """The likeliest token of every layer and position of a step, as the norm and the projection at the end read it.

    The statistics of the norm are those of the state in hand. Where a norm comes last in every layer there are two
    conventions: the layer as it is, and what went into that norm, through the norm of the last layer. ``stack`` is
    ``"encoder"`` or ``"decoder"``, by default the one that the logits come of; the step is the last one, unless one is
    named.

    Raises:
        AddressError: the stack has no part in the step, or there is no such step.
        InputError: there is no such stack, or no vocabulary to read it by.
    """
    kind, final = _kind(run, stack), run.model.texts.passes[-1]
    number = BEGIN[kind] if kind == "encode" else run.computed if step is None else step
    tape = run.step(number)
    found = layers(tape, f"{kind}r")
    if kind == final:
        _insist_on_logits(run, tape)
    else:
        _insist_on_shared(run, tape)
    reader = Reader(run, tape.at, f"{kind}r")
    states = list(found.values())
    read = {convention: [state(record) for record in states] for convention, state in _conventions(states[-1])}
    readings = [Reading(convention, reader.likeliest(rows)) for convention, rows in read.items()]
    gap = max(reader.gap(rows[-1], tape[PROBS].array) for rows in read.values()) if kind == final else None
    return Lens(f"{kind}r", tape.at, list(found), states[0].output.dims[0], readings, gap)


def _kind(run: Run, stack: str | None) -> Kind:
    """The pass that a stack makes; raises `InputError` where the model has no such stack."""
    known = {name: kind for name, kind in KINDS.items() if kind in run.model.texts.passes}
    if stack is None:
        return run.model.texts.passes[-1]
    if stack not in known:
        told = _("{model} has no {stack}; it has {known}")
        raise InputError(told.format(model=run.model.name, stack=stack, known=", ".join(known)))
    return known[stack]


def _insist_on_logits(run: Run, tape: Tape) -> None:
    if LOGITS not in tape.addresses:
        told = _("{model} has no output projection: no token can be read from its layers")
        raise InputError(told.format(model=run.model.name))


def _insist_on_shared(run: Run, tape: Tape) -> None:
    """Raise `InputError` unless the matrix of the logits is that of the encoder's embedding."""
    embedding = tape.find("encoder.embed.tokens").parameters["weight"].address
    projection = run.step(BEGIN["decode"]).find(LOGITS).parameters["weight"].address
    if embedding != projection:
        told = _(
            "no vocabulary reads the encoder of {model}: its embedding is {embedding}, and the logits come of "
            "{projection}; lens decoder reads the decoder, decoderlens lets the decoder read each layer of the encoder"
        )
        raise InputError(told.format(model=run.model.name, embedding=embedding, projection=projection))


def _conventions(last: Record) -> Iterator[tuple[Message, State]]:
    """How a layer is read: as it is, or through a norm that comes last in the last one."""
    yield AS_IS, lambda record: record.output
    if is_normalised(last):
        yield BY_LAST_NORM, lambda record: last.op.forward(unnormalised(record), **last.parameters)


class Reader:
    """What follows the last layer of a stack, performed on other states in its place: on a tape without a past."""

    def __init__(self, run: Run, at: At, stack: str) -> None:
        self._network, self._stack = run.model.architecture, stack
        self._pass = replace(run.pass_at(at), past=None)

    def probs(self, state: Tensor) -> Iterator[Array]:
        """States [position, feature] -> probabilities [position, vocab], some positions at a time."""
        for start in range(0, state.shape[0], ROWS):
            tape = self._pass.tape()
            x = state.cut((slice(start, min(start + ROWS, state.shape[0])), slice(0, state.shape[1])))
            with tape.scope(self._stack):
                x = self._network.finish(tape, self._stack, x)
            self._network.predict(tape, x)
            yield tape[PROBS].array

    def likeliest(self, states: Iterable[Tensor]) -> Likeliest:
        """The likeliest token at every position of every state."""
        rows = [likeliest(part for part in self.probs(state)) for state in work(list(states), _("layers"))]
        return Likeliest(*map(np.stack, zip(*rows, strict=True)))

    def gap(self, state: Tensor, recorded: Array) -> float:
        """The largest difference from probabilities that were recorded, which are those of the last positions."""
        rows = state.cut((slice(state.shape[0] - len(recorded), state.shape[0]), slice(0, state.shape[1])))
        return float(np.abs(np.concatenate(list(self.probs(rows))) - recorded).max())
