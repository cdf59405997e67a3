"""What JSON states of tensors, looked at before it is believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from ..checkpoints.json_file import read_json
from ..checkpoints.torch_tensor import NUMBERS
from ..errors import InputError
from ..i18n import N_, _, cause
from ..outward import visible
from .tally import Tally

LARGEST = 1 << 26
"""bytes of a JSON file; it needs up to some thirty times as much memory"""

DEEPEST = 64
"""in each other; no module lies deeper, nor does a tensor have more axes"""

BARE = N_("left aside as they have neither numbers nor statistics: {n}")
MISSING = N_("files of tensors that are missing, in place of which statistics are taken: {n}")

SHORT = {
    "f64": "F64",
    "f32": "F32",
    "f16": "F16",
    "bf16": "BF16",
    "i64": "I64",
    "i32": "I32",
    "i16": "I16",
    "i8": "I8",
    "u8": "U8",
    "b8": "BOOL",
}
"""What safetensors calls types that go by short names, in llama.cpp and in torch's DebugMode."""

Trail = tuple[str, ...]
"""Names and numbers that lead from a thing to one inside of it."""


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object of a dump.

    Raises:
        InputError: the file is missing, too large, can't be read, or holds something else.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = cause(error)
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=reason)) from error
    if size > LARGEST:
        told = _("{path}: has {size} bytes, and no more than {most} are read of JSON; dump fewer modules")
        raise InputError(told.format(path=path, size=size, most=LARGEST))
    return read_json(path)


def dtype_of(stated: Any) -> str:
    """A type of torch as safetensors calls it; empty where that has none."""
    return NUMBERS.get(stated, "") if isinstance(stated, str) else ""


def shape_of(stated: Any) -> tuple[int, ...] | None:
    """The lengths of axes, where a list of them was stated."""
    if not isinstance(stated, list) or len(stated) > DEEPEST:
        return None
    sound = all(type(length) is int and 0 <= length < 1 << 63 for length in stated)
    return tuple(stated) if sound else None


def shape_in(text: Any) -> tuple[int, ...] | None:
    """The lengths of axes, as torch prints them: ``torch.Size([1, 4])``."""
    found = re.fullmatch(r"torch\.Size\(\[([\d, ]{0,2000})\]\)", text) if isinstance(text, str) else None
    return None if found is None else lengths(found[1])


def lengths(text: str) -> tuple[int, ...] | None:
    """Whole numbers with commas between them, as the lengths of axes."""
    found = [int(length) for length in text.split(",") if length.strip().isdecimal()]
    written = sum(bool(length.strip()) for length in text.split(","))
    return shape_of(found) if len(found) == written else None


def figure(stated: Any) -> float | None:
    """A number, or text that is one; none where it is neither."""
    if not isinstance(stated, int | float | str):
        return None
    try:
        return float(stated)
    except (OverflowError, ValueError):
        return None


def sound_figures(figures: Mapping[str, float | None]) -> Mapping[str, float]:
    """Those that are there, save sums that went beyond what the type holds though no number did."""
    found = {name: value for name, value in figures.items() if value is not None}
    bounded = all(isfinite(found.get(name, 0.0)) for name in ("min", "max"))
    return {name: value for name, value in found.items() if isfinite(value) or not bounded}


def is_tensor(thing: Mapping[str, Any]) -> bool:
    """Whether an object states a tensor."""
    return "shape" in thing and "dtype" in thing


def stored(path: Path, name: str, stated: Any, folder: Path, tally: Tally) -> Path | None:
    """The file of a tensor in a folder, by its name there; nothing where it's missing, which is counted.

    Raises:
        InputError: what is stated is no such name.
    """
    if not _is_plain(stated):
        told = _("{path}: {name} refers to the file {file}; expected the name of one in {folder}")
        said = visible(str(stated)[:80]) if isinstance(stated, str) else type(stated).__name__
        raise InputError(told.format(path=path, name=name, file=said, folder=folder.absolute().name))
    file = folder / stated
    is_there = file.is_file()
    tally[MISSING] += not is_there
    return file if is_there else None


def check_shape(path: Path, shape: tuple[int, ...], stated: tuple[int, ...], by: str) -> None:
    """Insist that a file has a tensor of the shape that another states of it, whose name is ``by``."""
    if shape != stated:
        told = _("{path}: has the shape {shape}; {file} says {stated}")
        raise InputError(told.format(path=path, shape=list(shape), file=by, stated=list(stated)))


def _is_plain(name: Any) -> bool:
    """Whether a name is that of a file in the same directory, and leads nowhere else."""
    return isinstance(name, str) and 0 < len(name) < 256 and name not in (".", "..") and not set(name) & set("/\\\0")


def leaves(
    thing: Any, is_leaf: Callable[[Mapping[str, Any]], bool], trail: Trail = ()
) -> Iterator[tuple[Trail, Mapping[str, Any]]]:
    """The objects inside lists and objects that are leaves, with what leads there.

    Raises:
        ValueError: there is too much in each other.
    """
    if len(trail) > DEEPEST:
        raise ValueError("nested too deep")
    match thing:
        case dict() if is_leaf(thing):
            yield trail, thing
        case dict():
            for name, inner in thing.items():
                yield from leaves(inner, is_leaf, (*trail, name))
        case list():
            for place, inner in enumerate(thing):
                yield from leaves(inner, is_leaf, (*trail, str(place)))


def output_part(trail: Trail) -> str:
    """What to call a part of what a module gives: a tuple begins with its output, and so do the named ones."""
    match trail:
        case () | ("0",) | ("last_hidden_state" | "logits",) | ("0", "last_hidden_state" | "logits"):
            return "output"
        case ("0", name, *rest) if not name.isdecimal():
            return ".".join(("output", name, *rest))
        case _:
            return ".".join(("output", *trail))


def not_as_written(path: Path, name: str, program: str) -> InputError:
    """What to say where an entry of a file is broken."""
    told = _("{path}: {name} is not as {program} writes it; is the file damaged?")
    return InputError(told.format(path=path, name=name, program=program))
