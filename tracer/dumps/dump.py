"""What another program wrote down of a forward pass, whatever the format of its files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from ..i18n import Message
from .evidence import Evidence


class Entry(NamedTuple):
    """One tensor of a dump: its name there, and what there is of its numbers.

    ``means`` is the name without what the format adds to it, where that is another: the path of a module as checkpoints
    of transformers have it, with ``.output``, ``.output.1``, ``.inputs.0``, ``.inputs.attention_mask`` or
    ``.parameters.weight`` where the format tells them apart, and ``#n`` for its call n, counted from 0; or a name of a
    convention of its own. `names` says which record that is.
    """

    name: str
    evidence: Evidence
    means: str = ""

    @property
    def meaning(self) -> str:
        """The name by which its record is looked for."""
        return self.means or self.name


class Dump(ABC):
    """A file or a directory. A format is a subclass, alone in a file of `formats`; nothing is read before it is asked.

    ``notes`` grow as it is read: what was left aside, what was taken to be so.
    """

    summary: ClassVar[Message]
    """What it is, in half a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[Message] = []

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        """Whether what stands at a path is of this format.

        ``head`` has the first bytes of a file, ``names`` are those of what lies in a directory; the other is empty.
        """

    @property
    def format(self) -> str:
        """The name of the format, which is that of its file."""
        return type(self).__module__.rpartition(".")[2]

    @property
    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Every tensor, in the order in which they were computed as far as the format keeps it.

        Raises:
            InputError: the files can't be read, or are not what they say.
        """
