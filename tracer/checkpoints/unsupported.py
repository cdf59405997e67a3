"""What it is that stands at a path and can't be opened, and what to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _, spoken
from .directory import CONFIG, read_config
from .formats.safetensors import WHOLE
from .json_file import missing
from .kinds import TOLD, head_of, kind_of

ADAPTER = "adapter_config.json"
TENSORS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.gguf")
"""Files that may hold parameters in another format."""
CONVERTIBLE = "pytorch_model*.bin"
"""The pickles that transformers finds in a directory."""


def refusal(path: Path, names: Collection[str]) -> InputError:
    """Why no format knows what stands at a path, a file or a directory with files of those names.

    Raises:
        InputError: that can't be told, as something can't be read at all.
    """
    if not path.is_dir():
        return _of_file(path)
    return _of_directory(path, names) if CONFIG in names else _without_config(path, names)


def _without_config(directory: Path, names: Collection[str]) -> InputError:
    """What a directory without config.json is."""
    if ADAPTER in names:
        return _adapter(directory)
    other = min((name for name in names if name.endswith(".gguf")), default=None)
    return missing(directory / CONFIG) if other is None else _of_file(directory / other)


def _of_directory(directory: Path, names: Collection[str]) -> InputError:
    """What a directory has in place of the tensors."""
    config = read_config(directory)
    if ADAPTER in names:
        return _adapter(directory)
    others = sorted(filter(_is_named_as_tensors, names), key=lambda name: (not Path(name).match(CONVERTIBLE), name))
    return _of_file(directory / others[0], config) if others else missing(directory / WHOLE)


def _of_file(path: Path, config: Mapping[str, Any] | None = None) -> InputError:
    """Why a file given as a model, or found where the parameters should be, can't be opened."""
    kind = kind_of(head_of(path))
    if kind == "pickle" and config and path.match(CONVERTIBLE):
        return _pickled(path, config)
    if not _is_named_as_tensors(path.name) and kind in (None, "text"):
        return InputError(_("{path}: expected a checkpoint directory, with config.json in it").format(path=path))
    told = spoken(TOLD[kind]) if kind else _("is neither a pickle nor any other file of tensors that is known")
    return InputError(f"{path}: {told}")


def _is_named_as_tensors(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in TENSORS)


def _adapter(directory: Path) -> InputError:
    return InputError(
        _(
            "{path}: is an adapter, without the model it changes; merge the two (peft: merge_and_unload) and save"
        ).format(path=directory)
    )


def _pickled(path: Path, config: Mapping[str, Any]) -> InputError:
    stated = config.get("architectures")
    first = stated[0] if isinstance(stated, list) and stated else None
    usual = "AutoModelForSeq2SeqLM" if config.get("is_encoder_decoder") is True else "AutoModelForCausalLM"
    kind = first if isinstance(first, str) and first.isidentifier() else usual
    load = f"from sys import argv; from transformers import {kind} as M"
    code = f"{load}; M.from_pretrained(argv[1]).save_pretrained(argv[1])"
    return InputError(
        _("{path}: a pickle can run anything, so it is not opened; convert it with {command}").format(
            path=path, command=shlex.join(["python", "-c", code, str(path.parent)])
        )
    )
