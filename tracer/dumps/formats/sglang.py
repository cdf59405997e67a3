"""Dumps of SGLang: a directory of torch's files, one a tensor, or, of an older option, one a pass.

A tensor's file is named by what is known of it (``step=0___rank=0___dump_index=1___name=NAME___layer_id=0.pt``), and
holds it as ``value``. Where modules are dumped as they are, NAME says which; else it is one that somebody gave, for
something in the layer that the file says. A pass's file (``TP0_PP0_Rank0_pid1/Pass00000.pt``) has what modules gave by
their names; but what came after the last layer is in the file of the next pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from ...checkpoints.torch_zip import TorchZip
from ...errors import InputError
from ...i18n import N_, Message, _
from ...listed import listed
from ...outward import visible
from ...tensor import Array
from ..dump import Dump, Entry
from ..evidence import Values
from ..files import files, has_any
from ..leaves import Leaf, leaves

VALUE = "value"
OPEN = 8
"""files that stay open: what was read last is likely to be read from again"""

MODULE = "non_intrusive__"
LAYER_OUTPUTS = ("layer_out__hidden_states", "layer_end__hidden_states")
INPUTS = {"positions": "position_ids"}
"""What SGLang calls an input in another way than transformers."""

NO_ACTIVATIONS = ("grad__", "param__")
AGAIN = "recomputed"
COUNTED = ("rank", "step", "dump_index", "recompute_status")
TOP = "model"
BATCH = f"{TOP}.forward_batch_info."

_TENSOR = re.compile(r"(.+___)?step=\d{1,9}___(.+___)?name=.+\.pt")
_PASS = re.compile(r"Pass(\d{1,9})\.pt")
_RANK = re.compile(r"TP\d+_PP\d+_Rank(\d{1,9})_pid\d+")


class Place(NamedTuple):
    """Where a file comes: its rank, its step, its number among all; and what its name says of its tensor."""

    rank: int
    step: int
    number: int
    path: Path
    stated: Mapping[str, str]

    @property
    def is_activation(self) -> bool:
        """Whether its tensor was computed in a pass forward, and for the first time."""
        again = self.stated.get("recompute_status") == AGAIN
        return not again and not self.stated.get("name", "").startswith(NO_ACTIVATIONS)


class Sglang(Dump):
    """Of several ranks the first is read, and of its tensors the activations."""

    summary: ClassVar[Message] = N_("a directory of SGLang's dumper")

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return any(map(_is_one, names)) or (bool(names) and has_any(path, _is_one, 1))

    @cached_property
    def entries(self) -> Sequence[Entry]:
        places = self._of_one_run(sorted(filter(None, map(_place, files(self.path)))))
        if aside := [place.path.stem for place in places if not place.is_activation]:
            told = N_("left aside, since they were not computed in a pass forward: {names}")
            self.notes.append(told.format(names=listed(aside)))
        return [entry for place in places if place.is_activation for entry in self._entries(place)]

    def _of_one_run(self, found: Sequence[Place]) -> Sequence[Place]:
        """The files of the first rank, which are all in one directory."""
        if not found:
            raise InputError(_("{path}: holds no file that SGLang's dumper writes").format(path=self.path))
        ranks = sorted({place.rank for place in found})
        places = [place for place in found if place.rank == ranks[0]]
        runs = sorted({place.path.parent for place in places})
        if len(runs) > 1:
            told = _("{path}: holds the dumps of several runs; give one of {names}")
            names = listed([visible(run.name) for run in runs])
            raise InputError(told.format(path=self.path, names=names))
        if others := list(map(str, ranks[1:])):
            told = N_("read of rank {rank} alone; left aside: rank {others}")
            self.notes.append(told.format(rank=ranks[0], others=listed(others)))
        return places

    def _entries(self, place: Place) -> Iterator[Entry]:
        for leaf in self._leaves(place.path).values():
            shape = leaf.tensor.shape
            evidence = Values(shape, leaf.tensor.dtype, read=partial(self._read, place.path, leaf.name, shape))
            if not place.stated:
                yield Entry(f"{leaf.name}#{place.step}", evidence, _of_module(place, leaf))
            elif leaf.keys[0] == VALUE:
                name, means = (_joined(base, leaf) for base in (_name(place), _meaning(place)))
                yield Entry(f"{name}#{place.step}", evidence, f"{means}#{place.step}")

    def _read(self, path: Path, name: str, shape: tuple[int, ...]) -> Array:
        found = self._leaves(path).get(name)
        if found is None or found.tensor.shape != shape:
            raise InputError(_("{path}: has changed since it was opened").format(path=path))
        return found.tensor.read()

    @cached_property
    def _leaves(self) -> Callable[[Path], Mapping[str, Leaf]]:
        return lru_cache(OPEN)(_opened)


def _opened(path: Path) -> Mapping[str, Leaf]:
    return leaves(TorchZip(path), path.stem)


def _is_one(name: str) -> bool:
    return bool(_TENSOR.fullmatch(name) or _PASS.fullmatch(name))


def _place(path: Path) -> Place | None:
    """Where a file comes, if it is one of a dump."""
    if found := _PASS.fullmatch(path.name):
        ranked = _RANK.fullmatch(path.parent.name)
        return Place(int(ranked[1]) if ranked else 0, int(found[1]), 0, path, {})
    stated = _stated(path.stem)
    numbers = [stated.get(key, "0") for key in ("rank", "step", "dump_index")]
    if not _TENSOR.fullmatch(path.name) or not all(map(_is_number, numbers)):
        return None
    rank, step, number = map(int, numbers)
    return Place(rank, step, number, path, stated)


def _stated(stem: str) -> dict[str, str]:
    """What the name of a tensor's file says."""
    found: dict[str, str] = {}
    last = ""
    for part in visible(stem).split("___"):
        key, is_new, value = part.partition("=")
        last = key if is_new else last
        found[last] = value if is_new else f"{found.get(last, '')}___{part}"
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _name(place: Place) -> str:
    """The name that was given, with what else was said."""
    rest = [f"{key}={value}" for key, value in place.stated.items() if key not in ("name", *COUNTED)]
    return "___".join([place.stated["name"], *rest])


def _meaning(place: Place) -> str:
    """What the name of a tensor's file means, without its step."""
    name, layer = place.stated["name"], place.stated.get("layer_id")
    if name.startswith(MODULE):
        return name.removeprefix(MODULE)
    if layer is None:
        return INPUTS.get(name, name)
    return f"layers.{layer}.{'output' if name in LAYER_OUTPUTS else name}"


def _of_module(place: Place, leaf: Leaf) -> str:
    """What the name in a pass's file means: a module's output, of this pass or the one before, or an input."""
    module, *parts = map(str, leaf.keys)
    if module.startswith(BATCH):
        name = module.removeprefix(BATCH)
        return f"{INPUTS.get(name, name)}#{place.step}"
    step = place.step - (not module.startswith(f"{TOP}."))
    return f"{'.'.join([module, 'output', *parts] if parts else [module])}#{max(0, step)}"


def _joined(name: str, leaf: Leaf) -> str:
    """A name with the keys of what is within a value, if it is no tensor itself."""
    return ".".join([name, *map(str, leaf.keys[1:])])
