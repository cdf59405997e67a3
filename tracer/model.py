"""A loaded model: an architecture with its parameters and its tokenizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .addresses import suggestion
from .checkpoints.directory import read_json, read_parameters, read_tokenizers
from .decoding.rules import Rules
from .errors import InputError
from .i18n import _
from .models import architecture
from .models.architecture import Architecture, Facts
from .models.stated import Stated
from .tensor import Axis, Parameter
from .tokenizers import Tokenizer

BUILTIN = Path(__file__).parent / "builtin"
DEFAULT = "zh-en"
DTYPES: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True)
class Model:
    """What `load` returns. ``source`` and ``target`` are None for a checkpoint without tokenizers: ids only."""

    name: str
    path: Path
    architecture: Architecture
    rules: Rules
    parameters: dict[str, Parameter]
    source: Tokenizer | None
    target: Tokenizer | None

    @property
    def config(self) -> Any:
        """The architecture's configuration."""
        return self.architecture.config

    @property
    def facts(self) -> Facts:
        """What decoding needs to know of the architecture."""
        return self.architecture.facts

    @property
    def start_id(self) -> int:
        """The token that the decoder reads first."""
        assert self.rules.start_id is not None
        return self.rules.start_id

    @property
    def has_encoder(self) -> bool:
        """Whether there is a step @0, the encoder's pass."""
        return self.architecture.has_encoder

    @property
    def dtype(self) -> str:
        """The type of the arithmetic: ``float32`` or ``float64``."""
        return np.dtype(self.architecture.dtype).name

    def describe(self) -> str:
        """The model in one line, as the banner has it."""
        return f"{self.name}: {self.architecture.describe()}, {self.dtype}"

    def source_ids(self, text: str) -> tuple[list[int], list[str]]:
        """The ids of a text, and the parts of it that become `<unk>`.

        Raises:
            InputError: the text is empty, or longer than the model takes.
        """
        if not text.strip():
            raise InputError(_("the text is empty; give a sentence, e.g. {example}").format(example="我爱你"))
        if self.source is None:
            raise InputError(_("{name} has no tokenizer; give token ids with --ids").format(name=self.name))
        longest = self.facts.longest_source
        if len(text) > 64 * longest:
            self._check_length(len(text), _("characters"))
        encoded = self.source.encode(text)
        self._check_length(len(encoded.ids), _("tokens"))
        return encoded.ids, encoded.unknown

    def target_ids(self, text: str) -> list[int]:
        """What the decoder reads of a given output: start token, the text, end token; raises as `source_ids` does."""
        if self.target is None:
            raise InputError(_("{name} has no tokenizer; give token ids with --ids").format(name=self.name))
        ids = self.target.encode(text).ids
        return [self.start_id, *ids] if self.has_encoder else ids

    def check_ids(self, ids: Sequence[int], side: Literal["source", "target"]) -> list[int]:
        """The ids, if the vocabulary of that side has them and the model takes so many; raises `InputError` if not."""
        ids = [int(i) for i in ids]
        size = self.facts.source_vocab if side == "source" else self.facts.target_vocab
        for i in ids:
            if not 0 <= i < size:
                raise InputError(
                    _("token id {id} is out of range: the {side} vocabulary of {name} has ids 0 to {last}").format(
                        id=i, side=side, name=self.name, last=size - 1
                    )
                )
        if not ids and (side == "source" or self.has_encoder):
            raise InputError(_("no token ids were given"))
        self._check_length(len(ids), _("tokens"))
        return ids

    def piece(self, token: int, side: Literal["source", "target"]) -> str:
        """The piece an id stands for, or the id where there is no tokenizer."""
        tokenizer = self.source if side == "source" else self.target
        return str(token) if tokenizer is None else tokenizer.piece(token)

    def text(self, ids: Sequence[int]) -> str:
        """The text of target ids, or the ids where there is no tokenizer."""
        return " ".join(map(str, ids)) if self.target is None else self.target.decode(ids)

    def _check_length(self, n: int, unit: str) -> None:
        if n > self.facts.longest_source:
            raise InputError(
                _("the text has {n} {unit}, and {name} takes at most {limit} tokens; shorten it").format(
                    n=n, unit=unit, name=self.name, limit=self.facts.longest_source
                )
            )


def builtin() -> Iterator[str]:
    """The names of the models that come with the program."""
    return (path.parent.name for path in sorted(BUILTIN.glob("*/config.json")))


def find(name: str) -> Path:
    """The directory of a built-in name or a path.

    Raises:
        InputError: there is no such model; the nearest name is suggested.
    """
    if (BUILTIN / name / "config.json").exists() and "/" not in name:
        return BUILTIN / name
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise InputError(_("{path}: expected a checkpoint directory, with config.json in it").format(path=path))
    nearest = suggestion(name, builtin())
    hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("`tx-trace models` lists them")
    raise InputError(_("there is no model {name!r}, built-in or at that path; {hint}").format(name=name, hint=hint))


def load(name: str | Path = DEFAULT, dtype: Literal["float32", "float64"] = "float32") -> Model:
    """Open a built-in model or a checkpoint directory.

    Raises:
        InputError: it does not exist, or something in it is missing, broken, or not as its config.json says.
    """
    if dtype not in DTYPES:
        raise InputError(
            _("dtype {dtype!r} is not known; expected {known}").format(dtype=dtype, known=" / ".join(DTYPES))
        )
    directory = find(str(name))
    values = read_json(directory / "config.json")
    kind = architecture(str(values.get("model_type")))
    config = kind.configure(Stated(values, str(directory / "config.json")))
    source, target = read_tokenizers(directory) or (None, None)
    layout = kind.layout(config, _vocabulary(source), _vocabulary(target))
    parameters = read_parameters(directory / "model.safetensors", layout, DTYPES[dtype])
    network = kind(config, layout, parameters, DTYPES[dtype])
    rules = network.rules(Stated(values | _generation(directory), str(directory / "generation_config.json")))
    model = Model(directory.resolve().name, directory, network, rules, parameters, source, target)
    _check_vocabularies(model)
    return model


def _check_vocabularies(model: Model) -> None:
    """Insist that no tokenizer and no rule yields an id outside the vocabulary that config.json states."""
    facts, rules = model.facts, model.rules
    for what, highest, size in (
        (_("the source tokenizer's last piece"), len(model.source or ()) - 1, facts.source_vocab),
        (_("the target tokenizer's last piece"), len(model.target or ()) - 1, facts.target_vocab),
        (_("the start token"), rules.start_id or 0, facts.target_vocab),
        (_("the end token"), max(rules.eos_ids, default=0), facts.target_vocab),
    ):
        if highest >= size:
            raise InputError(
                _("{path}: {what} has id {id}, and config.json states a vocabulary of {n}, 0 to {last}").format(
                    path=model.path, what=what, id=highest, n=size, last=size - 1
                )
            )


def _generation(directory: Path) -> dict[str, Any]:
    path = directory / "generation_config.json"
    return read_json(path) if path.exists() else {}


def _vocabulary(tokenizer: Tokenizer | None) -> Axis:
    return Axis("vocab", tokenizer.pieces if tokenizer else None)
