"""The last session, kept and resumed."""

import json
from pathlib import Path

import pytest

import tracer
from commands.grammar.parsing import parse_line
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save
from tracer.decoding.settings import Settings
from tracer.errors import InputError

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "session.json"


def obey(session, *lines):
    for line in lines:
        list(parse_line(line).run(session))


def test_model_text_cursor_and_breakpoints_come_back(model, file):
    settings = Settings(strategy="sample", temperature=0.5, seed=3)
    before = Session(Opener(model, "他们爱我", settings=settings))
    obey(before, "break dec.0.cross.weights if max(weights) > .5", "break @2", "disable 2", "token", "step 3")
    save(before, file)
    after = resume(file, print)
    assert after.opener.text == "他们爱我"
    assert after.opener.settings == settings
    assert after.run.model.dtype == "float64"
    assert (after.cursor, after.furthest) == (before.cursor, before.cursor)
    assert [(str(a), a.enabled) for a in after.stops] == [(str(b), b.enabled) for b in before.stops]


def test_blanks_and_line_breaks_come_back(file):
    before = Session(Opener(tracer.load(FIXTURES / "gpt2"), " a\n"))
    obey(before, r'break token:"\n"', r'break logits if prob("\\") > .5')
    save(before, file)
    after = resume(file, print)
    assert after.run.source == ["▁a", "\n"]
    assert [str(point) for point in after.stops] == [r'token:"\n"', r'logits if prob("\\") > .5']


def test_commands_of_a_breakpoint_come_back(session, file):
    obey(session, "break dec.0.cross.weights", "commands 1\nwhere\np max(weights)\nend")
    save(session, file)
    assert [point.commands for point in resume(file, print).stops] == [("where", "p max(weights)")]


def test_ids_and_a_given_output_come_back(model, file):
    save(Session(Opener(model, "5 9 2", ids=True, target="i love you")), file)
    run = resume(file, print).run
    assert list(run.source_ids) == [5, 9, 2]
    assert run.teacher_forced


def test_a_fresh_run_comes_back_fresh(session, file):
    save(session, file)
    assert resume(file, print).cursor == session.start


def test_it_is_written_whole(session, file):
    save(session, file)
    save(session, file)
    assert [path.name for path in file.parent.iterdir()] == ["session.json"]
    assert json.loads(file.read_text())["model"] == "zh-en-tiny"


def test_there_is_nothing_to_resume(file):
    with pytest.raises(InputError, match="no session to resume yet"):
        resume(file, print)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 0}', '{"version": 1}', "\x00", "[" * 5000],
)
def test_what_is_no_session_is_one_sentence(file, text):
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(InputError, match="holds no session that this version can resume"):
        resume(file, print)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "/nowhere"),
        ("text", ""),
        ("dtype", "float16"),
        ("settings", {"nonsense": 1}),
        ("cursor", [99, 1]),
        ("cursor", [1, 9999]),
        ("breakpoints", ["break nonsense.at.all"]),
    ],
)
def test_what_can_not_be_had_again_is_one_sentence(session, file, field, value):
    save(session, file)
    file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    with pytest.raises(InputError, match="can't be resumed"):
        resume(file, print)


@pytest.mark.parametrize(("field", "value"), [("cursor", [1]), ("cursor", ["a", 1]), ("text", 5), ("breakpoints", [1])])
def test_wrong_kinds_are_no_session(session, file, field, value):
    save(session, file)
    file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    with pytest.raises(InputError, match="holds no session"):
        resume(file, print)


@pytest.mark.parametrize("field", ["model", "target"])
def test_a_field_that_is_missing_makes_it_no_session(session, file, field):
    save(session, file)
    state = json.loads(file.read_text())
    del state[field]
    file.write_text(json.dumps(state))
    with pytest.raises(InputError, match="holds no session"):
        resume(file, print)


def test_a_folder_that_can_not_be_made_is_one_sentence(session, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can't be written"):
        save(session, tmp_path / "file" / "session.json")


def test_a_script_resumes_nothing(tx):
    done = tx("--resume", "--batch", "-e", "s")
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("quit", "sets no breakpoint"),
        ("learn", "sets no breakpoint"),
        ("source ~nosuch/x", "nobody here has this name"),
        ("export stolen.txt", "sets no breakpoint"),
        ('break logits > "stolen.txt"', "sets no breakpoint"),
        (f"break @{'9' * 5000}", "can't be resumed"),
        (f"ignore {'9' * 5000} 1", "is no number of a breakpoint"),
        ("\0", "is no command"),
    ],
)
def test_a_line_that_sets_no_breakpoint_is_not_run(session, file, line, message):
    save(session, file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"breakpoints": [line]}))
    with pytest.raises(InputError, match=message):
        resume(file, print)
    assert not Path("stolen.txt").exists()


@pytest.mark.parametrize("line", ["quit", "export stolen.txt", "log stolen.txt", "learn", "p logits > stolen.txt"])
def test_a_line_that_makes_no_branch_is_told_and_not_run(session, file, line):
    obey(session, "step 3", "ablate encoder.0.self_attn.h0")
    save(session, file)
    state = json.loads(file.read_text())
    [[*place, _line, backward]] = state["branches"]
    file.write_text(json.dumps(state | {"branches": [[*place, line, backward]]}))
    told = []
    resume(file, told.append)
    assert "note: r1 can't be made again" in told[-1]
    assert not Path("stolen.txt").exists()


def test_numbers_that_have_no_end_are_no_session(session, file):
    save(session, file)
    file.write_text(file.read_text().replace('"run": 0', f'"run": {"9" * 5000}'))
    with pytest.raises(InputError, match="holds no session"):
        resume(file, print)
