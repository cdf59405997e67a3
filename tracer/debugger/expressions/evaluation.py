"""The closures that an expression becomes: each takes the context and returns a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from ...addresses import Address, Everywhere, Label, UnknownAddressError
from ...errors import AddressError, ExpressionError, InputError, TraceError
from ...i18n import _
from ...stack import by_step
from ...tensor import Tensor
from ..history import Earlier
from .functions import FUNCTIONS, OfRuns, OfToken
from .lexing import address_of, at
from .moments import VARIABLES, Moment
from .operators import BOTH, Operator
from .tokens import Placed, row_of
from .values import Several, described, plain, settled, single, together, truth, united


class Context(Moment, Protocol):
    """Where an expression is evaluated: a record of a run."""

    def lookup(self, address: Address) -> list[Tensor]:
        """The tensors at an address, cut by its selectors; several only for a glob."""
        ...

    def earlier(self, wanted: Earlier) -> Any:
        """A value that was printed."""
        ...

    def every_step(self, address: Address) -> Sequence[int]:
        """The numbers of all steps of the run that an address names, which are performed for it."""
        ...


Evaluate = Callable[[Context], Any]
Position = Evaluate | Label | None
"""Of what was read: a number that is worked out, a token, or the last."""


def constant(value: Any) -> Evaluate:
    """The same value everywhere."""
    return lambda _context: value


def looked_up(address: Address | Everywhere, column: int) -> Evaluate:
    """The tensor at an address; those of a glob or of every step as one where they make one."""

    def evaluate(context: Context) -> Any:
        try:
            return _read(context, address)
        except UnknownAddressError as error:
            raise at(column, str(or_of_the_language(error))) from error
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def _read(context: Context, address: Address | Everywhere) -> Any:
    if isinstance(address, Everywhere):
        return _of_steps(context, address)
    tensors = context.lookup(address)
    if not address.is_glob:
        return single(tensors[0])
    if not tensors:
        raise AddressError(_("nothing is recorded at {address}").format(address=address))
    return united(Several(tuple(tensor.address for tensor in tensors), tuple(tensors)))


def _of_steps(context: Context, everywhere: Everywhere) -> Any:
    """[step, …]: what each step has at an address, one after the other where they don't make one."""
    found = _each_step(
        context, everywhere.address, lambda number: _read(context, replace(everywhere.address, step=number))
    )
    if not found:
        raise AddressError(_("nothing is recorded at {address}").format(address=everywhere))
    values = tuple(found.values())
    whole = None if any(isinstance(value, Several) for value in values) else together(values, by_step(list(found)))
    if whole is None:
        told = _("what {address} stands for makes no one tensor: its axes differ, or it is too large")
        raise AddressError(told.format(address=everywhere))
    return whole


def _each_step(context: Context, address: Address, of_step: Callable[[int], Any]) -> dict[int, Any]:
    """What there is of every step of the run that an address names, by its number, those left out that have none.

    Raises:
        AddressError: no step has any.
    """
    found: dict[int, Any] = {}
    failure: AddressError | None = None
    for number in context.every_step(address):
        try:
            found[number] = of_step(number)
        except AddressError as error:
            failure = error
    if failure is not None and not found:
        raise failure
    return found


def printed_before(wanted: Earlier, column: int) -> Evaluate:
    """A value of the history."""

    def evaluate(context: Context) -> Any:
        try:
            return united(context.earlier(wanted))
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def or_of_the_language(error: UnknownAddressError) -> UnknownAddressError:
    """That nothing is recorded there, where one of the language's own names may have been meant too."""
    known = [*VARIABLES, *FUNCTIONS, *error.known]
    return UnknownAddressError(error.path, known, lambda name: f"{name}(…)" if name in FUNCTIONS else name)


def of_token(
    function: OfToken, column: int, where: Address | Everywhere, tokens: Sequence[Placed], position: Position
) -> Evaluate:
    """What a function says of tokens, in the step or the steps of ``where``."""
    row = _row(function.path, where, position)

    def evaluate(context: Context) -> Any:
        try:
            return _of_rows(function, _read(context, row(context)), tokens)
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def of_runs(
    function: OfRuns, column: int, where: Address | Everywhere, runs: Sequence[int], position: Position
) -> Evaluate:
    """What a function says of two runs, in the step or the steps of ``where``."""
    rows = [_row(function.path, replace(address_of(where), run=run), position) for run in runs]

    def of_step(context: Context, step: int | None) -> Any:
        here, there = (_read(context, replace(address_of(row(context)), step=step)) for row in rows)
        if here.shape != there.shape:
            told = _("one row is {here} and the other {there}: the runs are of models with different vocabularies")
            raise InputError(told.format(here=here.header, there=there.header))
        return function.compute(here.array, there.array)

    def evaluate(context: Context) -> Any:
        try:
            if not isinstance(where, Everywhere):
                return of_step(context, where.step)
            first = replace(address_of(where), run=runs[0])
            found = _each_step(context, first, lambda number: of_step(context, number))
            return Tensor(np.array(list(found.values())), (by_step(list(found)),))
        except TraceError as error:
            raise at(column, str(error)) from error

    return evaluate


def _row(path: str, where: Address | Everywhere, position: Position) -> Callable[[Context], Address | Everywhere]:
    """The address of the row at a position, which may have to be worked out."""
    if callable(position):
        return lambda context: row_of(path, where, position(context))
    return constant(row_of(path, where, position))


def _of_rows(function: OfToken, rows: Tensor, tokens: Sequence[Placed]) -> Any:
    """[…, vocab] -> […]: what a function says of tokens in every row."""
    places = [placed(rows.dims[-1], rows.shape[-1]) for placed in tokens]
    if len(rows.dims) == 1:
        return function.compute(rows.array, *places)
    found = [function.compute(row, *places) for row in rows.array.reshape(-1, rows.shape[-1])]
    return settled(np.array(found).reshape(rows.shape[:-1]), rows.dims[:-1])


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
    except TraceError as error:
        problem = _("{symbol} can't be applied to {values}: {why}").format(
            symbol=operation.symbol, values=described(values), why=error
        )
        raise at(column, problem) from None
