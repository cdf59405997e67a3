"""Layers: which of a stack are alike."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..tape import Record

Records = list[Record]
MOST = 7
"""So many groups of layers are shown at most; of more, those that are not open are one."""


def within(records: Sequence[Record], depth: int) -> dict[str, Records]:
    """Records by the first ``depth`` segments of their addresses, in order."""
    found: dict[str, Records] = {}
    for record in records:
        found.setdefault(".".join(record.address.split(".")[:depth]), []).append(record)
    return found


def is_layer(path: str) -> bool:
    """Whether a module is one of several that go by numbers."""
    return path.rpartition(".")[2].isdigit()


def groups(layers: dict[str, Records], open_layer: str | None) -> list[list[str]]:
    """Layers that follow each other and are alike, together; the open one alone."""
    found: list[list[str]] = []
    for path in layers:
        if found and open_layer not in (path, found[-1][0]) and _shape(layers, path) == _shape(layers, found[-1][0]):
            found[-1].append(path)
        else:
            found.append([path])
    return found if len(found) <= MOST else _merged(found, open_layer)


def _merged(found: list[list[str]], open_layer: str | None) -> list[list[str]]:
    """Groups before the open one as one, and those after it."""
    place = next((n for n, group in enumerate(found) if open_layer in group), found.index(max(found, key=len)))
    parts = (found[:place], [found[place]], found[place + 1 :])
    return [[path for group in part for path in group] for part in parts if part]


def _shape(layers: dict[str, Records], path: str) -> Hashable:
    """What two layers must have in common to be alike: names, operations, shapes, and what is made from what."""
    own = f"{path}."
    return tuple(
        (
            record.address.removeprefix(own),
            record.op.name,
            record.output.shape,
            tuple(tensor.path.removeprefix(own) if tensor.path.startswith(own) else "" for tensor in record.inputs),
        )
        for record in layers[path]
    )


def named(paths: Sequence[str]) -> str:
    """``decoder.0``, or ``decoder.1–5``."""
    if len(paths) == 1:
        return paths[0]
    return f"{paths[0]}–{paths[-1].rpartition('.')[2]}"
