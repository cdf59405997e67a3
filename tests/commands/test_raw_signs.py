"""Nothing that a stranger wrote reaches a terminal as an instruction: every command, every error, every format."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.registry import catalogue
from commands.session import Session
from commands.streams import complain
from commands.terminal.toolbar import standing
from tests.commands.conftest import Run
from tests.signs import SIGNS, Terminal, hostile, obeyed
from tracer.decoding.settings import Settings
from tracer.errors import TraceError
from tracer.export import document_formats
from tracer.outward import visible

Said = Callable[..., str]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tracer.Model:
    """A checkpoint whose tokens are full of such signs, in a directory of such a name."""
    place = tmp_path_factory.mktemp("models") / SIGNS
    shutil.copytree(tracer.load("zh-en-tiny").path, place)
    for file in place.glob("*_tokenizer.json"):
        hostile(file)
    return tracer.load(place)


@pytest.fixture
def session(checkpoint: tracer.Model) -> Session:
    return Session(Opener(checkpoint, "我爱你\x1b\x9b\u202e", warn=complain))


@pytest.fixture
def said(session: Session, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Everything that is written while lines are run, by the format and on a pipe or a terminal."""
    monkeypatch.chdir(tmp_path)

    def run(*lines: str, output: str = "text", stream: io.StringIO | None = None) -> str:
        stream = stream or io.StringIO()
        color = "always" if stream.isatty() else "never"
        with presenter_of(output)(stream, Look(100, color), session.heading) as presenter:  # type: ignore[arg-type]
            Batch(session, presenter, keep_going=True).play(given(lines))
        return stream.getvalue() + "".join(capsys.readouterr())

    return run


APART = {"learn", "quit", "view", "model"}
"""Commands that end the session or take the screen."""
STANDING = ("step 30", "token", f'break token:"{SIGNS}"', f"alias x print {SIGNS}", "branches", "step")
FORMATS = ("text", "jsonl", *document_formats())


def everything() -> Iterator[tuple[str, str]]:
    """A command that is all right, as its help has it, and the same with such signs after it, in it and in quotes."""
    for name, entry in catalogue().items():
        for example in entry.examples if name not in APART else ():
            yield name, example
        if name not in {"quit", "source"}:
            for given in (SIGNS, f'"{SIGNS}"', f"1 + {SIGNS}", f'1 + "{SIGNS}"', f'token == "{SIGNS}"', f'> "{SIGNS}"'):
                yield name, f"{name} {given}"


LINES = [
    *(line for _name, line in everything() if SIGNS in line),
    SIGNS,
    "history",
    f"apropos {SIGNS}",
    "info beams",
    "info model",
    "info tokens",
    "where",
    "show",
    "branches",
    f'log "{SIGNS}"',
    "log off",
]


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_no_command_and_no_error_writes_an_instruction(said: Said, kind: str) -> None:
    def stream() -> io.StringIO:
        return Terminal() if kind == "terminal" else io.StringIO()

    examples = [line for _name, line in everything() if SIGNS not in line] if kind == "terminal" else []
    for line in (*STANDING, *LINES, *examples):
        assert obeyed(said(line, stream=stream())) == [], line


@pytest.mark.parametrize("output", FORMATS)
def test_no_format_has_an_instruction(said: Said, output: str) -> None:
    lines = ["step 20", "token", "info tokens", "p probs", f"p {SIGNS}", f'display 1 + "{SIGNS}"', "top", "history"]
    assert obeyed(said(*lines, output=output)) == []


def test_the_beams_of_a_hostile_vocabulary_are_harmless(checkpoint: tracer.Model, said: Said, session: Session) -> None:
    session.reopen(Opener(checkpoint, settings=Settings(strategy="beam", beams=3, max_tokens=4)))
    shown = said("continue", "info beams", "why choice", "top", stream=Terminal())
    assert "\\x1b]52" in shown
    assert obeyed(shown) == []


def test_what_stands_at_the_bottom_is_harmless(session: Session) -> None:
    assert obeyed(visible(standing(session))) == []


def test_every_error_class_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in (TraceError, *subclasses(TraceError)):
        complain(str(kind.__new__(kind, f"a {SIGNS}\n b")))
    assert obeyed(capsys.readouterr().err) == []


def subclasses(kind: type) -> list[type]:
    return [found for below in kind.__subclasses__() for found in (below, *subclasses(below))]


@pytest.mark.parametrize(
    "arguments",
    [
        [SIGNS],
        [f"--{SIGNS}"],
        ["models", SIGNS],
        ["check", SIGNS],
        ["check", "zh-en-tiny", SIGNS],
        ["compare", SIGNS],
        ["learn", SIGNS],
        ["-m", SIGNS, "--batch"],
        ["-t", SIGNS, "--batch", "-e", "s"],
        ["--batch", SIGNS],
        ["--format", SIGNS, "--batch"],
        ["--strategy", SIGNS],
        ["-o", f"/nowhere/{SIGNS}", "--batch", "-e", "s"],
        ["--target-lang", SIGNS, "--batch"],
    ],
)
def test_the_command_line_is_harmless(tx: Run, arguments: list[str]) -> None:
    done = tx(*arguments)
    assert obeyed(done.stdout + done.stderr) == []
    assert done.stderr


CONFIGURATIONS = {
    "config.json": {"model_type": SIGNS},
    "tokenizer_config.json": {"tokenizer_class": SIGNS, SIGNS: SIGNS},
    "generation_config.json": {SIGNS: SIGNS, "num_beams": SIGNS},
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_a_file_states_is_harmless(checkpoint: tracer.Model, tmp_path: Path, tx: Run, name: str) -> None:
    place = tmp_path / "model"
    shutil.copytree(checkpoint.path, place)
    file = place / name
    before = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(before | CONFIGURATIONS[name]))
    for arguments in (["models", str(place)], ["-m", str(place), "--batch", "-e", "info model"]):
        done = tx(*arguments)
        assert obeyed(done.stdout + done.stderr) == []


def test_the_environment_is_harmless(process: Run) -> None:
    done = process(
        "--batch", "-e", "s", LANG=SIGNS.replace("\0", ""), XDG_STATE_HOME=f"/nowhere/{SIGNS}", NO_COLOR=SIGNS
    )
    assert obeyed(done.stdout + done.stderr) == []
