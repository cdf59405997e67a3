import math
import random
import re

import numpy as np
import pytest
from fake_run import DECODER, ENCODER, FakeRun

import tracer
from tracer.addresses import parse
from tracer.debugger.cursor import Cursor
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import compile_expression
from tracer.debugger.stops import (
    LATEST,
    Arisen,
    CatchArising,
    CatchCondition,
    CatchRowSum,
    Changed,
    Condition,
    Failed,
    Holds,
    Unbalanced,
    Watch,
    check_known,
    place,
    whole_expression,
)
from tracer.errors import AddressError, InputError
from tracer.operation import Operation
from tracer.ops.softmax import softmax
from tracer.run import Run
from tracer.tape import Tape
from tracer.tensor import FEATURE, Tensor

WEIGHTS = "decoder.0.cross_attn.weights"


@pytest.fixture
def debugger():
    return Debugger(lambda _text: FakeRun())


@pytest.fixture(scope="module")
def model():
    return tracer.load("zh-en-tiny", dtype="float64")


@pytest.fixture
def real(model):
    ids, _unknown = model.source_ids("我爱你")
    return Debugger(lambda _text: Run(model, ids))


def breaks(debugger, where, condition=None, **options):
    return debugger.stops.add(
        place(where, debugger.here), condition and Condition(compile_expression(condition)), **options
    )


def watches(debugger, text):
    return debugger.stops.add(Watch(whole_expression(compile_expression(text), debugger.here)))


def catches(debugger, text):
    return debugger.stops.add(CatchCondition(Condition(compile_expression(text))))


def forth(debugger):
    """Where `proceed` stops from here to the end, in order."""
    return [stop.cursor for stop in debugger.proceed(10**9) if stop.met]


def back(debugger):
    """Where `proceed_back` stops from here to the start."""
    places = []
    while (stop := debugger.proceed_back()).met:
        places.append(stop.cursor)
    assert stop.reason == "start"
    return places


# where


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("dec.0.cross.weights", [(1, 4), (2, 4), (3, 4)]),
        ("decoder.*.cross_attn.weights", [(1, 4), (2, 4), (3, 4)]),
        ("**.weights", [(0, 4), (1, 2), (1, 4), (2, 2), (2, 4), (3, 2), (3, 4)]),
        ("@2:dec.0.cross.weights", [(2, 4)]),
        ("@2#3", [(2, 3)]),
        ("#7", [(1, 7), (2, 7), (3, 7)]),
        ("@2", [(2, 1)]),
        ("@0", [(0, 1)]),
        ("@9", []),
        ("enc.0.ffn.norm", [(0, 6)]),
        ('token:"word2"', [(2, 8)]),
    ],
)
def test_a_place_is_met_wherever_it_comes(debugger, where, places):
    breaks(debugger, where)
    assert forth(debugger) == [Cursor(*place) for place in places]


def test_a_shortened_place_is_shown_whole(debugger):
    assert str(place("dec.0.cross.weights", debugger.here)) == WEIGHTS
    assert str(place("@3:dec.0.cross.weights", debugger.here)) == f"@3:{WEIGHTS}"
    assert str(place("dec.*.cross.weights", debugger.here)) == "dec.*.cross.weights"


def test_a_bare_name_is_looked_up_outwards_from_the_cursor(debugger):
    debugger.goto(parse("@1:dec.0.cross.norm"))
    assert str(place("weights", debugger.here)) == WEIGHTS
    assert str(place("*.weights", debugger.here)) == "decoder.0.*.weights"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("dec.0.cross.wieghts", "did you mean decoder.0.cross_attn.weights?"),
        ("dec.0", "nothing is recorded at dec.0"),
        ("dec.0.*.wieghts", "nothing is recorded"),
        ("@2:enc.0.ffn.norm", "nothing is recorded at enc.0.ffn.norm"),
        ("dec.0.c.weights[h0]", r"break dec.0.c.weights if …"),
        ("op:softmx", "there is no operation softmx; did you mean softmax?"),
        ("token:love", 'a token stands in double quotes, e.g. token:"love"'),
        ("#0", "records are counted from #1"),
        ("%", "is no address"),
    ],
)
def test_what_is_no_place(debugger, where, message):
    with pytest.raises(AddressError, match=message):
        place(where, debugger.here)


def test_a_step_before_the_first_is_no_place():
    debugger = Debugger(lambda _text: FakeRun(first=1))
    with pytest.raises(AddressError, match="there is no step @0"):
        place("@0", debugger.here)


def test_a_token_must_be_in_the_vocabulary(real):
    assert str(place('token:"love"', real.here)) == 'token:"love"'
    with pytest.raises(AddressError, match=r'"lvoe" is no token of the target vocabulary; did you mean "love"\?'):
        place('token:"lvoe"', real.here)


def test_an_operation_is_met_at_all_its_records(real):
    breaks(real, "op:softmax")
    real.proceed(2)
    assert all(real.run.step(p.step).records[p.index - 1].op.name == "softmax" for p in forth(real))


# motions


def test_without_stops_nothing_is_looked_at(debugger, monkeypatch):
    breaks(debugger, "logits").enabled = False
    monkeypatch.setattr("tracer.debugger.stops.sealed.Layouts.sealed", None)
    assert [stop.reason for stop in debugger.proceed()] == ["token"] * 3 + ["end"]


def test_every_motion_stops_on_its_way(debugger):
    point = breaks(debugger, "dec.0.self.norm")
    for motion in (debugger.token, debugger.next, lambda: debugger.until(parse("logits"))):
        debugger.goto(parse("@1#1"))
        assert motion()[:2] == ("breakpoint", Cursor(1, 3))
    debugger.goto(parse("@1#2"))
    assert (debugger.step().number, point.hits) == (point.number, 4)
    for motion in (debugger.token_back, debugger.next_back, debugger.finish_back, debugger.proceed_back):
        debugger.goto(parse("@1:dec.0.cross.norm"))
        assert motion().reason == "breakpoint"


def test_goto_passes_by(debugger):
    breaks(debugger, "logits")
    assert debugger.goto(parse("@3")).reason == "step"


def test_proceed_counts_stops_and_yields_the_tokens_between(debugger):
    breaks(debugger, "logits")
    reasons = [stop.reason for stop in debugger.proceed(2)]
    assert (reasons, debugger.cursor) == (["breakpoint", "token", "breakpoint"], Cursor(2, 6))


def test_back_meets_the_stops_of_forth_in_reverse(real):
    for where in ("dec.*.cross.weights", "op:layer_norm", "@2"):
        breaks(real, where)
    breaks(real, "**.norm", "max(norm) > 1")
    watches(real, "argmax(logits[-1])")
    catches(real, "max(weights) > .9")
    met = forth(real)
    end = real.cursor
    assert len(met) > 10
    assert back(real) == [place for place in reversed(met) if place != end]
    assert forth(real) == met


def test_a_random_walk_is_what_a_fresh_session_does(real):
    walk = random.Random(4)
    wheres = ["@1", "@3", "op:softmax", "**.norm", "logits", "dec.0.cross.*", "enc.*.ffn.output", 'token:"love"', "#5"]
    conditions = [None, "max(probs) > .9", "step == 2", "1 / 0 > 1", "weights > 0", "nowhere > 1", 'token == "love"']
    names = ["step", "next", "finish", "token", "step_back", "next_back", "finish_back", "token_back", "proceed_back"]
    for _round in range(12):
        for point in real.stops:
            real.stops.delete(point)
        chosen = [(walk.choice(wheres), walk.choice(conditions)) for _time in range(walk.randrange(4))]
        fresh = Debugger(real._begin)
        for where, condition in chosen:
            breaks(real, where, condition)
            breaks(fresh, where, condition)
        for name in walk.choices(names, k=40):
            before = real.cursor
            fresh.goto(parse(f"@{before.step}#{before.index}")) if before.index else fresh.restart()
            stop, again = getattr(real, name)(), getattr(fresh, name)()
            assert stop[:2] == again[:2]
            assert [one.findings for one in stop.met] == [one.findings for one in again.met]


# counting


def test_hits_are_counted_and_some_ignored(debugger):
    point = breaks(debugger, "**.weights")
    point.to_ignore = 2
    assert forth(debugger) == [Cursor(1, 4), Cursor(2, 2), Cursor(2, 4), Cursor(3, 2), Cursor(3, 4)]
    assert (point.hits, point.to_ignore) == (7, 0)


def test_a_temporary_stop_vanishes_after_its_hit(debugger):
    breaks(debugger, "logits", temporary=True)
    assert forth(debugger) == [Cursor(1, 6)]
    assert not list(debugger.stops)


def test_a_disabled_stop_is_not_met(debugger):
    breaks(debugger, "logits").enabled = False
    breaks(debugger, "@2")
    assert forth(debugger) == [Cursor(2, 1)]


def test_all_stops_at_a_record_are_met_by_number(debugger):
    breaks(debugger, "@2#6")
    breaks(debugger, "logits")
    (*_tokens, stop) = debugger.proceed(2)
    assert [one.point.number for one in stop.met] == [1, 2]
    assert (stop.reason, stop.number) == ("breakpoint", 1)


def test_numbers_are_given_once_and_over_all_kinds(debugger):
    first = breaks(debugger, "logits")
    debugger.stops.delete(first)
    assert [breaks(debugger, "@2").number, watches(debugger, "logits").number, debugger.stops[LATEST].number] == [
        2,
        3,
        3,
    ]
    with pytest.raises(InputError, match="there is no breakpoint 1; there are 2, 3"):
        debugger.stops[1]
    with pytest.raises(InputError, match="no breakpoint is set"):
        Debugger(lambda _text: FakeRun()).stops[LATEST]


def test_stops_outlive_the_run(debugger):
    breaks(debugger, "@2")
    debugger.token()
    debugger.restart()
    assert forth(debugger) == [Cursor(2, 1)]


def test_the_commands_of_what_was_met_are_due_once(debugger):
    breaks(debugger, "logits").commands = ("print logits",)
    breaks(debugger, "@1#6").commands = ("where",)
    debugger.token()
    assert debugger.take_due() == ["print logits", "where"]
    assert debugger.take_due() is None
    debugger.step()
    assert debugger.take_due() == []


# conditions


def test_bare_names_in_a_condition_are_those_of_the_record_tested(real):
    breaks(real, "**.weights", "max(weights) > .99")
    for cursor in forth(real):
        record = real.run.step(cursor.step).records[cursor.index - 1]
        assert record.output.array.max() > 0.99


@pytest.mark.parametrize(
    ("where", "condition", "places"),
    [
        ("decoder.0.ffn.*", "max(output) > 0", ["output", "residual", "norm"]),
        ("decoder.0.ffn.*", "max(hidden) > min(output)", ["output", "residual", "norm"]),
        ("decoder.0.ffn.*", "step == 2 or max(output) > 0", ["output", "residual", "norm"]),
        ("decoder.0.ffn.*", "max(dec.0.ffn.output) > 0", ["hidden", "activated", "output", "residual", "norm"]),
        ("decoder.0.ffn.hidden", "max(logits) > 0", ["hidden"]),
    ],
)
def test_bare_names_in_a_condition_have_been_performed(real, where, condition, places):
    """A name looked up from the record means nothing that is still to come; a whole path may lie ahead in the step."""
    breaks(real, where, condition)
    real.run.decode()
    steps = real.run.steps[1:]
    records = [Cursor(step.number, step.tape.find(f"decoder.0.ffn.{name}").index) for step in steps for name in places]
    assert forth(real) == records
    assert back(real) == records[::-1]
    stepped = [real.step() for step in real.run.steps for _record in step]
    assert [stop.cursor for stop in stepped if stop.met] == records


@pytest.mark.parametrize(
    ("where", "condition", "path"),
    [
        ("decoder.0.ffn.hidden", "max(output) > 0", "decoder.0.ffn.output"),
        ("dec.0.cross.scores", "step > 1 and max(weights) > .5", "decoder.0.cross_attn.weights"),
    ],
)
def test_a_name_that_is_always_still_to_come_is_met_and_says_so(real, where, condition, path):
    breaks(real, where, condition)
    (failed,) = list(real.proceed())[-1].met[0].findings
    name = path.rpartition(".")[2]
    assert failed.problem == (f"{name} is still to come wherever this is tested; its whole path is read ahead: {path}")


def test_a_comparison_tells_its_sides(real):
    breaks(real, "@1:dec.0.cross.weights", "max(weights[h0]) > .5")
    stop = list(real.proceed())[-1]
    (holds,) = stop.met[0].findings
    assert holds == Holds(
        "max(weights[h0]) > .5",
        (("max(weights[h0])", float(stop.record.output.array[0].max())), (".5", None)),
        (">",),
    )


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ('token == "love"', (("token", "▁love"), ('"love"', None))),
        ("0 < step <= 1 + 1", (("0", None), ("step", 2), ("1 + 1", None))),
        ("(step + 1) == (3)", (("step + 1", 3), ("3", None))),
        ("step == 2 and step > 1", ()),
    ],
)
def test_sides_that_say_their_value_have_none(real, text, sides):
    breaks(real, "@2", text)
    assert list(real.proceed())[-1].met[0].findings[0].sides == sides


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1 / (step - step) > 1", "column 3: division by zero"),
        ("nowhere > 1", "column 1: nothing is recorded at nowhere"),
        ("weights > .5", r"wrap it in any\(…\) or all\(…\)"),
        ("@99:logits == 1", "there is no step @99"),
    ],
)
def test_a_condition_that_fails_is_met_and_says_why(real, text, problem):
    breaks(real, "dec.0.cross.weights", text)
    (failed,) = list(real.proceed())[-1].met[0].findings
    assert isinstance(failed, Failed)
    assert re.search(problem, failed.problem)


def test_conditions_may_use_globs_and_the_distribution(real):
    breaks(real, "@2", 'any(dec.*.cross.weights > .5) and rank("love") == 1 and prob("love") > .5')
    assert forth(real) == [Cursor(2, 1)]


# watches


def test_a_watch_tells_the_values_before_and_after(real):
    watches(real, "argmax(logits[-1])")
    stop = list(real.proceed())[-1]
    ids = [token.id for token in real.run.tokens]
    assert stop[:2] == ("watchpoint", Cursor(2, len(real.run.step(2))))
    assert stop.met[0].findings == (Changed(2, ids[0], ids[1]),)


def test_a_watch_stops_only_at_changes(real):
    watches(real, "dec.0.cross.k")
    assert forth(real) == []
    real.restart()
    watches(real, "decoder.*.self_attn.k")
    watches(real, "token")
    assert len(forth(real)) == len(real.run.tokens) - 1


def test_a_watch_with_a_condition(real):
    watches(real, "token").condition = Condition(compile_expression("step == 3"))
    stops = [stop for stop in real.proceed(99) if stop.met]
    assert [stop.cursor.step for stop in stops] == [3]
    assert [type(finding) for finding in stops[0].met[0].findings] == [Changed, Holds]


def test_names_in_a_watch_are_those_of_where_it_was_set(real):
    real.goto(parse("@1:dec.0.cross.weights"))
    point = watches(real, "max(weights[h0, 0]) - @1:logits[0, 0]")
    assert str(point) == f"max({WEIGHTS}[h0, 0]) - @1:logits[0, 0]"


@pytest.mark.parametrize(
    ("text", "message"), [("max(wieghts)", "did you mean"), ("dec.0.*.wieghts", "nothing"), ("dec.0.s.m", "ambiguous")]
)
def test_a_watch_on_what_is_not_there(real, text, message):
    with pytest.raises(AddressError, match=message):
        watches(real, text)


# catches


class Given(Operation):
    """Yields what it is given."""

    formula = latex = reference = "x"

    def forward(self, *inputs, values):
        return Tensor(np.array(values), (FEATURE,))

    def derive(self, index, *inputs, values):
        return inputs[0].leaf(*index) if inputs else Tensor(np.array(values), (FEATURE,)).leaf(*index)


class OneStep(FakeRun):
    """A run of a single tape."""

    def __init__(self, tape):
        super().__init__(tokens=1, first=1)
        self.tape = tape

    def _perform(self, number):
        self._tapes[number] = self.tape
        self.computed = number


def caught(trigger, tape):
    """The addresses at which something is caught, with what was found."""
    debugger = Debugger(lambda _text: OneStep(tape))
    debugger.stops.add(trigger)
    return {stop.record.address: stop.met[0].findings for stop in debugger.proceed(99) if stop.met}


def test_nan_and_inf_are_caught_where_they_arise():
    tape = Tape(1)
    fine = tape(Given(), "fine", values=[1.0, 2.0])
    broken = tape(Given(), "broken", fine, values=[math.nan, math.inf])
    tape(Given(), "passed", broken, values=[math.nan, math.inf])
    assert caught(CatchArising("nan"), tape) == {"broken": (Arisen("nan", 1, 2),)}
    assert caught(CatchArising("inf"), tape) == {"broken": (Arisen("inf", 1, 2),)}


def test_infinities_that_are_meant_are_not_caught(real):
    real.stops.add(CatchArising("inf"))
    real.stops.add(CatchArising("nan"))
    real.stops.add(CatchRowSum())
    assert forth(real) == []
    assert any(np.isneginf(record.output.array).any() for record in real.run.step(2))


def test_rows_that_do_not_sum_to_one_are_caught():
    tape = Tape(1)
    with np.errstate(invalid="ignore"):
        tape(softmax, "weights", Tensor(np.array([[0.0, 1.0], [-math.inf, -math.inf]]), (FEATURE, FEATURE)))
    ((finding,),) = caught(CatchRowSum(), tape).values()
    assert isinstance(finding, Unbalanced)
    assert finding.index == (1,)


def test_a_predicate_is_tested_where_what_it_reads_is_complete(real):
    catches(real, "max(weights) >= max(scores)")
    breaks(real, "**.weights", "max(weights) >= max(scores)")
    stops = [stop for stop in real.proceed(99) if stop.met]
    assert stops
    assert all(len(stop.met) == 2 and not isinstance(stop.met[0].findings[0], Failed) for stop in stops)


def test_a_predicate_that_reads_no_record_is_tested_at_the_end_of_steps(real):
    catches(real, "step == 2")
    catches(real, "max(enc.0.self.weights) > 0")
    assert forth(real)[:3] == [Cursor(0, 10), Cursor(1, 37), Cursor(2, 37)]


def test_a_predicate_on_a_later_step_waits_for_it(real):
    catches(real, "max(@2:probs) > 0")
    assert forth(real)[0] == Cursor(2, 34)


def test_a_predicate_must_read_something_that_exists(real):
    check_known(parse("weights"), real.here)
    check_known(parse("@2:probs"), real.here)
    with pytest.raises(AddressError, match="did you mean"):
        check_known(parse("wieghts"), real.here)


def test_the_fake_run_is_what_these_tests_take_it_for():
    assert (ENCODER[3], DECODER[3], len(DECODER)) == ("encoder.0.self_attn.weights", WEIGHTS, 8)
