"""The functions of the expression language, found where they stand."""

from importlib import import_module
from pkgutil import iter_modules

from .kinds import Function, OfRuns, OfToken, OverAll

__all__ = ["DISTRIBUTION", "FUNCTIONS", "Function", "OfRuns", "OfToken", "OverAll"]


def _found() -> dict[str, Function]:
    """Every function by name, in the order of files and definitions."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [function for module in modules for function in vars(module).values() if isinstance(function, Function)]
    return {function.name: function for function in found}


FUNCTIONS = _found()
"""What may be called, by name."""
DISTRIBUTION = {name: function for name, function in FUNCTIONS.items() if isinstance(function, OfToken)}
"""What may be called with a token."""
