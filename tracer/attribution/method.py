"""What every method of attribution is: a function over what was recorded, which knows how far it is to be trusted."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Generic, ParamSpec, TypeVar

from ..dataclass import dataclass
from ..i18n import N_, Message

P = ParamSpec("P")
R = TypeVar("R")


class Trust(IntEnum):
    """How much a score says of what a model does, the most first."""

    INTERVENTION = 1
    SUM = 2
    PATH = 3
    READING = 4
    NORM = 5
    WEIGHT = 6

    @property
    def words(self) -> Message:
        """Why, in a few words."""
        return _WORDS[self]


_WORDS: dict[Trust, Message] = {
    Trust.INTERVENTION: N_("an intervention: exact for the change that was made"),
    Trust.SUM: N_("an exact sum, of direct paths only"),
    Trust.PATH: N_("an approximation that states its own gap"),
    Trust.READING: N_("a reading by what was trained for another place"),
    Trust.NORM: N_("sizes of vectors, whichever way they point"),
    Trust.WEIGHT: N_("attention weights, whatever they weigh"),
}


@dataclass(frozen=True)
class Method(Generic[P, R]):
    """A method of attribution: what it computes, where that was published, and what it does not prove.

    Methods of one ``family`` compute the same kind of thing from the same arguments.
    """

    compute: Callable[P, R]
    formula: str
    latex: str
    reference: str
    trust: Trust
    leaves_out: Message
    family: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.word.replace("_", " ")

    @property
    def word(self) -> str:
        """The same in one word."""
        return self.compute.__name__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.compute(*args, **kwargs)


def method(
    *, formula: str, latex: str, reference: str, trust: Trust, leaves_out: Message, family: str = ""
) -> Callable[[Callable[P, R]], Method[P, R]]:
    """Make a method of a function; ``leaves_out`` is a sentence on what it does not prove."""
    return lambda compute: Method(compute, formula, latex, reference, trust, leaves_out, family)
