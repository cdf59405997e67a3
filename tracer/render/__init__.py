"""How a terminal shows it: rich draws the blocks of views. The only place that imports rich.

A file is loaded when it is first named, as in ``render.console.make_console(file)``: who shows nothing loads none.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import console, drawing, folding, progress, sheet


def __getattr__(name: str) -> ModuleType:
    """The file of a name."""
    if find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
