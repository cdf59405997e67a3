"""Directories whose tensors are in one file, or in several with an index that says which holds what."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import ClassVar

from ..errors import InputError
from ..i18n import _, cause
from .directory import CONFIG, Directory, refuse_quantised
from .json_file import read_json
from .stored import Stored
from .wrappers import unwrapped

LONGEST_SHOWN = 40
"""characters of a file name that is too long for the system"""

Opened = Callable[[Path], Mapping[str, Stored]]
"""Reads what tensors a file has."""


class Sharded(Directory):
    """Such a directory. A subclass knows how files of its format are read, and the names of the ``whole`` file and the
    ``index``.
    """

    whole: ClassVar[str]
    index: ClassVar[str]

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        return CONFIG in names and not {cls.whole, cls.index}.isdisjoint(names)

    @classmethod
    def listed(cls, directory: Path) -> Path:
        """The file that says which tensors there are: the only one, which comes before an index."""
        whole, index = directory / cls.whole, directory / cls.index
        return whole if whole.exists() or not index.exists() else index

    @classmethod
    def is_read(cls, path: Path) -> bool:
        """Whether a file is among those whose tensors are read of its directory; raises as that does."""
        listing = cls.listed(path.parent)
        return path.name in (_places(listing).values() if listing.name == cls.index else [cls.whole])

    @classmethod
    def is_there(cls, directory: Path) -> bool:
        """Whether a directory has tensors of the format."""
        return cls.listed(directory).exists()

    @property
    def listing(self) -> Path:
        return self.listed(self.directory)

    @cached_property
    def tensors(self) -> Mapping[str, Stored]:
        """Every tensor by name.

        Raises:
            InputError: a file is missing or broken, the index and the files disagree, or a tensor is quantised.
        """
        listing = self.listing
        tensors = _sharded(listing, self.entries) if listing.name == self.index else self.entries(listing)
        refuse_quantised(tensors.values())
        return unwrapped(tensors, self.decisions)

    @abstractmethod
    def entries(self, file: Path) -> Mapping[str, Stored]:
        """The tensors of one file, by name."""


def _sharded(index: Path, entries: Opened) -> Mapping[str, Stored]:
    places = _places(index)
    tensors: dict[str, Stored] = {}
    for shard in sorted(set(places.values())):
        _gather(tensors, entries(index.parent / shard))
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
