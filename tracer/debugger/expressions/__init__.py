"""The safe expression language of `print`, conditions and watches.

Addresses are read first and stand for recorded tensors; what remains is arithmetic, comparisons and a fixed list of
functions. Nothing else is evaluated: there are no attributes, no other calls, and every size is bounded.
"""

from .compiling import Expression, compile_expression
from .evaluation import Context, or_of_the_language
from .functions import DISTRIBUTION, FUNCTIONS, Function, OverAll
from .lexing import earlier, wants_value
from .moments import VARIABLES
from .parts import Comparison, comparison, renamed
from .slopes import Slope, slopes
from .values import Places, Several, Value, as_tensor, plain, truth, united

__all__ = [
    "DISTRIBUTION",
    "FUNCTIONS",
    "VARIABLES",
    "Comparison",
    "Context",
    "Expression",
    "Function",
    "OverAll",
    "Places",
    "Several",
    "Slope",
    "Value",
    "as_tensor",
    "comparison",
    "compile_expression",
    "earlier",
    "or_of_the_language",
    "plain",
    "renamed",
    "slopes",
    "truth",
    "united",
    "wants_value",
]
