"""The Transformer of Vaswani et al. 2017 in torch, for training only.

Parameter names are those of the checkpoint; `tracer.models.transformer` is what computes everything shown.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.transformer import Config


class Dropout(nn.Module):
    """Dropout with a rate in 256ths: its mask is drawn a byte an element, five times as fast as a uniform draw."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropped = round(rate * 256)
        self.random = np.random.default_rng(0)

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.dropped):
            return x
        draws = torch.from_numpy(np.frombuffer(bytearray(self.random.bytes(x.numel())), np.uint8)).view(x.shape)
        return x * (draws >= self.dropped) * (256 / (256 - self.dropped))


class Attention(nn.Module):
    """Multi-head attention (§3.2.2) with its Add & Norm: [batch, query, d_model] -> the same."""

    def __init__(self, config: Config, dropout: float) -> None:
        super().__init__()
        d = config.d_model
        self.heads, self.dropout = config.heads, Dropout(dropout)
        self.q, self.k, self.v, self.output = (nn.Linear(d, d) for _ in range(4))
        self.norm = nn.LayerNorm(d, eps=config.norm_eps)
        self.pre = config.norm == "pre"

    def forward(self, x: Tensor, visible: Tensor, memory: Tensor | None = None) -> Tensor:
        y = self.norm(x) if self.pre else x
        if memory is None:
            q, k, v = together(y, self.q, self.k, self.v)
        else:
            (q,), (k, v) = together(y, self.q), together(memory, self.k, self.v)
        with torch.autocast("cpu", enabled=False):
            q, k, v = map(self._split, (q, k, v))
            heads = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
        sublayer = self.dropout(self.output(heads.transpose(1, 2).flatten(2)))
        return x + sublayer if self.pre else self.norm(x + sublayer)

    def _split(self, x: Tensor) -> Tensor:
        """[batch, position, d_model] -> [batch, head, position, d_k] in float32, faster where products are small."""
        return x.float().unflatten(-1, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Position-wise feed-forward network (§3.3) with its Add & Norm: [batch, position, d_model] -> the same."""

    def __init__(self, config: Config, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.d_model, config.ffn)
        self.output = nn.Linear(config.ffn, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, eps=config.norm_eps)
        self.activation = getattr(F, config.activation)
        self.dropout, self.pre = Dropout(dropout), config.norm == "pre"

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x) if self.pre else x
        y = self.dropout(self.output(self.activation(self.hidden(y))))
        return x + y if self.pre else self.norm(x + y)


class Layer(nn.Module):
    """One encoder or decoder layer (§3.1)."""

    def __init__(self, config: Config, dropout: float, cross: bool) -> None:
        super().__init__()
        self.self_attn = Attention(config, dropout)
        if cross:
            self.cross_attn = Attention(config, dropout)
        self.ffn = FeedForward(config, dropout)

    def forward(self, x: Tensor, visible: Tensor, memory: Tensor | None = None, source: Tensor | None = None) -> Tensor:
        x = self.self_attn(x, visible)
        if memory is not None:
            x = self.cross_attn(x, source, memory)
        return self.ffn(x)


class Stack(nn.ModuleDict):
    """Embedding and N layers; its keys are `embed`, `0` … `N-1` and, in pre-norm, `norm`."""

    def __init__(self, config: Config, dropout: float, token_dropout: float, cross: bool) -> None:
        vocabulary = config.target_vocab if cross else config.source_vocab
        layers = config.decoder_layers if cross else config.encoder_layers
        parts: dict[str, nn.Module] = {"embed": nn.Embedding(vocabulary, config.d_model)}
        parts |= {str(i): Layer(config, dropout, cross) for i in range(layers)}
        if config.final_norm:
            parts["norm"] = nn.LayerNorm(config.d_model, eps=config.norm_eps)
        super().__init__(parts)
        self.layers, self.dropout, self.token_dropout = layers, Dropout(dropout), Dropout(token_dropout)
        nn.init.normal_(self["embed"].weight, std=config.d_model**-0.5)

    def forward(
        self, ids: Tensor, visible: Tensor, memory: Tensor | None = None, source: Tensor | None = None
    ) -> Tensor:
        d = self["embed"].embedding_dim
        x = self["embed"](ids) * self.token_dropout(torch.full((*ids.shape, 1), math.sqrt(d)))
        x = x + sinusoids(ids.shape[1], d)
        x = self.dropout(x.to(torch.get_autocast_dtype("cpu")) if torch.is_autocast_enabled("cpu") else x)
        for i in range(self.layers):
            x = self[str(i)](x, visible, memory, source)
        return self["norm"](x) if "norm" in self else x


class Network(nn.Module):
    """Encoder, decoder, and an output projection tied to the target embedding (§3.4)."""

    def __init__(self, config: Config, dropout: float = 0.0, token_dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.encoder = Stack(config, dropout, token_dropout, cross=False)
        self.decoder = Stack(config, dropout, token_dropout, cross=True)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2 and "embed" not in name:
                nn.init.xavier_uniform_(parameter)

    def seed(self, *numbers: int) -> None:
        """Start the dropout draws of an epoch, whatever was drawn before."""
        generator = np.random.default_rng(numbers)
        for module in self.modules():
            if isinstance(module, Dropout):
                module.random = generator

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """[batch, key] ids -> memory [batch, key, d_model] and which keys are no padding [batch, 1, 1, key]."""
        visible = (source != self.config.pad_id)[:, None, None]
        return self.encoder(source, visible), visible

    def decode(self, target: Tensor, memory: Tensor, visible: Tensor) -> Tensor:
        """[batch, position] ids -> hidden states [batch, position, d_model]."""
        seen = (target != self.config.pad_id)[:, None, None]
        if self.config.causal:
            seen = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
        return self.decoder(target, seen, memory, visible)

    def logits(self, hidden: Tensor) -> Tensor:
        """[…, d_model] -> [..., vocab]."""
        return hidden @ self.decoder["embed"].weight.T

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Hidden states of teacher forcing, [batch, position, d_model]."""
        return self.decode(target, *self.encode(source))

    @property
    def pad_id(self) -> int:
        """What fills up the shorter texts of a batch."""
        assert self.config.pad_id is not None
        return self.config.pad_id


@torch.no_grad()
def greedy(networks: Sequence[Network], sources: Sequence[Tensor], limit: int) -> list[list[int]]:
    """The translations of a batch, each token the likeliest by the mean of the networks' probabilities.

    ``sources`` are the padded ids that each network reads. A translation has at most ``limit`` tokens, without start
    and end.
    """
    config = networks[0].config
    rows: list[list[int]] = [[] for _ in sources[0]]
    encoded = [network.encode(source) for network, source in zip(networks, sources, strict=True)]
    target = torch.full((len(rows), 1), config.bos_id)
    going = torch.arange(len(rows))
    for _ in range(limit):
        token = _likeliest(networks, encoded, target)
        kept = token != config.eos_id
        going, token, encoded = going[kept], token[kept], [(m[kept], visible[kept]) for m, visible in encoded]
        if not len(going):
            break
        target = torch.cat([target[kept], token[:, None]], 1)
        for row, piece in zip(going.tolist(), token.tolist(), strict=True):
            rows[row].append(piece)
    return rows


def _likeliest(networks: Sequence[Network], encoded: Sequence[tuple[Tensor, Tensor]], target: Tensor) -> Tensor:
    """The next token of each row, [batch]."""
    each = (
        n.logits(n.decode(target, *memory)[:, -1]).float().softmax(-1)
        for n, memory in zip(networks, encoded, strict=True)
    )
    return sum(each, torch.zeros(())).argmax(-1)


def together(x: Tensor, *projections: nn.Linear) -> Sequence[Tensor]:
    """What several projections make of the same input, by one product."""
    weight, bias = (torch.cat([getattr(p, name) for p in projections]) for name in ("weight", "bias"))
    return F.linear(x, weight, bias).chunk(len(projections), -1)


def sinusoids(length: int, d_model: int) -> Tensor:
    """Positional encoding (§3.5), sin at even and cos at odd features: [position, feature]."""
    angle = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def padded(rows: Sequence[Sequence[int]], pad: int) -> Tensor:
    """Rows of ids as one tensor [row, position], filled up at the end."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
