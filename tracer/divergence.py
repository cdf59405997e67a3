"""What a row of logits says of every token, and how far two rows say otherwise."""

from __future__ import annotations

import numpy as np

from .tensor import Array


def log_probabilities(logits: Array) -> Array:
    """[vocab] -> [vocab]: zᵢ − ln Σ exp(zⱼ), in double precision."""
    z = np.asarray(logits, np.float64)
    with np.errstate(invalid="ignore"):
        shifted: Array = z - np.maximum.reduce(z)
    found: Array = shifted - np.log(np.add.reduce(np.exp(shifted)))
    return found


def divergence(here: Array, there: Array) -> float:
    """Kullback and Leibler's, in bits, of two rows of log probabilities [vocab]: Σ pᵢ log₂ (pᵢ / qᵢ).

    It is how many bits more a token takes on average that is chosen by the one and told by the other. What never comes
    adds nothing; it is infinite where something comes that the other excludes.
    """
    probs = np.exp(here)
    comes = probs != 0
    bits = probs[comes] @ (here[comes] - there[comes]) / np.log(2)
    return float(np.maximum(bits, 0.0))
