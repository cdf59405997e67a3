"""What a directory is that can't be opened, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _
from .shards import INDEX, WHOLE
from .stored import Stored

ADAPTER = "adapter_config.json"
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
QUANTISED = (".qweight", ".qzeros", ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".absmax", ".quant_map")
"""How the names end that tensors of quantised parameters have: GPTQ, AWQ, compressed-tensors, fp8, bitsandbytes."""


def refuse_file(path: Path) -> InputError:
    """Why a file given as a model can't be opened."""
    if path.suffix == ".gguf":
        return InputError(
            _("{path}: GGUF files can't be opened yet; give a directory with config.json and safetensors").format(
                path=path
            )
        )
    if any(path.match(pattern) for pattern in PICKLED):
        return _pickled(path, {})
    return InputError(_("{path}: expected a checkpoint directory, with config.json in it").format(path=path))


def refuse_without_config(directory: Path, files: Iterable[str]) -> None:
    """Say what a directory without config.json is, if that can be told from its ``files``."""
    names = sorted(files)
    if ADAPTER in names:
        raise _adapter(directory)
    for name in names:
        if name.endswith(".gguf"):
            raise refuse_file(directory / name)


def refuse_unreadable(directory: Path, files: Iterable[str], config: Mapping[str, Any]) -> None:
    """Insist that a directory has parameters, and has them neither pickled, nor quantised, nor as an adapter."""
    names = set(files)
    if quantised := config.get("quantization_config"):
        method = quantised.get("quant_method") if isinstance(quantised, dict) else None
        raise _quantised(directory, str(method or "?"))
    if names & {WHOLE, INDEX}:
        return
    if ADAPTER in names:
        raise _adapter(directory)
    for name in sorted(names):
        if any(Path(name).match(pattern) for pattern in PICKLED):
            raise _pickled(directory / name, config)
        if name.endswith(".gguf"):
            raise refuse_file(directory / name)
    raise InputError(_("{path}: is missing; a checkpoint directory has one").format(path=directory / WHOLE))


def refuse_quantised(tensors: Iterable[Stored]) -> None:
    """Insist that no tensor is stored in a quantised form."""
    for stored in tensors:
        if stored.name.endswith(QUANTISED):
            raise _quantised(stored.file.path, f"{stored.name}, {stored.dtype}")


def _adapter(directory: Path) -> InputError:
    return InputError(
        _(
            "{path}: is an adapter, without the model it changes; merge the two (peft: merge_and_unload) and save"
        ).format(path=directory)
    )


def _quantised(path: Path, how: str) -> InputError:
    return InputError(
        _("{path}: is quantised ({how}), which is not supported; open the model as F32, F16 or BF16").format(
            path=path, how=how
        )
    )


def _pickled(path: Path, config: Mapping[str, Any]) -> InputError:
    directory, stated = path.parent, config.get("architectures")
    first = stated[0] if isinstance(stated, list) and stated else None
    kind = first if isinstance(first, str) and first.isidentifier() else "AutoModelForCausalLM"
    place = str(directory)
    command = f"from transformers import {kind} as M; M.from_pretrained({place!r}).save_pretrained({place!r})"
    return InputError(
        _("{path}: a pickle can run anything, so it is not opened; convert it with python -c {command}").format(
            path=path, command=f'"{command}"'
        )
    )
