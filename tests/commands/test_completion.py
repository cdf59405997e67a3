"""What a line may go on with, without a terminal."""

import time

import pytest

from commands.completion import completions, usage_hint
from commands.grammar.parsing import grammar, usage
from commands.grammar.suggestions import Typing, files, fuzzily
from commands.registry import catalogue
from commands.settings import SETTINGS
from tracer.addresses import parse

COMMANDS = catalogue()
FREE = {"N", "TEXT", "NAME", "WORD", "NUMBERS", "COUNT", "RATE"}
"""What is typed freely."""


def texts(line, session, **options):
    return [offer.text for offer in completions(line, session, **options)]


def replaced(line, session):
    """What the line becomes with each of its completions."""
    return [line[: len(line) - length] + text for text, length, _meta in completions(line, session)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_completed_with_what_it_does(name, session):
    for typed in (name[: n + 1] for n in range(len(name))):
        found = {offer.text: offer for offer in completions(typed, session)}
        assert found[name].meta == COMMANDS[name].summary
        assert found[name].length == len(typed)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_completed_unless_it_is_free(name, session):
    session.token()
    for argument in grammar(COMMANDS[name]).arguments[:1]:
        free = argument.kind.placeholder.split("|")[0].rstrip("…") in FREE
        assert free or completions(f"{name} ", session), f"{name} {argument.kind.placeholder}"


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_raised_wherever_an_example_is_cut(name, session):
    session.token()
    for line in COMMANDS[name].examples:
        for end in range(len(line) + 1):
            completions(line[:end], session, patient=True)
            usage_hint(line[:end], session)


@pytest.mark.parametrize("name", COMMANDS)
def test_usage_is_shown_once_the_command_is_known(name, session):
    assert usage_hint(name, session) == ""
    assert usage_hint(f"{name} ", session).startswith(usage(COMMANDS[name]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("p dec.0.cross.w", "p dec.0.cross.weights"),
        ("p max(dec.0.cr", "p max(dec.0.cross_attn."),
        ("p decoder.0.ffn.hidden", "p decoder.0.ffn.hidden."),
        ("p decoder.0.ffn.hidden.w", "p decoder.0.ffn.hidden.weight"),
        ('p decoder.embed.weight["lo', 'p decoder.embed.weight["▁love"'),
        ("p dec.0.ffn.hidden.weight[3, ", "p dec.0.ffn.hidden.weight[3, 15"),
        ("why decoder.0.ffn.hid", "why decoder.0.ffn.hidden"),
        ("p r0:dec.0.cross.w", "p r0:dec.0.cross.weights"),
        ("p r0@0:enc.0.self.we", "p r0@0:enc.0.self.weights"),
        ("p dec.*.cross.weights[", "p dec.*.cross.weights[h1"),
        ("p prob(", 'p prob("'),
        ('p token == "lo', 'p token == "▁love"'),
        ("info tensors dec.*.cr", "info tensors dec.*.cross_attn."),
        ("info tensors dec.** ", "info tensors dec.** by "),
        ("info tensors dec.** by -m", "info tensors dec.** by -max"),
        ("b dec.0.cross.weights ", "b dec.0.cross.weights if "),
        ("b dec.0.cross.weights if max(weig", "b dec.0.cross.weights if max(decoder.0.cross_attn.weights"),
        ("goto s", "goto start"),
        ("show v", "show values"),
        ("p 1 + wei", "p 1 + encoder.0.self_attn.weights"),
        ("p crwei", "p decoder.0.cross_attn.weights"),
        ("p @0:enc.0.self.q", "p @0:enc.0.self.q"),
        ("p ma", "p max("),
        ("p step + to", "p step + token"),
        ("goto enc.0.ffn.a", "goto enc.0.ffn.activated"),
        ("p dec.0.cross.weights[", "p dec.0.cross.weights[h0"),
        ("p dec.0.cross.weights[h", "p dec.0.cross.weights[h1"),
        ('p dec.0.cross.weights[h0, 0, "爱', 'p dec.0.cross.weights[h0, 0, "爱"'),
        ("p dec.0.cross.weights[h0, 0, ", "p dec.0.cross.weights[h0, 0, 3"),
        ('p enc.0.self.q[h0, "我", ', 'p enc.0.self.q[h0, "我", 7'),
        ('p prob("lo', 'p prob("▁love"'),
        ("p/", "p/a"),
        ("why probs[0, 0] -", "why probs[0, 0] -d"),
        ("why probs[0, 0] --", "why probs[0, 0] --all"),
        ("info m", "info model"),
        ("b op:soft", "b op:softmax"),
        ('b token:"lo', 'b token:"▁love"'),
        ("set de", "set decimals"),
        ("set vi o", "set vi on"),
        ("set strategy ", "set strategy beam"),
        ("show te", "show temperature"),
        ("set decimals ", "set decimals 3"),
        ("p enc.0.self.weights［", "p enc.0.self.weights［h0"),
        ("help pi", "help pipes"),
        ("help st", "help step"),
        ("help soft", "help softmax"),
        ("help exp", "help expressions"),
        ("p max(dec.0.cross.weights[h0, 1], ke", "p max(dec.0.cross.weights[h0, 1], key"),
        ("p 1 + mean(abs(dec.*.cross.weights), head, la", "p 1 + mean(abs(dec.*.cross.weights), head, layer"),
        ('p logit_diff("love", ', 'p logit_diff("love", "'),
        ("p max(dec.0.cross.weights, key) + dec.0.cross.w", "p max(dec.0.cross.weights, key) + dec.0.cross.weights"),
        ("model zh-en-", "model zh-en-tiny"),
    ],
)
def test_what_a_line_becomes(line, expected, session):
    session.token()
    assert expected in replaced(line, session)


def test_an_address_says_its_shape_and_operation(session):
    session.token()
    [offer] = completions("p dec.0.cross.weights", session)[:1]
    assert offer.meta == "[2,1,4] softmax"


def test_segments_that_were_shortened_stay_so_and_numbers_are_whole(session):
    session.token()
    found = texts("p dec.0.cross.", session)
    assert all(text.startswith("dec.0.cross.") for text in found)
    assert texts("p dec.00.", session) == []


def test_a_name_in_the_scope_of_the_cursor_comes_first(session):
    session.goto(parse("@1:decoder.0.cross_attn.scores"))
    assert texts("p wei", session)[0] == "weights"


def test_what_comes_later_gets_its_step_where_that_is_needed(session):
    assert replaced("p dec.0.cross.w", session) == ["p @1:dec.0.cross.weights"]
    assert replaced("until dec.0.cross.w", session) == ["until dec.0.cross.weights"]


def test_a_big_model_is_run_only_for_who_waits(session, monkeypatch):
    monkeypatch.setattr("commands.grammar.address_suggestions.CHEAP", 0)
    assert texts("p enc.0.self.", session) == []
    assert session.run.computed == -1
    assert "enc.0.self.q" in texts("p enc.0.self.", session, patient=True)


@pytest.mark.parametrize(
    "line",
    [
        "p weights ",
        "p weights dec",
        "p dec.0.cross.weights[h0] dec",
        "p 1 lo",
        "p 1",
        "p (logits) lo",
        'p text == "i',
        "p dec..",
        "p r1:dec",
        "p $9[",
        "info run ",
        "info run dec",
        "goto logits lo",
        "why logits[0, 0] lo",
        "b logits i f",
        "b logits if logits lo",
    ],
)
def test_nothing_is_offered_where_nothing_fits(line, session):
    session.token()
    assert texts(line, session) == []


@pytest.mark.parametrize(
    "line", ["p weights + ", "p not ", "p max(", "p logits @ ", "p -", "p 1 < 2 and ", "p ", "watch "]
)
def test_values_are_offered_where_one_is_wanted(line, session):
    session.token()
    assert {"decoder.", "logits", "max(", "text"} <= set(texts(line, session))


def test_an_address_is_completed_a_level_at_a_time(session):
    session.token()
    assert texts("p dec", session) == ["decoder."]
    assert texts("p decoder.", session) == ["decoder.embed.", "decoder.0.", "decoder.output"]
    assert texts("p dec.0.", session) == ["dec.0.self_attn.", "dec.0.cross_attn.", "dec.0.ffn.", "dec.0.output"]
    [offer, *_others] = completions("p dec.0.cr", session)
    assert offer.meta == "12 tensors"
    assert texts("p choice", session)[:2] == ["choice", "choice.logits"]


def test_earlier_values_are_offered_with_what_was_asked(session):
    session.token()
    for n in range(12):
        session.history.keep(f"1 + {n}", 1 + n)
    assert texts("p 2 * $1", session) == ["$1", "$10", "$11", "$12"]
    assert completions("p $3", session)[0].meta == "1 + 2"
    session.history.keep("weights", session.run.step(1)["decoder.0.cross_attn.weights"])
    assert texts("p $13[", session) == ["h0", "h1"]


def test_a_label_that_occurs_twice_is_told_apart(session):
    session.restart("我爱我")
    assert '"我"#2' in texts("p enc.0.self.weights[h0, ", session)


def test_short_names_are_completed_as_what_they_stand_for(session):
    session.shorten("cross", "print dec.0.cross.weights")
    assert "cross" in texts("cr", session)
    assert texts("cross[", session) == []
    assert usage_hint("cross ", session).startswith("print")


def test_files_are_completed_after_a_redirection(session, tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / ".hidden").touch()
    assert texts(f'tokens > "{tmp_path}/note', session) == ["notebooks/", "notes.txt"]
    assert texts(f"tokens > {tmp_path}/", session) == ["notebooks/", "notes.txt"]
    assert list(files(Typing(session, "/nowhere/at/all"))) == []


def test_what_is_no_lesson_is_offered_beside_the_lessons(session):
    assert texts("learn ", session)[-3:] == ["index", "exam", "review"]
    assert texts("learn exa", session) == ["exam"]


def test_values_are_those_of_the_setting(session):
    for name, setting in SETTINGS.items():
        for text in texts(f"set {name} ", session):
            setting.read(text)
    assert texts("set nothing ", session) == []


def test_letters_in_order_are_enough():
    assert fuzzily("wt", ["weights", "width", "top"]) == ["width", "weights"]
    assert fuzzily("w", ["weights", "view"]) == ["weights"]
    assert fuzzily("TO", ["top", "stop", "t.o"]) == ["top", "stop", "t.o"]
    assert fuzzily("(", ["max"]) == []


def test_letters_are_found_in_the_time_of_their_number():
    start = time.process_time()
    assert fuzzily("x" * 100_000, ["weights", "x" * 99_999]) == []
    assert fuzzily("a" * 30 + "b", ["a" * 60]) == []
    assert time.process_time() - start < 0.5
