"""What model.bin says of a Transformer: its sizes, its form, and whether a variable is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import cached_property
from itertools import count
from math import isclose, isfinite, sqrt

from ...i18n import _
from .container import ModelFile, Variable
from .positions import Table, table

ACTIVATIONS = ("relu", "gelu_new", "silu", "gelu", "quick_gelu", "tanh", "sigmoid")
"""What transformers calls the activations, by CTranslate2's numbers (ops/activation.h)."""
BOTH = ("encoder", "decoder")
ENCODINGS = "{stack}/position_encodings/encodings"
HEADS = 8
"""Where the file does not say how many there are."""
OLD = {
    f"{stack}/{name}": name
    for stack in BOTH
    for name in ("num_heads", "pre_norm", "activation", "embeddings_merge", "alignment_layer", "alignment_heads")
}
"""Attributes of a stack that older revisions state of both."""
IDLE = (
    *("alignment_layer", "alignment_heads", "embeddings_merge", "alibi_use_positive_positions", "num_heads"),
    *("with_source_bos", "with_source_eos", "with_target_bos", "pre_norm", "activation"),
)
"""The last parts of names of attributes that change nothing, or are followed by another name."""


class Network:
    """A file as one sees it who looks for a family; the attributes asked for are kept apart from those that are left.

    ``eps`` is what norms add to a variance, where that is stated.

    Raises:
        InputError: something that every Transformer has is missing, or its shape makes no sense.
    """

    def __init__(self, model: ModelFile, eps: float | None = None) -> None:
        self.binary, self.eps = model, eps
        self._asked: set[str] = set()

    def number(self, name: str, default: float) -> float:
        """An attribute, which is a number."""
        self._asked |= {name, OLD.get(name, name)}
        attributes: Mapping[str, float] = self.binary.attributes
        found = attributes.get(name, attributes.get(OLD.get(name, name), default))
        if not isfinite(found):
            raise self.binary.error(_("{name} is {value}; expected a finite number").format(name=name, value=found))
        return found

    def whole(self, name: str, default: int) -> int:
        """An attribute that is a whole number."""
        return self._whole(name, self.number(name, default))

    def _whole(self, name: str, found: float) -> int:
        if not float(found).is_integer():
            raise self.binary.error(_("{name} is {value}; expected a whole number").format(name=name, value=found))
        return int(found)

    def states(self, name: str) -> bool:
        """Whether an attribute or a variable of a name is there; an attribute counts as asked for."""
        self._asked.add(name)
        return name in self.binary.attributes or name in self.binary.variables

    def has(self, scope: str) -> bool:
        """Whether any variable lies within a scope."""
        return scope in self._scopes

    @cached_property
    def _scopes(self) -> Set[str]:
        """Every scope that a variable lies within."""
        return {name[:end] for name in self.binary.variables for end, letter in enumerate(name) if letter == "/"}

    def need(self, name: str, axes: int = 2) -> Variable:
        """A variable that must be there, with so many axes."""
        found = self.binary.variables.get(name)
        if found is None:
            raise self.binary.error(_("{name} is missing").format(name=name))
        if len(found.shape) != axes or 0 in found.shape:
            told = _("{name} is of shape {shape}; expected {axes} axes, none of them empty")
            raise self.binary.error(told.format(name=name, shape=list(found.shape), axes=axes))
        return found

    @property
    def source(self) -> Variable:
        """The embeddings of the source."""
        if self.has("encoder/embeddings_1"):
            raise self.binary.error(_("has several embeddings for each token of the source, which is not supported"))
        first = "encoder/embeddings_0/weight"
        return self.need(first if first in self.binary.variables else "encoder/embeddings/weight")

    @property
    def target(self) -> Variable:
        """The embeddings of the target."""
        return self.need("decoder/embeddings/weight")

    @property
    def projection(self) -> Variable:
        """The output projection."""
        return self.need("decoder/projection/weight")

    @property
    def d_model(self) -> int:
        """The features of a position."""
        return self.target.shape[1]

    def layers(self, stack: str) -> int:
        """How many layers a stack has."""
        return next(i for i in count() if not self.has(f"{stack}/layer_{i}"))

    def same_in_layers(self, name: str, default: float, *stacks: str) -> float:
        """An attribute that holds for every layer of some stacks."""
        layers = (f"{stack}/layer_{i}" for stack in stacks for i in range(self.layers(stack)))
        found = {self.number(f"{layer}/{name}", default) for layer in layers}
        if len(found) > 1:
            raise self.binary.error(_("{name} differs from layer to layer").format(name=name))
        return next(iter(found), default)

    def whole_in_layers(self, name: str, default: int, *stacks: str) -> int:
        """Such an attribute that is a whole number."""
        return self._whole(name, self.same_in_layers(name, default, *stacks))

    def heads(self, stack: str) -> int:
        """How many heads an attention has, all of them with keys of their own."""
        heads = self.whole(f"{stack}/num_heads", HEADS)
        if heads < 1:
            raise self.binary.error(_("{name} is {value}; expected 1 or more").format(name="num_heads", value=heads))
        for name in self._within(stack, "multi_query_attention", "num_heads_kv"):
            keys = self.whole(name, heads)
            if keys != (0 if name.endswith("attention") else heads):
                raise self.binary.error(_("{name} is {value}, which is not supported").format(name=name, value=keys))
        return heads

    def ffn(self, stack: str) -> int:
        """The features between the two maps of a feed-forward."""
        return self.need(f"{stack}/layer_0/ffn/linear_0/weight").shape[0]

    def norm_comes_first(self) -> bool:
        """Whether norms come before the sublayers."""
        return bool(self._alike("pre_norm", 1))

    def activation(self) -> str:
        """What transformers calls the activation."""
        number = self._alike("activation", 0)
        if not 0 <= number < len(ACTIVATIONS):
            raise self.binary.error(_("activation {number} is not known").format(number=number))
        return ACTIVATIONS[number]

    def is_scaled(self) -> bool:
        """Whether tokens are multiplied by √d_model.

        Raises:
            InputError: they are multiplied by another number.
        """
        return bool(self._same_in_both("scale_embeddings", self._scale))

    def _scale(self, stack: str) -> int:
        """1 for √d_model, 0 for nothing: the file states whether, or the number itself, or nothing, which is 1."""
        name, root = f"{stack}/scale_embeddings", sqrt(self.d_model)
        value = self.number(name, self.number(f"{stack}/embeddings/multiply_by_sqrt_depth", 1))
        if isinstance(value, int):
            return int(value != 0)
        if value != 1 and not isclose(value, root, rel_tol=1e-2):
            told = _("{name} is {value}; expected √d_model or 1")
            raise self.binary.error(told.format(name=name, value=value))
        return int(value != 1)

    def positions(self) -> Table:
        """What the positions of both stacks are."""
        encoder, decoder = (
            table(self.binary, self.binary.variables.get(ENCODINGS.format(stack=stack))) for stack in BOTH
        )
        if encoder != decoder:
            raise self.binary.error(_("has other positions in the decoder than in the encoder, which is not supported"))
        return encoder

    def longest(self, default: int) -> int:
        """How many positions there are."""
        names = (ENCODINGS.format(stack=stack) for stack in BOTH)
        return min((self.need(name).shape[0] for name in names if name in self.binary.variables), default=default)

    def both_have(self, scope: str) -> bool:
        """Whether both stacks have a layer, or neither."""
        encoder, decoder = (self.has(f"{stack}/{scope}") for stack in BOTH)
        if encoder != decoder:
            raise self.binary.error(_("has {name} in one stack alone, which is not supported").format(name=scope))
        return encoder

    def left(self) -> Iterator[str]:
        """The attributes that nobody asked for, and that would change the arithmetic."""
        for name, value in self.binary.attributes.items():
            if value and name not in self._asked and name.rpartition("/")[2] not in IDLE and not self._is_scale(name):
                yield name

    def _is_scale(self, name: str) -> bool:
        return name.removesuffix("_scale") in self.binary.variables

    def _within(self, stack: str, *endings: str) -> Iterator[str]:
        """The attributes of a stack whose names end so."""
        names = (name for name in self.binary.attributes if name.startswith(f"{stack}/"))
        return (name for name in names if name.rpartition("/")[2] in endings)

    def _alike(self, name: str, default: int) -> int:
        """An attribute that holds for both stacks."""
        return self._same_in_both(name, lambda stack: self.whole(f"{stack}/{name}", default))

    def _same_in_both(self, name: str, read: Callable[[str], int]) -> int:
        found, *others = map(read, BOTH if self.has("encoder") else BOTH[1:])
        if others not in ([], [found]):
            raise self.binary.error(_("{name} differs between encoder and decoder").format(name=name))
        return found
