"""A process that is killed at any moment of writing: what was whole stays so, and nothing half is taken for whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import tracer
from commands.learning.progress import Marks, Progress
from commands.opener import Opener
from commands.output.files import whole_file
from commands.session import Session
from commands.terminal.config import remember
from commands.terminal.history import TypedLines
from commands.terminal.resume import resume, save
from tests.interrupting import some_ends

from .apart import is_linux

pytestmark = pytest.mark.skipif(not is_linux(), reason="processes are not copied here")

FILES = (
    *("tracer/whole.py", "output/files.py", "terminal/state.py", "terminal/config.py", "terminal/history.py"),
    *("learning/progress.py", "checkpoints/writing.py", "saved/writing.py", "fuzz/test_kills.py"),
)
"""At lines that these run."""
MOMENTS = int(os.environ.get("TX_TRACE_MOMENTS", "25"))
"""So many of each kind."""


def fail(message: str) -> None:
    raise AssertionError(message)


@cache
def small() -> tracer.Model:
    return tracer.load("zh-en-tiny")


@cache
def run_of(text: str) -> tracer.Run:
    return tracer.trace(small(), text, max_tokens=2)


def output(path: Path, text: str) -> None:
    with whole_file(path) as stream:
        for line in text.splitlines(keepends=True):
            stream.write(line)
            stream.flush()


def session(path: Path, text: str) -> None:
    save(Session(Opener(small(), text)), path)


def progress(path: Path, text: str) -> None:
    Progress.read(path, fail).keep(text, Marks(done=[text]))


def trace(path: Path, text: str) -> None:
    run_of(text).save(path)


class Kind(NamedTuple):
    """A kind of file: how it is written for a text, and what a reader makes of it."""

    write: Callable[[Path, str], object]
    read: Callable[[Path], object]


KINDS = {
    "output": Kind(output, Path.read_text),
    "history": Kind(lambda path, text: TypedLines(path, fail).add(text), lambda path: TypedLines(path, fail).read()),
    "config": Kind(lambda path, text: remember(path, "title", text), Path.read_text),
    "progress": Kind(progress, lambda path: sorted(Progress.read(path, fail).lessons)),
    "session": Kind(session, lambda path: resume(path, fail).opener.text),
    "trace": Kind(trace, lambda path: (tracer.open(path).source_text, tracer.open(path).text)),
}
FIRST, SECOND = "我爱你", "你爱我"


@pytest.mark.parametrize("name", KINDS)
def test_what_was_whole_stays_whole(name: str, tmp_path: Path) -> None:
    kind, file = KINDS[name], tmp_path / "file"
    kind.write(file, FIRST)
    before = file.read_bytes(), kind.read(file)
    kind.write(file, SECOND)
    after = file.read_bytes(), kind.read(file)
    assert before != after
    moments = 0
    for _killed in _killed_over(kind, file, before[0]):
        moments += 1
        assert file.read_bytes() in (before[0], after[0]) or kind.read(file) in (before[1], after[1])
    assert moments >= min(MOMENTS, 5)


def _killed_over(kind: Kind, file: Path, before: bytes) -> Iterator[None]:
    def prepare() -> Callable[[], object]:
        file.write_bytes(before)
        return lambda: kind.write(file, SECOND)

    return some_ends(prepare, *FILES, most=MOMENTS)


def test_what_is_new_is_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "file.json"

    def prepare() -> Callable[[], object]:
        file.unlink(missing_ok=True)
        return lambda: output(file, "[1,\n2]\n")

    for _killed in some_ends(prepare, *FILES, most=MOMENTS):
        assert not file.exists() or json.loads(file.read_text()) == [1, 2]
