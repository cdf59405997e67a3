"""What a command yields: objects for programs and a view for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tracer.dataclass import dataclass
from tracer.export import jsonl
from tracer.namedtuple import NamedTuple
from tracer.tape import Record
from tracer.tensor import Located

if TYPE_CHECKING:
    from ..viewer.subject import Subject

View = Any
"""Text, or anything that rich can lay out; None where there is nothing to see."""


class Cells(NamedTuple):
    """The part at an index of a recorded tensor; ``explained`` says that a reason for it was given."""

    record: Record
    where: Located
    explained: bool = False


@dataclass(frozen=True)
class Result:
    """One thing that a command has to say. Objects and view are each made only when they are wanted.

    With a ``subject``, a person at a terminal looks around in it, in place of seeing the view. ``about`` are the
    recorded cells that it shows, ``number`` that of the value which it is in the history.
    """

    objects: Callable[[], Iterable[jsonl.Object]]
    view: Callable[[], View] = lambda: None
    subject: Callable[[], Subject] | None = None
    about: Cells | None = None
    number: int | None = None


Results = Iterator[Result]


def answer(command: str, data: Callable[[], Any], view: Callable[[], View]) -> Result:
    """A result that is an object of its own kind."""
    return Result(lambda: [jsonl.result(command, data())], view)
