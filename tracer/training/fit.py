"""From a file of sentence pairs to a checkpoint directory."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from ..errors import InputError
from ..i18n import _
from ..models.transformer import Config
from . import vocabularies
from .loop import Progress, Recipe, Trainer
from .pairs import IdPair, Pair, hold_out, read_pairs, without_words

STATE = "training.safetensors"

Report = Callable[[Progress, int], None]
"""Called after every update with where the training stands, and the number of updates in all."""


@dataclass(frozen=True)
class Plan:
    """What to train: the shape of the network, its vocabularies, and the recipe."""

    d_model: int = 128
    heads: int = 4
    layers: int = 3
    ffn: int = 512
    source: Literal["characters", "words"] = "characters"
    target: Literal["byte-pairs", "words"] = "byte-pairs"
    pieces: int = 3000
    held_out: int = 500
    causal: bool = True
    """whether the decoder hides what comes after a position"""
    recipe: Recipe = field(default_factory=Recipe)


def fit(
    pairs_file: Path,
    directory: Path,
    plan: Plan,
    *,
    exclude: Path | None = None,
    resume: bool = False,
    report: Report | None = None,
) -> Progress:
    """Train on ``pairs_file`` and keep the best checkpoint, by BLEU on held-out pairs, in ``directory``.

    Without a causal mask it is the last one, since translations say nothing of what that one has learned. An interrupt
    leaves the best checkpoint and a state from which ``resume`` goes on.

    Raises:
        InputError: the pairs or the state can't be used, or the directory holds something already.
    """
    pairs = read_pairs(pairs_file)
    if exclude:
        pairs = without_words(pairs, exclude)
    if not resume and directory.exists() and any(directory.iterdir()):
        raise InputError(
            _("{path}: is not empty; name a new directory, or go on in this one with --resume").format(path=directory)
        )
    directory.mkdir(parents=True, exist_ok=True)
    held_out = min(plan.held_out, len(pairs) // 10)
    training, dev = hold_out(pairs, held_out, plan.recipe.seed)
    source, target = _tokenizers(plan, training)
    trainer = _trainer(plan, source, target, training, dev)
    if resume:
        trainer.resume(directory / STATE)
    while trainer.progress.epoch < plan.recipe.epochs:
        trainer.epoch(lambda progress: report(progress, trainer.updates) if report else None)
        if trainer.progress.bleu >= trainer.progress.best or not plan.causal:
            trainer.progress = replace(trainer.progress, best=trainer.progress.bleu)
            _write(directory, trainer, source, target)
        trainer.save(directory / STATE)
    return trainer.progress


def _tokenizers(plan: Plan, pairs: Sequence[Pair]) -> tuple[Tokenizer, Tokenizer]:
    sources, targets = zip(*pairs, strict=True)
    if plan.source == "characters":
        source = vocabularies.characters(sources)
    else:
        source = vocabularies.words(sources, spaced=False)
    if plan.target == "byte-pairs":
        return source, vocabularies.byte_pairs(targets, plan.pieces)
    return source, vocabularies.words(targets, spaced=True)


def _trainer(
    plan: Plan, source: Tokenizer, target: Tokenizer, training: Sequence[Pair], dev: Sequence[Pair]
) -> Trainer:
    def ids(pairs: Sequence[Pair]) -> list[IdPair]:
        return [(source.encode(s).ids, target.encode(t).ids) for s, t in pairs]

    config = Config(
        d_model=plan.d_model,
        heads=plan.heads,
        encoder_layers=plan.layers,
        decoder_layers=plan.layers,
        ffn=plan.ffn,
        source_vocab=source.get_vocab_size(),
        target_vocab=target.get_vocab_size(),
        causal=plan.causal,
    )
    references = [t for _source, t in dev]
    return Trainer(config, plan.recipe, ids(training), ids(dev), target.decode, references)


def _write(directory: Path, trainer: Trainer, source: Tokenizer, target: Tokenizer) -> None:
    stored = {name: tensor.to(torch.float16) for name, tensor in trainer.average.items()}
    longest = max(len(s) for s, _target in trainer.pairs)
    config = replace(trainer.config, max_source=longest, cache=False)
    texts = {
        "config.json": json.dumps({"model_type": "transformer", **asdict(config)}, indent=1) + "\n",
        "source_tokenizer.json": source.to_str(pretty=False),
        "target_tokenizer.json": target.to_str(pretty=False),
    }
    partial = directory / "model.partial"
    save_file(stored, partial)
    partial.replace(directory / "model.safetensors")
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
