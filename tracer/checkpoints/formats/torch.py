"""What `torch.save` has written of a model: a file, or several with an index, in a directory; or a file by any name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ..kinds import OLD_TORCH, head_of, kind_of
from ..sharded import Sharded
from ..state_dict import state_dict
from ..stored import Stored
from .safetensors import SafetensorsDirectory

SUFFIXES = (".bin", ".pt", ".pth", ".ckpt")
ADAPTER_WEIGHTS = "adapter_model.bin"
"""What an adapter has in place of a model."""


class TorchDirectory(Sharded):
    """Such a directory, or a file that has its config.json beside it."""

    whole = "pytorch_model.bin"
    index = "pytorch_model.bin.index.json"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path if path != self.directory and not self.is_read(path) else None
        if path != self.directory and (self._file or SafetensorsDirectory.is_there(self.directory)):
            self.path = path

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        if path.suffix in SUFFIXES and not path.is_dir():
            return path.name != ADAPTER_WEIGHTS and kind_of(head_of(path)) != OLD_TORCH
        return super().recognises(path, names)

    @property
    def listing(self) -> Path:
        return self._file or super().listing

    def entries(self, file: Path) -> Mapping[str, Stored]:
        return state_dict(file, self.decisions)
