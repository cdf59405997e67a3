"""A norm of each head's queries and keys along d_k, before they are turned (Henry et al. 2020)."""

from __future__ import annotations

from ..tape import Tape
from ..tensor import D_K, Tensor
from .layout import Layout, Parameters
from .llama import Config, Llama


class HeadNorms(Llama):
    """A relative of Llama that has them; all heads share one gain for queries, and one for keys."""

    @classmethod
    def add_attention(cls, layout: Layout, name: str, path: str, c: Config) -> None:
        super().add_attention(layout, name, path, c)
        for part in ("q_norm", "k_norm"):
            layout.norm(f"{name}.{part}", f"{path}.{part}", (D_K, c.d_k), bias=False)

    def heads(self, tape: Tape, p: Parameters, x: Tensor, new: str) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = super().heads(tape, p, x, new)
        return self.norm(tape, "q_norm", q, p.q_norm), self.norm(tape, "k_norm", k, p.k_norm), v
