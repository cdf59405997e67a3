"""The training loop: Adam, label smoothing, an average of the parameters, BLEU on held-out pairs."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sacrebleu
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import InputError
from ..i18n import _
from ..models.transformer import Config
from .network import Network
from .pairs import Batches, IdPair

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps of each parameter."""


@dataclass(frozen=True)
class Recipe:
    """How to train; the same recipe, data and seed give the same parameters on one machine."""

    epochs: int = 48
    seed: int = 1
    batch: int = 2000
    """padded target tokens a batch"""
    peak: float = 1.5e-3
    """the highest learning rate, reached after ``warmup`` updates and followed by a cosine to 0"""
    warmup: int = 1000
    dropout: float = 0.1
    smoothing: float = 0.1
    averaging: float = 0.999
    """decay of the exponential moving average of the parameters, which is what is kept"""


@dataclass
class Progress:
    """Where the training stands, as shown by the progress bar."""

    epoch: int = 0
    update: int = 0
    loss: float = math.nan
    bleu: float = math.nan
    best: float = -1.0


@dataclass
class Trainer:
    """A network in training; `state` is all that a resumed training needs."""

    config: Config
    recipe: Recipe
    pairs: Sequence[IdPair]
    dev: Sequence[IdPair]
    detokenize: Callable[[list[int]], str]
    references: Sequence[str]
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.network = Network(self.config, self.recipe.dropout)
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.optimizer = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.98), eps=1e-9)
        self.batches = Batches(self.pairs, self.recipe.batch, self.recipe.seed)
        self.updates = self.recipe.epochs * sum(1 for _ in self.batches.epoch(0))

    @property
    def pad_id(self) -> int:
        """What fills up the shorter texts of a batch."""
        assert self.config.pad_id is not None
        return self.config.pad_id

    def rate(self, update: int) -> float:
        """The learning rate of an update, from 0."""
        if update < self.recipe.warmup:
            return self.recipe.peak * (update + 1) / self.recipe.warmup
        done = (update - self.recipe.warmup) / max(1, self.updates - self.recipe.warmup)
        return self.recipe.peak * (1 + math.cos(math.pi * min(1.0, done))) / 2

    def epoch(self, tick: Callable[[Progress], None]) -> None:
        """One pass over the pairs, then BLEU of the averaged parameters; ``tick`` is called after every update."""
        self.network.train()
        self.network.seed(self.recipe.seed, self.progress.epoch)
        for rows in self.batches.epoch(self.progress.epoch):
            self.progress.loss = self._update(rows)
            self.progress.update += 1
            tick(self.progress)
        self.progress.epoch += 1
        self.progress.bleu = self.evaluate()
        tick(self.progress)

    def _update(self, rows: list[int]) -> float:
        source = padded([self.pairs[i][0] for i in rows], self.pad_id)
        target = padded([[self.config.bos_id, *self.pairs[i][1]] for i in rows], self.pad_id)
        gold = target[:, 1:]
        real = gold != self.pad_id
        hidden = self.network(source, target[:, :-1])[real]
        loss = F.cross_entropy(self.network.logits(hidden), gold[real], label_smoothing=self.recipe.smoothing)
        self.optimizer.param_groups[0]["lr"] = self.rate(self.progress.update)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        decay = min(self.recipe.averaging, (1 + self.progress.update) / (10 + self.progress.update))
        torch._foreach_lerp_(list(self.average.values()), list(self.network.parameters()), 1 - decay)
        return loss.item()

    def evaluate(self) -> float:
        """BLEU of greedy translations of the held-out pairs, with the averaged parameters."""
        network = Network(self.config).eval()
        network.load_state_dict(self.average)
        order = sorted(range(len(self.dev)), key=lambda i: len(self.dev[i][0]))
        texts = [""] * len(order)
        for start in range(0, len(order), 100):
            rows = order[start : start + 100]
            source = padded([self.dev[i][0] for i in rows], self.pad_id)
            for i, ids in zip(rows, network.greedy(source, source.shape[1] + 10), strict=True):
                texts[i] = self.detokenize(ids)
        return sacrebleu.corpus_bleu(texts, [list(self.references)]).score

    def save(self, path: Path) -> None:
        """Write everything a resumed training needs, whole or not at all."""
        names = [name for name, _ in self.network.named_parameters()]
        moments = self.optimizer.state_dict()["state"]
        tensors = {f"parameters/{n}": p.detach() for n, p in self.network.named_parameters()}
        tensors |= {f"average/{n}": p for n, p in self.average.items()}
        tensors |= {f"{k}/{names[i]}": v for i, state in moments.items() for k, v in state.items()}
        metadata = {"progress": json.dumps(vars(self.progress)), "recipe": json.dumps(vars(self.recipe))}
        partial = path.with_suffix(".partial")
        save_file(tensors, partial, metadata)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a saved state.

        Raises:
            InputError: the state is of another recipe or network, or can't be read.
        """
        try:
            with safe_open(path, "pt") as file:
                metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if json.loads(metadata["recipe"]) != vars(self.recipe):
                raise InputError(
                    _("{path}: was trained with other settings, {recipe}; repeat them or start anew").format(
                        path=path, recipe=metadata["recipe"]
                    )
                )
            self.progress = Progress(**json.loads(metadata["progress"]))
            named = dict(self.network.named_parameters())
            with torch.no_grad():
                for name, parameter in named.items():
                    parameter.copy_(tensors[f"parameters/{name}"])
                    self.average[name].copy_(tensors[f"average/{name}"])
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(
                _("{path}: is no state of this training ({error})").format(path=path, error=error)
            ) from error
        state = {
            i: {key: tensors[f"{key}/{name}"] for key in MOMENTS if f"{key}/{name}" in tensors}
            for i, name in enumerate(named)
        }
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def padded(rows: Sequence[Sequence[int]], pad: int) -> Tensor:
    """Rows of ids as one tensor [row, position], filled up at the end."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
