"""What every act is: what it means by a place, and the edits that it makes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from ...addresses import Address
from ...edits import CHOICE, Edit
from ...tape import Record
from ..locations import Here

Builder = Callable[[Address], Sequence[Edit]]
"""From a place, by full path, to the edits of it."""


class Act:
    """A way of changing what is recorded at a place.

    ``takes`` is how its options are written. A place is the record of that name; of a module it is the record
    ``of_module`` in it, of one head of an attention the cells of that head in ``of_heads``.
    """

    name: ClassVar[str]
    takes: ClassVar[str] = ""
    of_module: ClassVar[str] = "output"
    of_heads: ClassVar[str] = "heads"

    @property
    def usage(self) -> str:
        """``ablate [zero|mean]``."""
        return f"{self.name} {self.takes}".rstrip()

    def suits(self, record: Record) -> bool:
        """Whether it may be done to a record: not to the token that is chosen."""
        return record.address != CHOICE

    def reading(self, options: str, here: Here) -> Builder:
        """What is done with a place, by options that are read from where the cursor stands.

        Raises:
            TraceError: they are not what the act takes.
        """
        raise NotImplementedError
