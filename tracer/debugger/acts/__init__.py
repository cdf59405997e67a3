"""Acts: the usual ways of changing what a model computes, by the names of their commands, found where they stand."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from .act import Act, Builder

__all__ = ["ACTS", "Act", "Builder"]


def _found() -> dict[str, Act]:
    """Every act by name, in the order of these."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = {act.name: act for module in modules for act in vars(module).values() if isinstance(act, Act)}
    return dict(sorted(found.items()))


ACTS: Mapping[str, Act] = _found()
"""What may be done at a place, by name."""
