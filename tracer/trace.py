"""Traces: whatever has records, be it a run that goes on or what was kept of one."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, Literal, NoReturn, Protocol, runtime_checkable

import numpy as np

from .addresses import At
from .card import Card
from .edits import Edit
from .errors import AddressError
from .i18n import _
from .models.text import Side
from .namedtuple import NamedTuple
from .parameters import Named
from .tape import Tape
from .tensor import Parameter

Origin = Literal["asked", "stated", "default", "ours", "model"]
"""Who says what a setting is: a person, the checkpoint, nobody; of the limit, this program, or the model's size."""


class Token(NamedTuple):
    """A chosen token: the step that yielded it, its id, piece and probability, and the text so far."""

    step: int
    id: int
    piece: str
    prob: float
    text: str


class Decided(NamedTuple):
    """A setting that decoding goes by, and who says so."""

    value: Any
    origin: Origin


@runtime_checkable
class Trace(Protocol):
    """What readers ask of whatever has records.

    A `tracer.run.Run` computes a step when it is asked for one. A trace that was kept has the steps that it has, and no
    ``parameters`` perhaps; where it is asked for more, it says in a sentence that it does not.
    """

    number: int | None
    """The n of ``rn`` in a session."""

    @property
    def parent(self) -> Trace | None:
        """The run that this is a branch of, if it is one."""

    @property
    def edits(self) -> Sequence[Edit]:
        """What was put in place of computed cells, in it and in those that it is a branch of."""

    def downstream(self, at: At) -> Container[str]:
        """The paths of the records of a pass that edits are of, or that come of such."""

    @property
    def card(self) -> Card:
        """The model that computed it."""

    @property
    def parameters(self) -> Named:
        """The trained parameters, as far as they are there."""

    @property
    def source_ids(self) -> Sequence[int]:
        """The ids of the source."""

    @property
    def source_text(self) -> str:
        """The source as text, or its ids where pieces are not known."""

    @property
    def source(self) -> Sequence[str]:
        """The pieces of the source."""

    @property
    def target(self) -> Sequence[str]:
        """The pieces that the decoder has read, and the one chosen last."""

    @property
    def pieces(self) -> Mapping[Side, Sequence[str]]:
        """Both of them, or the one that the model reads, by its side."""

    @property
    def begins(self) -> Mapping[Side, int]:
        """The number of the first step that reads a text of each side."""

    @property
    def decoder_ids(self) -> Sequence[int]:
        """The ids of ``target``."""

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens chosen so far, which ``target`` ends with."""

    @property
    def text(self) -> str:
        """The output so far; where it was given, all of it."""

    @property
    def mask(self) -> Sequence[int] | None:
        """The mask that was stated with the source."""

    @property
    def positions(self) -> Sequence[int] | None:
        """The positions that were stated with the source."""

    @property
    def segments(self) -> Sequence[int] | None:
        """The segments that were stated with the source."""

    @property
    def teacher_forced(self) -> bool:
        """Whether the output was given rather than decoded."""

    @property
    def chooses(self) -> bool:
        """Whether tokens are chosen: not where the output is given, or there is none."""

    @property
    def decided(self) -> Mapping[str, Decided]:
        """What decoding goes by, as far as that is known, by the names of `tracer.decoding.settings.Settings`.

        Beside the strategy it has those that belong to it, with the ``rules`` of the checkpoint that hold.
        """

    @property
    def first(self) -> int:
        """The number of the first step: 0 where there is an encoder."""

    @property
    def computed(self) -> int:
        """The number of the last step there is so far; before ``first`` where there is none."""

    @property
    def numbers(self) -> range:
        """The numbers of the steps there are so far."""

    @property
    def ended(self) -> bool:
        """Whether no step follows that one."""

    @property
    def goes_on(self) -> bool:
        """Whether the one after it can be had: neither at the end, nor where what was kept breaks off."""

    @property
    def ending(self) -> str:
        """Why it has ended, for people."""

    def step(self, number: int) -> Tape:
        """The tape of a step; raises `AddressError` where there is none."""

    def at(self, place: At) -> Tape:
        """The tape that addresses of a place speak of; raises `AddressError` where there is none."""


def not_kept(name: str) -> AddressError:
    """What is said of a parameter that a trace does not have."""
    return AddressError(_("the parameter {name} was not kept with this trace").format(name=name))


def left_out(parameter: Parameter) -> Parameter:
    """The name and the shape of a parameter whose numbers were not kept with the records that read it.

    Whoever asks for its numbers is told so by an `AddressError`.
    """

    def refuse() -> NoReturn:
        raise not_kept(parameter.address)

    room = np.broadcast_to(np.zeros((), parameter.dtype), parameter.shape)
    return Parameter(
        room,
        parameter.dims,
        parameter.address,
        offset=parameter.offset,
        transposed=parameter.transposed,
        within=parameter.within,
        fill=refuse,
    )
