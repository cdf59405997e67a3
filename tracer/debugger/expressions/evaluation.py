"""The closures that an expression becomes: each takes the context and returns a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, Protocol

from ...addresses import Address, Label, UnknownAddressError
from ...errors import ExpressionError, TraceError
from ...i18n import _
from ...tensor import Axis, Tensor
from ..history import Earlier
from .functions import DISTRIBUTION, FUNCTIONS, VARIABLES, Moment, Placed
from .lexing import at
from .operators import BOTH, Operator
from .values import Several, arrays, described, plain, truth


class Context(Moment, Protocol):
    """Where an expression is evaluated: a record of a run."""

    def lookup(self, address: Address) -> list[Tensor]:
        """The tensors at an address, cut by its selectors; several only for a glob."""
        ...

    def earlier(self, wanted: Earlier) -> Any:
        """A value that was printed."""
        ...

    def distribution(self) -> Tensor:
        """The probabilities of the current step, [vocab], labelled with its pieces."""
        ...


Evaluate = Callable[[Context], Any]
Along = Callable[[Context], Axis | None]
"""Finds the axis whose places a value counts."""


def constant(value: Any) -> Evaluate:
    """The same value everywhere."""
    return lambda _context: value


def looked_up(address: Address, column: int) -> Evaluate:
    """The array at an address, or those of a glob."""
    is_glob = address.is_glob

    def evaluate(context: Context) -> Any:
        try:
            tensors = context.lookup(address)
        except UnknownAddressError as error:
            raise at(column, str(or_of_the_language(error))) from error
        except TraceError as error:
            raise at(column, str(error)) from error
        if not is_glob:
            return tensors[0].array
        if not tensors:
            raise at(column, _("nothing is recorded at {address}").format(address=address))
        return Several(tuple(tensor.address for tensor in tensors), tuple(tensor.array for tensor in tensors))

    return evaluate


def last_axis_of(operand: Address | Earlier) -> Along:
    """The last axis of the tensor at an address, or of one that was printed; None where it has none."""

    def find(context: Context) -> Axis | None:
        found = context.lookup(operand)[:1] if isinstance(operand, Address) else [context.earlier(operand)]
        dims = found[0].dims if found and isinstance(found[0], Tensor) else ()
        return dims[-1] if dims else None

    return find


def printed_before(wanted: Earlier, column: int) -> Evaluate:
    """A value of the history, in arrays."""

    def evaluate(context: Context) -> Any:
        try:
            return arrays(context.earlier(wanted))
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def or_of_the_language(error: UnknownAddressError) -> UnknownAddressError:
    """That nothing is recorded there, where one of the language's own names may have been meant too."""
    calls = (*FUNCTIONS, *DISTRIBUTION)
    known = [*VARIABLES, *calls, *error.known]
    return UnknownAddressError(error.path, known, lambda name: f"{name}(…)" if name in calls else name)


def of_distribution(name: str, column: int, label: Label) -> Evaluate:
    """What a function of `DISTRIBUTION` says of a piece."""
    placed, of_row = Placed(label), DISTRIBUTION[name]

    def evaluate(context: Context) -> Any:
        try:
            row = context.distribution()
            return of_row(row.array, placed(row))
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def condition(value: Evaluate, column: int) -> Callable[[Context], bool]:
    """The one truth value of an operand of ``and``, ``or``, ``not``."""

    def evaluate(context: Context) -> bool:
        found = plain(value(context))
        try:
            return truth(found)
        except ExpressionError as error:
            raise at(column, str(error)) from error

    return evaluate


def same_text(same: Callable[[str, str], bool], left: Evaluate, right: Evaluate, wanted: bool) -> Evaluate:
    """Whether two texts are the same, or not."""
    return lambda context: same(left(context), right(context)) is wanted


def applied(operation: Operator, column: int, *operands: Evaluate) -> Evaluate:
    """An operator or function of its operands."""
    return lambda context: _attempted(operation, column, [operand(context) for operand in operands])


def chained(comparisons: Sequence[Operator], columns: Sequence[int], operands: Sequence[Evaluate]) -> Evaluate:
    """``a < b < c``, cell by cell; every operand is worked out once."""

    def evaluate(context: Context) -> Any:
        values = [operand(context) for operand in operands]
        links = map(_attempted, comparisons, columns, pairwise(values))
        return reduce(lambda chain, link: _attempted(BOTH, columns[-1], (chain, link)), links)

    return evaluate


def _attempted(operation: Operator, column: int, values: Sequence[Any]) -> Any:
    """The operation's result, or one sentence on why there is none."""
    try:
        return operation.apply(*values)
    except (ZeroDivisionError, FloatingPointError):
        raise at(column, _("division by zero")) from None
    except (OverflowError, MemoryError):
        raise at(column, _("the result of {symbol} would be too large").format(symbol=operation.symbol)) from None
    except (TypeError, ValueError):
        problem = _("{symbol} can't be applied to {values}").format(symbol=operation.symbol, values=described(values))
        raise at(column, problem) from None
