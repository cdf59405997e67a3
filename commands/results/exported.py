"""The tensors that an address or an expression stands for, each under a name, as they are written to a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tracer.addresses import Everywhere, parse_anywhere, written
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import Several, compile_expression
from tracer.errors import AddressError, InputError
from tracer.i18n import _
from tracer.tensor import Tensor

from .computed import Computed
from .values import Cut, Shown, Together, sought

_EVERYWHERE = re.compile(r"(?:r\d{1,9})?@\*(?::|$)")


class Called(NamedTuple):
    """A tensor under its name, which is its address where it has one."""

    name: str
    tensor: Tensor


def is_several(text: str) -> bool:
    """Whether a text stands for several records: it has ``*`` for a part of a path, or for every step."""
    return bool(_EVERYWHERE.match(text)) or bool(re.search(r"(?:^|[.:])\*\*?(?:\.|\[|$)", text))


def exported(debugger: Debugger, text: str) -> list[Called]:
    """The tensors of an address, which may have globs and be in every step, or the one that an expression comes to.

    Raises:
        TraceError: it does not parse, or there are none.
    """
    where = parse_anywhere(text) if _EVERYWHERE.match(text) else None
    if isinstance(where, Everywhere):
        found = list(_of_every_step(debugger, where))
        if not found:
            raise AddressError(_("nothing in any step matches {address}").format(address=where))
        return found
    return list(_called(sought(debugger, compile_expression(text))))


def _of_every_step(debugger: Debugger, where: Everywhere) -> Iterator[Called]:
    here, address = debugger.here, where.address
    for number in here.every_step(address):
        tape = here.run_of(address).step(number)
        for place in here.places(address, number):
            output = tape.records[place.index - 1].output
            name = written(output.path, output.at, address.selectors)
            yield Called(name if address.run is None else f"r{address.run}{name}", output.select(address.selectors))


def _called(shown: Shown) -> Iterator[Called]:
    match shown:
        case Together(parts=parts):
            yield from (Called(part.address, part.cut) for part in parts)
        case Cut():
            yield Called(shown.address, shown.cut)
        case Computed(text=text, value=Several(addresses, values)):
            yield from (
                Called(f"{text}: {name}", _tensor(name, one)) for name, one in zip(addresses, values, strict=True)
            )
        case Computed(text=text, value=value):
            yield Called(text, _tensor(text, value))


def _tensor(text: str, value: Any) -> Tensor:
    """A value of the expression language as a tensor."""
    if isinstance(value, Tensor):
        return value
    if not isinstance(value, int | float):
        raise InputError(_("{text} is no tensor and no number").format(text=text))
    return Tensor(np.asarray(value), ())
