"""From a file of sentence pairs to a checkpoint directory."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save
from tokenizers import Tokenizer

from ..errors import InputError
from ..i18n import _
from ..models.transformer import Config
from ..whole import whole
from . import lexicon, templates, vocabularies
from .growing import grow, tokenizer_in
from .loop import Progress, Recipe, Trainer
from .pairs import IdPair, Pair, hold_out, read_pairs, without_words
from .segmentation import Cuts, Merges, Pieces, own_cuts
from .teaching import Teachers, teachers

STATE = "training.safetensors"

Report = Callable[[Progress, int], None]
"""Called after every update with where the training stands, and the number of updates in all."""


@dataclass(frozen=True)
class Plan:
    """What to train: the shape of the network, its vocabularies, and the recipe."""

    d_model: int = 128
    heads: int = 4
    layers: int = 3
    ffn: int = 1024
    source: Literal["pieces", "characters", "words", "byte-pairs"] | None = None
    """None: `byte-pairs` of a language written with blanks, `pieces` of another"""
    target: Literal["byte-pairs", "words"] = "byte-pairs"
    words: int = 2000
    """words found in the source for `pieces`, besides its characters"""
    pieces: int = 3000
    """how many `byte-pairs` of each language"""
    templates: int = 0
    """pairs of Chinese and English made from templates, besides those of the file"""
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
    start: Path | None = None,
    teacher: Sequence[Path] = (),
    resume: bool = False,
    report: Report | None = None,
) -> Progress:
    """Train on ``pairs_file`` and keep the best checkpoint, by BLEU on held-out pairs, in ``directory``.

    The network grows out of the checkpoint in ``start``, if one is given, and keeps its target tokens. It learns from
    the checkpoints of ``teacher`` what they hold likely, and their translations of the pairs besides, with their target
    tokens. Without a causal
    mask the last checkpoint is kept, since translations say nothing of what that one has learned. An interrupt
    leaves the best checkpoint and a state from which ``resume`` goes on.

    Raises:
        InputError: the pairs or the state can't be used, or the directory holds something already.
    """
    pairs = read_pairs(pairs_file)
    if exclude:
        pairs = without_words(pairs, exclude)
    plan = replace(plan, source=plan.source or _usual_source(pairs))
    training, dev = _apart(pairs, plan, pairs_file)
    _prepare(directory, resume)
    made = _from_templates(plan, dev)
    source, target = _tokenizers(plan, training, made, [*([start] if start else []), *teacher])
    training += made
    taught = teachers(teacher, target)
    trainer = _trainer(plan, source, target, _with_translations(training, taught), dev, taught)
    if start:
        trainer.start(lambda network: grow(network, start, source))
    if resume:
        trainer.resume(directory / STATE)
    while trainer.progress.epoch < plan.recipe.epochs:
        trainer.epoch(lambda progress: report(progress, trainer.updates) if report else None)
        if trainer.progress.bleu >= trainer.progress.best or not plan.causal:
            trainer.progress = replace(trainer.progress, best=trainer.progress.bleu)
            _write(directory, trainer, source, target)
        trainer.save(directory / STATE)
    return trainer.progress


def _prepare(directory: Path, resume: bool) -> None:
    if not resume and directory.exists() and any(directory.iterdir()):
        raise InputError(
            _("{path}: is not empty; name a new directory, or go on in this one with --resume").format(path=directory)
        )
    directory.mkdir(parents=True, exist_ok=True)


def _apart(pairs: Sequence[Pair], plan: Plan, path: Path) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on, and those held out: no more than a tenth, but one at least."""
    held_out = min(len(pairs), max(1, min(plan.held_out, len(pairs) // 10)))
    training, dev = hold_out(pairs, held_out, plan.recipe.seed)
    if not training:
        raise InputError(
            _("{path}: holds too few sentence pairs to train on some and hold out others").format(path=path)
        )
    return training, dev


def _usual_source(pairs: Sequence[Pair]) -> Literal["byte-pairs", "pieces"]:
    """What becomes of most source sentences: `byte-pairs` if they have blanks, `pieces` otherwise."""
    return "byte-pairs" if 2 * sum(" " in source for source, _target in pairs) > len(pairs) else "pieces"


def _from_templates(plan: Plan, dev: Sequence[Pair]) -> list[Pair]:
    """Pairs from templates, none with a sentence that is held out."""
    seen = {sentence for pair in dev for sentence in pair}
    return [pair for pair in templates.pairs(plan.recipe.seed, plan.templates) if not seen.intersection(pair)]


def _tokenizers(
    plan: Plan, pairs: Sequence[Pair], made: Sequence[Pair], earlier: Sequence[Path]
) -> tuple[Tokenizer, Tokenizer]:
    """Of all pairs; but what is a word shows in pairs that people wrote, and an earlier model has its target tokens."""
    sources, targets = zip(*pairs, *made, strict=True)
    source = _source(plan, sources, sources[: len(pairs)])
    if earlier:
        return source, vocabularies.figures_apart(tokenizer_in(earlier[0], "target"))
    if plan.target == "byte-pairs":
        return source, vocabularies.byte_pairs(targets, plan.pieces)
    return source, vocabularies.words(targets, spaced=True)


def _source(plan: Plan, sentences: Sequence[str], written: Sequence[str]) -> Tokenizer:
    """A tokenizer of all ``sentences``, of which people have ``written`` some."""
    if plan.source == "pieces":
        named = templates.words() if plan.templates else []
        return vocabularies.pieces(sentences, [*lexicon.words(written, plan.words), *named])
    if plan.source == "byte-pairs":
        return vocabularies.byte_pairs(sentences, plan.pieces)
    if plan.source == "characters":
        return vocabularies.characters(sentences)
    return vocabularies.words(sentences, spaced=False)


def _with_translations(pairs: Sequence[Pair], taught: Teachers) -> Sequence[Pair]:
    """The pairs, and their sources with what the teachers make of them, where that is something else."""
    if not taught.all:
        return pairs
    sources = sorted({source for source, _target in pairs})
    translated = zip(sources, taught.translations(sources), strict=True)
    return [*pairs, *sorted({pair for pair in translated if pair[1]}.difference(pairs))]


def _trainer(
    plan: Plan,
    source: Tokenizer,
    target: Tokenizer,
    training: Sequence[Pair],
    dev: Sequence[Pair],
    taught: Teachers,
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
    soft = taught.soft(training) if taught.all else ()
    cuts = _cut(plan, plan.source, source), own_cuts(target) if soft else _cut(plan, plan.target, target)

    def segmented(epoch: int) -> list[IdPair]:
        draw = random.Random(f"{plan.recipe.seed} {epoch}")
        return [(cuts[0](s, draw), cuts[1](t, draw)) for s, t in training]

    return Trainer(config, plan.recipe, ids(training), ids(dev), target.decode, references, segmented, soft)


def _cut(plan: Plan, kind: str | None, tokenizer: Tokenizer) -> Cuts:
    """How sentences are cut up in training: words and characters as their tokenizer does, others otherwise at times."""
    if kind == "pieces":
        return Pieces(tokenizer, plan.recipe.skipped_words).ids
    return Merges(tokenizer, plan.recipe.skipped_merges).ids if kind == "byte-pairs" else own_cuts(tokenizer)


def _write(directory: Path, trainer: Trainer, source: Tokenizer, target: Tokenizer) -> None:
    """Write the checkpoint, its parameters last: whatever comes between, what is there is whole."""
    stored = {name: tensor.to(torch.float16) for name, tensor in trainer.average.items()}
    longest = max(len(s) for s, _target in trainer.pairs)
    config = replace(trainer.config, max_source=longest, cache=False)
    texts = {
        "config.json": json.dumps({"model_type": "transformer", **asdict(config)}, indent=1) + "\n",
        "source_tokenizer.json": source.to_str(pretty=False),
        "target_tokenizer.json": target.to_str(pretty=False),
    }
    files = {name: text.encode() for name, text in texts.items()} | {"model.safetensors": save(stored)}
    for name, data in files.items():
        with whole(directory / name) as stream:
            stream.write(data)
