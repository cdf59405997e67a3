"""Every family has a map: all that a pass records stands on it once, with one place for where one stands."""

from __future__ import annotations

import io
from functools import cache

import pytest
from rich.cells import cell_len

import tracer
from tests.engine.conftest import FIXTURES, Checkpoint
from tracer.addresses import At
from tracer.charts.charting import model_chart, scope_chart
from tracer.charts.layers import groups
from tracer.charts.part import Chart, Part
from tracer.foreign import foreign
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.run import Run
from tracer.tape import Record
from tracer.views.chart import HERE, Standing, chart_view

FAMILIES = sorted(
    path.parent.name for path in FIXTURES.glob("*/config.json") if path.with_name("reference.json").is_file()
)
"""Every checkpoint among the fixtures with results to hold it against."""
WIDTHS = (32, 80, 100, 160)


@cache
def run(name: str) -> Run:
    """Two steps of a checkpoint, on a few ids."""
    found = tracer.trace(tracer.load(str(FIXTURES / name)), ids=[5, 6, 7, 8], max_tokens=2)
    found.decode()
    return found


def records(name: str) -> list[Record]:
    return [record for number in run(name).numbers for record in run(name).step(number).forward]


def parts(chart: Chart) -> list[Part]:
    return [part for plan in chart.plans for part in plan.parts]


def chart_at(name: str, record: Record) -> Chart:
    return model_chart(run(name), run(name).at(record.at), record.address)


def seen(chart: Chart, standing: Standing, width: int) -> list[str]:
    """What a terminal of a width shows of the diagram, without what is said below it."""
    stream = io.StringIO()
    console = make_console(stream, width=width, color="never", accessible=False, environ={})
    console.print(Drawn(chart_view(chart, standing)))
    return stream.getvalue().splitlines()


each_family = pytest.mark.parametrize("name", FAMILIES)


@each_family
def test_every_record_of_a_pass_stands_on_its_map_once(name: str) -> None:
    for number in run(name).numbers:
        tape = run(name).step(number)
        chart = model_chart(run(name), tape, None)
        shown = [(record.at, record.address) for part in parts(chart) for record in part.records]
        assert len(shown) == len({*shown})
        assert {(record.at, record.address) for record in tape.forward} <= {*shown}


@each_family
def test_what_a_part_is_made_from_stands_before_it(name: str) -> None:
    for plan in model_chart(run(name), run(name).step(1 if 1 in run(name).numbers else 0), None).plans:
        for place, part in enumerate(plan.parts):
            assert all(source < place for source in part.inputs)
            read = {t.path for r in part.records for t in r.inputs if t.at == r.at}
            made = {record.address: n for n, other in enumerate(plan.parts) for record in other.records}
            assert {made[path] for path in read if made[path] != place} - {*part.inputs} == _behind(part, made)


def _behind(part: Part, made: dict[str, int]) -> set[int]:
    """Of layers that stand as one, what the later ones take from the earlier."""
    own = {made[record.address] for record in part.records}
    read = {made[t.path] for r in part.records for t in r.inputs if t.at == r.at}
    return {place for place in read if place > min(own)}


@each_family
def test_the_place_where_one_stands_is_marked_once(name: str) -> None:
    for record in records(name):
        standing = Standing(record)
        here = [part for part in parts(chart_at(name, record)) if any(map(standing.is_at, part.records))]
        assert len(here) == 1


@each_family
def test_no_line_is_wider_than_there_is_room(name: str) -> None:
    everything = records(name)
    for record in (everything[0], everything[len(everything) // 2], everything[-1]):
        for width in WIDTHS:
            lines = seen(chart_at(name, record), Standing(record), width)
            assert max(map(cell_len, lines)) <= width
            drawing = [line for line in lines if not line.startswith(HERE)]
            assert "".join(drawing).count(HERE) == 1


def test_a_deep_model_stays_on_one_screen(checkpoint: Checkpoint) -> None:
    deep = tracer.trace(tracer.load(str(checkpoint(encoder_layers=48, decoder_layers=48))), ids=[5, 6, 7], max_tokens=1)
    record = deep.step(1).find("decoder.31.cross_attn.weights")
    lines = seen(model_chart(deep, deep.step(1), record.address), Standing(record), 80)
    assert len(lines) < 40
    shown = "\n".join(lines)
    assert all(name in shown for name in ("encoder.0–47 ×48", "decoder.0–30 ×31", "decoder.31 ─", "decoder.32–47 ×16"))


def test_layers_that_differ_stand_apart_until_they_are_too_many() -> None:
    def layers(kinds: str) -> dict[str, list[Record]]:
        found = {f"d.{n}": records("gpt2")[:3] if kind == "a" else records("gpt2")[:2] for n, kind in enumerate(kinds)}
        return dict(found)

    assert groups(layers("aabb"), None) == [["d.0", "d.1"], ["d.2", "d.3"]]
    assert groups(layers("aaaa"), "d.1") == [["d.0"], ["d.1"], ["d.2", "d.3"]]
    assert [len(group) for group in groups(layers("abababababab"), "d.5")] == [5, 1, 6]


def test_what_another_program_wrote_is_charted_as_far_as_it_goes() -> None:
    ours = tracer.trace(tracer.load("zh-en-tiny"), "我爱你")
    taken = {"decoder.0.cross_attn.k", "decoder.0.cross_attn.weights", "logits"}
    numbers = {At(1): {path: ours.step(1).find(path).output.array for path in taken}}
    theirs = foreign(ours, numbers, "theirs")
    record = theirs.step(1).find("decoder.0.cross_attn.weights")
    chart = model_chart(theirs, theirs.step(1), record.address)
    assert {one.address for part in parts(chart) for one in part.records} == taken
    assert sum(line.count(HERE) for line in seen(chart, Standing(record), 80)) == 2


@each_family
def test_every_module_opens(name: str) -> None:
    run_ = run(name)
    for number in run_.numbers:
        tape = run_.step(number)
        scopes = {record.scope for record in tape.forward} - {""}
        for scope in scopes:
            [plan] = scope_chart(tape, scope, None).plans
            inside = {record.address for record in tape.forward if f"{record.address}.".startswith(f"{scope}.")}
            assert {record.address for part in plan.parts for record in part.records} == inside
            assert max(map(cell_len, seen(Chart([plan]), Standing(), 80))) <= 80
