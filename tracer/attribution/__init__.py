"""The catalogue of methods of attribution, found where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .method import Method, Trust, method

__all__ = ["Method", "Trust", "catalogue", "method"]


@cache
def catalogue() -> Mapping[str, Method[..., Any]]:
    """Every method by name, those to be trusted most first."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = {one.name: one for module in modules for one in vars(module).values() if isinstance(one, Method)}
    return dict(sorted(found.items(), key=lambda item: (item[1].trust, item[0])))
