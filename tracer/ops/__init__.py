"""The catalogue of operations, found where they stand."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from ..operation import Operation

__all__ = ["Operation", "catalogue"]


@cache
def catalogue() -> dict[str, Operation]:
    """Every operation by name, in the order of files and definitions."""
    modules = [import_module(module.name) for module in walk_packages(__path__, f"{__name__}.")]
    found = [op for module in modules for op in vars(module).values() if isinstance(op, Operation)]
    return {op.name: op for op in found}
