"""What holds of any way through a run."""

from __future__ import annotations

import io
import random
from contextlib import suppress
from itertools import takewhile

import pytest

from commands.execute import execute
from commands.opener import Opener
from commands.output.present import Look, TextPresenter
from commands.registry import catalogue
from commands.session import Session
from tracer.debugger.cursor import Cursor
from tracer.errors import TraceError

MOTIONS = (
    "s",
    "s 7",
    "n",
    "n 2",
    "fin",
    "t",
    "t 2",
    "c",
    "rs",
    "rs 5",
    "rn",
    "rfin",
    "rt",
    "rc",
    "goto @1#20",
    "goto @0",
)
COMMANDS = 3_000
SLOW = ("descend", "verify grad")


@pytest.fixture
def tell(session):
    """Run a line, and forget what it says."""
    presenter = TextPresenter(io.StringIO(), Look(80, "never"))
    return lambda line: execute(line, session, presenter)


@pytest.fixture(params=range(25))
def somewhere(request, session, tell):
    """A session at some place, by some way."""
    walk = random.Random(request.param)
    for _step in range(walk.randrange(6)):
        tell(walk.choice(MOTIONS))
    return session


def goto(cursor):
    return f"goto @{cursor.step}#{cursor.index}" if cursor.index else "rc"


def test_back_undoes_any_motion(somewhere, tell):
    for motion in MOTIONS:
        before = somewhere.cursor
        tell(motion)
        after = somewhere.cursor
        if after != before:
            tell("back")
            assert somewhere.cursor == before
            tell("forward")
            assert somewhere.cursor == after


def test_steps_back_undo_steps(somewhere, tell):
    for n in (1, 3, 50):
        before = somewhere.cursor
        tell(f"s {n}")
        taken = distance(somewhere, before, somewhere.cursor)
        assert taken == n or somewhere.step().reason == "end"
        if taken:
            tell(f"rs {taken}")
        assert somewhere.cursor == before


def distance(session, before, after):
    """How many records lie between two places."""
    lengths = [len(session.run.step(n)) for n in range(before.step, after.step)]
    return sum(lengths) + after.index - before.index


def frame(session):
    """The innermost scope that holds both the record before and the record after the cursor, and the step."""
    step, index = session.cursor.step, session.cursor.index
    around = session.run.step(step).records[index - 1 : index + 1]
    scopes = [record.address.split(".")[:-1] for record in around]
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(*scopes, strict=False))
    return step, list(shared) if len(scopes) == 2 else None


def test_next_back_undoes_next_within_a_scope(session, tell):
    checked = 0
    tell("goto @0#1")
    while session.cursor.step < 3:
        before, scope = session.cursor, frame(session)
        tell("n")
        if frame(session) == scope:
            after = session.cursor
            tell("rn")
            assert session.cursor == before
            tell(goto(after))
            checked += 1
        tell(goto(before))
        tell("s")
    assert checked > 50


def test_a_motion_does_the_same_however_its_start_was_reached(somewhere, tell, model):
    for motion in MOTIONS:
        start = somewhere.cursor
        tell(motion)
        fresh = Session(Opener(model))
        for line in (goto(start), motion):
            execute(line, fresh, TextPresenter(io.StringIO(), Look(80, "never")))
        assert fresh.cursor == somewhere.cursor, (start, motion)
        assert fresh.here.record is None or fresh.here.record.address == somewhere.here.record.address


def garbled(walk, line):
    """A line with a character changed, lost, doubled or added."""
    place = walk.randrange(len(line) + 1)
    sign = walk.choice("\"'[]()|>/@#*.:,-0 9爱▁\\x\t")
    return line[:place] + walk.choice(("", sign, line[place : place + 1] * 2)) + line[place + walk.randrange(2) :]


def lines():
    """What is said on the walk: every example that leads nowhere else, and motions."""
    away = {"quit", "model", "source", "save", "log", "export", "view", "history"}
    examples = [line for entry in catalogue().values() if entry.name not in away for line in entry.examples]
    left_out = ("set", "run", *SLOW)
    return [line for line in examples if "\n" not in line and not line.startswith(left_out)] + list(MOTIONS)


def test_a_walk_of_valid_and_garbled_commands(session, tell, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    walk, known = random.Random(4), lines()
    for _command in range(COMMANDS):
        line = walk.choice(known)
        if walk.random() < 0.3:
            line = garbled(walk, line)
        if leads_away(line):
            continue
        with suppress(TraceError):
            tell(line)
        check(session)


def leads_away(line):
    """Whether a garbled line may start a program, write a file or leave."""
    return "|" in line or ">" in line or line.lstrip().startswith(("q", "l", "e", "so", "sa", "h", "v", "m", "a"))


def check(session):
    """The session holds together."""
    cursor = session.cursor
    assert session.run.first <= cursor.step <= max(session.run.computed, session.run.first)
    assert cursor.index >= 0
    if cursor.index:
        assert cursor.index <= len(session.run.step(cursor.step))
    else:
        assert cursor == session.start
    assert session.furthest >= cursor
    assert 0 <= session.frame <= 4
    assert isinstance(cursor, Cursor)
    assert [token.step for token in session.run.tokens] == list(range(1, len(session.run.tokens) + 1))
