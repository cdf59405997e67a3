"""What an expression came to, as it is shown: numbers in a line, tensors in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.debugger.displays import Format
from tracer.debugger.expressions import Places, Several, Value, as_tensor, plain
from tracer.debugger.history import Gone
from tracer.document import BOLD, DIM
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.namedtuple import NamedTuple
from tracer.stack import stacked
from tracer.tensor import Tensor

from .result import Result, Results, View, answer

PLAIN = Format()


class Computed(NamedTuple):
    """What an expression came to, under its text."""

    text: str
    value: Any
    form: Format = PLAIN
    label: str = ""
    remark: str = ""

    def results(self) -> Results:
        yield value_result(self.text, self.value, self.form, label=self.label, remark=self.remark)


FEW = 16
"""So many whole numbers at most are written in one line."""


def value_result(text: str, value: Any, form: Format = PLAIN, *, label: str = "", remark: str = "") -> Result:
    """The value of an expression, under its text, with a remark; of a tensor all, or what fits.

    Where it is places, the tokens that stand there are named.
    """
    title, tail = f"{label}{text}", f"   ({remark})" if remark else ""
    pieces = _pieces(value)

    def view() -> View:
        if isinstance(value, Several):
            return _several(value, title, label, tail, form)
        if isinstance(value, Tensor) and value.dims and not _is_few(value):
            return tensor_in_format(value, title + tail, form, pieces)
        return f"{title} = {_number(value, form)}{_quoted(pieces)}{tail}"

    named = {} if pieces is None else {"tokens": pieces}
    return answer("print", lambda: {"expression": text, "value": jsonable(value), **axes_of(value), **named}, view)


def _pieces(value: Any) -> Any:
    """The tokens at the places that are counted, nested as these are."""
    labels = value.along.labels if isinstance(value, Places) else None
    return None if labels is None else _looked_up(labels, value.array.tolist())


def _looked_up(labels: Sequence[str], places: Any) -> Any:
    return [_looked_up(labels, place) for place in places] if isinstance(places, list) else labels[places]


def _several(several: Several, title: str, label: str, tail: str, form: Format) -> View:
    """Values that don't make one: numbers a line each in one table or, where they don't fit in one, in a table each."""
    parts = list(map(as_tensor, several.values))
    if all(not part.dims for part in parts):
        pairs = zip(several.addresses, several.values, strict=True)
        return label + "\n".join(f"{address}  {_number(part, form)}" for address, part in pairs) + tail
    whole = stacked(parts, several.addresses)
    return _tables(several, title + tail, form) if whole is None else tensor_in_format(whole, title + tail, form)


def whole_of(value: Any) -> Tensor | None:
    """A value as one tensor, several along a new axis; None where they don't fit."""
    if isinstance(value, Several):
        return stacked(list(map(as_tensor, value.values)), value.addresses)
    return as_tensor(value)


def _is_few(tensor: Tensor) -> bool:
    """Whether it is a row of whole numbers that is read better in a line, as a shape is."""
    is_row = len(tensor.dims) == 1 and tensor.dims[0].numbers is None
    return is_row and tensor.array.dtype.kind in "iu" and tensor.array.size <= FEW


def _quoted(pieces: Any) -> str:
    """Tokens after the places they stand at."""
    if pieces is None:
        return ""

    return "   " + " ".join(map(views.tokens.quoted, pieces if isinstance(pieces, list) else [pieces]))


def _tables(several: Several, title: str, form: Format) -> View:
    """Tensors that don't fit in one table, a table each."""
    tensors = zip(several.addresses, map(as_tensor, several.values), strict=True)
    parts = (tensor_in_format(part, name, form) for name, part in tensors)
    return views.below.below(views.below.sentence(title, BOLD), *parts)


def tensor_in_format(
    tensor: Tensor, title: str, form: Format, pieces: Any = None, *, probabilities: bool = False
) -> View:
    """A tensor as a format has it; below it, which token stands at each of the places that it counts."""

    whole, _short, decimals, _scientific, highlight = form
    seen = views.tensors.tensor_view(
        tensor, title=title, decimals=decimals, full=whole, highlight=highlight, probabilities=probabilities
    )
    view = in_format(seen, form)
    if pieces is None:
        return view
    places = dict(sorted(zip(tensor.array.flat, np.asarray(pieces, object).flat, strict=True)))
    told = "   ".join(f"{place} {views.tokens.quoted(piece)}" for place, piece in places.items())
    return views.below.below(view, views.below.sentence(told, DIM))


def in_format(view: View, form: Format) -> View:
    """A view with its numbers as a format has them."""

    return views.below.scientific(view) if form.scientific else view


def written(value: Value) -> str:
    """A value in a sentence."""
    match value:
        case Several():
            return ngettext("{n} value", "{n} values", len(value.values)).format(n=len(value.values))
        case Tensor():
            return _("a tensor {axes}").format(axes=value.header)
        case _:
            return _number(value, PLAIN)


def _number(value: Any, form: Format) -> str:
    number = plain(value)
    if isinstance(number, float):
        return format(number, _notation(form))
    return jsonl.dumps({"": jsonable(number)})[len('{"": ') : -1]


def _notation(form: Format) -> str:
    letter = "e" if form.scientific else "f"
    if form.decimals is None:
        return ".3e" if form.scientific else ".6g"
    return f".{form.decimals}{letter}"


def jsonable(value: Any) -> Any:
    """A value as JSON has it; the tensors of a glob by address."""
    match value:
        case Several():
            return dict(zip(value.addresses, map(jsonable, value.values), strict=True))
        case Tensor():
            return jsonl.values(value.array)
        case Gone():
            return None
        case _:
            return plain(value)


def axes_of(value: Any) -> dict[str, Any]:
    """The axes of a tensor and what stands along them, as JSON has them; nothing of other values."""
    if not isinstance(value, Tensor) or not value.dims:
        return {}
    numbered = {axis.name: list(map(str, axis.numbers)) for axis in value.dims if axis.numbers and axis.numbers[0]}
    return {"axes": value.axes, "labels": {**numbered, **value.labels}}


def history_facts(debugger: Debugger) -> Results:
    """The values printed so far, a line each."""
    kept = list(enumerate(debugger.history, 1))
    facts = [{"number": n, "expression": text, "value": jsonable(value), **axes_of(value)} for n, (text, value) in kept]

    def view() -> View:

        lines = [_line(f"${n} = {text}", value) for n, (text, value) in kept]
        return views.below.below(*lines) if lines else _("nothing was printed yet; print keeps each value as $1, $2, …")

    yield answer("info", lambda: {"values": facts}, view)


def _line(title: str, value: Any) -> View:
    """A line about a value."""

    if isinstance(value, Gone):
        return views.below.sentence(_("{title}, not kept any more").format(title=title))
    tensor = whole_of(value)
    if tensor is None:
        return views.below.sentence(f"{title} = {written(value)}")
    if tensor.dims and not _is_few(tensor):
        return views.tensors.header_view(tensor, title=title)
    return views.below.sentence(f"{title} = {_number(value, PLAIN)}")
