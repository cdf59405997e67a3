"""Learning from networks already trained: from what they hold likely at each position, and from their translations
(word- and sequence-level knowledge distillation, Kim and Rush 2016).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from ..errors import InputError
from ..i18n import _
from ..models.transformer import Config
from ..tokenizers.library import refusing
from .growing import tokenizer_in
from .network import Network, greedy, padded
from .pairs import Pair

LIKELIEST = 24
"""Of how many tokens a teacher's probability is kept at each position."""

TOGETHER = 200
"""Sentences in a batch."""

Soft = tuple[Tensor, Tensor]
"""The likeliest tokens at each position of a target, [position, candidate], and their probabilities."""


@dataclass(frozen=True)
class Teacher:
    """A trained network, and how it reads its source."""

    network: Network
    source: Tokenizer

    def ids(self, sentences: Sequence[str]) -> Tensor:
        """Sentences as one padded batch, [sentence, position]."""
        return padded([self.source.encode(s).ids for s in sentences], self.network.pad_id)


@dataclass(frozen=True)
class Teachers:
    """Networks that write the same target tokens; what they say is the mean of their probabilities."""

    all: Sequence[Teacher]
    target: Tokenizer

    def soft(self, pairs: Sequence[Pair]) -> list[Soft]:
        """What the teachers hold likely at each position of each target, `</s>` included."""
        found: dict[int, Soft] = {}
        for rows in _batches([target for _source, target in pairs]):
            targets = [self.target.encode(pairs[i][1]).ids for i in rows]
            ids, probs = self._likeliest([pairs[i][0] for i in rows], targets)
            for row, i in enumerate(rows):
                n = len(targets[row])
                found[i] = ids[row, :n].to(torch.int32).clone(), probs[row, :n].half()
        return [found[i] for i in range(len(pairs))]

    @torch.no_grad()
    def _likeliest(self, sources: Sequence[str], targets: Sequence[Sequence[int]]) -> Soft:
        """[sentence, position, candidate], for each target read after `<s>`."""
        probs: Tensor | None = None
        for teacher in self.all:
            network = teacher.network
            read = padded([[network.config.bos_id, *ids[:-1]] for ids in targets], network.pad_id)
            with torch.autocast("cpu", torch.bfloat16):
                logits = network.logits(network(teacher.ids(sources), read))
            own = logits.float().softmax(-1)
            probs = own if probs is None else probs.add_(own)
        assert probs is not None
        top, ids = probs.topk(min(LIKELIEST, probs.shape[-1]))
        return ids, top / top.sum(-1, keepdim=True)

    def translations(self, sentences: Sequence[str]) -> list[str]:
        """Their greedy translations."""
        found: dict[int, str] = {}
        networks = [teacher.network for teacher in self.all]
        for rows in _batches(sentences):
            sources = [teacher.ids([sentences[i] for i in rows]) for teacher in self.all]
            limit = 2 * max(source.shape[1] for source in sources) + 10
            with torch.autocast("cpu", torch.bfloat16):
                written = greedy(networks, sources, limit)
            found |= {i: self.target.decode(ids) for i, ids in zip(rows, written, strict=True)}
        return [found[i] for i in range(len(sentences))]


def teachers(directories: Sequence[Path], target: Tokenizer) -> Teachers:
    """The networks of checkpoint directories.

    Raises:
        InputError: one can't be read, or writes other target tokens.
    """
    return Teachers([_teacher(directory, target) for directory in directories], target)


def _teacher(directory: Path, target: Tokenizer) -> Teacher:
    if tokenizer_in(directory, "target").get_vocab() != target.get_vocab():
        raise InputError(_("{path}: writes other target tokens; start from it with --from").format(path=directory))
    with refusing(_("{path}: is no checkpoint that can teach").format(path=directory)):
        stated = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        known = {field.name for field in fields(Config)}
        network = Network(Config(**{key: value for key, value in stated.items() if key in known})).eval()
        network.load_state_dict({name: t.float() for name, t in load_file(directory / "model.safetensors").items()})
    return Teacher(network, tokenizer_in(directory, "source"))


def _batches(sentences: Sequence[str]) -> Iterator[list[int]]:
    """Which sentences, of about the same length, are read together."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    return (order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER))
