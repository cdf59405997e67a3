"""The tensors of what `torch.save` has written, by dotted names: where they lie in dictionaries, lists and tuples.

What a module gives as a tuple is its output in parts; a list grows with each of its calls. Of transformers' own tuples,
those of ``generate`` have a tuple for each step, with a tensor for each layer in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..checkpoints.stored import DTYPES, unsupported
from ..checkpoints.torch_tensor import TorchTensor
from ..checkpoints.torch_zip import TorchZip
from ..i18n import _
from ..outward import visible

OF_LAYERS = (
    *("hidden_states", "attentions", "encoder_hidden_states", "encoder_attentions"),
    *("decoder_hidden_states", "decoder_attentions", "cross_attentions"),
)
"""What transformers calls a tuple with a tensor for each layer."""

OF_STEPS = "logits"
"""What ``generate`` calls a tuple with a tensor for each step."""


class Part(int):
    """A place in a tuple."""


class Call(int):
    """A place in a list."""


Key = str | Part | Call


class Leaf(NamedTuple):
    """A tensor, and where it lies."""

    keys: Sequence[Key]
    tensor: TorchTensor

    @property
    def name(self) -> str:
        """Its dotted name."""
        return _joined(self.keys)

    @property
    def means(self) -> str:
        """What that means where it is another name, as `Entry` has it."""
        means = _meaning(self.keys)
        return "" if means == self.name else means


def leaves(file: TorchZip, root: str) -> Mapping[str, Leaf]:
    """Every tensor of a file by its name; ``root`` is that of the whole where it is no dictionary.

    Raises:
        InputError: a name comes twice, or a tensor has numbers of a type that can't be read.
    """
    found: dict[str, Leaf] = {}
    tree = file.tree
    for leaf in _leaves(tree, () if isinstance(tree, dict) else (root,)):
        name, dtype = leaf.name, leaf.tensor.dtype
        if name in found:
            raise file.error(_("has {name} twice").format(name=name))
        if dtype not in DTYPES:
            raise file.error(unsupported(name, dtype))
        found[name] = leaf
    return found


def _leaves(tree: Any, keys: tuple[Key, ...]) -> Iterator[Leaf]:
    match tree:
        case TorchTensor():
            yield Leaf(keys, tree)
        case dict():
            for key, part in tree.items():
                yield from _leaves(part, (*keys, visible(str(key))))
        case tuple():
            for n, part in enumerate(tree):
                yield from _leaves(part, (*keys, Part(n)))
        case list():
            for n, part in enumerate(tree):
                yield from _leaves(part, (*keys, Call(n)))


def _meaning(keys: Sequence[Key]) -> str:
    """What the place of a tensor says of its module, its part and its call."""
    named = next(n for n in range(len(keys), 0, -1) if isinstance(keys[n - 1], str))
    name = _joined(keys[:named])
    last, is_module = name.rpartition(".")[2], "." in str(keys[named - 1])
    match keys[named:]:
        case step, layer if last in OF_LAYERS:
            return f"{name}.{layer}#{step}"
        case (step,) if last == OF_STEPS:
            return f"{name}#{step}"
        case Call() as call, *parts if is_module and last not in OF_LAYERS:
            return f"{_joined([name, *_output(last, parts)])}#{call}"
        case Part(), *_deeper if is_module and last not in OF_LAYERS:
            return _joined([name, *_output(last, keys[named:])])
    return _joined(keys)


def _output(last: str, parts: Sequence[Key]) -> Sequence[Key]:
    """The parts of what a module gives, where that is several; a name that ends so says already what they are of."""
    return parts if not parts or last in ("output", "inputs") else ["output", *parts]


def _joined(keys: Sequence[Key]) -> str:
    return ".".join(map(str, keys))
