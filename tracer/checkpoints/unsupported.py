"""What it is that stands at a path and can't be opened, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from shlex import quote

from ..errors import InputError
from ..i18n import _, spoken
from .adapter import CONFIG as ADAPTER_CONFIG
from .adapter import PICKLED, SAFETENSORS, base_of
from .directory import CONFIG, read_config
from .formats.safetensors import SafetensorsDirectory
from .formats.torch import SUFFIXES, TorchDirectory
from .json_file import missing, read_json
from .kinds import TOLD, head_of, kind_of
from .torch_zip import TorchZip

TENSORS = (*SUFFIXES, ".gguf")
"""How the names of files end that may hold parameters."""
SHARDS = "pytorch_model-*.bin"
"""What transformers calls several files that an index lists."""


def refusal(path: Path, names: Collection[str]) -> InputError:
    """Why no format knows what stands at a path, a file or a directory with files of those names.

    Raises:
        InputError: that can't be told, as something can't be read at all.
    """
    if not path.is_dir():
        is_adapter = path.name in (SAFETENSORS, PICKLED) and (path.parent / ADAPTER_CONFIG).exists()
        return _adapter(path.parent) if is_adapter else _of_file(path)
    return _of_directory(path, names) if CONFIG in names else _without_config(path, names)


def _without_config(directory: Path, names: Collection[str]) -> InputError:
    """What a directory without config.json is."""
    if ADAPTER_CONFIG in names:
        return _adapter(directory)
    other = min((name for name in names if name.endswith(".gguf")), default=None)
    return missing(directory / CONFIG) if other is None else _of_file(directory / other)


def _of_directory(directory: Path, names: Collection[str]) -> InputError:
    """What a directory has in place of the tensors."""
    read_config(directory)
    if ADAPTER_CONFIG in names:
        return _adapter(directory)
    others = sorted(filter(_is_named_as_tensors, names), key=lambda name: (not Path(name).match(SHARDS), name))
    if not others:
        return missing(directory / SafetensorsDirectory.whole)
    path = directory / others[0]
    return _of_torch(path) if path.suffix in SUFFIXES else _of_file(path)


def _of_torch(path: Path) -> InputError:
    """Why a file that is named as torch's are is not opened with its directory."""
    file = TorchZip(path)
    if path.match(SHARDS):
        return file.error(_("is one part of a checkpoint, whose {index} is missing").format(index=TorchDirectory.index))
    return file.error(
        _("is not looked for in a directory; to open it, give the file itself, or call it {name}").format(
            name=TorchDirectory.whole
        )
    )


def _of_file(path: Path) -> InputError:
    """Why a file given as a model, or found where the parameters should be, can't be opened."""
    kind = kind_of(head_of(path))
    if not _is_named_as_tensors(path.name) and kind in (None, "text"):
        return InputError(_("{path}: expected a checkpoint directory, with config.json in it").format(path=path))
    told = spoken(TOLD[kind]) if kind else _("is neither a pickle nor any other file of tensors that is known")
    return InputError(f"{path}: {told}")


def _is_named_as_tensors(name: str) -> bool:
    return Path(name).suffix in TENSORS


def _adapter(directory: Path) -> InputError:
    base = base_of(read_json(directory / ADAPTER_CONFIG))
    told = _("{path}: is an adapter, without the model that it changes; give both: -m MODEL --adapter {quoted}")
    if base:
        told = _("{path}: is an adapter, made for {base}; give both: -m MODEL --adapter {quoted}")
    return InputError(told.format(path=directory, base=base, quoted=quote(str(directory))))
