"""Traces with no model behind them: they answer as the live run does, and say in a sentence what they can't do."""

import gc
import io
import weakref

import numpy as np
import pytest
from kept import kept_of, kept_until

import tracer
from commands.batch import Batch
from commands.completion import completions
from commands.grammar.lines import given
from commands.guard import FAILED, FINE
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.replay import Replay
from commands.results.recorded import Recorded
from commands.session import Session
from commands.terminal.resume import save
from commands.terminal.toolbar import standing
from commands.viewer.explaining import Explaining
from commands.viewer.modes import Screen
from tracer.render.sheet import Sheet
from tracer.trace import Trace

TEXT = "我爱你"
FORMATS = ("text", "jsonl", "markdown", "html", "svg")


@pytest.fixture
def live(model):
    """A session over a run that has come to its end."""
    session = Session(Opener(model, TEXT))
    session.run.decode()
    return session


@pytest.fixture
def kept(live):
    """One over what was kept of the same run."""
    return Session(Replay(kept_of(live.run), TEXT))


def played(session, *lines, output="text"):
    """The status of some lines and what is written."""
    stream = io.StringIO()
    with presenter_of(output)(stream, Look(100, "never"), session.heading) as presenter:
        status = Batch(session, presenter).play(given(lines))
    return status, stream.getvalue()


SAME = [
    ["print @1:dec.0.cross.weights", "p r0@1:dec.0.cross.weights[h0]", "p/4 @2:dec.0.self.weights[h0, 0]"],
    ["goto @1", "p dec.*.cross.weights[h0, -1]", "p/r .5,1 dec.0.cross.weights", "p/s logits", "p #3"],
    ["goto @2", 'p prob("love")', 'p rank("love")', "p entropy(dec.0.cross.weights)", "p max(probs) > .5", "p $1"],
    ["step", "list", "next 3", "where", "frame 1", "up", "down", "finish", "info record"],
    ["goto @2", "tokens", "display max(probs)", "token", "continue", "rs", "rn", "rfin", "rt", "rc", "back", "forward"],
    ["goto end", "step", "tokens"],
    ["goto @1", "heads", "heads dec.0.cross", "mask", "mask dec.0.self"],
    ["goto @2", "top 5", "top 3 at 0", 'top at "<s>"'],
    ["info run", "goto @2:probs", "info record", "info tensors", "info tensors @1:** by -std", "info bookmarks"],
    ["goto @2", "view dec.0.cross.weights"],
    [
        "goto @2",
        "why dec.0.cross.weights[h0, 0, 1]",
        "why 1",
        "why dec.0.ffn.activated[0, 3]",
        "formula logits",
    ],
    ["goto @2", "why probs[-1, 0]", "why dec.0.self.weights[h0, 0, 1] -d 2"],
    [
        'break token:"love"',
        "break dec.0.cross.weights if max(weights) > .5",
        "continue",
        "continue",
        "info breakpoints",
    ],
    ["watch argmax(probs[-1])", "continue", "catch nan", "catch rowsum", "continue", "delete", "until logits"],
    ["goto @2", "expect max(probs) > 0", "p token", "p text"],
]


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("lines", SAME, ids=lambda lines: lines[-1])
def test_a_trace_answers_as_the_live_run_does(live, kept, lines, output):
    expected = played(live, *lines, output=output)
    assert expected[0] == FINE
    assert played(kept, *lines, output=output) == expected


@pytest.mark.parametrize(
    "line",
    [
        'p @1:dec.0.cross.weights > "{}.html"',
        'tokens > "{}.md"',
        'export "{}.svg"',
        'export "{}.csv" dec.0.cross.weights[h0]',
    ],
)
def test_a_trace_is_written_to_a_file_as_the_live_run_is(live, kept, tmp_path, line):
    contents = []
    for session in (live, kept):
        assert played(session, "goto @2", line.format(tmp_path / "file"))[0] == FINE
        [file] = tmp_path.iterdir()
        contents.append(file.read_bytes())
        file.unlink()
    assert contents[0] == contents[1]


LINES = [
    "p dec.0.cr",
    "p @1:dec.0.cross.weights[",
    'p prob("lo',
    "goto @1:dec.0",
    "break op:soft",
    'break token:"lo',
    "info ",
]


@pytest.mark.parametrize("line", LINES)
def test_a_trace_completes_as_the_live_run_does(live, kept, line):
    suggested = completions(line, kept)
    assert suggested
    assert suggested == completions(line, live)


def test_parameters_are_suggested_where_there_are_some(live, kept):
    lines = [[s.text for s in completions("p dec.0.ffn.hidden.", session)] for session in (live, kept)]
    assert lines == [["dec.0.ffn.hidden.weight", "dec.0.ffn.hidden.bias"], []]


def test_the_bar_and_the_title_are_the_same(live, kept):
    assert (standing(kept), kept.title()) == (standing(live), live.title())


def test_what_is_asked_of_a_model_is_its_line_where_no_parameters_are(kept, model):
    assert played(kept, "info model") == (FINE, f"(tx) info model\n{model.describe()}\n")


def test_a_choice_is_explained_as_far_as_it_was_kept(live, kept):
    for line in ("why choice", 'why "love"', 'why "cats"'):
        whole, (status, told) = played(live, "goto @2", line)[1], played(kept, "goto @2", line)
        *lines, last = [part for part in told.splitlines() if part]
        assert (status, last.strip("└─ ")) == (FINE, "the parameter decoder.embed.weight was not kept with this trace")
        assert all(line in whole for line in lines)


ONLY = "this is a trace of zh-en-tiny, and without the model it computes nothing else; model NAME|PATH opens one"
WITHOUT = (
    "{} computes with the model, and this holds only numbers of zh-en-tiny; switch goes to a run of a model, model "
    "NAME|PATH opens one"
)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run 你爱我", ONLY),
        ("set strategy beam", ONLY),
        ("set dtype float32", ONLY),
        ("set cache on", ONLY),
        ("set target i love you", ONLY),
        ("verify", WITHOUT.format("verify")),
        ("verify @*", WITHOUT.format("verify")),
        ("check", WITHOUT.format("check")),
        ("info cache", WITHOUT.format("info cache")),
        ("info beams", WITHOUT.format("info beams")),
        ("goto @9", "step @9 was not kept with this trace; it has @0 to @4"),
        ("why @1:logits[0, 3]", "the parameter decoder.embed.weight was not kept with this trace"),
        ("why @1:dec.0.ffn.norm[0, 3] -d 3", "the parameter decoder.0.ffn.norm.weight was not kept with this trace"),
        ("p dec.0.ffn.hidden.weight", "nothing is recorded at dec.0.ffn.hidden.weight"),
    ],
)
def test_what_a_trace_can_not_do_it_says_in_a_sentence(kept, capsys, line, sentence):
    before = kept.run
    assert played(kept, line)[0] == FAILED
    assert capsys.readouterr().err == f"-e:1: {sentence}\n"
    assert kept.run is before


@pytest.mark.parametrize("line", ["goto @2", "goto @2:logits"])
def test_a_trace_that_breaks_off_is_gone_through_to_there(live, capsys, line):
    short = Session(Replay(kept_until(live.run, 2), TEXT))
    assert played(short, line, "p @2:probs", "tokens", "goto end")[0] == FINE
    assert played(short, "continue")[0] == FAILED
    assert capsys.readouterr().err == "-e:1: step @3 was not kept with this trace; it has @0 to @2\n"
    assert short.cursor.step == 2


def test_the_same_trace_is_begun_again(kept):
    assert played(kept, "goto @2", "run")[0] == FINE
    assert (kept.cursor, played(kept, f"run {TEXT}")[0]) == (kept.start, FINE)


def test_a_model_is_opened_from_a_trace(kept):
    status, told = played(kept, "model zh-en-tiny", "token")
    assert status == FINE
    assert told.splitlines()[-1].startswith('token  1  "▁i"')


def test_a_given_output_is_scored_from_a_trace(model):
    live = Session(Opener(model, TEXT, target="i love you"))
    live.run.decode()
    kept = Session(Replay(kept_of(live.run), TEXT, target="i love you"))
    lines = ("goto @1", "tokens", "p loss", "top at 1", "info run")
    assert played(kept, *lines) == played(live, *lines)


def test_the_viewer_says_what_was_not_kept(kept):
    record = kept.run.step(1).find("logits")
    shown = Explaining.of(Recorded(kept.run, record, record.output.locate(())).asked((0, 3)), None).frame(
        Screen(Sheet(width=80), 10)
    )
    assert "the parameter decoder.embed.weight was not kept" in str(shown)


def test_a_session_over_a_trace_is_not_kept_for_the_next(kept, tmp_path):
    save(kept, tmp_path / "session.json")
    assert not (tmp_path / "session.json").exists()


def test_nothing_of_a_trace_leads_to_a_model():
    model = tracer.load("zh-en-tiny")
    trace, gone = kept_of(tracer.trace(model, TEXT)), weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert played(Session(Replay(trace, TEXT)), "goto @2", "p dec.0.cross.weights", "info run")[0] == FINE


def test_a_run_and_what_is_kept_of_it_are_traces(live):
    assert isinstance(live.run, Trace)
    assert isinstance(kept_of(live.run), Trace)


@pytest.mark.parametrize("name", ["zh-en-tiny", "zh-en"])
def test_a_card_says_what_the_model_does(name):
    model = tracer.load(name)
    card = kept_of(tracer.trace(model, TEXT)).card
    assert card.describe() == model.describe() == model.card.describe()
    assert [card.piece(i, "target") for i in range(9)] == [model.piece(i, "target") for i in range(9)]
    assert card.id_of("love", "target") == model.card.id_of("love", "target") == model.target.id_of("love")
    assert card.id_of("nonsense", "target") is None
    assert np.dtype(card.dtype) == model.architecture.dtype
