"""Every view, found where it stands, and of each some examples to look at.

A view without an example is an error: `examples` names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from inspect import getmembers, isfunction
from itertools import islice
from pkgutil import iter_modules
from typing import Any

import numpy as np

import tracer
from tracer import views
from tracer.addresses import Address, At, Index
from tracer.arithmetic import Leaf, Number, dot, exp, over
from tracer.attribution import catalogue as methods
from tracer.attribution.alignments import alignments
from tracer.attribution.alti import alti
from tracer.attribution.atp import estimated
from tracer.attribution.attribute import attribute
from tracer.attribution.contributions import contributions
from tracer.attribution.decoderlens import decoderlens
from tracer.attribution.lens import lens
from tracer.attribution.norms import norms
from tracer.attribution.weights import weights
from tracer.central import Verified
from tracer.charts.charting import model_chart, scope_chart
from tracer.checkpoints.stored import Made
from tracer.comparing.check import Check as Compared
from tracer.comparing.comparison import Comparison, compare
from tracer.comparing.held import Held
from tracer.comparing.verdict import Other, Verdict
from tracer.corpus.columns import Collected, Columns, Meaning
from tracer.corpus.summary import Summary, summary
from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger, Stop
from tracer.debugger.expressions import compile_expression
from tracer.debugger.locations import Here
from tracer.debugger.stops import CatchRowSum, Condition, Watch, place, whole_expression
from tracer.derive import Explainer, derive
from tracer.differences import Difference
from tracer.diffs import Diff
from tracer.document import Formula
from tracer.dumps.dump import Entry
from tracer.gradients import Gradients, objective
from tracer.i18n import N_
from tracer.margin import margin
from tracer.mistakes import mistake
from tracer.model import Model
from tracer.modules import tree
from tracer.run import Run, Token
from tracer.scored import scored
from tracer.stack import Ragged
from tracer.sweeps import begun
from tracer.tape import Record, Tape
from tracer.tensor import FEATURE, HEAD, Axis, Tensor
from tracer.verify import Check
from tracer.views.alignments import alignments_view
from tracer.views.atp import atp_view
from tracer.views.attribution import attribution_view
from tracer.views.backward import gone
from tracer.views.below import below, ending, led, scientific, sentence
from tracer.views.branches import tree_view
from tracer.views.chart import Standing, chart_view
from tracer.views.checks import checks_view, gradients_view
from tracer.views.comparison import comparison_view
from tracer.views.contributions import contributions_view
from tracer.views.corpus import summary_view
from tracer.views.course import Computed, Subject, course_index
from tracer.views.derivation import explanation_view, made_view
from tracer.views.diff import records_view
from tracer.views.diff import tokens_view as diff_tokens
from tracer.views.distribution import token_line, top_view
from tracer.views.facts import facts_view
from tracer.views.flow import flow_view
from tracer.views.formula import formula_view
from tracer.views.glossary import glossary, sections_view
from tracer.views.gradient_rows import loss_gradient_view, softmax_gradient_view
from tracer.views.heads import heads_view
from tracer.views.hypotheses import hypotheses_view
from tracer.views.inventory import cache_view, tensors_view
from tracer.views.lens import decoderlens_view, lens_view
from tracer.views.margin import margin_view, verdict_view
from tracer.views.mask import mask_view, rules_view
from tracer.views.method import method_view
from tracer.views.modules import modules_view
from tracer.views.product import product_view
from tracer.views.progress import progress_bar
from tracer.views.prose import prose
from tracer.views.records import listing, record_line, record_lines, where_width
from tracer.views.scored import loss_view, scored_view
from tracer.views.softmax import softmax_view
from tracer.views.stops import arrived, described, overview
from tracer.views.sweep import sweep_view
from tracer.views.tensors import header_view, tensor_view
from tracer.views.tokens import token_strips
from tracer.views.view import View, view
from tracer.views.worked import worked_sum
from tracer.views.worksheet import introduction, key_of, part_view, sheet_view
from tracer.worksheets.sheet import Sheet, Wanted, make_sheet
from tracer.worksheets.tiny import Drawn, drawn

from ..dumped import dump, recorded, values

TEXT = "三只猫喜欢茶"
MADE = view(lambda _page: ()).__code__
"""What every function is that `view` makes."""


def catalogue() -> Iterator[str]:
    """``mask.mask_view``, …: every function of `tracer.views` that is made by `view`, by the file that it stands in."""
    for module in iter_modules(views.__path__):
        for name, made in getmembers(import_module(f"{views.__name__}.{module.name}"), isfunction):
            if made.__code__ is MADE and made.__module__ == f"{views.__name__}.{module.name}":
                yield f"{module.name}.{name}"


def examples(name: str) -> Mapping[str, View]:
    """What there is to look at of a view."""
    assert name in EXAMPLES, f"{name} is a view of which tests/views/catalogue.py has no example"
    return EXAMPLES[name]()


@cache
def model() -> Model:
    return tracer.load("zh-en-tiny", "float64")


def gradients_of(run: Run, text: str = "logits[-1, 5]") -> Gradients:
    """The way back from a number over a step, the last one."""
    number = run.decode().computed
    found = objective(compile_expression(text), Here(run, Cursor(number, 0)))
    return Gradients(found, run.gradients_of(number, found), run.parameters)


@cache
def sheet() -> Sheet:
    """A worksheet about attention."""
    of = Drawn(2)
    small = Run(drawn(of), drawn(of).source_ids(of.text)[0])
    records = [small.at(At(0)).find(f"encoder.0.self_attn.{name}") for name in ("q", "k", "scores", "weights")]
    return make_sheet(small, [Wanted(record, record.output.locate(())) for record in records], "easy", 2, 2)


def answers() -> Mapping[int, str]:
    return {blank.number: f"{blank.value:.2f}" for blank in sheet().blanks}


@cache
def run(**options: object) -> Run:
    return tracer.trace(model(), TEXT, **options)  # type: ignore[arg-type]


@cache
def apart() -> Diff:
    return tracer.diff(run(), tracer.trace(model(), "我爱你"))


def branched() -> tuple[dict[int | None, list[Run]], Run, Callable[[Run], list[str]]]:
    """A run with a branch that has one itself, and what there is to say of each."""
    runs = [replace(run()) for _n in range(3)]
    for number, one in enumerate(runs):
        one.number = number
    return {None: runs[:1], 0: runs[1:2], 1: runs[2:]}, runs[2], lambda one: [f"edit {one.number}: {LONG}", one.text]


def surveyed(sentences: int) -> Summary:
    """What a survey comes to that has heads, an edit, errors, and signs that mean something elsewhere."""
    meanings = [Meaning("far", (("layer", str(n // 4)), ("head", str(n % 4)))) for n in range(24)]
    found = Columns()
    for n in range(sentences + 1):
        told = {"text": f"<b>{n}</b> [bold]我爱你[/]", "target": None, "address": "probs", "position": None}
        row = {"sentence": n, "step": None if n == sentences else 1, "read": ["▁i", "。", "</s>"][n % 3], "token": "▁a"}
        error = {"error": "<i>no</i>" if n == sentences else None}
        for run in (0, 1) if n < sentences else (0,):
            numbers = {meaning.name: np.sin(n * place + run) for place, meaning in enumerate(meanings)}
            cells = {**row, **told, **error, "run": run, **(numbers if n < sentences else {})}
            found.add(1, {name: [cell] for name, cell in cells.items()})
    found.mean(meanings)
    return summary(Collected(found.whole(), {"expressions": {"far": "entropy(dec.*.cross.weights)"}}))


def swept(act: str, over: Sequence[str], measure: str, places: int | None = None) -> View:
    """A sweep of a run beside another one, interrupted after so many places."""
    other = tracer.trace(model(), "两只猫喜欢茶")
    there = Here(run(), Cursor(2, len(run().step(2))), runs={0: run(), 1: other})
    found = begun(run(), act, over, measure, there)
    for _done in islice(found.steps(), places):
        pass
    return sweep_view(found)


def patched(places: int | None = None) -> View:
    """Estimates of what patches from another run would do, with the effects of so many places."""
    other = tracer.trace(model(), "两只猫喜欢茶")
    there = Here(run(), Cursor(2, len(run().step(2))), runs={0: run(), 1: other})
    found = estimated(there, "patch from r1", ["enc.*.output[*]", "dec.*.cross.h*"], "max(logits[-1])")
    for _done in islice(found.sweep.steps(), places):
        pass
    return atp_view(found)


def attributed(of: Run, text: str, *, beside: bool = False, **how: Any) -> View:
    """A number of the last step attributed to tokens, alone or beside its occlusion."""
    there, number = Here(of, Cursor(of.computed, len(of.step(of.computed))), runs={0: of}), compile_expression(text)
    other = attribute(there, number, method="occlusion", baseline=how.get("baseline")) if beside else None
    return attribution_view(attribute(there, number, steps=3, **how), other)


@cache
def given() -> Run:
    return tracer.trace(model(), TEXT, target_ids=[1, 17, 16, 35, 40, 0])


def record(address: str, step: int = 3) -> Record:
    return run().step(step).find(address)


@cache
def gone_back() -> Tape:
    """The step of a given output, with the gradients of its loss."""
    return gradients_of(given(), "sum(loss)").tape


def gradient(address: str) -> Record:
    return gone_back().find(f"grad.{address}")


def row(address: str) -> Tensor:
    """The last row of a table [position, vocab]."""
    return record(address).output.select([Index(-1)])


def piece(token: int) -> str:
    return model().piece(token, "target")


def tensor(*shape: int, names: Sequence[str] = ("query", "key"), labels: Sequence[str] = ()) -> Tensor:
    """Numbers on both sides of 0 with few digits or many, some of them not finite."""
    array = np.linspace(-1234.5, 1234.5, int(np.prod(shape))).reshape(shape) ** 3 / 1e6
    array.flat[3:5] = -np.inf, np.nan
    axes = [Axis(name, (list(labels) * n)[:n] or None) for name, n in zip(names, shape, strict=True)]
    return Tensor(array, tuple(axes), "decoder.0.self_attn.masked", At(1))


def ragged() -> Ragged:
    """A triangle: a row of a step has as many cells as there were tokens."""
    array = np.ma.masked_array(np.full((5, 5), 0.25), np.triu(np.ones((5, 5), bool), 1))
    return Ragged(array, (Axis("step"), Axis("key", TOKENS[:5])), "weights", At(1))


TOKENS = ["▁love", "我们", "[/INST]", "x" * 40, "\n", "i"]
WEIGHTS, MASK = "decoder.0.self_attn.weights", "decoder.0.self_attn.mask"
CELLS = {
    "logits": (2, 5),
    "probs": (2, 5),
    WEIGHTS: (1, 2, 0),
    MASK: (0, 2),
    "decoder.0.cross_attn.scores": (1, 2, 3),
    "decoder.0.ffn.norm": (1, 2),
    "decoder.0.ffn.hidden": (1, 2),
    "decoder.embed.positions": (2, 3),
    "choice": (),
}


PRODUCTS = ["logits", "decoder.0.ffn.hidden", "decoder.0.cross_attn.scores"]


def tensors() -> dict[str, View]:
    heads = record(WEIGHTS).output
    return {
        "weights": tensor_view(heads, probabilities=True),
        "hidden": tensor_view(record("decoder.0.ffn.hidden").output),
        "large": tensor_view(tensor(60, 80, labels=TOKENS), title="x" * 30, remark="ahead", max_rows=6),
        "whole": tensor_view(tensor(2, 30, labels=TOKENS), full=True),
        "layers": tensor_view(tensor(2, 2, 4, 30, names=("layer", "head", "query", "key"))),
        "row": tensor_view(tensor(50, names=["vocab"], labels=TOKENS)),
        "ids": tensor_view(Tensor(np.arange(12).reshape(3, 4), (Axis("a"), Axis("b")), "choice", At(1))),
        "one": tensor_view(Tensor(np.asarray(1e-9), (), "loss", At(1)), decimals=3),
        "ragged": tensor_view(ragged()),
        "none": tensor_view(Tensor(np.zeros((0, 3)), (Axis("query"), FEATURE), "x", At(1))),
        "highlighted": tensor_view(tensor(4, 9), highlight=(0.0, 9.5)),
        "power of ten": scientific(tensor_view(tensor(3, 9, labels=TOKENS))),
        "many decimals": tensor_view(tensor(4, 9), decimals=9),
    }


def explanations() -> dict[str, View]:
    explainer = Explainer(run())

    def explained(at: Record, index: tuple[int, ...]) -> View:
        explanation = explainer.explain(at, index, 2)
        numbers = {str(cell): n for n, cell in enumerate(explanation.cells(), 1)}
        return explanation_view(explanation, reasons=explainer.reasons, numbers=numbers)

    whole = explainer.explain(record("logits"), (2, 5), 1)
    found = {name: explained(record(name), CELLS[name]) for name in ("probs", MASK, "decoder.0.ffn.norm")}
    return found | {"all terms": explanation_view(whole, reasons=explainer.reasons, count=None)}


def made() -> dict[str, View]:
    d, q, weight = Number(0.25, "d"), Number(3.0, "q"), Leaf("decoder.0.ffn.hidden.weight", (1, 2), 0.75)
    rows = [tensor(16, names=["rank"]).row(), tensor(16, names=["rank"]).row()]
    merged = Number(0.5, "W") + Number(2.0, "s") * dot(B=rows[0], A=rows[1])
    return {
        "block": made_view(weight, Made("w = d · q", d * q, "block 2 of 8, bytes 34 to 67 of blk.0.ffn_up.weight")),
        "adapter": made_view(weight, Made("W + s · Σ BA", merged, "layers.0.fc1, rank 16")),
    }


def sums() -> dict[str, View]:
    odd = tensor(40, names=["key"], labels=TOKENS).row()
    finite = Tensor(np.linspace(-2, 2, 24), (FEATURE,), "decoder.0.ffn.norm", At(1)).row()
    general = over(lambda x: exp(x - Number(1.0, "max")), x=finite)
    return {
        "odd": worked_sum(over(lambda x: x, x=odd), total=np.nan, count=4),
        "all": worked_sum(general, total=general.evaluate(), count=None),
        "exp": worked_sum(general, total=general.evaluate(), count=5),
    }


@cache
def stopped() -> tuple[Debugger, Stop]:
    """A session with stops of every kind, and where it comes to stand at the first."""
    debugger = Debugger(lambda _text: Run(model(), model().source_ids(TEXT)[0]))
    here = debugger.here
    debugger.stops.add(place("dec.0.cross.weights", here), Condition(compile_expression("max(weights[h1, -1]) > .01")))
    debugger.stops.add(place("dec.0.cross.weights", here))
    debugger.stops.add(Watch(whole_expression(compile_expression("argmax(dec.0.cross.weights[h1, -1])"), here)))
    debugger.stops.add(CatchRowSum())
    [stop] = [stop for stop in debugger.proceed() if stop.met]
    return debugger, stop


def courses() -> dict[str, View]:
    """Subjects with and without lessons, a formula that is computed and one that is not."""
    subjects = [Subject("Softmax", ["4 Softmax: one row by hand", LONG], "demo softmax 1 2"), Subject(LONG, [], "map")]
    formula = Formula("x + y", "x + y")
    computed = [
        Computed("sum", formula, "p @0:encoder.embed.output", "He et al. 2016"),
        Computed(LONG, formula, "", ""),
    ]
    return {"two": course_index(subjects, computed, "我爱你")}


def charts() -> dict[str, View]:
    here, stops = record("decoder.0.cross_attn.weights"), {At(3): {"logits", "decoder.0.cross_attn.weights"}}
    standing, tape = Standing(here, stops, {3: "▁cats"}), run().step(3)
    back = gone_back().find("grad.decoder.0.ffn.hidden")
    return {
        "model": chart_view(model_chart(run(), tape, here.address), standing, opens="decoder.0.cross_attn"),
        "module": chart_view(scope_chart(tape, "decoder.0.cross_attn", here.address), standing),
        "elsewhere": chart_view(scope_chart(tape, "choice", here.address), standing),
        "before": chart_view(model_chart(run(), run().step(0), None), Standing()),
        "back": chart_view(model_chart(given(), gone_back(), "decoder.0.ffn.hidden"), Standing(back)),
    }


def met() -> dict[str, View]:
    _debugger, stop = stopped()
    assert stop.record is not None
    return {"stop": arrived(stop.met, run().step(1).records[15:24], stop.record.index)}


HOSTILE = "model\x1b[31m.层\u202e.\r\n0.q"
"""A name of another program that would write on the screen by itself."""


def compared() -> Comparison:
    """All that there may be of a tensor, by names of somebody else; what differs is known of, and not why."""
    cell = Difference((0, 1, 2), 0.25, 0.75)
    near, far = Held(1.5e-7, 1e-5, 64, cell, 0.9999999), Held(0.5, 1e-5, 64, cell, -0.25, spread=9.0)
    summed = Held(4e-3, 1e-3, 64, Difference((), 1.5, 1.504), figure="sum")
    at, weights = At(1), "decoder.0.cross_attn.weights"
    first = Compared(HOSTILE, weights, at, "adds", far, far, cells=64, given=None, why=N_("the keys differ"))
    found = [
        Compared("h.0", "encoder.embed.output", At(0), "agrees", near, near, cells=64, layout=N_("transposed")),
        Compared("h.1", "encoder.0.output", At(0), "agrees", near, near, "text", 3000, "BF16"),
        Compared("h.2", "encoder.0.ffn.norm", At(0), "agrees", near, near, "hash", 64, "F16"),
        first,
        Compared("attn/out", "decoder.0.cross_attn.output", at, "inherits", summed, summed, "statistics", 64),
        Compared("logits", "logits", at, "adds", Held(np.inf, 0.0, 0), why=N_("the shapes differ")),
        Compared("greedy.ids", "greedy.ids", None, "agrees", Held(0.0, 0.0, 5), cells=5),
    ]
    suspects = ["@1:decoder.0.cross_attn.masked", first.address]
    known = [N_("theirs is ours with the other sign"), N_("only query {places} differs").format(places="0–2")]
    entries = [Entry(f"{HOSTILE}.{n}", values(np.ones(3))) for n in range(14)]
    others = [Other("@1:decoder.1.ffn.hidden", mistake("activation")), Other("@1:logits", None)]
    verdict = Verdict(first, suspects, [], {"no_scale": 0.5, "wrong_axis": 0.3}, known, others)
    notes = [N_("{ids}: no attention_mask is stated").format(ids=HOSTILE)]
    return replace(ported(), checks=found, unmatched=entries, notes=notes, verdict=verdict)


@cache
def ported(cause: str = "", also: str = "") -> Comparison:
    """What a port with a mistake computed, or one with none; and a record by a name that nobody knows."""
    theirs = given().branch(tracer.edit("decoder.0.cross_attn.**", mistake(cause, model().named))) if cause else given()
    arrays = {name: array for name, array in recorded(theirs.decode()).items() if ":decoder.0.cross_attn." in name}
    if also:
        arrays[HOSTILE] = arrays.pop(also)
    return compare(model(), dump(given(), arrays))


def comparisons() -> dict[str, View]:
    found = {
        "made up": compared(),
        "cause": ported("no_scale"),
        "nothing": ported(),
        "one proposed": ported(also="@1:decoder.0.cross_attn.v"),
    }
    return {name: comparison_view(one, "compare port.safetensors --go") for name, one in found.items()}


def checks() -> list[Check]:
    return [
        Check("softmax adds up to 1", "rows", 26, 2e-7, "@1:decoder.0.cross_attn.weights[1,0]"),
        Check("labels", "axes", 2, np.inf, "@1:y", ["axis key of @1:decoder.0.cross_attn.weights is wrong"]),
    ]


def gradients() -> Verified:
    """Two checks of gradients, with a kink that was left out."""
    found = [
        Check("records", "cells", 153, 9e-7, "@1:decoder.embed.positions[1,9]"),
        Check("parameters", "cells", 132, 1e-2, "logits.weight[0,1]", ["the gradient of logits.weight[0,1] is 2"]),
    ]
    return Verified("sum(loss)", found, {1e-5, 1e-3}, ["@1:decoder.0.ffn.hidden[0,3]"])


def inventory() -> list[tuple[str, str, Tensor, tracer.tensor.Statistics | None]]:
    records = run().step(3).records
    return [
        (f"#{r.index}", r.address, r.output, r.output.statistics() if r.is_measured and r.output.shape else None)
        for r in records
    ]


PROSE = """# Attention\n\nThe *largest* score gets the `largest weight[0]`, since **softmax** keeps the order.\n
- one that goes on and on, over the edge of the page and below it\n- 二\n\n> Said.\n\n---\n
| token | 权重 | what it is |\n| --- | ---: | --- |\n| 我 | 0.27 | the first of two that there are |\n"""

LONG = "What does not fit beside the name goes on below its own beginning, however narrow the page is."

EXAMPLES: Mapping[str, Callable[[], Mapping[str, View]]] = {
    "alignments.alignments_view": lambda: {
        "run": alignments_view(alignments(run())),
        "unread": alignments_view(alignments(run(max_tokens=2), weights, "input")),
    },
    "backward.gone": lambda: {
        "forced": gone(gradients_of(run(target="three cats like tea"))),
        "cached": gone(gradients_of(run())),
    },
    "below.sentence": lambda: {"long": sentence(LONG, indent=2)},
    "below.below": lambda: {"two": below(sentence("one"), glossary({"two": LONG}))},
    "below.led": lambda: {
        "sentence": led("$1 = ", sentence(LONG)),
        "table": led("$1 = ", top_view(row("probs"), row("logits"), piece)),
    },
    "below.ending": lambda: {
        "words": ending(below(glossary({"two": LONG}), sentence(LONG))),
        "row": ending(below(sentence(LONG), glossary({"one": "a", "two": LONG}))),
    },
    "below.scientific": lambda: {"tensor": scientific(tensor_view(record("logits").output))},
    "branches.tree_view": lambda: {"three": tree_view(*branched())},
    "chart.chart_view": charts,
    "checks.checks_view": lambda: {"two": checks_view(checks(), title="step @1: 37 records")},
    "checks.gradients_view": lambda: {"kink": gradients_view(gradients(), step=1)},
    "comparison.comparison_view": comparisons,
    "course.course_index": courses,
    "atp.atp_view": lambda: {"all": patched(), "none": patched(0), "interrupted": patched(3)},
    "attribution.attribution_view": lambda: {
        "path": attributed(run(), "max(logits[-1])"),
        "slope": attributed(run(), "max(probs[-1])", method="grad_input", beside=True),
        "occlusion": attributed(given(), "max(logits[2])", method="occlusion"),
        "baseline": attributed(given(), "sum(loss)", method="occlusion", baseline="pad", beside=True),
        "cached": attributed(
            tracer.trace(model(), TEXT, cache=True), "max(logits[-1])", at=Address("encoder.embed.tokens")
        ),
    },
    "contributions.contributions_view": lambda: {
        "lead": contributions_view(contributions(run(), 9, 5), piece),
        "all": contributions_view(contributions(run(), 9), lambda _token: HOSTILE, full=True),
    },
    "lens.lens_view": lambda: {
        "run": lens_view(lens(run()), piece),
        "given": lens_view(lens(given()), lambda _token: LONG, full=True),
        "no gap": lens_view(replace(lens(run()), gap=None), piece),
    },
    "lens.decoderlens_view": lambda: {
        "step": decoderlens_view(decoderlens(run(), step=2), piece),
        "outputs": decoderlens_view(decoderlens(run(), whole=True), lambda _token: HOSTILE),
    },
    "method.method_view": lambda: {one.name: method_view(one) for one in methods().values()},
    "margin.margin_view": lambda: {"choice": margin_view(margin(run().step(3)), piece)},  # type: ignore[arg-type]
    "margin.verdict_view": lambda: {
        "choice": verdict_view(margin(run().step(3)), piece),
        "none": verdict_view(None, piece),
    },
    "derivation.explanation_view": explanations,
    "derivation.made_view": made,
    "distribution.token_line": lambda: {
        "short": token_line(Token(2, 7, "love", 0.954, "i love")),
        "long": token_line(Token(12, 7, "x" * 30, 0.954, "a text that goes on and on " * 5)),
    },
    "distribution.top_view": lambda: {
        "run": top_view(row("probs"), row("logits"), piece, marks={9: "chosen"}, where='after "i"'),
        "odd": top_view(tensor(6, names=["vocab"]), tensor(6, names=["vocab"]), TOKENS.__getitem__, n=3),
    },
    "diff.tokens_view": lambda: {"two": diff_tokens(apart()), "one": diff_tokens(tracer.diff(run(), run()))},
    "diff.records_view": lambda: {"two": records_view(apart(), apart().place, list(apart().records))},
    "facts.facts_view": lambda: {"facts": facts_view({"family": [LONG, LONG], "name": ["x" * 60], "none": []})},
    "flow.flow_view": lambda: {
        "shares": flow_view(alti(run(), 3), alti),
        "weights": flow_view(weights(run(), 3, 0), weights),
        "sizes": flow_view(norms(given(), 1), norms),
        "one text": flow_view(replace(alti(run(), 0), gap=0.5), alti),
    },
    "formula.formula_view": lambda: {
        name: formula_view(record(name), derive(record(name), CELLS[name])) for name in [*PRODUCTS[1:], WEIGHTS]
    },
    "glossary.sections_view": lambda: {
        "one": glossary({"length-penalty": LONG, "s": "Step."}),
        "two": sections_view({"forward": {"step (s)": LONG}, "back": {"rs": LONG}}),
        "none": glossary({}),
    },
    "gradient_rows.loss_gradient_view": lambda: {
        "lost": loss_gradient_view(gradient("logits"), (1,)),
        "cut": loss_gradient_view(gradient("logits"), (1,), max_rows=4, decimals=6),
    },
    "gradient_rows.softmax_gradient_view": lambda: {
        "attention": softmax_gradient_view(gradient("decoder.0.cross_attn.masked"), (1, 1)),
    },
    "heads.heads_view": lambda: {
        "run": heads_view(record(WEIGHTS).output, title="weights"),
        "many": heads_view(
            Tensor(np.full((3, 5, 25), 0.04), (HEAD, Axis("query", TOKENS[:5]), Axis("key", (TOKENS * 5)[:25]))),
            title="w",
        ),
    },
    "hypotheses.hypotheses_view": lambda: {
        "beams": hypotheses_view(run(strategy="beam", beams=3).search.steps[2], run(strategy="beam", beams=3).text_of)
    },
    "inventory.tensors_view": lambda: {"step": tensors_view(inventory()[:12])},
    "inventory.cache_view": lambda: {"layers": cache_view([((2, 19, 8), (2, 4, 8), 3000), ((2, 19, 8), (), 3000)])},
    "mask.mask_view": lambda: {
        "causal": mask_view(record(MASK)),
        "padding": mask_view(run().step(0).find("encoder.0.self_attn.mask")),
    },
    "mask.rules_view": lambda: {
        "causal": rules_view(record(MASK), record(MASK).op.rules(record(MASK)), title=MASK)  # type: ignore[attr-defined]
    },
    "modules.modules_view": lambda: {
        "model": modules_view(tree("zh-en-tiny", ((n, p.shape) for n, p in model().parameters.items())), 4)
    },
    "product.product_view": lambda: {name: product_view(derive(record(name), CELLS[name])) for name in PRODUCTS},
    "progress.progress_bar": lambda: {"bar": progress_bar(3, 8)},
    "prose._prose": lambda: {"prose": prose(PROSE)},
    "records.record_line": lambda: {name: record_line(record(name)) for name in CELLS},
    "records.record_lines": lambda: {"step": record_lines(run().step(3).records[:12], ["", "ahead", *[""] * 10])},
    "records.listing": lambda: {
        "step": listing(run().step(3).records[:12], 5),
        "aligned": record_line(record("logits"), width=where_width(run().step(3).records), remark="ahead"),
    },
    "scored.scored_view": lambda: {"given": scored_view(list(scored(given().step(1))), piece)},
    "scored.loss_view": lambda: {
        "given": loss_view(given().step(1).find("loss").output, ["x" * 30, "▁i", "我", "a", "b", "c"], title="loss")
    },
    "softmax.softmax_view": lambda: {
        "hidden": softmax_view(record(WEIGHTS), (1, 1), run().step(3)),
        "vocab": softmax_view(record("choice.probs"), (), run().step(3)),
        "cut": softmax_view(record("probs"), (1,), max_rows=4, decimals=6),
    },
    "stops.arrived": met,
    "stops.overview": lambda: {
        "all": overview(list(stopped()[0].stops)),
        "one": described(next(iter(stopped()[0].stops))),
    },
    "tensors.tensor_view": tensors,
    "corpus.summary_view": lambda: {
        "heads": summary_view(surveyed(12), lambda section, _end: f"tx-trace {section.name}", ends=3),
        "page": summary_view(surveyed(30), lambda section, _end: f"tx-trace {section.name}", ends=10),
        "nothing": summary_view(surveyed(0), lambda section, _end: f"tx-trace {section.name}", ends=3),
    },
    "sweep.sweep_view": lambda: {
        "heads": swept("ablate", ["**.cross.h*"], "kl"),
        "positions": swept("patch from r1", ["enc.*.output[*]"], "normalised max(logits[-1])"),
        "mixed": swept("ablate mean", ["dec.0.cross.h*", "enc.0.ffn"], "max(probs[-1])"),
        "interrupted": swept("knock", ["dec.0.cross[:, -1, *]"], "max(logits[-1])", 3),
        "one": swept("ablate", ["dec.0.ffn"], "kl"),
        "none": swept("ablate", ["dec.0.ffn"], "kl", 0),
    },
    "tensors.header_view": lambda: {"header": header_view(tensor(9, 9), title="@1:decoder.0.self_attn.masked[h0]")},
    "tokens.token_strips": lambda: {"both": token_strips({"source": TOKENS * 3, "target": ["<s>"]})},
    "worked.worked_sum": sums,
    "worksheet.sheet_view": lambda: {"empty": sheet_view(sheet()), "filled": sheet_view(sheet(), answers())},
    "worksheet.part_view": lambda: {"scores": part_view(sheet(), sheet().parts[-1], answers())},
    "worksheet.introduction": lambda: {"of": introduction(sheet(), "worksheet 3 --seed 2 --blanks easy")},
    "worksheet._key": lambda: {"key": key_of(sheet(), answers())},
}
"""Of every view, what makes its examples."""
