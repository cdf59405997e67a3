"""What programs are told of a method of attribution beside its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.attribution import Method
from tracer.i18n import spoken


def stated(method: Method[..., Any]) -> Mapping[str, Any]:
    """Its formula and source, its rank of trust, 1 being the most, and what it leaves out."""
    return {
        "formula": method.formula,
        "source": spoken(method.reference),
        "trust": int(method.trust),
        "leaves_out": spoken(method.leaves_out),
    }
