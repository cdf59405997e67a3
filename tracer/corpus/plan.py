"""What a worker is told: the model, what is asked, and what a table of the answers says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from .. import i18n
from ..card import Dtype
from ..dataclass import dataclass
from ..errors import InputError
from ..i18n import _
from ..loading import builtin, load, place
from ..model import Model
from .asking import Asked, Opened
from .columns import Columns
from .sentences import Sentence

PART = 50
"""sentences that are answered together"""


@dataclass(frozen=True)
class Source:
    """A model by what opens it."""

    name: str
    adapter: str | None = None
    dtype: Dtype = "float32"
    source_lang: str | None = None
    target_lang: str | None = None

    def open(self) -> Model:
        """The model, loaded once in each process; raises `InputError` where it can't be had."""
        return _opened(self)

    @property
    def stated(self) -> Mapping[str, str]:
        """How it is opened otherwise than usual, by the names of settings."""
        usual = {"dtype": "float32", "source_lang": None, "target_lang": None}
        return {name: getattr(self, name) for name, value in usual.items() if getattr(self, name) != value}

    @property
    def described(self) -> Mapping[str, Any]:
        """What tells the model from others that may stand at the same place later."""
        files = [] if self.name in builtin() else _files(place(self.name))
        adapted = _files(Path(self.adapter)) if self.adapter else []
        is_ = self.open().describe()
        return {"name": self.name, "adapter": self.adapter, "is": is_, "files": [*files, *adapted]}


@lru_cache(maxsize=2)
def _opened(source: Source) -> Model:
    model = load(source.name, source.dtype, adapter=source.adapter)
    return model.between(source.source_lang, source.target_lang)


def _files(path: Path) -> list[list[Any]]:
    """The files that stand at a path, with their sizes and times."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [(file, file.stat()) for file in files if file.is_file()]
    return [[file.name, status.st_size, status.st_mtime_ns] for file, status in found]


@dataclass(frozen=True)
class Plan:
    """What is asked of which model, perhaps held against another; ``told`` is what a table says of itself."""

    source: Source
    asked: Asked
    other: Source | None
    told: Mapping[str, Any]
    language: str

    @cached_property
    def opened(self) -> Opened:
        """The models; raises `InputError` where they can't be had, or have different vocabularies."""
        model = self.source.open()
        other = None if self.other is None else self.other.open()
        if other is not None:
            check_alike(model, other)
        return Opened(model, other)

    def __getstate__(self) -> Mapping[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "opened"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)

    def answers(self, sentences: Sequence[Sentence]) -> Columns:
        """The table of some sentences."""
        found = Columns()
        for sentence in sentences:
            self.asked.rows(sentence, self.opened, found)
        return found


def check_alike(model: Model, other: Model) -> None:
    """Insist that two models read the same ids; raises `InputError` where they don't."""
    for side in ("source", "target"):
        if list(model.card.pieces(side)) != list(other.card.pieces(side)):
            told = _("{model} and {other} have different vocabularies: what they say can't be held against each other")
            raise InputError(told.format(model=model.name, other=other.name))


def answer(plan: Plan, sentences: Sequence[Sentence]) -> bytes:
    """The answers of some sentences as a Parquet file: what a worker does."""
    from .parquet import packed

    i18n.use(plan.language)
    return packed(plan.answers(sentences), plan.told)


def told(plan: Mapping[str, Any], before: Mapping[str, Any]) -> str | None:
    """What differs first between what is asked and what a table says was asked; None where nothing does."""
    return next((name for name, value in plan.items() if before.get(name) != value), None)
