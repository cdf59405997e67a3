"""What a family of transformers is to a file of CTranslate2's: the names of its tensors, and its configuration.

CTranslate2's names are those of its specifications (specs/transformer_spec.py).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from typing import Any, ClassVar, NamedTuple

from ...i18n import N_, _, spoken
from ..stored import Stored
from .container import SCALE, Variable
from .network import BOTH, ENCODINGS, Network
from .tensors import rows, zeros

LAYER = re.compile(r"(encoder|decoder)/layer_(\d{1,6})/(.+)/(weight|bias|gamma|beta)")
KINDS = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
"""What transformers calls the numbers of a linear map, and those of a norm."""
NO_BIAS = N_("not in the file: a map without bias")
BESIDE = {
    *("encoder/embeddings/weight", "encoder/embeddings_0/weight", "decoder/embeddings/weight"),
    *("decoder/projection/weight", "decoder/projection/bias"),
    *(ENCODINGS.format(stack=stack) for stack in BOTH),
}
"""Variables that lie at several places in a model of transformers, or that it computes."""

Parts = Mapping[str, tuple[str, ...]]
"""The parts of a layer, each with transformers' names for it; of several, the rows lie one after another."""


class Tokens(NamedTuple):
    """The ids that the vocabularies have for what a text begins and ends with; ``start`` is what a decoder reads first.

    None is for what they have not, or what is not stated.
    """

    eos: int | None
    start: int | None
    bos: int | None
    unknown: int | None
    pad: int | None


class Family(ABC):
    """A family that a file is of. ``layer`` begins the names of what is in a layer; ``outer`` are those of other parts.

    In one that ``is_biased`` every linear map has a bias: one that is not in the file is zeros.
    """

    layer: ClassVar[str]
    outer: ClassVar[Mapping[str, str]]
    is_biased: ClassVar[bool] = True
    usual_eps: ClassVar[float] = 1e-5

    def __init__(self, network: Network) -> None:
        self.network, self.binary = network, network.binary

    @abstractmethod
    def config(self, tokens: Tokens) -> dict[str, Any]:
        """What config.json would state.

        Raises:
            InputError: the file states what the family does not do.
        """

    @abstractmethod
    def parts(self, stack: str) -> Parts:
        """The parts of a layer of a stack."""

    @abstractmethod
    def embeddings(self) -> Iterator[Stored]:
        """The tensors that are not simply what the file has under another name."""

    def tensors(self) -> Iterator[Stored]:
        """Every tensor of the file, under transformers' name; what is not known, under the file's."""
        for name, variable in self.binary.variables.items():
            if names := self._named(name):
                yield from self._split(names, variable)
            elif not self._is_beside(name, variable):
                yield rows(self.binary, name, variable, 0, variable.shape[0])
        yield from (zeros(self.binary, name, (count,), spoken(NO_BIAS)) for name, count in self.left_out())
        yield from self.embeddings()

    def left_out(self) -> Iterator[tuple[str, int]]:
        """The biases that are not in the file, and how many numbers each has."""
        for name, variable in self.binary.variables.items() if self.is_biased else ():
            bias = f"{name.removesuffix('weight')}bias"
            if name.endswith("/weight") and bias not in self.binary.variables:
                names = self._named(bias)
                yield from ((each, variable.shape[0] // len(names)) for each in names)

    def whole(self, name: str, variable: Variable) -> Stored:
        """All of a variable, under a name of transformers."""
        return rows(self.binary, name, variable, 0, variable.shape[0])

    def same_in_both(self, name: str, encoder: int, decoder: int) -> int:
        """A size that both stacks must have alike."""
        if encoder != decoder:
            raise self.binary.error(_("{name} differs between encoder and decoder").format(name=name))
        return encoder

    def check_eps(self) -> None:
        """Insist that norms add what those of the family add."""
        eps = self.network.eps
        if eps is not None and not isclose(eps, self.usual_eps, rel_tol=1e-3):
            told = _("layer_norm_epsilon is {value}; expected {usual}")
            raise self.binary.error(told.format(value=eps, usual=self.usual_eps))

    def shares(self, names: Sequence[str], count: int) -> Sequence[int]:
        """How many of a variable's rows each of some tensors has that it consists of."""
        return [count // len(names)] * len(names)

    def _split(self, names: Sequence[str], variable: Variable) -> Iterator[Stored]:
        """The tensors that a variable consists of."""
        shares, first = self.shares(names, variable.shape[0]), 0
        if sum(shares) != variable.shape[0]:
            told = _("{name} has {n} rows, which are not those of {parts} parts")
            raise self.binary.error(told.format(name=variable.name, n=variable.shape[0], parts=len(names)))
        for name, count in zip(names, shares, strict=True):
            yield rows(self.binary, name, variable, first, count)
            first += count

    def _named(self, name: str) -> tuple[str, ...]:
        """What transformers calls a variable, or each part of it; nothing where it has no name of its own."""
        if match := LAYER.fullmatch(name):
            stack, i, part, kind = match.groups()
            begin, found = self.layer.format(stack=stack, i=int(i)), self.parts(stack).get(part, ())
            return tuple(f"{begin}{each}.{KINDS[kind]}" for each in found)
        scope, _slash, kind = name.rpartition("/")
        return (f"{self.outer[scope]}.{KINDS[kind]}",) if scope in self.outer and kind in KINDS else ()

    def _is_beside(self, name: str, variable: Variable) -> bool:
        """Whether a variable is among the `embeddings`, or a scale."""
        return name in BESIDE or (name.endswith(SCALE) and name.removesuffix(SCALE) in self.binary.variables)


def attentions(own: str, across: str, names: tuple[str, str, str, str]) -> dict[str, tuple[str, ...]]:
    """The linear maps of both attentions of a layer, q, k, v and output."""
    q, k, v, output = names
    return {
        "self_attention/linear_0": (f"{own}.{q}", f"{own}.{k}", f"{own}.{v}"),
        "self_attention/linear_1": (f"{own}.{output}",),
        "attention/linear_0": (f"{across}.{q}",),
        "attention/linear_1": (f"{across}.{k}", f"{across}.{v}"),
        "attention/linear_2": (f"{across}.{output}",),
    }


def norms(own: str, across: str, ffn: str) -> dict[str, tuple[str, ...]]:
    """The norms of the sublayers."""
    return {"self_attention/layer_norm": (own,), "attention/layer_norm": (across,), "ffn/layer_norm": (ffn,)}
