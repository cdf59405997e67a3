"""The safetensors files of a directory: one, or several with an index that says which holds what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

from ...errors import InputError
from ...i18n import _, cause
from ..directory import CONFIG, Directory, refuse_quantised
from ..json_file import read_json
from ..safetensors import SafetensorsFile
from ..stored import Stored

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
LONGEST_SHOWN = 40
"""characters of a file name that is too long for the system"""


class SafetensorsDirectory(Directory):
    """Such a directory; a file in it that is read stands for it."""

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        if path.suffix == ".safetensors" and not path.is_dir():
            return _is_read(path)
        return CONFIG in names and not {WHOLE, INDEX}.isdisjoint(names)

    @cached_property
    def tensors(self) -> Mapping[str, Stored]:
        """Every tensor by name.

        Raises:
            InputError: a file is missing or broken, the index and the files disagree, or a tensor is quantised.
        """
        listing = self.listing
        tensors = _sharded(listing) if listing.name == INDEX else SafetensorsFile(listing).entries
        refuse_quantised(tensors.values())
        return tensors

    @property
    def listing(self) -> Path:
        return _listing(self.path)


def _listing(directory: Path) -> Path:
    """The file that says which tensors there are: the only one, which comes before an index."""
    whole, index = directory / WHOLE, directory / INDEX
    return whole if whole.exists() or not index.exists() else index


def _is_read(path: Path) -> bool:
    """Whether a file is among those whose tensors are read of its directory; raises as that does."""
    listing = _listing(path.parent)
    return path.name in (_places(listing).values() if listing.name == INDEX else [WHOLE])


def _sharded(index: Path) -> Mapping[str, Stored]:
    places = _places(index)
    tensors: dict[str, Stored] = {}
    for shard in sorted(set(places.values())):
        _gather(tensors, SafetensorsFile(index.parent / shard).entries)
    _check_listed(index, places, tensors)
    return tensors


def _places(index: Path) -> Mapping[str, str]:
    """Which file holds which tensor."""
    stated = read_json(index).get("weight_map")
    if not isinstance(stated, dict) or not stated or not all(isinstance(shard, str) for shard in stated.values()):
        raise InputError(_("{path}: expected a weight_map, from tensors to files").format(path=index))
    for shard in set(stated.values()):
        _check_shard(index, shard)
    return stated


def _check_shard(index: Path, name: str) -> None:
    if not name.strip(".") or PurePosixPath(name).name != name or PureWindowsPath(name).name != name:
        raise InputError(
            _("{path}: names {file!r}; expected the name of a file in the same directory").format(path=index, file=name)
        )
    try:
        there = (index.parent / name).exists()
    except OSError as error:
        raise InputError(
            _("{path}: names {file}, which can't be read ({reason})").format(
                path=index, file=f"{name[:LONGEST_SHOWN]}…", reason=cause(error)
            )
        ) from None
    if not there:
        raise InputError(_("{path}: names {file}, which is missing").format(path=index, file=name))


def _gather(tensors: dict[str, Stored], shard: Mapping[str, Stored]) -> None:
    for name in tensors.keys() & shard.keys():
        raise shard[name].file.error(
            _("tensor {name} is in {other} too").format(name=name, other=tensors[name].file.path.name)
        )
    tensors.update(shard)


def _check_listed(index: Path, places: Mapping[str, str], tensors: Mapping[str, Stored]) -> None:
    for name, shard in places.items():
        if name not in tensors or tensors[name].file.path.name != shard:
            raise InputError(
                _("{path}: says that {file} holds tensor {name}, and it does not").format(
                    path=index, file=shard, name=name
                )
            )
