"""Progress, kept and read again."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest
from terminal import ROOT

from commands.learning.progress import Marks, Progress, progress_file
from commands.learning.reviews import Item, Now, Review

OLDER = {"where": "a", "done": ["b"], "skipped": [], "predictions": {"b": True}, "hints": 1, "finished": False}
MARKS = {**OLDER, "looked_up": []}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "tx-trace" / "lessons.json"


@pytest.fixture
def complaints():
    return []


@pytest.fixture
def read(file, complaints):
    return lambda: Progress.read(file, complaints.append)


def written(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_it_is_kept_where_the_state_is(tmp_path):
    assert progress_file() == tmp_path / "state" / "tx-trace" / "lessons.json"


def test_nobody_has_done_anything_at_first(read, complaints, file):
    progress = read()
    assert (progress.lessons, progress.last, complaints) == ({}, None, [])
    assert progress.of("04-softmax") == Marks()
    assert not file.exists()


def test_what_was_done_comes_back(read, complaints):
    progress = read()
    marks = Marks("by-hand", ["scores", "guess"], ["gone-in-a-newer-lesson"], {"guess": False}, 3)
    progress.keep("/home/我/own.md", Marks(finished=True))
    progress.keep("04-softmax", marks)
    again = read()
    assert (again.lessons, again.last, complaints) == (progress.lessons, "04-softmax", [])
    assert again.of("04-softmax") == marks
    assert again.of("/home/我/own.md").finished


def test_marks_are_kept_when_that_is_asked_for_and_not_before(read):
    progress = read()
    marks = progress.of("a")
    marks.done.append("one")
    assert progress.of("a") == Marks()
    progress.keep("a", marks)
    marks.done.append("two")
    assert (progress.of("a"), read().of("a")) == (Marks(done=["one"]), Marks(done=["one"]))


def test_it_is_written_whole(read, file):
    progress = read()
    progress.keep("04-softmax", Marks(**MARKS))
    progress.keep("04-softmax", Marks(**MARKS))
    assert [path.name for path in file.parent.iterdir()] == ["lessons.json"]
    assert json.loads(file.read_text()) == {
        "version": 1,
        "last": "04-softmax",
        "lessons": {"04-softmax": MARKS},
        "reviews": [],
        "sessions": 0,
        "day": date.today().isoformat(),
    }


def test_what_has_not_changed_is_not_written(read, file):
    progress = read()
    progress.keep("a", Marks(hints=1))
    file.unlink()
    progress.keep("a", Marks(hints=1))
    assert not file.exists()


def test_two_sessions_keep_what_each_has_done(read):
    one, other = read(), read()
    one.keep("a", Marks(hints=1))
    other.keep("b", Marks(hints=2))
    one.keep("c", Marks(hints=3))
    other.keep("a", Marks(hints=4))
    again = read()
    assert {name: marks.hints for name, marks in again.lessons.items()} == {"a": 4, "b": 2, "c": 3}
    assert again.last == "a"


def test_a_name_that_is_no_text_is_kept(read):
    progress = read()
    progress.keep(os.fsdecode(b"/home/\xff.md"), Marks(hints=1))
    assert read().lessons == progress.lessons


def state(**fields):
    return json.dumps({"version": 1, "last": None, "lessons": {}, **fields})


def lesson(**fields):
    return state(lessons={"04-softmax": {**MARKS, **fields}})


def test_an_older_file_has_what_went_wrong_and_is_read(read, file, complaints):
    written(file, lesson(predictions={"a": False, "b": True}))
    progress = read()
    assert progress.of("04-softmax").predictions == {"a": False, "b": True}
    assert progress.reviews == {Item("04-softmax", "a"): Review()}
    progress.begin_session()
    assert read().reviews == progress.reviews
    assert complaints == []


def test_a_prediction_that_went_wrong_is_noted_once(read):
    progress = read()
    progress.begin_session()
    progress.keep("a", Marks(predictions={"one": False, "two": True}))
    noted = {Item("a", "one"): Review(0, 1)}
    assert (progress.reviews, read().reviews) == (noted, noted)
    progress.reviewed(Item("a", "one"), Now(2, 4, False), is_right=True)
    progress.keep("a", Marks(predictions={"one": False, "two": True}, hints=1))
    assert read().reviews == {Item("a", "one"): Review(1, 4)}
    progress.keep("a", Marks())
    progress.keep("a", Marks(predictions={"one": False}))
    assert read().reviews == noted
    progress.forget(Item("a", "one"))
    assert read().reviews == {}


def test_when_something_was_kept_is_known(read, file):
    read().keep("a", Marks(hints=1))
    assert read().day == date.today()
    for day in ("yesterday", 5, "2026-13-01"):
        written(file, state(day=day))
        assert read().day is None


WRITER = """
import sys
from pathlib import Path
from commands.learning.progress import Marks, Progress
for number in range(20):
    progress = Progress.read(Path(sys.argv[1]), sys.exit)
    progress.keep(f"{sys.argv[2]}-{number}", Marks(predictions={"a": False}))
"""


def test_two_that_write_at_once_lose_nothing(file, read):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), name], cwd=ROOT) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(read().lessons) == len(read().reviews) == 60


NOT_UNDERSTOOD = {
    "reviews": state(reviews={}),
    "a review": state(reviews=[["a", "b", 0]]),
    "a review of another kind": state(reviews=[["a", "b", 0, "1"]]),
    "sessions": state(sessions=True),
    "empty": "",
    "cut": state()[:-1],
    "not UTF-8": b'{"version": 1, "last": "\xff", "lessons": {}}',
    "too deep": "[" * 50_000,
    "a list": "[]",
    "older": state(version=0),
    "newer": state(version=2),
    "no version": '{"last": null, "lessons": {}}',
    "no last": '{"version": 1, "lessons": {}}',
    "last": state(last=5),
    "lessons": state(lessons=[]),
    "a lesson": state(lessons={"04-softmax": "done"}),
    "where": lesson(where=None),
    "done": lesson(done="all"),
    "ids": lesson(done=["a", 1]),
    "skipped": lesson(skipped=[None]),
    "predictions": lesson(predictions=["a"]),
    "a prediction": lesson(predictions={"a": "yes"}),
    "hints": lesson(hints=0.5),
    "finished": lesson(finished=1),
    "looked up": lesson(looked_up=[1]),
    "unknown": lesson(score=5),
    "missing": state(lessons={"04-softmax": {}}),
}


def test_the_sample_is_understood(read, file, complaints):
    written(file, lesson())
    assert read().lessons == {"04-softmax": Marks("a", ["b"], [], {"b": True}, 1, False)}
    assert complaints == []


def test_what_was_looked_up_is_kept_and_older_files_say_nothing_of_it(read, file, complaints):
    written(file, state(lessons={"04-softmax": OLDER}))
    progress = read()
    assert progress.of("04-softmax") == Marks(**OLDER)
    progress.keep("04-softmax", Marks(predictions={"b": False}, looked_up=["b"]))
    assert read().of("04-softmax").looked_up == ["b"]
    assert complaints == []


@pytest.mark.parametrize("text", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_what_is_not_understood_is_kept_aside(read, file, complaints, text):
    written(file, text)
    before = file.read_bytes()
    progress = read()
    assert (progress.lessons, progress.last) == ({}, None)
    aside = "it is kept as lessons.json.kept, and lessons start afresh"
    assert complaints == [f"{file}: holds no progress that this version can read; {aside}"]
    progress.keep("04-softmax", Marks(hints=2))
    assert file.with_name("lessons.json.kept").read_bytes() == before
    assert read().of("04-softmax").hints == 2


def test_nothing_kept_aside_is_overwritten(read, file):
    for text in ("one", "two", "three"):
        written(file, text)
        read()
    assert sorted((path.name, path.read_text()) for path in file.parent.iterdir()) == [
        ("lessons.json.kept", "one"),
        ("lessons.json.kept-2", "two"),
        ("lessons.json.kept-3", "three"),
    ]


def test_what_can_not_be_read_is_left_alone(read, file, complaints):
    file.mkdir(parents=True)
    progress = read()
    progress.keep("a", Marks(hints=1))
    assert progress.of("a").hints == 1
    assert complaints == [f"{file}: can't be read (Is a directory); progress is not kept"]
    assert list(file.parent.iterdir()) == [file]


def test_what_can_not_be_renamed_is_left_alone(read, file, complaints, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    written(file, "mine")
    monkeypatch.setattr("pathlib.Path.rename", refuse)
    read().keep("a", Marks(hints=1))
    assert complaints == [f"{file}: can't be renamed (Permission denied); progress is not kept"]
    assert file.read_text() == "mine"


def test_where_nothing_can_be_written_that_is_said_once(complaints, tmp_path):
    (tmp_path / "folder").symlink_to("nowhere")
    progress = Progress(tmp_path / "folder" / "lessons.json", complaints.append)
    progress.keep("a", Marks(hints=1))
    progress.keep("a", Marks(hints=2))
    assert complaints == [f"{tmp_path}/folder/lessons.json: can't be written (File exists); progress is not kept"]
