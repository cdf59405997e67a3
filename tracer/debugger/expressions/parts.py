"""What an expression is made of: the sides of a comparison, and the addresses in its text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import takewhile
from operator import itemgetter

from ...addresses import Address, Everywhere
from ...dataclass import dataclass
from ...namedtuple import NamedTuple
from .compiling import Expression, compile_expression
from .lexing import Lexed, Operand, lex
from .moments import VARIABLES
from .operators import COMPARISONS


class Side(NamedTuple):
    """One side of a comparison; ``expression`` is None where the text says the value, as that of a number does."""

    text: str
    expression: Expression | None


@dataclass(frozen=True)
class Comparison:
    """``a < b <= c``: its sides, and the signs between them."""

    sides: tuple[Side, ...]
    signs: tuple[str, ...]


def comparison(expression: Expression) -> Comparison | None:
    """An expression as a comparison, if it is one."""
    lexed = lex(expression.text)
    tree = ast.parse(lexed.source, mode="eval").body
    if not isinstance(tree, ast.Compare):
        return None
    sides = (_side(node, expression.text, lexed) for node in (tree.left, *tree.comparators))
    return Comparison(tuple(sides), tuple(COMPARISONS[type(op)].symbol for op in tree.ops))


def _side(node: ast.expr, text: str, lexed: Lexed) -> Side:
    inside = text[node.col_offset - 1 : (node.end_col_offset or 0) - 1]
    operands = [lexed.operands[part.col_offset] for part in ast.walk(node) if isinstance(part, ast.Name)]
    is_stated = all(isinstance(operand, int | float) for operand in operands) or inside.startswith('"')
    return Side(inside, None if is_stated else compile_expression(inside))


def renamed(text: str, rename: Callable[[Address], Address]) -> str:
    """The text of an expression with other addresses in it; raises what ``rename`` raises."""
    lexed = lex(text)
    axes = set(axis_columns(lexed))
    for column, operand in sorted(lexed.operands.items(), key=itemgetter(0), reverse=True):
        if (new := _renamed(operand, rename) if column not in axes else None) is not None:
            width = sum(1 for _ in takewhile(lambda sign: sign == "_", lexed.source[column:]))
            text = f"{text[: column - 1]}{new}{text[column - 1 + width :]}"
    return text


def _renamed(operand: Operand, rename: Callable[[Address], Address]) -> str | None:
    """What stands in place of an operand, if it is an address."""
    if isinstance(operand, Everywhere):
        return str(Everywhere(rename(operand.address)))
    is_address = isinstance(operand, Address) and str(operand) not in VARIABLES
    return str(rename(operand)) if is_address else None  # type: ignore[arg-type]


def axis_columns(lexed: Lexed) -> Iterator[int]:
    """Where names of axes stand: after the first of what a function takes."""
    for node in ast.walk(ast.parse(lexed.source, mode="eval")):
        if isinstance(node, ast.Call):
            yield from (argument.col_offset for argument in node.args[1:] if isinstance(argument, ast.Name))
