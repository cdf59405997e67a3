"""What was shown, as a file: the end of its name says in which format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from tracer.errors import InputError
from tracer.export import jsonl, npz, safetensors, table
from tracer.i18n import _
from tracer.outward import as_word
from tracer.tensor import Array, Axis, Tensor

from ..results.exported import Called
from ..results.result import Result
from .files import whole_file
from .formats import by_suffix, presenter_of
from .present import Presenter, Titled

if TYPE_CHECKING:
    from io import TextIOWrapper

Shown = Sequence[Result]
Writer = Callable[[IO[str], Shown, Presenter], None]


def export(path: Path, shown: Shown, presenter: Presenter, title: Titled) -> None:
    """Write what was shown to a file, whole or not at all; ``title`` tells what it is about.

    Raises:
        InputError: the suffix is not known, there is nothing to write, or nothing that the format can hold.
    """
    suffix = _suffix(path)
    if not shown:
        word = as_word(str(path)) or f"NAME{path.suffix}"
        raise InputError(_("nothing was shown yet; name a value: export {path} E").format(path=word))
    if suffix in TENSORS:
        export_tensors(path, list(map(_called, _tensors(shown))))
        return
    with whole_file(path) as stream:
        _writers()[suffix](stream, shown, presenter.onto(stream, title))


def export_tensors(path: Path, tensors: Sequence[Called]) -> None:
    """Write tensors by name to a file whose format holds several; raises as `export` does."""
    if not tensors:
        raise InputError(_("{path}: nothing that was shown is a tensor; name one").format(path=path))
    SEVERAL[_suffix(path)](path, tensors)


def is_known(path: Path) -> bool:
    """Whether a name ends as that of a file in some format does."""
    return path.suffix.lower() in {*_writers(), *TENSORS}


def _suffix(path: Path) -> str:
    if not is_known(path):
        problem = _("{path}: this format is not known; the name may end in {known}")
        raise InputError(problem.format(path=path, known=", ".join([*_writers(), *TENSORS])))
    return path.suffix.lower()


def _cells(path: Path, tensors: Sequence[Called]) -> None:
    with whole_file(path) as stream:
        table.write_cells(stream, tensors)


TENSORS: Mapping[str, Callable[[Path, Sequence[Called]], None]] = {
    ".npz": npz.write,
    ".safetensors": safetensors.write,
}
"""How to write tensors by name, by the suffix of the file."""
SEVERAL = {**TENSORS, ".csv": _cells}
"""The same of several, where the format has one way for one of them and another for more."""


def _presented(name: str, stream: IO[str], shown: Shown, presenter: Presenter) -> None:
    """As batch output of a format has it."""
    with presenter_of(name)(stream, presenter.look, presenter.title) as writer:
        for result in shown:
            writer.show(result)


def _json(stream: IO[str], shown: Shown, _presenter: Presenter) -> None:
    """One object, or a list of several."""
    things = _objects(shown)
    stream.writelines(jsonl.pieces(things[0]) if len(things) == 1 else jsonl.listed(things))
    stream.write("\n")


def _csv(stream: IO[str], shown: Shown, _presenter: Presenter) -> None:
    table.write(stream, _matrix(shown))


def _npy(stream: IO[str], shown: Shown, _presenter: Presenter) -> None:
    stream.flush()
    np.save(cast("TextIOWrapper", stream).buffer, _array(_sole(shown)))


def _writers() -> dict[str, Writer]:
    """How to write what was shown, by the suffix of the file."""
    written = {suffix: partial(_presented, name) for suffix, name in by_suffix().items()}
    return {**written, ".json": _json, ".csv": _csv, ".npy": _npy}


def _objects(shown: Shown) -> list[jsonl.Object]:
    return [thing for result in shown for thing in result.objects()]


def _tensors(shown: Shown) -> list[jsonl.Object]:
    return [thing for thing in _objects(shown) if thing["kind"] == "tensor"]


def _called(thing: jsonl.Object) -> Called:
    """A tensor as it was shown."""
    dims = tuple(Axis(name, thing["labels"].get(name)) for name in thing["axes"])
    return Called(thing["address"], Tensor(_array(thing), dims))


def _sole(shown: Shown) -> jsonl.Object:
    """The one tensor or value among what was shown."""
    found = [thing for thing in _objects(shown) if thing["kind"] == "tensor" or _value(thing) is not None]
    if len(found) != 1:
        raise InputError(_("this format holds one tensor, and what was shown has {n}; name one").format(n=len(found)))
    return found[0]


def _value(thing: jsonl.Object) -> Any:
    """What an expression came to, if it is numbers."""
    data = thing.get("data")
    value = data.get("value") if isinstance(data, dict) else None
    return value if isinstance(value, list | jsonl.Large | int | float) else None


def _array(thing: jsonl.Object) -> Array:
    """The numbers of an object; infinities and nan are text there."""
    return np.asarray(thing["values"] if thing["kind"] == "tensor" else _value(thing)).astype(np.float64)


def _matrix(shown: Shown) -> Tensor:
    thing = _sole(shown)
    array = _array(thing)
    if not 1 <= array.ndim <= 2:
        raise InputError(
            _("a .csv file holds one matrix, and this has {n} axes; cut it with selectors, e.g. [h0]").format(
                n=array.ndim
            )
        )
    told = thing if thing["kind"] == "tensor" else thing["data"]
    return Tensor(array, tuple(Axis(name, told["labels"].get(name)) for name in told["axes"]))
