"""Adapters that peft saves, merged into the model they are for: low-rank products, and tensors in place of others.

Reference implementation: peft, `LoraModel.merge_and_unload`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..decisions import PARAMETERS, Decisions
from ..errors import InputError
from ..i18n import N_, _
from ..models.stated import Stated
from ..outward import visible
from .adapter_config import scales
from .contents import Contents
from .json_file import read_json
from .merged import Factors, Merged
from .safetensors import SafetensorsFile
from .stored import Stored

CONFIG = "adapter_config.json"
SAFETENSORS, PICKLED = "adapter_model.safetensors", "adapter_model.bin"
PREFIX = "base_model.model."
"""What peft puts before every name."""
WITHIN = re.compile(r"\.(base_layer|modules_to_save|default)(?=\.)")
"""What it puts into names."""
FACTOR = re.compile(r"(?P<module>.+)\.lora_(?P<kind>|embedding_)(?P<part>[AB])(\.default)?(\.weight)?")
LONGEST_SHOWN = 80
"""characters of the name of a model"""


class Pair(NamedTuple):
    """The factors of a product; those of an embedding are the other way round than of a linear map."""

    b: Stored
    a: Stored
    is_embedding: bool

    @property
    def rank(self) -> int:
        """How many products are added up; 0 where that is no matrix."""
        return self.a.shape[0] if self.a.shape else 0


class Adapter:
    """A directory that peft saved, which a file in it may stand for.

    Raises:
        InputError: it is none, of another kind than LoRA, or asks for what is not done.
    """

    def __init__(self, path: Path, decisions: Decisions) -> None:
        if not path.exists():
            raise InputError(_("there is no adapter at {path}: nothing stands there").format(path=path))
        self.path = path.parent if path.is_file() else path
        self._decisions = decisions
        values = _values(self.path)
        self._scales = scales(Stated(values, str(self.path / CONFIG), decisions=decisions))
        self._base = base_of(values)

    def merged(self, contents: Contents) -> Contents:
        """The parameters of a model with the adapter in them.

        Raises:
            InputError: a tensor is for none of the parameters, of another shape or type, or can't be read.
        """
        tensors = {WITHIN.sub("", name.removeprefix(PREFIX)): stored for name, stored in self._tensors.items()}
        others = {name: stored for name, stored in tensors.items() if not FACTOR.fullmatch(name)}
        pairs = dict(self._pairs(tensors))
        into = _Merging(self, contents)
        for name, stored in others.items():
            into.put(name, stored)
        for module, pair in pairs.items():
            into.add(module, pair)
        self._tell(len(pairs), len(others))
        return replace(contents, tensors=into.tensors)

    @property
    def _tensors(self) -> Mapping[str, Stored]:
        """Every tensor by the name that its file has for it."""
        if (self.path / SAFETENSORS).exists() or not (self.path / PICKLED).exists():
            return SafetensorsFile(self.path / SAFETENSORS).entries
        from .state_dict import state_dict

        return state_dict(self.path / PICKLED, self._decisions)

    def _pairs(self, tensors: Mapping[str, Stored]) -> Iterator[tuple[str, Pair]]:
        """The products by the modules that they are for."""
        found: dict[tuple[str, str], dict[str, Stored]] = {}
        for name, stored in tensors.items():
            if part := FACTOR.fullmatch(name):
                found.setdefault((part["module"], part["kind"]), {})[part["part"]] = stored
        for (module, kind), parts in found.items():
            if parts.keys() != {"A", "B"}:
                raise self.error(next(iter(parts.values())), _("is one of two factors, and the other is missing"))
            yield module, Pair(parts["B"], parts["A"], bool(kind))

    def scale(self, module: str, pair: Pair) -> float:
        """What a product is multiplied by."""
        rank = pair.rank
        if rank not in self._scales.ranks:
            told = _("is of rank {rank}; expected {expected}, as {file} says")
            expected = " / ".join(map(str, sorted(self._scales.ranks)[:3]))
            raise self.error(pair.a, told.format(rank=rank, expected=expected, file=CONFIG))
        return self._scales.of(module, rank)

    def misfit(self, stored: Stored, what: str) -> InputError:
        """That a tensor is not for this model."""
        said = _("{what}; is the adapter for another model?") if not self._base else ""
        said = said or _("{what}; is the adapter for another model? It says {base}")
        return self.error(stored, said.format(what=what, base=self._base))

    def error(self, stored: Stored, what: str) -> InputError:
        """What is wrong with a tensor."""
        return stored.file.error(_("tensor {name} {what}").format(name=stored.name, what=what))

    def _tell(self, products: int, others: int) -> None:
        told = N_(
            "the adapter {adapter} (made for {base}) is merged: {n} matrices are W + s·BA, summed in float64 and "
            "rounded once, and {m} tensors are its own"
        )
        adapter, base = self.path.resolve().name, self._base or "?"
        self._decisions.take(PARAMETERS, told.format(adapter=adapter, base=base, n=products, m=others))


class _Merging:
    """The ``tensors`` of a model as an adapter changes them, one after the other."""

    def __init__(self, adapter: Adapter, contents: Contents) -> None:
        self.tensors = dict(contents.tensors)
        self._adapter, self._layout = adapter, contents.layout

    def put(self, name: str, stored: Stored) -> None:
        """A tensor in place of the model's; what was tied to that stays as it was."""
        full = self._layout.named(name)
        there = self.tensors[self._home(full, stored)]
        self._check(stored, self._layout.slots[full].shape)
        self.tensors[full] = stored
        for shared in self._layout.shares:
            if full in shared.names and shared.first(self.tensors) == full:
                kept = {other: there.called(other) for other in shared.names if other not in self.tensors}
                self.tensors.update(kept)

    def add(self, module: str, pair: Pair) -> None:
        """A product added to the matrix of a module, and to whatever is tied to it."""
        home = self._home(self._layout.named(f"{module}.weight"), pair.b)
        there, scale = self.tensors[home], self._adapter.scale(module, pair)
        turned = pair.is_embedding or self._layout.slots[home].transposed
        if len(there.shape) != 2:
            raise self._adapter.misfit(pair.b, _("is for {name}, which is no matrix").format(name=there.name))
        out, into = there.shape[::-1] if turned else there.shape
        self._check(pair.a, (pair.rank, into))
        self._check(pair.b, (out, pair.rank))
        self.tensors[home] = Merged.of(there, Factors(pair.b, pair.a, scale, turned))

    def _home(self, full: str, stored: Stored) -> str:
        """The name of the tensor that holds a parameter, its own or one to which it is tied."""
        if full in self.tensors:
            return full
        found = next((shared for shared in self._layout.shares if full in shared.names), None)
        if found is None:
            raise self._adapter.misfit(stored, _("is for a parameter that this model does not have"))
        return found.first(self.tensors)

    def _check(self, stored: Stored, expected: tuple[int, ...]) -> None:
        if stored.shape != expected:
            told = _("is {found}, and this model takes {expected}")
            raise self._adapter.misfit(stored, told.format(found=list(stored.shape), expected=list(expected)))
        if not stored.is_float:
            raise self._adapter.error(
                stored, _("is of type {dtype}; expected floating numbers").format(dtype=stored.dtype)
            )


def _values(directory: Path) -> Mapping[str, Any]:
    """What `adapter_config.json` states."""
    if not (directory / CONFIG).exists():
        told = _("{path}: is no adapter; expected a directory with {file}, as peft saves it")
        raise InputError(told.format(path=directory, file=CONFIG))
    return read_json(directory / CONFIG)


def base_of(stated: Mapping[str, Any]) -> str:
    """The model that an adapter says it is for; nothing where it does not say."""
    base = stated.get("base_model_name_or_path")
    return visible(base[:LONGEST_SHOWN]) if isinstance(base, str) else ""
