"""What the tracer saw, for other programs: one output format a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from .writer import DocumentWriter


@cache
def document_formats() -> dict[str, type[DocumentWriter]]:
    """Every format of documents by its name, found where it stands."""
    modules = {module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)}
    return {name: module.Writer for name, module in modules.items() if hasattr(module, "Writer")}
