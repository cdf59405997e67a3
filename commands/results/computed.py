"""What an expression came to, as it is shown: numbers in a line, tensors in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tracer import render
from tracer.debugger.displays import Format
from tracer.debugger.expressions import Several, Value, arrays
from tracer.debugger.session import Session
from tracer.export import jsonl
from tracer.i18n import _
from tracer.stack import stacked
from tracer.tensor import Array, Axis, Tensor

from .result import Result, Results, View, answer

PLAIN = Format()


class Computed(NamedTuple):
    """What an expression came to, under its text; ``along`` is the axis whose places it counts, if it counts some."""

    text: str
    value: Any
    form: Format = PLAIN
    label: str = ""
    remark: str = ""
    along: Axis | None = None

    def results(self) -> Results:
        yield value_result(
            self.text, self.value, self.form, label=self.label, remark=self.remark, pieces=self._pieces()
        )

    def _pieces(self) -> Any:
        """The tokens at the places that are counted, nested as these are."""
        labels = self.along.labels if self.along else None
        if labels is None or isinstance(self.value, Several):
            return None
        return _looked_up(labels, np.asarray(self.value).tolist())


def _looked_up(labels: Sequence[str], places: Any) -> Any:
    return [_looked_up(labels, place) for place in places] if isinstance(places, list) else labels[places]


FEW = 16
"""So many whole numbers at most are written in one line."""


def value_result(
    text: str, value: Any, form: Format = PLAIN, *, label: str = "", remark: str = "", pieces: Any = None
) -> Result:
    """The value of an expression, under its text, with a remark; of an array all, or what fits.

    ``pieces`` are the tokens at the places that it counts.
    """
    title, tail = f"{label}{text}", f"   ({remark})" if remark else ""

    def view() -> View:
        tensor = as_tensor(value)
        if isinstance(value, Several) and all(np.ndim(part) == 0 for part in arrays(value).values):
            pairs = zip(value.addresses, arrays(value).values, strict=True)
            return label + "\n".join(f"{address}  {_number(part, form)}" for address, part in pairs) + tail
        if tensor is None:
            return _tables(value, title + tail, form)
        if not isinstance(value, str) and tensor.array.ndim and not _is_few(tensor):
            return tensor_in_format(tensor, title + tail, form, pieces)
        return f"{title} = {_number(arrays(value), form)}{_quoted(pieces)}{tail}"

    named = {} if pieces is None else {"tokens": pieces}
    return answer("print", lambda: {"expression": text, "value": plain(value), **named}, view)


def as_tensor(value: Any) -> Tensor | None:
    """A value as one tensor: an array with its axes numbered, several along a new axis; None where they don't fit."""
    match value:
        case Tensor():
            return value
        case Several():
            parts = [part for part in map(as_tensor, value.values) if part is not None]
            return stacked(parts, value.addresses)
        case _:
            return unlabelled(np.asarray(value))


def _is_few(tensor: Tensor) -> bool:
    """Whether it is a row of whole numbers that is read better in a line, as a shape is."""
    return tensor.axes == (_axis_name(0),) and tensor.array.dtype.kind in "iu" and tensor.array.size <= FEW


def _quoted(pieces: Any) -> str:
    """Tokens after the places they stand at."""
    if pieces is None:
        return ""

    return "   " + " ".join(map(render.tokens.quoted, pieces if isinstance(pieces, list) else [pieces]))


def _tables(several: Several, title: str, form: Format) -> View:
    """Tensors that don't fit in one table, a table each."""

    tensors = ((name, as_tensor(part)) for name, part in zip(several.addresses, several.values, strict=True))
    return render.composite.Below(
        [
            render.page.Sentence(title, render.page.BOLD),
            *(tensor_in_format(part, name, form) for name, part in tensors if part),
        ]
    )


def tensor_in_format(
    tensor: Tensor, title: str, form: Format, pieces: Any = None, *, probabilities: bool = False
) -> View:
    """A tensor as a format has it; below it, which token stands at each of the places that it counts."""

    whole, _short, decimals, _scientific, highlight = form
    seen = render.tensors.tensor_view(
        tensor, title=title, decimals=decimals, full=whole, highlight=highlight, probabilities=probabilities
    )
    view = in_format(seen, form)
    if pieces is None:
        return view
    places = dict(sorted(zip(tensor.array.flat, np.asarray(pieces, object).flat, strict=True)))
    return render.composite.Below(
        [
            view,
            render.page.Sentence(
                "   ".join(f"{place} {render.tokens.quoted(piece)}" for place, piece in places.items()), render.page.DIM
            ),
        ]
    )


def in_format(view: View, form: Format) -> View:
    """A view with its numbers as a format has them."""

    return render.page.Scientific(view) if form.scientific else view


def written(value: Value) -> str:
    """A value in a sentence."""
    if isinstance(value, np.ndarray):
        return _("a tensor [{shape}]").format(shape=",".join(map(str, value.shape)))
    return _number(value, PLAIN) if not isinstance(value, Several) else _("{n} values").format(n=len(value.values))


def unlabelled(array: Array) -> Tensor:
    """An array that an expression came to, its axes numbered."""
    return Tensor(array, tuple(Axis(_axis_name(n)) for n in range(array.ndim)))


def _axis_name(number: int) -> str:
    return _("axis {n}").format(n=number)


def _number(value: Any, form: Format) -> str:
    if isinstance(value, float):
        return format(value, _notation(form))
    return jsonl.dumps({"": plain(value)})[len('{"": ') : -1]


def _notation(form: Format) -> str:
    letter = "e" if form.scientific else "f"
    if form.decimals is None:
        return ".3e" if form.scientific else ".6g"
    return f".{form.decimals}{letter}"


def plain(value: Any) -> Any:
    """A value as JSON has it; the tensors of a glob by address."""
    if isinstance(value, Several):
        return dict(zip(value.addresses, map(plain, value.values), strict=True))
    array = arrays(value)
    return jsonl.values(array) if isinstance(array, np.ndarray) else array


def history_facts(session: Session) -> Results:
    """The values printed so far, a line each."""
    kept = list(enumerate(session.history, 1))
    facts = [{"number": n, "expression": text, "value": plain(value)} for n, (text, value) in kept]

    def view() -> View:

        lines = [_line(f"${n} = {text}", value) for n, (text, value) in kept]
        return (
            render.composite.Below(lines)
            if lines
            else _("nothing was printed yet; print keeps each value as $1, $2, …")
        )

    yield answer("info", lambda: {"values": facts}, view)


def _line(title: str, value: Any) -> View:
    """A line about a value."""

    tensor = as_tensor(value)
    if tensor is None:
        return render.page.Sentence(f"{title} = {written(value)}")
    if tensor.array.ndim and not _is_few(tensor):
        return render.tensors.header_view(tensor, title=title)
    return render.page.Sentence(f"{title} = {_number(arrays(value), PLAIN)}")
