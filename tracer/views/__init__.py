"""What there is to see: functions from data to the blocks of `tracer.document`, a subject a file.

A file is loaded when it is first named, as in ``views.mask.mask_view(record)``: who shows nothing loads none.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        atp,
        attribution,
        backward,
        below,
        branches,
        checks,
        comparison,
        derivation,
        diff,
        distribution,
        facts,
        formula,
        glossary,
        gradient_rows,
        heads,
        hypotheses,
        inventory,
        margin,
        mask,
        modules,
        page,
        progress,
        prose,
        records,
        scored,
        softmax,
        stops,
        sweep,
        table,
        tensors,
        tokens,
        worksheet,
    )


def __getattr__(name: str) -> ModuleType:
    """The file of a name."""
    if find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
