"""From an expression's text to a tree of closures, by a whitelist over Python's syntax tree."""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass

import numpy as np

from ...addresses import Address, Label, suggestion
from ...errors import ExpressionError
from ...i18n import _
from ...pieces import goes_by
from ..history import Earlier
from .evaluation import (
    Along,
    Context,
    Evaluate,
    applied,
    chained,
    condition,
    constant,
    last_axis_of,
    looked_up,
    of_distribution,
    printed_before,
    same_text,
)
from .functions import DISTRIBUTION, FUNCTIONS, KEEPING_AXES, VARIABLES
from .lexing import DEEPEST, Called, Lexed, Operand, at, lex
from .operators import BINARY, COMPARISONS, UNARY, Operator
from .values import Value, plain


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, read once and evaluated often.

    ``addresses`` are those it reads, in order; ``sole`` is the address or the earlier value that it is, and nothing
    else. ``along`` finds the axis whose places a value of whole numbers counts, where it does so.
    """

    text: str
    addresses: tuple[Address, ...]
    sole: Address | Earlier | None
    along: Along | None
    _evaluate: Evaluate

    @property
    def sole_address(self) -> Address | None:
        """The address that it is, if it is one and nothing else."""
        return self.sole if isinstance(self.sole, Address) else None

    def evaluate(self, context: Context) -> Value:
        """The value at a record; single values as Python's, tensors as arrays in their own dtype.

        Raises:
            ExpressionError: it can't be worked out here; the message names the column.
        """
        with np.errstate(all="ignore"):
            value: Value = plain(self._evaluate(context))
        return value


def compile_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is none, or too large; the message names the column.
    """
    lexed = lex(text)
    tree = _parse(lexed)
    compiler = _Compiler(lexed)
    evaluate = compiler.text(tree) if compiler.is_named_text(tree) else compiler.value(tree)
    return Expression(text.strip(), tuple(compiler.addresses), compiler.sole(tree), compiler.along(tree), evaluate)


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

    def value(self, node: ast.expr) -> Evaluate:
        """What works out a number, a truth value or a tensor."""
        match node:
            case ast.Name():
                return self._operand(node)
            case ast.Call(func=function, args=arguments):
                return self._call(function, arguments)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._not(operand)
            case ast.UnaryOp(op=op, operand=operand):
                return applied(UNARY[type(op)], node.col_offset, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return applied(BINARY[type(op)], self._operator_after(left), self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=operands):
                return self._bool(op, operands)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self._compare([left, *comparators], ops)
        raise at(max(node.col_offset, 1), _("this does not read as one value"))

    def text(self, node: ast.expr) -> Evaluate:
        """What yields a text: the token, or one in quotes."""
        operand = self._operand_at(node)
        return constant(operand.text) if isinstance(operand, Label) else VARIABLES[str(operand)]

    def is_named_text(self, node: ast.expr) -> bool:
        """Whether a node is the variable ``token`` or ``text``."""
        return self._operand_at(node) in (_TOKEN, _TEXT)

    def sole(self, node: ast.expr) -> Address | Earlier | None:
        """The address or the earlier value that a node is."""
        operand = self._operand_at(node)
        is_value = isinstance(operand, Address) and str(operand) not in VARIABLES
        return operand if is_value or isinstance(operand, Earlier) else None  # type: ignore[return-value]

    def along(self, node: ast.expr) -> Along | None:
        """What finds the axis that an argmax or argmin counts along."""
        match node:
            case ast.Call(func=function, args=[argument]) if self._called(function) in ("argmax", "argmin"):
                return self._last_axis(argument)
        return None

    def _last_axis(self, node: ast.expr) -> Along | None:
        """What finds the last axis of a value that keeps it from a tensor."""
        match node:
            case ast.Call(func=function, args=[argument]) if self._called(function) in KEEPING_AXES:
                return self._last_axis(argument)
            case ast.UnaryOp(operand=operand):
                return self._last_axis(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
                return self._last_axis(left) or self._last_axis(right)
        sole = self.sole(node)
        return None if sole is None else last_axis_of(sole)

    def _called(self, function: ast.expr) -> str:
        called = self._operand_at(function)
        assert isinstance(called, Called)
        return called.name

    def _is_text(self, node: ast.expr) -> bool:
        return self.is_named_text(node) or isinstance(self._operand_at(node), Label)

    def _operand_at(self, node: ast.expr) -> Operand | None:
        return self._lexed.operands[node.col_offset] if isinstance(node, ast.Name) else None

    def _operand(self, node: ast.Name) -> Evaluate:
        operand = self._operand_at(node)
        if self._is_text(node):
            raise at(node.col_offset, _("text is compared by == or !=, or given to prob(…) or rank(…)"))
        if isinstance(operand, Earlier):
            return printed_before(operand, node.col_offset)
        if not isinstance(operand, Address):
            return constant(operand)
        if str(operand) in VARIABLES:
            return VARIABLES[str(operand)]
        self.addresses.append(operand)
        return looked_up(operand, node.col_offset)

    def _call(self, function: ast.expr, arguments: list[ast.expr]) -> Evaluate:
        column, name = function.col_offset, self._called(function)
        if name not in FUNCTIONS and name not in DISTRIBUTION:
            raise at(column, _no_function(name))
        if len(arguments) != 1:
            raise at(column, _("{name} takes one value, not {n}").format(name=name, n=len(arguments)))
        if name in FUNCTIONS:
            return applied(Operator(name, FUNCTIONS[name]), column, self.value(arguments[0]))
        label = self._operand_at(arguments[0])
        if not isinstance(label, Label):
            raise at(column, _('{name} takes a token in double quotes, e.g. {name}("love")').format(name=name))
        return of_distribution(name, column, label)

    def _not(self, operand: ast.expr) -> Evaluate:
        holds = condition(self.value(operand), operand.col_offset)
        return lambda context: not holds(context)

    def _bool(self, op: ast.boolop, operands: list[ast.expr]) -> Evaluate:
        """Left to right, as far as needed."""
        conditions = [condition(self.value(operand), operand.col_offset) for operand in operands]
        decide = all if isinstance(op, ast.And) else any
        return lambda context: decide(holds(context) for holds in conditions)

    def _compare(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> Evaluate:
        if any(map(self._is_text, operands)):
            return self._compare_text(operands, ops)
        comparisons = [COMPARISONS[type(op)] for op in ops]
        columns = [self._operator_after(operand) for operand in operands[:-1]]
        values = [self.value(operand) for operand in operands]
        return chained(comparisons, columns, values) if len(ops) > 1 else applied(comparisons[0], columns[0], *values)

    def _compare_text(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> Evaluate:
        if len(ops) > 1 or not isinstance(ops[0], ast.Eq | ast.NotEq) or not all(map(self._is_text, operands)):
            raise at(self._operator_after(operands[0]), _("text compares with one other text, by == or !="))
        left, right = sorted(operands, key=lambda node: self._operand_at(node) != _TOKEN)
        same = goes_by if self._operand_at(left) == _TOKEN else operator.eq
        return same_text(same, self.text(left), self.text(right), isinstance(ops[0], ast.Eq))

    def _operator_after(self, node: ast.expr) -> int:
        """The column of the operator that follows an operand and its closing brackets."""
        between = _BETWEEN.match(self._lexed.source, node.end_col_offset or 0)
        assert between is not None
        return between.end()


_BETWEEN = re.compile(r"[ )]*")
_TOKEN, _TEXT = Address("token"), Address("text")


def _no_function(name: str) -> str:
    known = [*FUNCTIONS, *DISTRIBUTION]
    nearest = suggestion(name, known)
    if nearest:
        return _("there is no function {name}; did you mean {nearest}?").format(name=name, nearest=nearest)
    return _("there is no function {name}; there are {known}").format(name=name, known=", ".join(known))
