"""The safe expression language of `print`, conditions and watches.

Addresses are read first and stand for recorded tensors; what remains is arithmetic, comparisons and a fixed list of
functions. Nothing else is evaluated: there are no attributes, no other calls, and every size is bounded.
"""

from .compiling import Expression, compile_expression
from .evaluation import Context, or_of_the_language
from .functions import DISTRIBUTION, FUNCTIONS, VARIABLES
from .lexing import earlier, wants_value
from .parts import Comparison, comparison, renamed
from .values import Several, Value, arrays, truth

__all__ = [
    "DISTRIBUTION",
    "FUNCTIONS",
    "VARIABLES",
    "Comparison",
    "Context",
    "Expression",
    "Several",
    "Value",
    "arrays",
    "comparison",
    "compile_expression",
    "earlier",
    "or_of_the_language",
    "renamed",
    "truth",
    "wants_value",
]
