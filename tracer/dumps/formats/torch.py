"""What `torch.save` has written: a tensor, or dictionaries, lists and tuples of tensors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from ...checkpoints.kinds import OLD_TORCH, kind_of
from ...checkpoints.torch_zip import TorchZip
from ...i18n import N_, Message
from ..dump import Dump, Entry
from ..evidence import Values
from ..leaves import leaves


class Torch(Dump):
    """A file of torch 1.6 or later; files before that, and other pickles, say how they become one."""

    summary: ClassVar[Message] = N_(
        "a file of torch.save: tensors in dictionaries and lists; no code of the pickle is run"
    )

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return kind_of(head) in ("pickle", OLD_TORCH)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        return [
            Entry(leaf.name, Values(leaf.tensor.shape, leaf.tensor.dtype, read=leaf.tensor.read), leaf.means)
            for leaf in leaves(TorchZip(self.path), self.path.stem).values()
        ]
