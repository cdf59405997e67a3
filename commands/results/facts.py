"""What `info` says of each of its subjects."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from tracer import views
from tracer.addresses import Address, parse
from tracer.debugger.debugger import Debugger
from tracer.decoding.beam import Hypothesis
from tracer.edits import Applied, OfModel
from tracer.errors import InputError
from tracer.export import jsonl
from tracer.i18n import N_, Message, _, extent, ngettext, spoken
from tracer.modules import Module, tree
from tracer.past import Past, Rows
from tracer.run import live
from tracer.tape import Record
from tracer.tensor import Statistics, Tensor
from tracer.trace import Decided, Trace

from .branches import described, one_line, told_edits
from .places import place_facts, place_line
from .result import Result, Results, View, answer

MOST_LISTED = 5
"""So many entries of a list are shown."""


def model_facts(debugger: Debugger) -> Results:
    """The modules of the model with their parameters, and what was left unused."""
    card, parameters = debugger.run.card, debugger.run.parameters.stored
    root = tree(card.name, ((name, parameter.shape) for name, parameter in parameters.items()))
    itemsize = np.dtype(card.dtype).itemsize

    changes = [edit for edit in debugger.run.edits if isinstance(edit.value, OfModel)]
    facts = {
        "model": card.describe(),
        "parameters": root.count,
        "bytes": root.count * itemsize,
        "modules": _module(root),
        "ignored": dict(card.ignored),
        **({"edits": [described(edit) for edit in changes]} if changes else {}),
    }
    yield answer("info", lambda: {"model": facts}, view=card.describe)
    if changes:
        yield Result(lambda: (), lambda: _("changed in memory: {edits}").format(edits=told_edits(changes)))
    if parameters:
        yield Result(lambda: (), lambda: views.modules.modules_view(root, itemsize))
    if card.ignored:
        yield Result(lambda: (), lambda: _("unused: {names}").format(names=", ".join(card.ignored)))


def _module(module: Module) -> dict[str, Any]:
    parts = {name: _module(part) for name, part in module.parts.items()}
    return {"parameters": module.count, "tensors": module.shapes, "modules": parts}


def run_facts(debugger: Debugger) -> Results:
    """How the run is decoded, who says so, and how far it is."""
    run, decided = debugger.run, dict(debugger.run.decided)
    strategy, limit = decided.pop("strategy", None), decided.pop("max_tokens", None)
    facts = {
        N_("strategy"): _("given output") if run.teacher_forced else strategy.value if strategy else "",
        **{NAMED.get(name, name): _in_force(name, setting) for name, setting in decided.items()},
        N_("steps"): extent(f"@{run.first}", f"@{run.computed}") if run.numbers else _("none yet"),
        N_("tokens"): _room(run, limit) if run.chooses else "",
        N_("cursor"): f"@{debugger.cursor.step} #{debugger.cursor.index}",
        N_("text"): run.text,
        **_branch(run),
        **_stated(run),
    }
    told = {"strategy": strategy, **decided, "tokens": limit}
    yield _listed("run", facts, {name: setting.origin for name, setting in told.items() if setting})


NAMED: Mapping[str, Message] = {name: name for name in (N_("rules"), N_("cache"))}
"""What decoding goes by that is no setting of a strategy."""


def _in_force(name: str, setting: Decided) -> Any:
    if name == "cache":
        return _("on") if setting.value else _("off")
    return setting.value


def _room(run: Trace, limit: Decided | None) -> str:
    n = len(run.tokens)
    return str(n) if limit is None else _("{n} of at most {most}").format(n=n, most=limit.value)


def _branch(run: Trace) -> dict[str, Any]:
    """Which run it is, and its edits, if it is a branch."""
    return {N_("branch"): f"r{run.number}: {one_line(run)}"} if run.edits else {}


def _stated(run: Trace) -> dict[str, Any]:
    """The mask, the positions and the segments that were given with the text."""
    given = {N_("mask"): run.mask, N_("position ids"): run.positions, N_("segment ids"): run.segments}
    return {name: " ".join(map(str, numbers)) for name, numbers in given.items() if numbers is not None}


def record_facts(debugger: Debugger) -> Results:
    """The operation under the cursor."""
    record = debugger.here.record
    yield _listed("record", _record(record) if record else {N_("record"): _("the run has not started")})


def _record(record: Record) -> dict[str, Any]:
    operation, output = record.op, record.output
    return {
        N_("address"): output.address,
        N_("number"): f"#{record.index}",
        N_("operation"): operation.name,
        N_("formula"): record.written.formula,
        N_("note"): record.note,
        **({N_("edits"): _("; ").join(map(_edited, record.edits))} if record.edits else {}),
        N_("reference"): operation.reference,
        N_("axes"): ", ".join(f"{name} {n}" for name, n in zip(output.axes, output.shape, strict=True)),
        N_("inputs"): ", ".join(tensor.address for tensor in record.inputs),
        **_measured(record),
    }


def _edited(one: Applied) -> str:
    """``edit 1: 12 of 48 cells changed``."""
    told = ngettext(
        "edit {n}: {changed} of {total} cell changed", "edit {n}: {changed} of {total} cells changed", one.before.size
    )
    return told.format(n=one.edit.number, changed=one.changed, total=one.before.size)


def _measured(record: Record) -> dict[str, Any]:
    """The statistics of an output, or its value where that is an id."""
    output = record.output
    if record.is_measured:
        return {name: f"{value:.6g}" for name, value in output.statistics()._asdict().items()}
    return {} if output.array.ndim else {N_("value"): str(output.array.item())}


ORDERS = ("index", "size", *Statistics._fields)
"""What records may be listed by."""


def tensor_facts(debugger: Debugger, about: str) -> Results:
    """The records of a step, or the parameters, at an address, which may have globs, in some order: ``GLOB by KEY``."""
    glob, _by, descending, key = re.fullmatch(r"(.*?)(?:\s*\b(by)\s+(-?)(\S+))?", about.strip()).groups("")  # type: ignore[union-attr]
    address = parse(glob) if glob else Address()
    if address.selectors:
        raise InputError(_("info tensors lists whole tensors; print takes the selectors of {glob}").format(glob=glob))
    trained = debugger.here.parameters(address)
    records = [] if trained else _recorded(debugger, address)
    rows = [
        *(Row(record.output, record.output.statistics(), record) for record in records),
        *(Row(parameter, parameter.statistics(), name=name) for name, parameter in trained.items()),
    ]
    listed = _ordered(rows, key, rising=descending == "-")

    def objects() -> Iterable[jsonl.Object]:
        return [_parameters(listed)] if trained else (jsonl.op(row.record) for row in listed if row.record)

    seen = [(row.mark, row.called, row.tensor, row.measured) for row in listed]
    yield Result(objects, lambda: views.inventory.tensors_view(seen))


def _recorded(debugger: Debugger, address: Address) -> Sequence[Record]:
    """The records at an address, or all of the cursor's step."""
    is_step = not address.path and address.record is None
    return debugger.run.step(debugger.here.step_of(address)).records if is_step else debugger.here.matches(address)


class Row(NamedTuple):
    """A tensor in a list, with what is known of its numbers, and the record it is of or its name."""

    tensor: Tensor
    statistics: Statistics
    record: Record | None = None
    name: str = ""

    @property
    def called(self) -> str:
        """What it is called in the list."""
        return self.record.address if self.record else self.name

    @property
    def mark(self) -> str:
        """The number of its record."""
        return f"#{self.record.index}" if self.record else ""

    @property
    def measured(self) -> Statistics | None:
        """The statistics of a quantity."""
        return self.statistics if self.record is None or self.record.is_measured else None

    def value(self, key: str) -> float:
        """What it is listed by."""
        index = self.record.index if self.record else 0
        known = {"index": index, "size": math.prod(self.tensor.shape), **self.statistics._asdict()}
        return float(known[key])


def _parameters(rows: Sequence[Row]) -> jsonl.Object:
    """Parameters with their names in the file."""
    found = [
        {
            "name": row.name,
            "file": row.tensor.address,
            "axes": row.tensor.axes,
            "shape": row.tensor.shape,
            **row.statistics._asdict(),
        }
        for row in rows
    ]
    return jsonl.result("info", {"parameters": found})


def _ordered(rows: list[Row], key: str, *, rising: bool) -> list[Row]:
    if not key:
        return rows
    if key not in ORDERS:
        raise InputError(_("{key!r} is no order; choose one of {known}").format(key=key, known=", ".join(ORDERS)))
    return sorted(rows, key=partial(_rank, key, 1 if rising or key == "index" else -1))


def _rank(key: str, sign: int, row: Row) -> tuple[bool, float]:
    """Where a row stands; what has no value stands last."""
    value = row.value(key)
    return (True, 0.0) if value != value else (False, sign * value)


def cache_facts(debugger: Debugger) -> Results:
    """The keys and values that are kept from step to step."""
    run = live(debugger.run, "info cache")
    past = run.past
    if past is None:
        yield answer("info", lambda: {"cache": None}, lambda: _("the cache is off; set cache on begins a run with it"))
        return
    here = run.past_after(debugger.cursor.step) if debugger.cursor.index else None
    filled = here.length if here else 0
    layers = _layers(past)

    told = _("{filled} of {capacity} positions are filled").format(filled=filled, capacity=past.capacity)
    facts = {"filled": filled, "capacity": past.capacity, "bytes": sum(size for _own, _memory, size in layers)}
    yield answer("info", lambda: {"cache": facts}, lambda: told)
    if layers:
        yield Result(lambda: (), lambda: views.inventory.cache_view(layers))


def _layers(past: Past) -> list[tuple[tuple[int, ...], tuple[int, ...], int]]:
    """Of each layer the room for its own keys, the shape of those of the source, and its bytes."""
    found: dict[str, list[Tensor]] = {}
    for address, tensor in past.kept.items():
        found.setdefault(".".join(address.split(".")[:2]), []).append(tensor)
    return [_layer(kept) for kept in found.values()]


def _layer(kept: Sequence[Tensor]) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    own = [tensor.room for tensor in kept if isinstance(tensor, Rows)]
    source = [tensor.array for tensor in kept if not isinstance(tensor, Rows)]
    size = sum(room.nbytes for room in (*own, *source))
    return own[0].shape, source[0].shape if source else (), size


def bookmark_facts(debugger: Debugger) -> Results:
    """The bookmarks."""
    kept = debugger.bookmarks.items()
    facts = [place_facts(name, place) for name, place in kept]
    lines = [place_line(debugger, name, place) for name, place in kept] or [
        _("no bookmark is kept; bookmark NAME keeps one")
    ]
    yield answer("info", lambda: {"bookmarks": facts}, lambda: "\n".join(lines))


def hypothesis_facts(debugger: Debugger) -> Results:
    """What beam search considered for the cursor's step, best first, and what it found in the end."""
    run = live(debugger.run, "info beams")
    if run.in_force.strategy != "beam":
        raise InputError(_("only beam search has hypotheses; set strategy beam, or --strategy beam"))
    number = debugger.cursor.step
    considered = run.search.steps[number - 1 : number] if number else []
    rows = list(dict.fromkeys([*(considered[0] if considered else ()), *run.search.finished]))
    yield answer(
        "info",
        lambda: {"hypotheses": [_hypothesis(h, run.text_of(h.ids)) for h in rows]},
        lambda: views.hypotheses.hypotheses_view(rows, run.text_of),
    )


def _hypothesis(h: Hypothesis, text: str) -> dict[str, Any]:
    return {
        "address": h.name,
        "parent": h.parent_name,
        "log_prob": h.log_prob,
        "score": h.score,
        "fate": h.fate,
        "reason": h.reason,
        "text": text,
    }


def display_facts(debugger: Debugger) -> Results:
    """What is displayed at every stop."""
    kept = {number: display.expression.text for number, display in debugger.displays.items()}
    lines = [f"{number}: {text}" for number, text in kept.items()]
    told = "\n".join(lines) or _("nothing is displayed; display E begins it")
    yield answer("info", lambda: {"display": kept}, lambda: told)


ORIGINS = {
    "asked": N_("asked for"),
    "stated": N_("the checkpoint's"),
    "default": N_("by default"),
    "ours": N_("tx-trace's own limit; --max-tokens N sets another"),
    "model": N_("it has positions for no more"),
}
"""Who says what a setting is."""


def _listed(subject: str, facts: Mapping[str, Any], origins: Mapping[str, str] = MappingProxyType({})) -> Result:
    """Facts by name, and the origins of those that have one."""

    def view() -> View:
        told = {name: _told(value) for name, value in facts.items() if value not in ("", {})}
        remarks = {name: f" ({_remark(name, origin, facts)})" for name, origin in origins.items()}
        return views.glossary.glossary({spoken(name): text + remarks.get(name, "") for name, text in told.items()})

    return answer("info", lambda: {subject: {**facts, "from": dict(origins)} if origins else facts}, view)


def _remark(name: str, origin: str, facts: Mapping[str, Any]) -> str:
    if name == "top_k" and facts[name] is None:
        return _("by default; transformers draws among 50")
    return spoken(ORIGINS[origin])


def _told(value: Any) -> str:
    """A fact in words; of long lists, how long they are."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={_told(part)}" for name, part in value.items())
    if isinstance(value, list) and len(value) > MOST_LISTED:
        return _("[{n} entries]").format(n=len(value))
    if isinstance(value, bool):
        return str(value).lower()
    return _("none") if value is None else spoken(value if isinstance(value, str) else str(value))
