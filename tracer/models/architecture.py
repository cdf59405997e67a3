"""What every architecture is to the rest of the house: a configuration, a layout of parameters, two passes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from ..decoding.rules import Rules
from ..namedtuple import NamedTuple
from ..ops.linear import linear
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import Axis, Parameter, Tensor
from .layout import Layout, arranged
from .stated import Stated
from .text import Side, Text
from .texts import Kind, Texts, texts_of

MOST = 1 << 16
"""The longest text that is taken where nothing but memory ends it; a model may be made for longer ones."""


class Facts(NamedTuple):
    """What decoding needs to know of a model: sizes of its vocabularies, the longest texts it takes, its pad id.

    ``cache`` is whether keys and values are kept unless asked otherwise; ``made_for``, the length of texts for which a
    model is made whose positions go on beyond it; ``first``, the number that a text's first position has where somebody
    states it; ``segments``, how many segments of a text it tells apart; ``causal``, whether no position of a decoder
    sees later ones, without which no keys and values can be kept.
    """

    source_vocab: int
    target_vocab: int
    longest_source: int
    longest_target: int
    pad_id: int | None = None
    cache: bool = True
    made_for: int | None = None
    first: int = 0
    segments: int = 0
    causal: bool = True

    def vocab(self, side: Side) -> int:
        """How many tokens the vocabulary of a side has."""
        return self.source_vocab if side == "source" else self.target_vocab

    def longest(self, side: Side) -> int:
        """The longest text of a side."""
        return self.longest_source if side == "source" else self.longest_target


class Architecture(ABC):
    """One family of models; ``passes`` are those of a text, in order, by the names of the methods that make them."""

    model_type: ClassVar[str]
    passes: ClassVar[tuple[Kind, ...]] = ("encode", "decode")

    def __init__(
        self, config: Any, layout: Layout, parameters: Mapping[str, Parameter], dtype: type[np.floating[Any]]
    ) -> None:
        self.config = config
        self.base = layout.base
        self.parameters = arranged(layout, parameters)
        self.dtype = dtype

    @classmethod
    def sketch(cls, config: Any) -> Self:
        """The same without parameters: it can't compute, and tells what it is."""
        found = object.__new__(cls)
        found.config = config
        return found

    def computing_in(
        self, dtype: type[np.floating[Any]], layout: Layout, parameters: Mapping[str, Parameter]
    ) -> Architecture:
        """The same with other numbers for parameters."""
        return type(self)(self.config, layout, parameters, dtype)

    @classmethod
    @abstractmethod
    def configure(cls, stated: Stated) -> Any:
        """The configuration that `config.json` states; raises `InputError` where it makes no sense."""

    @classmethod
    @abstractmethod
    def layout(cls, config: Any, source: Axis, target: Axis) -> Layout:
        """Every tensor the checkpoint must hold; ``source`` and ``target`` are the vocabularies."""

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What decoding needs to know."""

    @property
    def texts(self) -> Texts:
        """What the passes read."""
        return texts_of(self.passes)

    @property
    def start_by_default(self) -> int | None:
        """The token that a decoder of the family reads first where no file states one; None where there is none."""
        return None

    def places(self, ids: Sequence[int], hidden: Sequence[int]) -> Sequence[int] | None:
        """The positions of ids, of which some are ``hidden``, where none are stated; None is 0, 1, 2, …."""
        return None

    def rules(self, generation: Stated) -> Rules:
        """What is forbidden and forced while decoding, as `generation_config.json` states it."""
        return self.texts.rules(generation, self.start_by_default)

    @abstractmethod
    def describe(self) -> str:
        """The architecture in half a line."""

    def encode(self, tape: Tape, source: Text) -> Tensor:
        """Source -> memory [position, feature]."""
        raise NotImplementedError

    def decode(
        self,
        tape: Tape,
        target: Text,
        memory: Tensor | None = None,
        source: Text | None = None,
        start: int = 0,
    ) -> Tensor:
        """What was read so far -> logits [position, vocab] of the places from ``start``.

        Where the tape has a past, keys and values of the places before ``start`` come from it, and only the last place
        gets logits.
        ``memory`` is what the encoder made of ``source``.
        """
        raise NotImplementedError

    def finish(self, tape: Tape, stack: str, x: Tensor) -> Tensor:
        """What comes after the layers of a stack, within its scope, mostly a norm: [position, feature] -> the same."""
        return x

    def predict(self, tape: Tape, x: Tensor) -> Tensor:
        """What a stack yields [position, feature] -> logits [position, vocab], with their probabilities."""
        logits = self.output(tape, x)
        tape(softmax, "probs", logits)
        return logits

    def output(self, tape: Tape, x: Tensor) -> Tensor:
        """The output projection: [position, feature] -> logits [position, vocab]."""
        return tape(linear, "logits", x, **self.parameters.logits)
