"""The map: what a model is made of and what flows where, as a diagram, with the place that one stands at."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..addresses import GRADIENT, At
from ..charts.part import Chart, Kind, Part, Plan, Section
from ..document import BOLD, DIM, Block, Diagram, Frame, Node, Paragraph, Span, Strand
from ..i18n import N_, Message, _, spoken
from ..tape import Record
from .page import Page
from .tokens import quoted, shown
from .view import line, remark, view
from .written import noted

HERE, STOP = "▶", "◆"
SIGNS: Mapping[Kind, str] = {
    "operation": "○",
    "sum": "⊕",
    "module": "■",
    "layers": "▤",
    "text": "│",
    "beyond": "│",
}
_LEGEND: Mapping[str, Message] = {
    "■": N_("module"),
    "▤": N_("layers that are alike"),
    "○": N_("operation"),
    "⊕": N_("sum"),
    STOP: N_("breakpoint"),
}


class Standing(NamedTuple):
    """Where one stands: a record, or before the first; ``stops`` are the addresses of a pass that breakpoints are at.

    ``chosen`` are the pieces that passes have yielded; ``elsewhere`` is the run that one is in, if it is another.
    """

    record: Record | None = None
    stops: Mapping[At, Container[str]] = MappingProxyType({})
    chosen: Mapping[int, str] = MappingProxyType({})
    elsewhere: int | None = None

    @property
    def address(self) -> str | None:
        """Its address; of a gradient, that of what it is the gradient of."""
        return self.record.address.removeprefix(GRADIENT) if self.record else None

    def is_at(self, record: Record) -> bool:
        """Whether this is the one."""
        return self.record is not None and (record.at, record.address) == (self.record.at, self.address)

    def stopped(self, record: Record) -> bool:
        """Whether a breakpoint is there."""
        return record.address in self.stops.get(record.at, ())


@view
def chart_view(page: Page, chart: Chart, standing: Standing, *, opens: str = "") -> Iterator[Block]:
    """The plans of a chart, side by side; ``opens`` is a module that can be opened, for those who do not know how."""
    if page.plain:
        yield from _listed(chart, standing, page)
    else:
        yield _diagram(chart, standing)
    yield _standing(chart, standing, page)
    if not page.plain:
        yield Paragraph([Span(f"{sign} {spoken(_LEGEND[sign])}", DIM) for sign in _signs(chart, standing)], gap=3)
    if opens:
        yield remark(_("map opens a module by its address: map {scope}").format(scope=opens), page)


def _diagram(chart: Chart, standing: Standing) -> Diagram:
    is_whole = any(part.kind == "text" for plan in chart.plans for part in plan.parts)
    return Diagram([_strand(plan, standing) for plan in chart.plans], chart.across, dense=is_whole)


def _strand(plan: Plan, standing: Standing) -> Strand:
    nodes = [_node(part, plan.at, standing) for part in plan.parts]
    return Strand(nodes, [Frame(_title(section), section.first, section.last) for section in plan.sections])


def _title(section: Section) -> str:
    return f"{section.title} ×{section.layers}" if section.layers > 1 else section.title


def _node(part: Part, at: At, standing: Standing) -> Node:
    is_here = any(map(standing.is_at, part.records))
    alone = part.records[0] if part.kind in ("operation", "sum") and part.records else None
    note = noted(alone, alone.note) if alone else Span("")
    if is_here:
        note = Span(" · ".join(filter(None, (_("you are here"), note.text))), BOLD)
    return Node(
        HERE if is_here else SIGNS[part.kind],
        named(part, at, standing),
        part.inputs,
        _detail(part, standing),
        note,
        BOLD if is_here else DIM if part.kind == "beyond" else "",
        is_long=part.kind in ("text", "beyond"),
    )


def named(part: Part, at: At, standing: Standing) -> str:
    """How a part is called, with what in it one stands at, and whether a breakpoint is in it."""
    name = f"{at}  {shown(part.name)}" if part.kind == "text" else part.name
    if part.layers > 1 and part.kind == "layers":
        name += f" ×{part.layers}"
    if part.kind in ("module", "layers"):
        name += "".join(f" › {record.name}" for record in part.records if standing.is_at(record))
    return f"{name} {STOP}" if any(map(standing.stopped, part.records)) else name


def _detail(part: Part, standing: Standing) -> str:
    """The shape of what comes out; of a choice, the token."""
    last = part.records[-1] if part.records else None
    if last is not None and last.op.chooses and not part.shape and last.step in standing.chosen:
        return quoted(standing.chosen[last.step])
    return f"[{', '.join(map(str, part.shape))}]" if part.shape else ""


def _signs(chart: Chart, standing: Standing) -> Iterator[str]:
    """The signs that are in sight and need to be told."""
    parts = [part for plan in chart.plans for part in plan.parts]
    kinds = {SIGNS[part.kind] for part in parts}
    stopped = any(standing.stopped(record) for part in parts for record in part.records)
    yield from (sign for sign in _LEGEND if sign in kinds or (sign == STOP and stopped))


def _standing(chart: Chart, standing: Standing, page: Page) -> Block:
    """Where one stands, in a sentence."""
    record = standing.record
    if standing.elsewhere is not None:
        return line(_("you are in r{n}").format(n=standing.elsewhere), page)
    if record is None:
        return line(_("the run has not started"), page)
    is_seen = any(standing.is_at(one) for plan in chart.plans for part in plan.parts for one in part.records)
    told = _("you are here: {place}") if is_seen else _("you are elsewhere: {place}")
    if is_seen and record.address != standing.address:
        told = _("you are on the way back, at {place}: marked is what this is the gradient of")
    place = f"@{record.step} #{record.index} {record.address}"
    sign = f"{HERE} " if is_seen and not page.plain else ""
    return Paragraph([Span(page.text(f"{sign}{told.format(place=place)}"), BOLD)])


def _listed(chart: Chart, standing: Standing, page: Page) -> Iterator[Block]:
    """The parts one below the other, each with what it is made from."""
    across = {target: source for source, targets in chart.across for target in targets}
    for plan in chart.plans:
        yield Paragraph([Span(str(plan.at), BOLD)])
        titles = {section.first: _title(section) for section in plan.sections}
        inside = {n for section in plan.sections for n in range(section.first, section.last + 1)}
        for place, part in enumerate(plan.parts):
            if place in titles:
                yield line(f"{titles[place]}:", page, indent=2)
            memory = [across[place]] if plan is chart.plans[-1] and place in across else []
            sources = [*(_called(plan, n) for n in part.inputs), *(_address(chart.plans[0], n) for n in memory)]
            yield line(_said(part, sources, plan.at, standing), page, indent=4 if place in inside else 2)


def _said(part: Part, sources: Sequence[str], at: At, standing: Standing) -> str:
    name = shown(part.name) if part.kind == "text" else named(part, at, standing)
    told = f"{name.replace('›', '>').replace(STOP, '(*)')} {_detail(part, standing)}".strip()
    if sources:
        told = _("{part}, from {inputs}").format(part=told, inputs=", ".join(sources))
    return f"{told}   <-- {_('you are here')}" if any(map(standing.is_at, part.records)) else told


def _called(plan: Plan, place: int) -> str:
    part = plan.parts[place]
    return _("the text") if part.kind == "text" else part.name


def _address(plan: Plan, place: int) -> str:
    """Of what another pass reads, its address."""
    return plan.parts[place].records[-1].output.address
