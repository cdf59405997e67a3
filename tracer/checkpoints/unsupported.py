"""What a directory is that can't be opened, and what to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..i18n import _, spoken
from .kinds import TOLD, head_of, kind_of
from .shards import INDEX, WHOLE
from .stored import Stored

ADAPTER = "adapter_config.json"
TENSORS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.gguf")
"""Files that may hold parameters in another format."""
CONVERTIBLE = "pytorch_model*.bin"
"""The pickles that transformers finds in a directory."""
QUANTISED = (".qweight", ".qzeros", ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".absmax", ".quant_map")
"""How the names end that tensors of quantised parameters have: GPTQ, AWQ, compressed-tensors, fp8, bitsandbytes."""


def refuse_file(path: Path, config: Mapping[str, Any] | None = None) -> InputError:
    """Why a file given as a model, or found where the parameters should be, can't be opened.

    Raises:
        InputError: it can't be read at all.
    """
    kind = kind_of(head_of(path))
    if kind == "pickle" and config and path.match(CONVERTIBLE):
        return _pickled(path, config)
    if not _is_named_as_tensors(path.name) and kind in (None, "text"):
        return InputError(_("{path}: expected a checkpoint directory, with config.json in it").format(path=path))
    told = spoken(TOLD[kind]) if kind else _("is neither a pickle nor any other file of tensors that is known")
    return InputError(f"{path}: {told}")


def _is_named_as_tensors(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in TENSORS)


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
    for name in sorted(filter(_is_named_as_tensors, names), key=lambda name: not Path(name).match(CONVERTIBLE)):
        raise refuse_file(directory / name, config)
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
