"""A checkpoint directory: config.json, model.safetensors, tokenizers."""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..i18n import _
from ..models.layout import Layout
from ..tensor import Parameter
from ..tokenizers import Tokenizer
from .safetensors import SafetensorsFile


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InputError: the file is missing, can't be read, or holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(_("{path}: is missing; a checkpoint directory has one").format(path=path)) from None
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise InputError(_("{path}: is no JSON ({reason})").format(path=path, reason=error)) from error
    if not isinstance(value, dict):
        raise InputError(_("{path}: expected a JSON object").format(path=path))
    return value


def read_tokenizers(directory: Path) -> tuple[Tokenizer, Tokenizer] | None:
    """The tokenizers of source and target; one for both, or none, where the directory has it so."""
    pair = [directory / f"{side}_tokenizer.json" for side in ("source", "target")]
    if all(path.exists() for path in pair):
        return Tokenizer(pair[0]), Tokenizer(pair[1])
    for path in pair:
        if path.exists():
            raise InputError(_("{path}: stands alone; the other side's tokenizer is missing").format(path=path))
    if (shared := directory / "tokenizer.json").exists():
        tokenizer = Tokenizer(shared)
        return tokenizer, tokenizer
    return None


def read_parameters(path: Path, layout: Layout, dtype: type[np.floating[Any]]) -> dict[str, Parameter]:
    """Every tensor of ``layout``, checked against the file: none missing, none left over, every shape as expected.

    Raises:
        InputError: naming the tensor, and both shapes where they differ.
    """
    file = SafetensorsFile(path)
    stored = {layout.named(name): name for name in file.entries}
    _account(path, layout, stored.keys())
    return {name: _parameter(file, stored[name], layout, name, dtype) for name in layout.slots if name in stored}


def _parameter(
    file: SafetensorsFile, stored: str, layout: Layout, name: str, dtype: type[np.floating[Any]]
) -> Parameter:
    expected, found = layout.slots[name].shape, file.entries[stored].shape
    if expected != found:
        raise InputError(
            _("{path}: tensor {name} is {found}, and config.json says {expected}").format(
                path=file.path, name=stored, found=list(found), expected=list(expected)
            )
        )
    array = file.read(stored, dtype)
    array.setflags(write=False)
    return layout.parameter(name, stored, array)


def _account(path: Path, layout: Layout, found: Set[str]) -> None:
    required = {name for name, slot in layout.slots.items() if not slot.optional}
    left_over = {name for name in found - layout.slots.keys() if layout.reason(name) is None}
    for names, message in (
        (required - found, _("{path}: tensor {name} is missing{more}")),
        (left_over, _("{path}: tensor {name} is unknown to this architecture{more}")),
    ):
        if names:
            others = len(names) - 1
            more = _(" (and {n} more)").format(n=others) if others else ""
            raise InputError(message.format(path=path, name=min(names), more=more))
