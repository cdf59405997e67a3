"""From an expression's text to a tree of nodes, by a whitelist over Python's syntax tree."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ...addresses import Address, Everywhere, Label, suggestion
from ...dataclass import dataclass
from ...errors import ExpressionError
from ...i18n import _
from ...pieces import goes_by
from ..earlier import Earlier
from .evaluation import Applied, Chained, Condition, Constant, Context, Joined, Node, Printed, Read, SameText, Variable
from .functions import FUNCTIONS, OfRuns, OfToken, OverAll
from .lexing import DEEPEST, Called, Lexed, Operand, address_of, at, lex
from .moments import VARIABLES
from .operators import BINARY, COMPARISONS, UNARY, Operator
from .rows import OfRow, OfTwoRuns, Position, rows_at
from .tokens import Placed
from .values import Value, plain


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, read once and evaluated often.

    ``addresses`` are those it reads in one step, ``everywhere`` those it reads in every one, in order; ``sole`` is the
    address or the earlier value that it is, and nothing else. ``tree`` works it out.
    """

    text: str
    addresses: tuple[Address, ...]
    everywhere: tuple[Everywhere, ...]
    sole: Address | Earlier | None
    tree: Node

    @property
    def sole_address(self) -> Address | None:
        """The address that it is, if it is one and nothing else."""
        return self.sole if isinstance(self.sole, Address) else None

    def found(self, context: Context) -> Any:
        """The value at a record: a tensor with its axes, or a single value; places, which keep what they count.

        Raises:
            ExpressionError: it can't be worked out here; the message names the column.
        """
        with np.errstate(all="ignore"):
            return self.tree(context)

    def evaluate(self, context: Context) -> Value:
        """The same, single values as Python's, tensors in their own dtype; raises as `found` does."""
        value: Value = plain(self.found(context))
        return value


def compile_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is none, or too large; the message names the column.
    """
    lexed = lex(text)
    tree = _parse(lexed)
    compiler = _Compiler(lexed)
    node = compiler.text(tree) if compiler.is_named_text(tree) else compiler.value(tree)
    read, everywhere = tuple(compiler.addresses), tuple(compiler.everywhere)
    return Expression(text.strip(), read, everywhere, compiler.sole(tree), node)


def _parse(lexed: Lexed) -> ast.expr:
    try:
        tree = ast.parse(lexed.source, mode="eval").body
    except SyntaxError as error:
        raise at(max((error.offset or 0) - 1, 1), _("this does not read as an expression")) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    level: list[ast.AST] = [tree]
    for _depth in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise _too_deep()
    return tree


def _too_deep() -> ExpressionError:
    return ExpressionError(_("the expression is nested too deeply; at most {n} levels").format(n=DEEPEST))


class _Compiler:
    """One reading of one expression; collects the addresses it meets, in order."""

    def __init__(self, lexed: Lexed) -> None:
        self._lexed = lexed
        self.addresses: list[Address] = []
        self.everywhere: list[Everywhere] = []

    def value(self, node: ast.expr) -> Node:
        """What works out a number, a truth value or a tensor."""
        match node:
            case ast.Name():
                return self._operand(node)
            case ast.Call(func=function, args=arguments):
                return self._call(function, arguments)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Joined("not", node.col_offset, (self._condition(operand),), _none)
            case ast.UnaryOp(op=op, operand=operand):
                return _applied(UNARY[type(op)], node.col_offset, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return _applied(BINARY[type(op)], self._operator_after(left), self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=operands):
                return self._bool(op, operands)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._compare([left, *comparators], ops)
        raise at(max(node.col_offset, 1), _("this does not read as one value"))

    def text(self, node: ast.expr) -> Node:
        """What yields a text: the token, or one in quotes."""
        operand = self._operand_at(node)
        return Constant(operand.text) if isinstance(operand, Label) else Variable(VARIABLES[str(operand)])

    def is_named_text(self, node: ast.expr) -> bool:
        """Whether a node is the variable ``token`` or ``text``."""
        return self._operand_at(node) in (_TOKEN, _TEXT)

    def sole(self, node: ast.expr) -> Address | Earlier | None:
        """The address or the earlier value that a node is."""
        operand = self._operand_at(node)
        is_value = isinstance(operand, Address) and str(operand) not in VARIABLES
        return operand if is_value or isinstance(operand, Earlier) else None  # type: ignore[return-value]

    def _called(self, function: ast.expr) -> Called:
        called = self._operand_at(function)
        assert isinstance(called, Called)
        return called

    def _is_text(self, node: ast.expr) -> bool:
        return self.is_named_text(node) or isinstance(self._operand_at(node), Label)

    def _operand_at(self, node: ast.expr) -> Operand | None:
        return self._lexed.operands[node.col_offset] if isinstance(node, ast.Name) else None

    def _operand(self, node: ast.Name) -> Node:
        operand = self._operand_at(node)
        if self._is_text(node):
            raise at(node.col_offset, _("text is compared by == or !=, or given to prob(…) or rank(…)"))
        if isinstance(operand, Earlier):
            return Printed(operand, node.col_offset)
        if isinstance(operand, Everywhere):
            self.everywhere.append(operand)
            return Read(operand, node.col_offset)
        if not isinstance(operand, Address):
            return Constant(operand)
        if str(operand) in VARIABLES:
            return Variable(VARIABLES[str(operand)])
        self.addresses.append(operand)
        return Read(operand, node.col_offset)

    def _call(self, called: ast.expr, arguments: list[ast.expr]) -> Node:
        column, name = called.col_offset, self._called(called).name
        function = FUNCTIONS.get(name)
        if function is None:
            raise at(column, _no_function(name))
        if isinstance(function, OfToken):
            return self._of_token(function, called, arguments)
        if isinstance(function, OfRuns):
            return self._of_runs(function, called, arguments)
        if self._called(called).where != Address(name):
            told = _("{name} is of no step; write @ before the address in it, or before prob(…) and the like")
            raise at(column, told.format(name=name))
        if isinstance(function, OverAll) and len(arguments) > 1:
            value, *axes = arguments
            along = function.operator(axes=tuple(map(self._axis, axes)))
            return _applied(along, column, self.value(value))
        if len(arguments) != 1:
            raise at(column, _("{name} takes one value, not {n}").format(name=name, n=len(arguments)))
        return _applied(function.operator(), column, self.value(arguments[0]))

    def _axis(self, node: ast.expr) -> str:
        """The name of an axis."""
        operand = self._operand_at(node)
        if isinstance(operand, Address) and str(operand).isidentifier():
            return operand.path
        raise at(max(node.col_offset, 1), _("a function takes one value, and then names of axes: max(weights, key)"))

    def _of_token(self, function: OfToken, called: ast.expr, arguments: list[ast.expr]) -> Node:
        column, name = called.col_offset, function.name
        if not function.tokens <= len(arguments) <= function.tokens + 1:
            told = _("{name} is written {usage}, and here it is given {n}")
            raise at(column, told.format(name=name, usage=function.usage, n=len(arguments)))
        tokens = [self._operand_at(argument) for argument in arguments[: function.tokens]]
        if not all(isinstance(token, Label | int) for token in tokens):
            told = _('{name} takes a token in double quotes, or its id, e.g. {name}("love")')
            raise at(column, told.format(name=name))
        position = [self._position(argument) for argument in arguments[function.tokens :]]
        placed = tuple(Placed(token) for token in tokens)  # type: ignore[arg-type]
        rows = rows_at(function.path, self._called(called).where, *position or [None])
        return OfRow(function, column, rows, placed)

    def _of_runs(self, function: OfRuns, called: ast.expr, arguments: list[ast.expr]) -> Node:
        column, where = called.col_offset, self._called(called).where
        found = [_RUN.fullmatch(str(self._operand_at(argument))) for argument in arguments[:2]]
        if not 2 <= len(arguments) <= 3 or not all(found) or address_of(where).run is not None:
            told = _("{name} is written {usage}, e.g. @2:{name}(r0, r1)")
            raise at(column, told.format(name=function.name, usage=function.usage))
        position = [self._position(argument) for argument in arguments[2:]]
        runs = tuple(int(run[1]) for run in found if run)
        rows = [rows_at(function.path, replace(address_of(where), run=run), *position or [None]) for run in runs]
        return OfTwoRuns(function, column, where, runs, tuple(rows))

    def _position(self, node: ast.expr) -> Position:
        operand = self._operand_at(node)
        return operand if isinstance(operand, Label) else self.value(node)

    def _bool(self, op: ast.boolop, operands: list[ast.expr]) -> Node:
        symbol, decide = _JOINING[type(op)]
        return Joined(symbol, self._operator_after(operands[0]), tuple(map(self._condition, operands)), decide)

    def _condition(self, node: ast.expr) -> Condition:
        return Condition(self.value(node), node.col_offset)

    def _compare(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> Node:
        if any(map(self._is_text, operands)):
            return self._compare_text(operands, ops)
        comparisons = [COMPARISONS[type(op)] for op in ops]
        columns = [self._operator_after(operand) for operand in operands[:-1]]
        values = tuple(map(self.value, operands))
        if len(ops) == 1:
            return _applied(comparisons[0], columns[0], *values)
        return Chained(comparisons[0].symbol, columns[0], values, tuple(comparisons), tuple(columns))

    def _compare_text(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> Node:
        if len(ops) > 1 or not isinstance(ops[0], ast.Eq | ast.NotEq) or not all(map(self._is_text, operands)):
            raise at(self._operator_after(operands[0]), _("text compares with one other text, by == or !="))
        left, right = sorted(operands, key=lambda node: self._operand_at(node) != _TOKEN)
        same = goes_by if self._operand_at(left) == _TOKEN else operator.eq
        return SameText(same, self.text(left), self.text(right), isinstance(ops[0], ast.Eq))

    def _operator_after(self, node: ast.expr) -> int:
        """The column of the operator that follows an operand and its closing brackets."""
        between = _BETWEEN.match(self._lexed.source, node.end_col_offset or 0)
        assert between is not None
        return between.end()


def _applied(operation: Operator, column: int, *operands: Node) -> Applied:
    return Applied(operation.symbol, column, operands, operation)


def _none(conditions: Iterable[bool]) -> bool:
    return not any(conditions)


_JOINING: dict[type[ast.boolop], tuple[str, Callable[[Iterable[bool]], bool]]] = {
    ast.And: ("and", all),
    ast.Or: ("or", any),
}
_RUN = re.compile(r"r(\d{1,9})")
_BETWEEN = re.compile(r"[ )]*")
_TOKEN, _TEXT = Address("token"), Address("text")


def _no_function(name: str) -> str:
    known = list(FUNCTIONS)
    nearest = suggestion(name, known)
    if nearest:
        return _("there is no function {name}; did you mean {nearest}?").format(name=name, nearest=nearest)
    return _("there is no function {name}; there are {known}").format(name=name, known=", ".join(known))
