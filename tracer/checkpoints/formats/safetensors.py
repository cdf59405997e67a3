"""The safetensors files of a directory: one, or several with an index that says which holds what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ..safetensors import SafetensorsFile
from ..sharded import Sharded
from ..stored import Stored


class SafetensorsDirectory(Sharded):
    """Such a directory; a file in it that is read stands for it."""

    whole = "model.safetensors"
    index = "model.safetensors.index.json"

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        if path.suffix == ".safetensors" and not path.is_dir():
            return cls.is_read(path)
        return super().recognises(path, names)

    def entries(self, file: Path) -> Mapping[str, Stored]:
        return SafetensorsFile(file).entries
