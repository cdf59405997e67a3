"""From the records of a pass to its plan: stacks with one layer open, or one module open to its operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, takewhile

from ..addresses import At
from ..tape import Record, Tape
from ..tensor import Tensor
from .layers import groups, is_layer, named, within
from .part import Kind, Part, Plan, Section
from .pieces import is_sum, pieces

READS = "ids"
"""The setting of an operation that reads the text itself."""
Place = tuple[At | None, str]
"""A pass, and a path in it."""


class Planning:
    """A plan on its way: parts are added one by one, and get their inputs from the records at last."""

    def __init__(self, at: At) -> None:
        self.at = at
        self.parts: list[Part] = []
        self.sections: list[Section] = []
        self._outside: dict[Place, int] = {}

    def enter(self, records: Sequence[Record]) -> None:
        """What some records are made from that is none of them."""
        made = {record.address for record in records}
        for tensor in chain.from_iterable(record.inputs for record in records):
            if (tensor.at != self.at or tensor.path not in made) and _place(tensor) not in self._outside:
                self._outside[_place(tensor)] = len(self.parts)
                name = tensor.path if tensor.at == self.at else tensor.address
                self.parts.append(Part("beyond", name, shape=tensor.shape))

    def add(self, kind: Kind, name: str, records: Sequence[Record], layers: int = 1) -> None:
        """One part more, of the shape that it hands on."""
        self.parts.append(Part(kind, name, records, layers=layers, shape=records[-1].output.shape))

    def alone(self, record: Record, inside: str) -> None:
        """An operation, by its name within a module."""
        self.add("sum" if is_sum(record) else "operation", relative(record.address, inside), [record])

    def section(self, title: str, first: int, layers: int = 1) -> None:
        """Put what was added from a place on under a title."""
        self.sections.append(Section(title, first, len(self.parts) - 1, layers))

    def leave(self, tape: Tape, records: Sequence[Record]) -> None:
        """The operations of the pass that read from some records, those that read the same as one."""
        made = {record.address for record in records}
        readers: dict[tuple[str, ...], list[str]] = {}
        for record in tape.forward:
            if record.address not in made and (read := tuple(p for p in _paths(record, self.at) if p in made)):
                readers.setdefault(read, []).append(record.address)
        places = {record.address: n for n, part in enumerate(self.parts) for record in part.records}
        for read, names in readers.items():
            self.parts.append(Part("beyond", _several(names), inputs=sorted({places[path] for path in read})))

    def plan(self) -> Plan:
        """The plan, with what every part is made from."""
        owners = {_place(record.output): n for n, part in enumerate(self.parts) for record in part.records}
        parts = [part._replace(inputs=self._inputs(n, owners | self._outside)) for n, part in enumerate(self.parts)]
        return Plan(self.at, parts, self.sections)

    def _inputs(self, place: int, owners: Mapping[Place, int]) -> Sequence[int]:
        part = self.parts[place]
        made_from = {owners.get(_place(tensor), place) for record in part.records for tensor in record.inputs}
        return sorted(n for n in made_from if n < place) or part.inputs


def _place(tensor: Tensor) -> Place:
    return tensor.at, tensor.path


def _paths(record: Record, at: At) -> Iterable[str]:
    """The paths of those inputs of a record that lie in its own pass."""
    return (tensor.path for tensor in record.inputs if tensor.at == at)


def relative(address: str, inside: str) -> str:
    """An address without the module that it is shown in."""
    return address.removeprefix(f"{inside}.") if inside else address


def overview(tape: Tape, here: str | None) -> Plan:
    """All of a pass, one layer of each stack open: that of the address ``here``, or one for all that are like it."""
    planning = Planning(tape.at)
    for path, those in within(tape.forward, 1).items():
        if any(is_layer(inner) for inner in within(those, 2)):
            _stack(planning, those, path, here)
        else:
            _pieces(planning, path, those, "")
    return _reading(planning.plan())


def opened(tape: Tape, scope: str, here: str | None) -> Plan:
    """One module: its operations and the modules in it, or its layers; what goes into it, and what reads it."""
    records = [record for record in tape.forward if f"{record.address}.".startswith(f"{scope}.")]
    planning = Planning(tape.at)
    planning.enter(records)
    inner = within(records, scope.count(".") + 2)
    if any(map(is_layer, inner)):
        _stack(planning, records, scope, here)
    elif len(inner) < len(records):
        _open(planning, scope, {scope: records})
    else:
        first = len(planning.parts)
        for record in records:
            planning.alone(record, scope)
        planning.section(scope, first)
    planning.leave(tape, records)
    return planning.plan()


def _several(names: Sequence[str]) -> str:
    """``decoder.0.ffn.hidden``, or the ends of many."""
    return ", ".join(names[:2]) + (f", … {names[-1]}" if len(names) > 2 else "")


def _stack(planning: Planning, records: Sequence[Record], scope: str, here: str | None) -> None:
    modules = within(records, scope.count(".") + 2)
    layers = {path: those for path, those in modules.items() if is_layer(path)}
    current = next((path for path in layers if here and f"{here}.".startswith(f"{path}.")), None)
    alike = groups(layers, current)
    opened = [current] if current else max(alike, key=len)
    for path, those in modules.items():
        if path not in layers:
            _pieces(planning, path, those, scope)
        for paths in (group for group in alike if group[0] == path):
            if paths == opened:
                _open(planning, named(paths), {path: layers[path] for path in paths})
            else:
                planning.add("layers", named(paths), [r for path in paths for r in layers[path]], len(paths))


def _open(planning: Planning, title: str, layers: dict[str, list[Record]]) -> None:
    """A layer by its modules, each in pieces; the records of all layers that are shown in it stand in the same ones."""
    first = len(planning.parts)
    [scope] = list(layers)[:1]
    for path, those in within(layers[scope], scope.count(".") + 2).items():
        _pieces(planning, path, those, scope)
    alike: dict[str, list[Record]] = {}
    for path, those in layers.items():
        for record in those:
            alike.setdefault(relative(record.address, path), []).append(record)
    for n, part in enumerate(planning.parts[first:], first):
        everywhere = [also for record in part.records for also in alike[relative(record.address, scope)]]
        planning.parts[n] = part._replace(records=everywhere)
    planning.section(title, first, len(layers))


def _pieces(planning: Planning, path: str, records: Sequence[Record], inside: str) -> None:
    """A module in pieces: operations by their names, what works together by that of the module."""
    found = pieces(records)
    alone = [piece for piece in found if len(piece) == 1]
    several = len(found) - len(alone) > 1
    for piece in found:
        if len(piece) == 1:
            planning.alone(piece[0], piece[0].scope if len(found) > len(alone) else inside)
        else:
            planning.add("module", relative(_shared(piece) if several else path, inside), piece)


def _shared(records: Sequence[Record]) -> str:
    """The module that all of some records lie in."""
    segments = zip(*(record.scope.split(".") for record in records), strict=False)
    return ".".join(names[0] for names in takewhile(lambda names: len({*names}) == 1, segments))


def _reading(plan: Plan) -> Plan:
    """The same below the text that the pass reads."""
    embedded = [record for part in plan.parts for record in part.records if READS in record.parameters]
    if not embedded:
        return plan
    labels, shape = embedded[0].output.dims[0].labels, embedded[0].output.shape[:1]
    text = Part("text", " ".join(labels or map(str, embedded[0].parameters[READS])), shape=shape)
    parts = [
        part._replace(inputs=[*([0] if _reads(part) else []), *(n + 1 for n in part.inputs)]) for part in plan.parts
    ]
    sections = [section._replace(first=section.first + 1, last=section.last + 1) for section in plan.sections]
    return Plan(plan.at, [text, *parts], sections)


def _reads(part: Part) -> bool:
    return any(READS in record.parameters for record in part.records)
