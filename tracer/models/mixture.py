"""A mixture of experts in place of the feed-forward (Shazeer et al. 2017; Fedus et al. 2022), for relatives of Llama.

Three scopes: ``router`` chooses, ``experts`` compute, and ``shared``, where a family has it, is an expert that all
tokens are sent to. Their records are what a person at one token asks for: which experts, by how much, and what each of
them makes of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from ..dataclass import dataclass
from ..i18n import _
from ..ops.activation import BY_NAME
from ..ops.experts import expert_linear, expert_shares, mix, top_experts
from ..ops.linear import linear, multiply
from ..ops.softmax import softmax
from ..tape import Tape
from ..tensor import EXPERT, FEATURE, Parameter, Tensor
from .layout import Extent, Layout
from .llama import Config, Llama
from .stated import Stated

MOST = 1 << 16
"""No model has more experts in all its layers; what claims to is refused before room is made for their names."""

Matrices = dict[str, tuple[Parameter, ...]]
"""The matrix of every expert, for each of the three maps."""


@dataclass(frozen=True, kw_only=True)
class MixtureConfig(Config):
    """A token is sent to ``chosen`` of the ``experts``, whose shares are ``normalised`` or not; ``sparse`` says where.

    ``expert_ffn`` is how wide an expert is.
    """

    experts: int
    chosen: int
    expert_ffn: int
    normalised: bool
    sparse: tuple[bool, ...]


class Mixture(Llama):
    """A relative of Llama with experts in some layers or all. ``parts`` are what files call the maps of one."""

    parts: ClassVar[dict[str, str]] = {"gate": "gate_proj", "up": "up_proj", "output": "down_proj"}
    config: MixtureConfig

    @classmethod
    def add_feed_forward(cls, layout: Layout, name: str, path: str, c: Config, i: int) -> None:
        assert isinstance(c, MixtureConfig)
        if not c.sparse[i]:
            super().add_feed_forward(layout, name, path, c, i)
            return
        features, experts = (FEATURE, c.d_model), (EXPERT, c.experts)
        layout.add(f"{name}.gate.weight", f"{path}.router.weight", experts, features)
        layout.either(cls._apart(name, path, c, features), _fused(name, path, c, features))

    @classmethod
    def _apart(cls, name: str, path: str, c: MixtureConfig, features: Extent) -> Layout:
        """Three matrices for each expert, as files are published."""
        layout, hidden = Layout(), (FEATURE, c.expert_ffn)
        for expert in range(c.experts):
            for part, called in cls.parts.items():
                extents = (features, hidden) if part == "output" else (hidden, features)
                there = f"{path}.experts.{part}.{expert}.weight"
                layout.add(f"{name}.experts.{expert}.{called}.weight", there, *extents)
        return layout

    def describe(self) -> str:
        c = self.config
        told = _("{model}, {chosen} of {experts} experts")
        return told.format(model=super().describe(), chosen=c.chosen, experts=c.experts)

    def feed_forward(self, tape: Tape, i: int, x: Tensor) -> Tensor:
        return self.mixture(tape, i, x) if self.config.sparse[i] else super().feed_forward(tape, i, x)

    def mixture(self, tape: Tape, i: int, x: Tensor, name: str = "output") -> Tensor:
        """What the experts chosen for each row make of it, each by its share: [position, feature] -> the same."""
        with tape.scope("router"):
            chosen, shares = self._routed(tape, i, x)
        with tape.scope("experts"):
            y = self._computed(tape, i, x, chosen)
        return tape(mix, name, y, shares)

    def _routed(self, tape: Tape, i: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """The experts for each row [position, slot], and their shares."""
        c, p = self.config, self.parameters.decoder[str(i)].ffn
        probs = tape(softmax, "probs", tape(linear, "logits", x, **p.router))
        chosen = tape(top_experts, "chosen", probs, k=c.chosen)
        return chosen, tape(expert_shares, "shares", probs, chosen, normalised=c.normalised)

    def _computed(self, tape: Tape, i: int, x: Tensor, chosen: Tensor) -> Tensor:
        """What each expert that is chosen makes of a row: [position, slot, feature]; `gated`, expert by expert."""
        weights = self._matrices[i]
        gate = tape(expert_linear, "gate", x, chosen, weights=weights["gate"])
        gate = tape(BY_NAME[self.config.activation], "activated", gate)
        up = tape(expert_linear, "up", x, chosen, weights=weights["up"])
        return tape(expert_linear, "output", tape(multiply, "hidden", gate, up), chosen, weights=weights["output"])

    @cached_property
    def _matrices(self) -> dict[int, Matrices]:
        """Those of each layer that has experts."""
        layers = ((i, self.parameters.decoder[str(i)].ffn) for i, sparse in enumerate(self.config.sparse) if sparse)
        experts = list(map(str, range(self.config.experts)))
        return {i: {part: tuple(p.experts[part][e].weight for e in experts) for part in self.parts} for i, p in layers}


def _fused(name: str, path: str, c: MixtureConfig, features: Extent) -> Layout:
    """Two tensors for all experts of a layer, gate over up in each, as transformers 5 has them in memory."""
    layout, experts, hidden = Layout(), (EXPERT, c.experts), (FEATURE, c.expert_ffn)
    gate, up, output = (f"{path}.experts.{part}.{{}}.weight" for part in ("gate", "up", "output"))
    both = (FEATURE, 2 * c.expert_ffn)
    layout.stack(f"{name}.experts.gate_up_proj", (gate, up), experts, both, features)
    layout.stack(f"{name}.experts.down_proj", (output,), experts, features, hidden)
    return layout


def experts_of(stated: Stated, key: str, layers: int, *, experts: int, chosen: int) -> dict[str, int]:
    """How many experts there are, and how many of them a token is sent to; given are the numbers by default."""
    count, sent = stated.size(key, experts), stated.size("num_experts_per_tok", chosen)
    stated.insist(
        count * layers <= MOST, key, _("at most {n}, added up over the {layers} layers").format(n=MOST, layers=layers)
    )
    stated.insist(sent <= count, "num_experts_per_tok", _("at most {n}, the number of experts").format(n=count))
    return {"experts": count, "chosen": sent}
