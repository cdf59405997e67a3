"""The catalogue of operations, found where they stand."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ..operation import Operation

__all__ = ["Operation", "catalogue"]


@cache
def catalogue() -> dict[str, Operation]:
    """Every operation by name, in the order of files and definitions."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [op for module in modules for op in vars(module).values() if isinstance(op, Operation)]
    return {op.name: op for op in found}
