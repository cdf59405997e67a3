"""What every format of documents has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from ..document import Block
from ..namedtuple import NamedTuple


class Title(NamedTuple):
    """What a document is about: the text that was traced, and the model that read it; a document may have neither."""

    text: str = ""
    model: str = ""


UNTITLED = Title()


class DocumentWriter(ABC):
    """Writes one document; of each part is returned what it comes to, and `document` makes the whole of these.

    That is done when all parts are written, since only then it is known what the document is about; they need not be
    held in memory until then. ``suffixes`` are those of its files. ``is_laid_out`` says that it takes `Lines` alone, in
    place of tables and trees, ``has_colours`` that tones can be seen in it. ``size`` is how many rows and columns of a
    matrix it has room for, 0 for as many as a view shows anywhere.
    """

    suffixes: ClassVar[tuple[str, ...]]
    is_laid_out: ClassVar[bool] = False
    has_colours: ClassVar[bool] = True
    size: ClassVar[int] = 0

    def opening(self, title: Title = UNTITLED) -> str:
        """What stands before everything else: the title, if there is one."""
        return ""

    @abstractmethod
    def command(self, line: str) -> str:
        """A line that was typed; what it has to say follows."""

    def remark(self, text: str) -> str:
        """What a script says to its reader."""
        return self.command(text)

    @abstractmethod
    def block(self, block: Block) -> str:
        """A part of what a command has to say."""

    @abstractmethod
    def failure(self, message: str) -> str:
        """Why a command failed."""

    def closing(self) -> str:
        """What stands after everything else."""
        return ""

    def document(self, title: Title, parts: Iterable[str]) -> Iterator[str]:
        """All of it, some text at a time, of what its parts came to, which come in whole lines."""
        yield self.opening(title)
        yield from parts
        yield self.closing()
