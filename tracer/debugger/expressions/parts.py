"""What an expression is made of: the sides of a comparison, and the addresses in its text."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from ...addresses import Address
from .compiling import Expression, compile_expression
from .functions import VARIABLES
from .lexing import Lexed, lex
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
    addresses = {
        column - 1: operand
        for column, operand in lexed.operands.items()
        if isinstance(operand, Address) and str(operand) not in VARIABLES
    }
    for start, address in sorted(addresses.items(), reverse=True):
        width = sum(1 for _ in takewhile(lambda sign: sign == "_", lexed.source[start + 1 :]))
        text = f"{text[:start]}{rename(address)}{text[start + width :]}"
    return text
