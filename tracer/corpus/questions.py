"""What is asked of every sentence: expressions under names, and where they are worked out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from ..addresses import Address, parse
from ..dataclass import dataclass
from ..debugger.expressions import Expression, compile_expression
from ..errors import ExpressionError, InputError
from ..i18n import _
from ..outward import SHORT

FIXED = ("sentence", "run", "step", "address", "position", "read", "token", "text", "target", "error")
"""Columns that every table has: whose names no expression may have."""
_NAMED = re.compile(r"\s*([^\W\d]\w{0,62})\s*=(?!=)\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """An expression under a name."""

    name: str
    text: str

    @cached_property
    def expression(self) -> Expression:
        """The expression, read; raises `ExpressionError` where it is none."""
        try:
            return compile_expression(self.text)
        except ExpressionError as error:
            raise ExpressionError(f"{self.name}: {error}") from None

    @cached_property
    def is_of_encoder(self) -> bool:
        """Whether all that it reads is recorded in the encoder's pass."""
        read = self.expression.addresses
        return bool(read) and not self.expression.everywhere and all(map(_is_of_encoder, read))

    def __getstate__(self) -> dict[str, str]:
        return {"name": self.name, "text": self.text}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)


def _is_of_encoder(address: Address) -> bool:
    first = address.path.partition(".")[0]
    return address.step == 0 or (address.step is None and bool(first) and "encoder".startswith(first))


def question(text: str) -> Question:
    """``NAME=EXPRESSION``.

    Raises:
        InputError: it is not written so, or a column of another kind has the name.
        ExpressionError: what stands behind the name is no expression.
    """
    match = _NAMED.fullmatch(text)
    if match is None:
        told = _("{text} is no question; write NAME=EXPRESSION, e.g. {example}")
        raise InputError(told.format(text=SHORT.repr(text), example='-e "far=entropy(dec.*.cross.weights[:, -1:])"'))
    if match[1] in FIXED:
        told = _("{name} is a column that every table has; choose another name for {expression}")
        raise InputError(told.format(name=match[1], expression=SHORT.repr(match[2])))
    found = Question(match[1], match[2].strip())
    found.expression  # noqa: B018
    return found


def check_names(questions: Iterable[Question]) -> Sequence[Question]:
    """Insist that there are questions, each with a name of its own; raises `InputError` where that is not so."""
    found: dict[str, Question] = {}
    for one in questions:
        if one.name in found:
            raise InputError(_("{name} is the name of two expressions").format(name=one.name))
        found[one.name] = one
    if not found:
        raise InputError(_("nothing is asked; add -e NAME=EXPRESSION or --preset NAME"))
    return list(found.values())


def place(text: str) -> Address:
    """Where questions are asked: a path, perhaps with ``*``, of every step; or a step, or a place in it.

    Raises:
        AddressError: it is no address.
        InputError: it names a run, or cells.
    """
    address = parse(re.sub(r"^(?=\d+$)", "@", text.strip()))
    if address.run is not None or address.beam is not None or address.selectors:
        told = _("{address} is no place of every sentence: leave out runs, hypotheses and cells")
        raise InputError(told.format(address=address))
    return address
