"""What stands at a path, told before any parameter is read: what it is, or what can be told of it, and why not more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

from .checkpoints.adapter import CONFIG as ADAPTER_CONFIG
from .checkpoints.checkpoint import Checkpoint
from .checkpoints.contents import account, may_be_a_copy
from .checkpoints.directory import CONFIG, Directory
from .checkpoints.formats import checkpoint_at
from .checkpoints.json_file import read_json, read_json_if_there
from .checkpoints.kinds import head_of, kind_of
from .checkpoints.stored import Stored
from .dataclass import dataclass
from .decisions import Decisions
from .errors import InputError
from .loading import laid_out, outlined, place
from .model import Model
from .models import architecture, model_type
from .models.architecture import Architecture
from .models.stated import Stated

T = TypeVar("T")

SIZES = (
    *("n_embd", "hidden_size", "d_model", "dim", "n_layer", "num_hidden_layers", "num_layers", "n_layers"),
    *("encoder_layers", "decoder_layers", "n_head", "num_attention_heads", "num_heads", "n_heads", "vocab_size"),
)
"""How sizes are called in configurations of whatever family."""
ENDINGS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".onnx", ".npz")
"""of files that hold parameters"""


@dataclass(frozen=True)
class Survey:
    """What can be told. ``model`` is there if it opens; ``refused`` is why it does not, one sentence for each reason.

    ``sketch`` is its architecture without parameters, where the configuration makes sense; ``stated`` are the sizes
    that its files name otherwise; ``files`` are those that hold parameters, with their bytes; ``kind`` is that of a
    file which is no checkpoint of a known format; ``adapter`` is what adapter_config.json says.
    """

    path: Path
    refused: Sequence[str] = ()
    format: str | None = None
    model: Model | None = None
    family: str | None = None
    sketch: Architecture | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)
    tensors: Collection[Stored] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    adapter: Mapping[str, Any] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)


def survey(name: str, adapter: str | Path | None = None) -> Survey:
    """What can be told of a built-in model or of what stands at a path, with an adapter merged into it if one is given.

    Raises:
        InputError: nothing stands there that could be a model.
    """
    path, ask = place(name), _Asking()
    checkpoint = ask(lambda: checkpoint_at(path))
    model = None if checkpoint is None else ask(lambda: outlined(checkpoint, adapter))
    if checkpoint is not None and model is not None:
        tensors = checkpoint.tensors.values()
        return Survey(path, (), checkpoint.format, model, tensors=tensors, files=_files_of(tensors))
    return _of_parts(path, checkpoint, ask)


class _Asking:
    """Asks one question after the other; what is refused is kept, each sentence once."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, question: Callable[[], T]) -> T | None:
        """The answer, None where it is refused."""
        try:
            return question()
        except InputError as error:
            if str(error) not in self.refused:
                self.refused.append(str(error))
            return None


class _Unread(Directory):
    """A directory of which no format knows the tensors."""

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        return False

    @property
    def tensors(self) -> Mapping[str, Stored]:
        return {}

    @property
    def listing(self) -> Path:
        return self.path / CONFIG


def _of_parts(path: Path, checkpoint: Checkpoint | None, ask: _Asking) -> Survey:
    """What can be told of what does not open, each part asked for by itself."""
    known = checkpoint or (_Unread(path) if _has_config(path) else None)
    if known is None:
        return Survey(path, ask.refused, _kind(path), files=_files_at(path), adapter=_adapter(path))
    config = ask(lambda: known.config) or Stated(_raw(known), decisions=known.decisions)
    family = ask(lambda: model_type(config)) if config.has_any else None
    sketch = ask(lambda: _sketched(family, config)) if family else None
    tensors = ask(lambda: known.tensors) or {}
    ask(lambda: known.tokenizers(family or ""))
    if sketch is not None and tensors:
        ask(lambda: account(known, laid_out(known, type(sketch), sketch.config), may_be_a_copy))
    return Survey(
        path,
        ask.refused,
        checkpoint.format if checkpoint else _kind(path),
        None,
        family,
        sketch,
        {key: value for key in SIZES if (value := config.get(key)) is not None},
        tensors.values(),
        _files_of(tensors.values()) or _files_at(path),
        _adapter(path),
        known.decisions,
    )


def _has_config(path: Path) -> bool:
    """Whether a configuration belongs to what stands at a path, a directory or a file named as one of parameters."""
    beside = path / CONFIG if path.is_dir() else path.with_name(CONFIG)
    return (path.is_dir() or path.suffix in ENDINGS) and _is_file(beside)


def _is_file(path: Path) -> bool:
    """Whether a file stands at a path, as far as one may look."""
    try:
        return path.is_file()
    except OSError:
        return False


def _sketched(family: str, config: Stated) -> Architecture:
    kind = architecture(family)
    return kind.sketch(kind.configure(config))


def _raw(checkpoint: Checkpoint) -> Mapping[str, Any]:
    """What a config.json of transformers states, be it refused or not; nothing where there is none to be read."""
    try:
        return read_json(checkpoint.directory / CONFIG) if isinstance(checkpoint, Directory) else {}
    except InputError:
        return {}


def _adapter(path: Path) -> Mapping[str, Any]:
    try:
        return read_json_if_there(path / ADAPTER_CONFIG)
    except (InputError, OSError):
        return {}


def _files_of(tensors: Collection[Stored]) -> Mapping[str, int]:
    return {stored.file.path.name: stored.file.size for stored in tensors}


def _files_at(path: Path) -> Mapping[str, int]:
    """The files at a path that are named as those that hold parameters, or the file that stands there."""
    try:
        there = sorted(path.iterdir()) if path.is_dir() else [path]
        return {file.name: file.stat().st_size for file in there if file == path or file.suffix in ENDINGS}
    except OSError:
        return {}


def _kind(path: Path) -> str | None:
    """What kind of file holds the parameters, as far as its first bytes tell."""
    file = next(iter(_files_at(path)), None)
    try:
        return None if file is None else kind_of(head_of(path / file if path.is_dir() else path))
    except InputError:
        return None
