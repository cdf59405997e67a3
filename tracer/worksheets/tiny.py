"""Models whose arithmetic a person can do: four features, small whole numbers, drawn by a seed.

Each of them translates one sentence of three words as it should. Embeddings are drawn so that with the position on top
every row of the sentence is of whole numbers; what the drawing may not yield is in `pleasant`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from ..addresses import At
from ..checkpoints.contents import Contents
from ..checkpoints.memory import Reading
from ..checkpoints.stored import DType
from ..dataclass import dataclass
from ..decoding.rules import Rules
from ..errors import InputError
from ..i18n import _
from ..model import Model
from ..models.layout import OUTPUT
from ..models.transformer import Config, Transformer
from ..ops.position import sinusoids
from ..run import Run
from ..tensor import Array, Axis, Parameter
from ..training.grammar import pairs
from . import NAME, is_drawn
from .pleasant import are_pleasant, margin
from .words import BOS, EOS, PAD, SPECIAL, UNK, Words

D_MODEL, WORDS, OTHERS = 4, 3, 2
"""Features of a token, words of a sentence, and words beside those of the sentence."""
TRIES = 40
FACTORS = (1.5, 2.0, 3.0)
PARTS = (
    ("encoder.embed.", "encoder.0.self_attn."),
    ("encoder.0.ffn.",),
    ("decoder.embed.", "decoder.0.self_attn."),
    ("decoder.0.cross_attn.",),
    ("decoder.0.ffn.",),
)
"""What is drawn together, and drawn again until it is pleasant, as the parameters and records of it begin."""
USUAL, SPARSE, FEW = (-1.0, 0.0, 0.0, 1.0, 1.0), (-1.0, 0.0, 0.0, 0.0, 0.0, 1.0), (-1.0, 0.0, 1.0)
"""What parameters are drawn from: those of most, of outputs and biases, and the one number of a row that compares."""
SEEDS = range(10**6)
HEADS = (1, 2)

_NAME = re.compile(rf"{NAME}:(\d{{1,6}})(?::([12]))?", re.ASCII)
EMBEDDED = {"encoder.embed.weight": 0, "decoder.embed.weight": 1}
"""The tables of embeddings, and where the first word stands."""


class Drawn(NamedTuple):
    """Which model is meant: the seed that it is drawn by, and its heads."""

    seed: int
    heads: int = 1

    @property
    def name(self) -> str:
        """What it is called: ``worksheet:7``, or ``worksheet:7:2`` with two heads."""
        return f"{NAME}:{self.seed}" + (f":{self.heads}" if self.heads > 1 else "")

    @property
    def sentence(self) -> tuple[list[str], list[str]]:
        """The words that it reads, and those that it should write."""
        known = _sentences()
        source, target = known[Random(self.seed).randrange(len(known))]
        return source.split(), target.split()

    @property
    def translation(self) -> str:
        """What it should write."""
        return " ".join(self.sentence[1])

    @property
    def text(self) -> str:
        """The sentence as a text."""
        return "".join(self.sentence[0])


def named(name: str) -> Drawn | None:
    """The model of a name; None where it is none of these.

    Raises:
        InputError: it begins as they do, and goes on otherwise.
    """
    if not is_drawn(name):
        return None
    found = _NAME.fullmatch(name)
    if found is None:
        told = _("{name}: a model of a worksheet is {usual}, with a seed of at most six digits, :2 for two heads")
        raise InputError(told.format(name=name, usual=f"{NAME}:7"))
    return Drawn(int(found[1]), int(found[2] or 1))


@cache
def _sentences() -> list[tuple[str, str]]:
    """The pairs of the grammar that have three words on both sides."""
    return [pair for pair in pairs() if all(len(side.split()) == WORDS for side in pair) and pair[1][-1] != "?"]


@dataclass(frozen=True)
class InMemory(Contents):
    """Parameters that no file holds."""

    arrays: Mapping[str, Array]

    def read(self, dtype: DType, reading: Reading) -> dict[str, Parameter]:
        return {name: self.layout.parameter(name, name, array.astype(dtype)) for name, array in self.arrays.items()}


@cache
def drawn(of: Drawn) -> Model:
    """The model of a seed: part after part is drawn until what it computes is pleasant, and all again where none is."""
    words = _vocabulary(of)
    chance = Random(of.seed * len(HEADS) + of.heads - 1)
    models = (_attempted(of, words, chance) for _attempt in count())
    return next(model for model in models if model is not None)


def _attempted(of: Drawn, words: Sequence[Words], chance: Random) -> Model | None:
    """A model that writes the sentence; None where one of its parts does not become pleasant in so many tries."""
    arrays = _network(of, words, chance)
    for part in PARTS[:-1]:
        arrays = next(_settled(of, words, arrays, part, chance), {})
        if not arrays:
            return None
    models = (_predicting(of, words, found, chance) for found in _settled(of, words, arrays, PARTS[-1], chance))
    return next((model for model in models if model is not None), None)


def _settled(
    of: Drawn, words: Sequence[Words], arrays: Mapping[str, Array], part: tuple[str, ...], chance: Random
) -> Iterator[dict[str, Array]]:
    """The parameters with a part drawn anew, each time that it is pleasant in so many tries."""
    for _try in range(TRIES):
        fresh = {**arrays, **_network(of, words, chance, part)}
        if _is_settled(of, words, fresh, part):
            yield fresh


def _is_settled(of: Drawn, words: Sequence[Words], arrays: Mapping[str, Array], part: tuple[str, ...]) -> bool:
    run = _given(of, words, arrays)
    tape = run.at(At(int(part[0].startswith("decoder."))))
    return are_pleasant(record for record in tape if record.address.startswith(part))


def _given(of: Drawn, words: Sequence[Words], arrays: Mapping[str, Array]) -> Run:
    """The pass over the sentence with its translation given."""
    source, target = (side.encode(text).ids for side, text in zip(words, (of.text, of.translation), strict=True))
    return Run(_model(of, words, arrays), source, target_ids=[SPECIAL.index(BOS), *target[:-1]])


def _vocabulary(of: Drawn) -> tuple[Words, Words]:
    source, target = of.sentence
    others = dict.fromkeys(word for pair in _sentences() for word in pair[1].split() if word not in target)
    chosen = Random(of.seed).sample(list(others), OTHERS)
    return Words(source), Words([*target, *chosen], " ", [EOS])


def _model(of: Drawn, words: Sequence[Words], arrays: Mapping[str, Array]) -> Model:
    config = _config(of, *map(len, words))
    layout = Transformer.layout(config, *(Axis("vocab", side.pieces) for side in words))
    contents = InMemory(layout, {}, {}, arrays)
    parameters = contents.read(np.float32, Reading())
    rules = Rules(config.bos_id, (config.eos_id,), pad_id=config.pad_id)
    network = Transformer(config, layout, parameters, np.float32)
    source, target = words
    return Model(of.name, Path(of.name), network, rules, parameters, source, target, contents)


def _config(of: Drawn, source: int, target: int) -> Config:
    return Config(
        d_model=D_MODEL,
        heads=of.heads,
        encoder_layers=1,
        decoder_layers=1,
        ffn=D_MODEL,
        source_vocab=source,
        target_vocab=target,
        pad_id=SPECIAL.index(PAD),
        bos_id=SPECIAL.index(BOS),
        eos_id=SPECIAL.index(EOS),
        unk_id=SPECIAL.index(UNK),
        tied_output=False,
        max_source=16,
        cache=False,
    )


def _network(of: Drawn, words: Sequence[Words], chance: Random, part: tuple[str, ...] = ("",)) -> dict[str, Array]:
    """The parameters of a part of a model, of all of it where none is named."""
    vocabulary = Axis("vocab")
    slots = Transformer.layout(_config(of, *map(len, words)), vocabulary, vocabulary).slots
    shapes = {name: slot.shape for name, slot in slots.items() if name.startswith(part)}
    return {name: _drawn(chance, shape, name) for name, shape in shapes.items()}


def _drawn(chance: Random, shape: Sequence[int], name: str) -> Array:
    return _embedded(chance, shape[0], EMBEDDED[name]) if name in EMBEDDED else _small(chance, shape, name)


def _small(chance: Random, shape: Sequence[int], name: str) -> Array:
    """Whole numbers from −1 to 1, many of them 0; gains of norms 1, and their biases 0."""
    if ".norm." in name:
        return np.full(shape, float(name.endswith("weight")))
    if name.endswith((".q.weight", ".k.weight")):
        return np.array([_alone(chance, shape[1]) for _row in range(shape[0])])
    numbers = SPARSE if name.endswith((".output.weight", ".bias")) else USUAL
    return np.reshape([chance.choice(numbers) for _n in range(int(np.prod(shape)))], shape)


def _alone(chance: Random, length: int) -> list[float]:
    """A row of zeros with one number among them."""
    place, number = chance.randrange(length), chance.choice(FEW)
    return [number if n == place else 0.0 for n in range(length)]


def _embedded(chance: Random, size: int, first: int) -> Array:
    """Rows that are whole numbers at the place where their word stands, its position added; ``first`` of the words.

    The start token stands at 0. Each has another feature that is its largest.
    """
    rows = np.array([[chance.choice((-1.0, 0.0, 1.0)) for _n in range(D_MODEL)] for _row in range(size)])
    places = [max(0, row - len(SPECIAL) + first) for row in range(size)]
    features = chance.sample(range(D_MODEL), D_MODEL)
    for row, place in enumerate(places):
        rows[row, features[place % D_MODEL]] = 2
    tokens = Axis("position")
    positions = sinusoids.forward(position=tokens, positions=places, d_model=D_MODEL, dtype=np.float64).array
    found: Array = (rows - positions) / np.sqrt(D_MODEL)
    return found


def _predicting(of: Drawn, words: Sequence[Words], arrays: Mapping[str, Array], chance: Random) -> Model | None:
    """A model whose output projection, of whole numbers, tells each token of the translation; None if none is found."""
    run = _given(of, words, arrays)
    wanted = words[1].encode(of.translation).ids
    states = run.at(At(1)).find("logits").inputs[0].array
    for _try in range(TRIES):
        rows = arrays[OUTPUT].copy()
        rows[: len(SPECIAL)] = 0
        for token, state in zip(wanted, states, strict=True):
            rows[token] = np.rint(chance.choice(FACTORS) * state)
        if [margin(state @ rows.T + arrays["logits.bias"]) for state in states] == [*wanted]:
            return _model(of, words, {**arrays, OUTPUT: rows})
    return None
