"""What transformers computed from the checkpoints among the fixtures, to hold recorded numbers against."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tracer.tensor import Array

from ..conftest import FIXTURES


@dataclass(frozen=True)
class Reference:
    """What transformers computed from one checkpoint."""

    name: str

    @cached_property
    def arrays(self) -> dict[str, Array]:
        return load_file(FIXTURES / self.name / "reference.safetensors")

    @cached_property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((FIXTURES / self.name / "reference.json").read_text(encoding="utf-8"))
        return found

    @property
    def limit(self) -> int:
        return int(self.facts["generation"]["max_new_tokens"])

    @property
    def noise(self) -> float:
        """How far the reference's logits in float32 are from those in float64."""
        return float(self.facts["checks"]["float32_vs_float64_logits"])

    def ids(self, name: str, row: int = 0) -> list[int]:
        found: list[int] = self.arrays[name][row].tolist()
        return found

    def compared(self, prefix: str = "") -> list[str]:
        """The arrays that stand for something recorded."""
        kinds = re.compile(rf"{prefix}((enc_|dec_)?hidden|(enc_|dec_|cross_)?attn|logits|module/).*")
        return [name for name in self.arrays if kinds.fullmatch(name)]


def agree(found: Array, expected: Array, reference: Reference, name: str) -> None:
    """1e-5 on attention weights, or float32's noise where that is more; ten times the noise on all else."""
    weights = "attn." in name and "module/" not in name
    allowed = max(1e-5, reference.noise) if weights else 10 * reference.noise
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=0, atol=allowed, err_msg=name)


def log_softmax(z: Array) -> Array:
    shifted: Array = z - z.max()
    return shifted - np.log(np.exp(shifted).sum())
