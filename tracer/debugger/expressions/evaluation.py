"""The tree that an expression becomes: each node takes the context and returns a value, and knows the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...addresses import Address, At, Everywhere, UnknownAddressError
from ...backward import Slope
from ...dataclass import dataclass
from ...errors import AddressError, ExpressionError, InputError, TraceError
from ...i18n import _
from ...stack import by_step
from ...tensor import Parameter, Tensor
from ..earlier import Earlier
from .functions import FUNCTIONS
from .gradients import Traced, numbers, parted
from .lexing import at
from .moments import VARIABLES, Moment
from .operators import BOTH, Operator
from .values import Several, described, plain, single, together, truth, united

if TYPE_CHECKING:
    from ..locations import Here


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


class Node:
    """A part of an expression: calling it with the context gives its value."""

    __slots__ = ()

    @property
    def reads(self) -> bool:
        """Whether the value depends on what is recorded."""
        return False

    def __call__(self, context: Context) -> Any:
        """The value."""
        raise NotImplementedError

    def traced(self, here: Here) -> Traced:
        """The value in double precision, with the way back to the records that it is made of.

        Raises:
            ExpressionError: there is none; the message names the column.
        """
        return self.leading_back(here) if self.reads else Traced(self(here), lambda _gradient: iter(()))

    def leading_back(self, here: Here) -> Traced:
        """As `traced`, where something recorded is read."""
        raise NotImplementedError


def no_way_back(symbol: str, column: int) -> ExpressionError:
    """The error to raise where an expression that is to have derivatives has a part that has none."""
    return at(column, _("{symbol} has no derivative, and so the expression has none").format(symbol=symbol))


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Node):
    """The same value everywhere."""

    value: Any

    def __call__(self, context: Context) -> Any:
        return self.value


@dataclass(frozen=True, slots=True, eq=False)
class Variable(Node):
    """What the moment of the run says."""

    of: Callable[[Moment], Any]

    def __call__(self, context: Context) -> Any:
        return self.of(context)


@dataclass(frozen=True, slots=True, eq=False)
class Printed(Node):
    """A value of the history."""

    wanted: Earlier
    column: int

    def __call__(self, context: Context) -> Any:
        try:
            return united(context.earlier(self.wanted))
        except TraceError as error:
            raise at(self.column, str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)
class Read(Node):
    """The tensor at an address; those of a glob or of every step as one where they make one."""

    address: Address | Everywhere
    column: int

    @property
    def reads(self) -> bool:
        return True

    def __call__(self, context: Context) -> Any:
        try:
            return read(context, self.address)
        except UnknownAddressError as error:
            raise at(self.column, str(or_of_the_language(error))) from error
        except TraceError as error:
            raise at(self.column, str(error)) from error

    def leading_back(self, here: Here) -> Traced:
        with saying_where(self.column):
            return traced_read(here, self.address)


def read(context: Context, address: Address | Everywhere) -> Any:
    """What stands at an address: a tensor, one without axes as a number; raises as `Context.lookup`."""
    if isinstance(address, Everywhere):
        return _of_steps(context, address)
    return _as_one(address, context.lookup(address))


def _as_one(address: Address, tensors: Sequence[Tensor]) -> Any:
    """The tensor at an address; those of a glob as one where they make one."""
    if not address.is_glob:
        return single(tensors[0])
    if not tensors:
        raise AddressError(_("nothing is recorded at {address}").format(address=address))
    return united(Several(tuple(tensor.address for tensor in tensors), tuple(tensors)))


def _of_steps(context: Context, everywhere: Everywhere) -> Any:
    """[step, …]: what each step has at an address, one after the other where they don't make one."""
    found = each_step(
        context, everywhere.address, lambda number: read(context, replace(everywhere.address, step=number))
    )
    if not found:
        raise AddressError(_("nothing is recorded at {address}").format(address=everywhere))
    values = tuple(found.values())
    whole = None if any(isinstance(value, Several) for value in values) else together(values, by_step(list(found)))
    if whole is None:
        told = _("what {address} stands for makes no one tensor: its axes differ, or it is too large")
        raise AddressError(told.format(address=everywhere))
    return whole


def each_step(context: Context, address: Address, of_step: Callable[[int], Any]) -> dict[int, Any]:
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


def traced_read(here: Here, address: Address | Everywhere) -> Traced:
    """As `read`, in double precision, with the way back to the cells of what is recorded there.

    Raises:
        InputError: that is not in the cursor's step or in @0, or has no derivative; or as `Context.lookup`.
    """
    if isinstance(address, Everywhere):
        told = _("{address} reads every step, and derivatives are by what is recorded in one, and in @0; name a step")
        raise InputError(told.format(address=address))
    if here.run_of(address) is not here.run:
        told = _("{address} reads another run, and derivatives are by what is recorded in the current one")
        raise InputError(told.format(address=address))
    records = here.lookup(replace(address, selectors=()))
    for record in records:
        _insist_on_derivatives(record, here.step)
    tensors = [Tensor(numbers(tensor), tensor.dims, tensor.path, tensor.at) for tensor in here.lookup(address)]

    def back(gradient: Any) -> Iterator[Slope]:
        gained = parted(gradient, tensors) if address.is_glob else (gradient,)
        for record, part in zip(records, gained, strict=True):
            array = np.zeros(record.shape)
            array[record.locate(address.selectors)] = part
            yield Slope(record, array)

    return Traced(_as_one(address, tensors), back)


def _insist_on_derivatives(record: Tensor, step: int) -> None:
    if isinstance(record, Parameter):
        told = _("{address} is a parameter, and derivatives are by what is recorded in a step")
        raise InputError(told.format(address=record.address))
    if record.at not in (At(step), At(0)):
        told = _("{address} lies outside the cursor's step; derivatives are by what is recorded in that, and in @0")
        raise InputError(told.format(address=record.address))
    if record.dtype.kind != "f":
        told = _("{address} has whole numbers, by which there is no derivative")
        raise InputError(told.format(address=record.address))


@contextmanager
def saying_where(column: int) -> Iterator[None]:
    """Whatever can't be read is said with its column."""
    try:
        yield
    except UnknownAddressError as error:
        raise at(column, str(or_of_the_language(error))) from error
    except TraceError as error:
        raise at(column, str(error)) from error


def or_of_the_language(error: UnknownAddressError) -> UnknownAddressError:
    """That nothing is recorded there, where one of the language's own names may have been meant too."""
    known = [*VARIABLES, *FUNCTIONS, *error.known]
    return UnknownAddressError(error.path, known, lambda name: f"{name}(…)" if name in FUNCTIONS else name)


@dataclass(frozen=True, slots=True, eq=False)
class SameText(Node):
    """Whether two texts are the same, or not."""

    same: Callable[[str, str], bool]
    left: Node
    right: Node
    wanted: bool

    def __call__(self, context: Context) -> bool:
        return self.same(self.left(context), self.right(context)) is self.wanted


@dataclass(frozen=True, slots=True, eq=False)
class Composed(Node):
    """A part that is made of others: how it is written, and where."""

    symbol: str
    column: int
    operands: tuple[Node, ...]

    @property
    def reads(self) -> bool:
        return any(operand.reads for operand in self.operands)

    def leading_back(self, here: Here) -> Traced:
        raise no_way_back(self.symbol, self.column)


@dataclass(frozen=True, slots=True, eq=False)
class Condition(Node):
    """The one truth value of an operand of ``and``, ``or``, ``not``."""

    operand: Node
    column: int

    @property
    def reads(self) -> bool:
        return self.operand.reads

    def __call__(self, context: Context) -> bool:
        found = plain(self.operand(context))
        try:
            return truth(found)
        except ExpressionError as error:
            raise at(self.column, str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)
class Joined(Composed):
    """Whether all of the conditions hold, any, or none; left to right, as far as needed."""

    decide: Callable[[Iterable[bool]], bool]

    def __call__(self, context: Context) -> bool:
        return self.decide(holds(context) for holds in self.operands)


@dataclass(frozen=True, slots=True, eq=False)
class Applied(Composed):
    """An operator or function of its operands."""

    operation: Operator

    def __call__(self, context: Context) -> Any:
        return _attempted(self.operation, self.column, [operand(context) for operand in self.operands])

    def leading_back(self, here: Here) -> Traced:
        if self.operation.worked is None:
            raise no_way_back(self.symbol, self.column)
        operands = [operand.traced(here) for operand in self.operands]
        working = Operator(self.symbol, self.operation.worked)
        value, back = _attempted(working, self.column, [operand.value for operand in operands])

        def further_back(gradient: Any) -> Iterator[Slope]:
            gained = zip(operands, back(gradient), strict=True)
            return chain.from_iterable(operand.back(each) for operand, each in gained)

        return Traced(value, further_back)


@dataclass(frozen=True, slots=True, eq=False)
class Chained(Composed):
    """``a < b < c``, cell by cell; every operand is worked out once."""

    comparisons: tuple[Operator, ...]
    columns: tuple[int, ...]

    def __call__(self, context: Context) -> Any:
        values = [operand(context) for operand in self.operands]
        links = map(_attempted, self.comparisons, self.columns, pairwise(values))
        return reduce(lambda so_far, link: _attempted(BOTH, self.columns[-1], (so_far, link)), links)


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
