"""Functions of two runs: how far what one says lies from what the other says."""

from __future__ import annotations

from typing import Any

from ....divergence import divergence, log_probabilities
from ....tensor import Array
from .kinds import OfRuns, function


@function("kl", OfRuns, path="logits")
def kl(here: Array, there: Array) -> Any:
    """How far two runs are apart on the next token, in bits.

    It is Σ pᵢ log₂ (pᵢ / qᵢ). p is what the step of the first run says of every token, q what that of the second
    says: the divergence of Kullback and Leibler. It is 0 where both say the same, and not the same the other way
    round. It is of the step where the cursor stands, in both; @2: before it is another step, @*: every one. With
    POSITION, a number or a token of what was read, it is of the token after that.

    (tx) print kl(r0, r0)
    (tx) print @*:kl(r0, r0)
    """
    return divergence(log_probabilities(here), log_probabilities(there))
