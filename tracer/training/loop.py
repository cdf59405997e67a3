"""The training loop: Adam, label smoothing, an average of the parameters, BLEU on held-out pairs.

Every batch is shared out to ``PARTS`` threads, each with a network of its own over the same parameters, and multiplied
in bfloat16; parameters, normalisation, softmax and loss stay float32.
"""

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import sacrebleu
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import InputError
from ..i18n import _
from ..models.transformer import Config
from ..whole import whole
from .network import Network, greedy, padded
from .pairs import Batches, IdPair
from .teaching import Soft

PARTS = 6
"""Into how many threads a batch is shared out; the same anywhere, so that the same numbers are drawn and added."""

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps of each parameter."""


@dataclass(frozen=True)
class Recipe:
    """How to train; the same recipe, data and seed give the same parameters on one machine."""

    epochs: int = 48
    seed: int = 1
    batch: int = 4000
    """padded target tokens a batch"""
    peak: float = 1.5e-3
    """the highest learning rate, reached after ``warmup`` updates, or a tenth of all if these are fewer"""
    warmup: int = 600
    settling: float = 0.9
    """how much of the training, at its end, the learning rate takes to fall to 0"""
    dropout: float = 0.15
    token_dropout: float = 0.05
    """how often a token is read without its embedding (Sennrich and Zhang 2019)"""
    smoothing: float = 0.1
    taught: float = 0.7
    """the share of the loss that is measured against what teachers hold likely, where there are teachers"""
    skipped_words: float = 0.15
    """how often a word found in the source is passed over when a sentence is cut up"""
    skipped_merges: float = 0.05
    """how often a byte-pair merge is"""
    averaging: float = 0.997
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
    segmented: Callable[[int], Sequence[IdPair]]
    """the pairs cut up for an epoch, as `pairs` or otherwise"""
    soft: Sequence[Soft] = ()
    """what teachers hold likely, for each pair, if there are any"""
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        torch.manual_seed(self.recipe.seed)
        self.networks = [Network(self.config, self.recipe.dropout, self.recipe.token_dropout) for _ in range(PARTS)]
        self.network, *others = self.networks
        for other in others:
            other.load_state_dict(self.network.state_dict(), assign=True)
        self.threads = ThreadPoolExecutor(PARTS, initializer=torch.set_num_threads, initargs=(1,))
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.optimizer = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.98), eps=1e-9, fused=True)
        self.batches = Batches(self.pairs, self.recipe.batch, self.recipe.seed)
        self.updates = self.recipe.epochs * sum(1 for _ in self.batches.epoch(0))

    def start(self, give: Callable[[Network], None]) -> None:
        """Begin with the parameters that ``give`` puts into the network."""
        give(self.network)
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def rate(self, update: int) -> float:
        """The learning rate of an update: from 0 to the highest, there for long, then to 0 on a straight line."""
        left = (self.updates - update) / max(1, self.recipe.settling * self.updates)
        warmup = max(1, min(self.recipe.warmup, self.updates / 10))
        return self.recipe.peak * min(1.0, (update + 1) / warmup, left)

    def epoch(self, tick: Callable[[Progress], None]) -> None:
        """One pass over the pairs, then BLEU of the averaged parameters; ``tick`` is called after every update."""
        pairs = self.segmented(self.progress.epoch)
        for part, network in enumerate(self.networks):
            network.train()
            network.seed(self.recipe.seed, self.progress.epoch, part)
        for rows in self.batches.epoch(self.progress.epoch):
            self.progress.loss = self._update([pairs[i] for i in rows], [self.soft[i] for i in rows if self.soft])
            self.progress.update += 1
            tick(self.progress)
        self.progress.epoch += 1
        self.progress.bleu = self.evaluate()
        tick(self.progress)

    def _update(self, pairs: list[IdPair], soft: list[Soft]) -> float:
        tokens = sum(len(target) for _source, target in pairs)
        parts = range(min(PARTS, len(pairs)))
        shares = [pairs[part::PARTS] for part in parts], [soft[part::PARTS] for part in parts]
        losses, gradients = zip(*self.threads.map(self._gradients, self.networks, *shares), strict=True)
        for parameter, *parts_of_it in zip(self.network.parameters(), *gradients, strict=True):
            parameter.grad = sum(parts_of_it[1:], parts_of_it[0]) / tokens
        self.optimizer.param_groups[0]["lr"] = self.rate(self.progress.update)
        self.optimizer.step()
        decay = min(self.recipe.averaging, (1 + self.progress.update) / (10 + self.progress.update))
        torch._foreach_lerp_(list(self.average.values()), list(self.network.parameters()), 1 - decay)
        return sum(losses) / tokens

    def _gradients(self, network: Network, pairs: list[IdPair], soft: list[Soft]) -> tuple[float, Sequence[Tensor]]:
        """The loss of all target tokens together, and its gradient by each parameter."""
        source = padded([source for source, _target in pairs], self.network.pad_id)
        target = padded([[self.config.bos_id, *target] for _source, target in pairs], self.network.pad_id)
        gold = target[:, 1:]
        real = gold != self.network.pad_id
        with torch.autocast("cpu", torch.bfloat16):
            logits = network.logits(network(source, target[:, :-1])[real])
        loss = self._loss(logits.float().log_softmax(-1), gold[real], soft)
        return loss.item(), torch.autograd.grad(loss, list(network.parameters()))

    def _loss(self, log_probs: Tensor, gold: Tensor, soft: list[Soft]) -> Tensor:
        """Cross-entropy with smoothed labels, and with what teachers hold likely; of [position, vocab] a number."""
        of_gold = log_probs.gather(1, gold[:, None]).sum()
        hard = torch.lerp(of_gold, log_probs.mean(-1).sum(), self.recipe.smoothing)
        if not soft:
            return -hard
        ids, probs = map(torch.cat, zip(*soft, strict=True))
        return -torch.lerp(hard, (log_probs.gather(1, ids.long()) * probs).sum(), self.recipe.taught)

    def evaluate(self) -> float:
        """BLEU of greedy translations of the held-out pairs, with the averaged parameters."""
        network = Network(self.config).eval()
        network.load_state_dict(self.average)
        order = sorted(range(len(self.dev)), key=lambda i: len(self.dev[i][0]))
        texts = [""] * len(order)
        for start in range(0, len(order), 100):
            rows = order[start : start + 100]
            source = padded([self.dev[i][0] for i in rows], self.network.pad_id)
            for i, ids in zip(rows, greedy([network], [source], source.shape[1] + 10), strict=True):
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
        with whole(path) as stream:
            stream.write(save(tensors, metadata))

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
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise InputError(
                _("{path}: is no state of this training ({error})").format(path=path, error=error)
            ) from error
        state = {
            i: {key: tensors[f"{key}/{name}"] for key in MOMENTS if f"{key}/{name}" in tensors}
            for i, name in enumerate(named)
        }
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
