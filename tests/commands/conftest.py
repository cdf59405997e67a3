"""Sessions on the smallest built-in model, and ways to talk to them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.main import main
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test meets the files of the person who runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="session")
def model() -> tracer.Model:
    return tracer.load("zh-en-tiny", dtype="float64")


@pytest.fixture
def session(model: tracer.Model) -> Session:
    return Session(Opener(model))


Play = Callable[..., str]


@pytest.fixture
def play(session: Session) -> Play:
    """Run lines on the session; what is written. The last status is ``play.status``."""

    def run(*lines: str, output: str = "text", keep_going: bool = False) -> str:
        stream = io.StringIO()
        with presenter_of(output)(stream, Look(100, "never"), session.heading) as presenter:
            run.status = Batch(session, presenter, keep_going).play(given(lines))  # type: ignore[attr-defined]
        return stream.getvalue()

    return run


@pytest.fixture
def objects(play: Play) -> Callable[..., list[dict[str, Any]]]:
    """Run lines; the objects they yield."""
    return lambda *lines, **options: [json.loads(line) for line in play(*lines, output="jsonl", **options).splitlines()]


Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]
SMALL = ("-m", "zh-en-tiny")


@pytest.fixture
def tx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tx-trace`` on the small model, within this process."""

    def run(*arguments: str, stdin: str = "") -> Finished:
        monkeypatch.setattr(sys, "argv", ["tx-trace", *SMALL, *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as left:
            main()
        return Finished(arguments, left.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def process() -> Run:
    """Run ``tx-trace`` on the small model, as a process of its own."""

    def run(*arguments: str, stdin: str = "", stream: IO[str] | None = None, **environ: str) -> Finished:
        source: dict[str, Any] = {"input": stdin} if stream is None else {"stdin": stream}
        return subprocess.run(
            [sys.executable, "-m", "commands", *SMALL, *arguments],
            **source,
            capture_output=True,
            encoding="utf-8",
            cwd=ROOT,
            env={**os.environ, **environ},
            timeout=120,
            check=False,
        )

    return run
