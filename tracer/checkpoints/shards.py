"""The safetensors files of a directory: one, or several with an index that says which holds what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ..errors import InputError
from ..i18n import _, cause
from .json_file import read_json
from .safetensors import SafetensorsFile
from .stored import Stored

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
LONGEST_SHOWN = 40
"""characters of a file name that is too long for the system"""


def read_headers(directory: Path) -> dict[str, Stored]:
    """Every tensor in the files of a directory, by name.

    Raises:
        InputError: a file is missing or broken, or the index and the files disagree.
    """
    if (directory / WHOLE).exists() or not (directory / INDEX).exists():
        return dict(SafetensorsFile(directory / WHOLE).entries)
    index = directory / INDEX
    places = _places(index, read_json(index).get("weight_map"))
    tensors: dict[str, Stored] = {}
    for shard in sorted(set(places.values())):
        _gather(tensors, SafetensorsFile(directory / shard).entries)
    _check_listed(index, places, tensors)
    return tensors


def is_read(path: Path) -> bool:
    """Whether a file is among those that `read_headers` reads of its directory; raises as that does."""
    directory, index = path.parent, path.parent / INDEX
    if (directory / WHOLE).exists() or not index.exists():
        return path.name == WHOLE
    return path.name in _places(index, read_json(index).get("weight_map")).values()


def _places(index: Path, stated: Any) -> Mapping[str, str]:
    """Which file holds which tensor."""
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
