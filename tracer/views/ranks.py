"""How far two rows of numbers agree in what they put first."""

from __future__ import annotations

import math

from ..i18n import _, ngettext


def rank_correlation(one: str, other: str, rho: float, pairs: int) -> str:
    """Spearman's ρ of two rows by their names, over as many pairs of numbers as there were."""
    told = ngettext(
        "rank correlation of {one} and {other} (Spearman): ρ = {rho} over {n} pair",
        "rank correlation of {one} and {other} (Spearman): ρ = {rho} over {n} pairs",
        pairs,
    )
    value = _("undefined") if math.isnan(rho) else f"{rho:.2f}"
    return told.format(one=one, other=other, rho=value, n=pairs)
