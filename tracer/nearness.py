"""Whether an answer is near enough to what is right."""

from __future__ import annotations

NOISE = 1e-6
"""What a tolerance is widened by, so that an answer on its edge counts, of a number in single precision too."""


def is_near(given: float, value: float, within: float) -> bool:
    """Whether an answer is a value, but for a tolerance."""
    return given == value or abs(given - value) <= within + NOISE
