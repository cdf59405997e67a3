"""A network that starts from a smaller one already trained, and computes nearly the same at first."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from ..i18n import _
from ..tokenizers.library import refusing
from .network import Network
from .vocabularies import UNK


@torch.no_grad()
def grow(network: Network, directory: Path, source: Tokenizer) -> None:
    """Give ``network`` the parameters of the checkpoint in ``directory``.

    A source piece starts as the mean of its characters; what a wider feed-forward layer has besides adds nothing yet.

    Raises:
        InputError: the checkpoint can't be read, or is of another shape.
    """
    with refusing(_("{path}: no network of this shape grows from it").format(path=directory)):
        smaller = load_file(directory / "model.safetensors")
        characters = tokenizer_in(directory, "source").get_vocab()
        smaller["encoder.embed.weight"] = _pieces(smaller["encoder.embed.weight"], characters, source.get_vocab())
        for name, parameter in network.named_parameters():
            _fill(name, parameter, smaller[name])


def tokenizer_in(directory: Path, side: str) -> Tokenizer:
    """The tokenizer of a checkpoint's source or target.

    Raises:
        InputError: there is none.
    """
    path = directory / f"{side}_tokenizer.json"
    with refusing(_("{path}: is no tokenizer").format(path=path)):
        return Tokenizer.from_file(str(path))


def _pieces(embedding: Tensor, characters: Mapping[str, int], pieces: Mapping[str, int]) -> Tensor:
    """An embedding of characters -> one of pieces."""
    parts = {i: [piece] if piece in characters else list(piece) for piece, i in pieces.items()}
    rows = [[characters.get(part, characters[UNK]) for part in parts[i]] for i in range(len(parts))]
    return torch.stack([embedding[row].float().mean(0) for row in rows])


def _fill(name: str, parameter: Tensor, smaller: Tensor) -> None:
    if name.endswith("ffn.output.weight"):
        parameter.zero_()
    parameter[tuple(slice(n) for n in smaller.shape)].copy_(smaller)
