"""What the files of one model state and hold, whatever their format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..decisions import Decisions
from .stored import Stored

if TYPE_CHECKING:
    from ..chats.template import Template
    from ..models.stated import Stated
    from ..tokenizers.directory import Pair


class Checkpoint(ABC):
    """A model on disk. A format is a subclass, alone in a file of `formats`; nothing is read before it is asked for.

    ``path`` is the directory or the file to be opened again; ``decisions`` grow as things are read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decisions = Decisions()

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        """Whether what stands at a path is of this format; ``names`` are those of the files in a directory."""

    @property
    def format(self) -> str:
        """The name of the format, which is that of its file."""
        return type(self).__module__.rpartition(".")[2]

    @property
    @abstractmethod
    def config(self) -> Stated:
        """What is stated of the architecture, under the keys of `config.json`."""

    @property
    def prefixes(self) -> Sequence[str]:
        """How the names of its tensors begin where it is a part of a larger model, whose others are left aside."""
        return ()

    @cached_property
    def generation(self) -> Stated:
        """What is stated of decoding, under the keys of `generation_config.json`: all of `config`, if nothing else."""
        return self.config.of_decoding()

    @abstractmethod
    def tokenizers(self, model_type: str) -> Pair | None:
        """The tokenizers of source and target, which may be one; None where there is none.

        Raises:
            InputError: a file of a tokenizer is missing or broken.
        """

    @property
    def chat_template(self) -> Template | None:
        """The template that makes one text of the messages of a chat, where one is stated.

        Raises:
            InputError: what is stated is none.
        """
        return None

    @property
    @abstractmethod
    def tensors(self) -> Mapping[str, Stored]:
        """Every tensor, under the name that transformers has for it."""

    @property
    @abstractmethod
    def listing(self) -> Path:
        """The file that says which tensors there are."""
