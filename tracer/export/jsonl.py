"""One JSON object a line, each with its ``kind``. Values are never cut; what is not finite is a string."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..i18n import spoken
from ..tensor import AT_ONCE

if TYPE_CHECKING:
    from ..arithmetic import Leaf
    from ..attribution.atp import Patched
    from ..attribution.attribute import Attribution
    from ..checkpoints.stored import Made
    from ..comparing.causes import Cause
    from ..comparing.check import Check
    from ..comparing.comparison import Comparison
    from ..derive import Derivation
    from ..diffs import Diff
    from ..record_difference import RecordDifference
    from ..sweeps import Sweep
    from ..tape import Record
    from ..tensor import Array, Axis, Tensor
    from ..trace import Token

Object = dict[str, Any]

_NOT_ASCII = re.compile("[^ -~]+")
"""Where signs may be that JSON leaves as they are, and that others obey, or end a line at."""


class Large(Sequence[Any]):
    """The values of a large array as nested lists, of which a part at a time is made."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, place: Any) -> Any:
        return values(self._array[place])

    def parts(self) -> Iterator[Iterable[str]]:
        """What stands between its brackets, so many rows at a time as are not large together."""
        width = self._array[0].size
        if width > AT_ONCE:
            yield from (pieces(values(row)) for row in self._array)
        else:
            count = AT_ONCE // width
            for start in range(0, len(self), count):
                yield [_line(values(self._array[start : start + count]))[1:-1]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._array, dtype, copy=copy)


def pieces(thing: Any) -> Iterator[str]:
    """What `dumps` makes of an object, of what is large in it a part at a time."""
    if isinstance(thing, Large):
        yield from _separated("[", thing.parts(), "]")
    elif _has_large(thing):
        yield from _separated("{", (chain([f"{_line(key)}: "], pieces(thing[key])) for key in thing), "}")
    else:
        yield _line(thing)


def listed(things: Iterable[Object]) -> Iterator[str]:
    """A list of objects, in pieces."""
    return _separated("[", map(pieces, things), "]")


def _separated(begin: str, parts: Iterable[Iterable[str]], end: str) -> Iterator[str]:
    before = begin
    for part in parts:
        yield before
        yield from part
        before = ", "
    yield end if before == ", " else begin + end


def _has_large(thing: Any) -> bool:
    """Whether anything in an object is large."""
    return isinstance(thing, Large) or (isinstance(thing, Mapping) and any(map(_has_large, thing.values())))


def dumps(thing: Mapping[str, Any]) -> str:
    """An object as one line of JSON, without the line's end."""
    return "".join(pieces(thing))


def _line(thing: Any) -> str:
    """What has nothing large in it."""
    line = json.dumps(_plain(thing), ensure_ascii=False, allow_nan=False)
    return line if line.isprintable() else _NOT_ASCII.sub(_written_out, line)


def _written_out(found: re.Match[str]) -> str:
    """What a terminal could obey, and what ends a line, as JSON escapes them."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in found[0])


def op(record: Record) -> Object:
    """A performed operation, with the statistics of its output but not its values."""
    operation, output = record.op, record.output
    return {
        "kind": "op",
        "step": record.step,
        "index": record.index,
        "address": output.address,
        "op": operation.name,
        "formula": record.written.formula,
        "inputs": [tensor.address for tensor in record.inputs],
        "axes": output.axes,
        "shape": output.shape,
        **output.statistics()._asdict(),
        **({"edits": [one.edit.number for one in record.edits]} if record.edits else {}),
    }


def tensor(shown: Tensor, step: int | None, address: str = "") -> Object:
    """All values of a tensor, with the names and labels of its axes; a parameter lies in no step.

    ``address`` is that of the part that is shown, where it is one.
    """
    return {
        "kind": "tensor",
        "step": step,
        "address": address or shown.address,
        "axes": shown.axes,
        "shape": shown.shape,
        "labels": shown.labels,
        "values": values(shown.array),
    }


def derivation(derived: Derivation) -> Object:
    """A cell and its arithmetic; ``expression`` evaluates to ``value`` in Python."""
    return {
        "kind": "derivation",
        "address": derived.address,
        "index": derived.index,
        "value": derived.value,
        "formula": derived.formula,
        "expression": derived.expression.python(),
        "terms": list(map(_term, derived.terms)),
    }


def made(cell: Leaf, of: Made) -> Object:
    """A cell of a parameter, and the same of how it is made of what stands in its file, and where."""
    return {
        "kind": "derivation",
        "address": cell.address,
        "index": cell.index,
        "value": cell.value,
        "formula": of.formula,
        "expression": of.expression.python(),
        "terms": list(map(_term, of.expression.leaves())),
        "place": of.place,
    }


def _term(leaf: Leaf) -> Object:
    return {"address": leaf.address, "index": leaf.index, "value": leaf.value}


def stop(reason: str, step: int, address: str | None, number: int | None = None) -> Object:
    """Where the cursor came to stand, and why; ``number`` is that of a breakpoint or watchpoint."""
    return {"kind": "stop", "reason": reason, "step": step, "address": address, "number": number}


def token(chosen: Token) -> Object:
    """An output token, its probability, and the text it completes."""
    return {
        "kind": "token",
        "step": chosen.step,
        "token": chosen.piece,
        "id": chosen.id,
        "prob": chosen.prob,
        "text": chosen.text,
    }


def diff(found: Diff, records: Iterable[RecordDifference]) -> Object:
    """Two runs by their names: the tokens of both outputs beside each other, and some records.

    Where a record is not in both, or the axes don't match, ``largest`` is None.
    """
    return {
        "kind": "diff",
        "a": found.names[0],
        "b": found.names[1],
        "steps": [{"step": step.step_a, **step._asdict()} for step in found.steps],
        "records": list(map(_record_difference, records)),
    }


def _record_difference(record: RecordDifference) -> Object:
    return {
        "address": record.address,
        "largest": record.largest,
        "relative": record.relative,
        "cell": record.cell,
        "value_a": record.most and record.most.here,
        "value_b": record.most and record.most.there,
        "axes_a": record.a and record.a.header,
        "axes_b": record.b and record.b.header,
    }


def sweep(done: Sweep) -> Object:
    """A sweep: a measure with an edit at each place, those not done yet null, and without; what the edit adds to it."""
    table = done.places.table(done.values)
    return {
        "kind": "sweep",
        "edit": done.act,
        "measure": done.measure.text,
        "step": done.here.step,
        "base": done.base,
        "axes": table.axes,
        "labels": {axis.name: _labels(axis, n) for axis, n in zip(table.dims, table.shape, strict=True)},
        "values": values(table.array),
        "effects": values(done.places.table(done.effects).array),
        **({"normalised": values(done.places.table(done.normalised).array)} if done.tells_apart else {}),
        "places": list(map(str, done.places.addresses)),
    }


def patched(found: Patched) -> Object:
    """A sweep with the effects that are estimated beside those measured, and how far the two agree in their order."""
    return {
        **sweep(found.sweep),
        "estimates": values(found.table.array),
        "rank_correlation": found.agreement,
    }


def attribution(found: Attribution, other: Attribution | None = None) -> Object:
    """A number attributed to tokens, those of all places in a row; and beside it the same by another method.

    ``at`` is the one address, or a list where there are several.
    """
    at = [place.record.address for place in found.places]
    checked = (
        {} if other is None else {other.method.word: values(other.scores), "rank_correlation": found.agrees(other)}
    )
    return {
        "kind": "attribution",
        "of": found.asked.expression.text,
        "method": found.method.word,
        "at": at if len(at) > 1 else at[0],
        "step": found.asked.step,
        "value": found.asked.value,
        "steps": found.steps,
        "baseline": found.baseline,
        "sides": [place.side for place in found.places for _token in range(place.length)],
        "labels": list(found.labels),
        "scores": values(found.scores),
        "sum": found.sum,
        "difference": found.difference,
        **checked,
    }


def _labels(axis: Axis, length: int) -> list[str]:
    """What stands along an axis: tokens or names, else numbers."""
    return [str(axis.number(n)) for n in range(length)] if axis.labels is None else list(axis.labels)


def comparison(found: Comparison) -> list[Object]:
    """A dump against a checkpoint: where they part and why, then every tensor that was compared."""
    verdict = found.verdict
    whole = {
        "kind": "comparison",
        "dump": found.dump.path.name,
        "format": found.dump.format,
        "first": found.first,
        "cause": found.cause,
        "causes": [_cause(cause) for cause in verdict.causes] if verdict else [],
        "evidence": dict(verdict.left) if verdict else {},
        "address": verdict.address if verdict else None,
        "others": [
            {"address": other.address, "cause": str(other.mistake) if other.mistake else "unknown"}
            for other in (verdict.others if verdict else ())
        ],
        "suspects": list(verdict.suspects) if verdict else [],
        "known": [spoken(what) for what in verdict.known] if verdict else [],
        "checked": len(found.worst),
        "unmatched": [entry.name for entry in (*found.unmatched, *found.silent)],
        "proposals": [
            {"name": one.name, "address": one.record.output.address, "correlation": one.correlation}
            for one in found.proposals
        ],
        "notes": [spoken(note) for note in found.notes],
    }
    return [whole, *({"kind": "check", **check(one)} for one in found.checks)]


def _cause(found: Cause) -> Object:
    """A mistake that explains a difference, where it is made, and what is otherwise there."""
    return {
        "mistake": str(found.mistake),
        "address": found.address,
        "before": found.before,
        "after": found.after,
        "otherwise": found.otherwise or None,
    }


def check(found: Check) -> Object:
    """One tensor of a dump against ours."""
    cell = found.cell
    return {
        "name": found.name,
        "address": found.address,
        "largest": found.largest,
        "relative": found.relative,
        "allowed": found.allowed,
        "holds": found.holds,
        "state": found.state,
        "added": found.own.largest if found.own.cells else None,
        "spread": found.spread,
        "cosine": found.ours.cosine,
        "evidence": found.evidence,
        "compared": found.compared,
        "cells": found.cells,
        "at": cell and {"index": cell.place, "here": cell.here, "there": cell.there},
        **({} if found.row is None else {"row": found.row}),
        **({"stored": found.stored} if found.stored else {}),
        **({"layout": spoken(found.layout)} if found.layout else {}),
        **({"why": spoken(found.why)} if found.why else {}),
    }


def result(command: str, data: Any) -> Object:
    """What a command shows that is none of the above."""
    return {"kind": "result", "command": command, "data": data}


def error(command: str, line: int | None, message: str) -> Object:
    """A command that failed, and the line of the script it stood in."""
    return {"kind": "error", "command": command, "line": line, "message": message}


def values(array: Array) -> Any:
    """An array as nested lists; infinities and nan as strings. Those of a large one are made when they are wanted."""
    if array.size > AT_ONCE:
        return Large(array)
    return array.tolist() if np.isfinite(array).all() else _plain(array.tolist())


def _plain(thing: Any) -> Any:
    match thing:
        case float():
            return thing if math.isfinite(thing) else str(thing)
        case Mapping():
            return {key: _plain(value) for key, value in thing.items()}
        case list() | tuple():
            return [_plain(value) for value in thing]
        case np.generic():
            return _plain(thing.item())
        case _:
            return thing
