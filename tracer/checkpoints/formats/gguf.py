"""GGUF, llama.cpp's format: a file that holds the model, its configuration and its tokenizer, or several that do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...decisions import PARAMETERS
from ...errors import InputError
from ...i18n import N_, _
from ...listed import listed
from ...models.stated import Stated
from ...tensor import Array
from ..checkpoint import Checkpoint
from ..directory import CONFIG
from ..gguf.blocks import FILE_TYPES
from ..gguf.configuration import Stating, configuration
from ..gguf.container import MAGIC, GgufFile, Info
from ..gguf.families import BESIDE, Family, family_of
from ..gguf.tensors import tensor
from ..kinds import head_of
from ..stored import Stored

if TYPE_CHECKING:
    from ...chats.template import Template
    from ...tokenizers.directory import Pair

ENDING = ".gguf"
SPLIT = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
"""How the files are called that a model was split into."""
WEIGHTS = (".bin", ".pt", ".pth", ".safetensors")
"""How other files end that a directory's config.json would go with."""
MOST_PARTS, MOST_SETTINGS = 1000, 1 << 16


class GgufCheckpoint(Checkpoint):
    """A file, with those that it was split into; a directory stands for the only one in it."""

    def __init__(self, path: Path) -> None:
        super().__init__(_only(path) if path.is_dir() else path)

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        if not path.is_dir():
            return _begins_as_one(path)
        has_others = CONFIG in names and any(name.endswith(WEIGHTS) for name in names)
        return not has_others and any(_begins_as_one(path / name) for name in names if name.endswith(ENDING))

    @cached_property
    def config(self) -> Stated:
        return Stated(self._values, str(self.path), decisions=self.decisions)

    def tokenizers(self, model_type: str) -> Pair | None:
        from ...tokenizers.gguf import read_gguf

        return read_gguf(self.path, self.metadata, self.decisions)

    @cached_property
    def tensors(self) -> Mapping[str, Stored]:
        """Every tensor under transformers' name, as transformers has it.

        Raises:
            InputError: a file is missing or broken, or two tensors are the same.
        """
        self._tell_of_types()
        found: dict[str, Stored] = {}
        for label, (file, info) in self._infos.items():
            if label not in BESIDE:
                stored = tensor(file.file, info, self._family.named(label))
                change = self._family.change(label)
                if stored.name in found:
                    told = _("tensors {first} and {second} are the same parameter")
                    raise file.file.error(told.format(first=stored.name, second=label))
                found[stored.name] = change(stored, self._values) if change else stored
        return found

    @property
    def listing(self) -> Path:
        return self.path

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the first file states, by key."""
        return self._files[0].metadata

    @property
    def chat_template(self) -> Template | None:
        from ...chats.template import checked
        from ...tokenizers.gguf import Metadata

        source = self.metadata.get("tokenizer.chat_template")
        if source is None:
            return None
        return checked(source, self.path, Metadata(self.path, self.metadata, self.decisions).by_role)

    @cached_property
    def _files(self) -> list[GgufFile]:
        """The file, or all that the model was split into, the first one first."""
        given = GgufFile(self.path)
        count = given.metadata.get("split.count", 1)
        if not isinstance(count, int) or count <= 1:
            return [given]
        match = SPLIT.fullmatch(self.path.name)
        if match is None or int(match[3]) != count or count > MOST_PARTS:
            told = _("is one of {n} files that a model was split into; expected a name like {name}")
            raise given.file.error(told.format(n=count, name=f"…-00001-of-{count:05d}.gguf"))
        paths = [self.path.with_name(f"{match[1]}-{i:05d}-of-{match[3]}.gguf") for i in range(1, count + 1)]
        for path in paths:
            if not path.exists():
                told = _("is one of {n} files that a model was split into; {file} is missing")
                raise given.file.error(told.format(n=count, file=path.name))
        return [given if path == self.path else GgufFile(path) for path in paths]

    @cached_property
    def _infos(self) -> Mapping[str, tuple[GgufFile, Info]]:
        """What all the files say of tensors, each with its file."""
        found: dict[str, tuple[GgufFile, Info]] = {}
        for file in self._files:
            for label, info in file.infos.items():
                if label in found:
                    told = _("tensor {name} is in {other} too")
                    raise file.file.error(told.format(name=label, other=found[label][0].file.path.name))
                found[label] = file, info
        return found

    @cached_property
    def _architecture(self) -> str:
        architecture = self.metadata.get("general.architecture")
        if not isinstance(architecture, str):
            raise self._files[0].file.error(_("general.architecture is missing"))
        return architecture

    @cached_property
    def _family(self) -> Family:
        return family_of(self._architecture, self.metadata, self._infos)

    @cached_property
    def _values(self) -> dict[str, Any]:
        infos = {label: info for label, (_file, info) in self._infos.items()}
        stating = Stating(str(self.path), self._architecture, self.metadata, infos, self._numbers)
        return configuration(stating, self._family, self.decisions)

    def _numbers(self, label: str) -> Array:
        """A small tensor, of settings."""
        file, info = self._infos[label]
        stored = tensor(file.file, info, label)
        if stored.size > MOST_SETTINGS:
            told = _("tensor {name} of settings has {n} numbers; at most {most} are read")
            raise file.file.error(told.format(name=label, n=stored.size, most=MOST_SETTINGS))
        row = np.zeros(stored.size, np.float32)
        stored.read_into(row)
        return row

    def _tell_of_types(self) -> None:
        """Say what the file calls its own mixture of types."""
        stated = self.metadata.get("general.file_type")
        if isinstance(stated, int) and (kind := FILE_TYPES.get(stated)):
            self.decisions.take(PARAMETERS, N_("the file calls itself {kind}").format(kind=kind))


def _begins_as_one(path: Path) -> bool:
    return head_of(path).startswith(MAGIC)


def _only(directory: Path) -> Path:
    """The one model in a directory, by its first file.

    Raises:
        InputError: there are several.
    """
    names = sorted(path.name for path in directory.glob(f"*{ENDING}"))
    matches = {name: SPLIT.fullmatch(name) for name in names}
    first = [name for name, match in matches.items() if match is None or int(match[2]) == 1] or names
    if len(first) > 1:
        told = _("{path}: holds several models, {names}; name one of the files")
        raise InputError(told.format(path=directory, names=listed(first)))
    return directory / first[0]
