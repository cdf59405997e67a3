"""However it is started, and whatever happens: a status, and a sentence where somebody can read it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from commands import faults
from commands.batch import Batch
from commands.execute import execute
from commands.grammar.lines import given
from commands.guard import BROKEN_PIPE, FAILED, FINE, UNUSABLE, guarded
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.results.result import Result
from commands.session import Session
from commands.terminal.shell import Shell
from commands.verbs import look
from tests.commands.conftest import ROOT, SMALL
from tracer.errors import InputError

WAYS = {
    "--help": FINE,
    "--version": FINE,
    "models": FINE,
    "check --help": FINE,
    f"{' '.join(SMALL)} --batch -e step": FINE,
    f"{' '.join(SMALL)} --batch -e bogus": FAILED,
    "bogus": UNUSABLE,
    "check nosuch": UNUSABLE,
}
"""Ways to start, with the status of each where all is well."""
SAYING = [way for way, status in WAYS.items() if status != UNUSABLE]
CLOSED = ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full", "2>&1 <&-")


def started(way: str, streams: str) -> subprocess.CompletedProcess[str]:
    line = f"{sys.executable} -m commands {way} {streams}"
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("streams", CLOSED)
@pytest.mark.parametrize("way", WAYS)
def test_closed_streams_take_nothing_and_change_no_status(way: str, streams: str) -> None:
    done = started(way, streams)
    assert (done.returncode, "Traceback" in done.stderr) == (WAYS[way], False)


@pytest.mark.parametrize("way", SAYING)
def test_a_full_disk_is_a_sentence(way: str) -> None:
    done = started(way, ">/dev/full")
    assert done.returncode == UNUSABLE
    assert done.stderr.splitlines()[-1] == "tx-trace: No space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("way", SAYING)
def test_a_closed_pipe_has_the_status_of_its_signal(way: str) -> None:
    done = started(way, "| true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (BROKEN_PIPE, "") or "bogus" in way


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    file = tmp_path / "weights.txt"
    line = f"{' '.join(SMALL)} --batch -e 'encode' -e 'p encoder.output > \"{file}\"'"
    done = started(line, "<&- >&- 2>&-")
    assert done.returncode in (FINE, FAILED)
    assert not file.exists() or "(tx)" not in file.read_text()


def test_a_log_on_a_full_disk_ends_and_the_script_goes_on(play, session, capsys) -> None:
    shown = play("log /dev/full", "p 1 + 1", "p 2 + 2", keep_going=True)
    assert (play.status, session.log) == (FAILED, None)
    assert "2 + 2 = 4" in shown
    assert capsys.readouterr().err == "-e:1: /dev/full: can't be written (No space left on device)\n"


def test_a_log_is_whole_where_a_script_ends(process, tmp_path) -> None:
    file = tmp_path / "log.svg"
    done = process("--format", "svg", "--batch", "-e", f"log {file}", "-e", "p 1 + 1", "-e", "quit")
    assert (done.returncode, "</svg>" in file.read_text()) == (FINE, True)


def broken(*_arguments: object, **_more: object) -> list[Result]:
    raise ZeroDivisionError("of a kind that nobody thought of\nwith more lines")


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command is broken, and nobody is to see how."""
    monkeypatch.delenv(faults.SEEN)
    monkeypatch.setattr(look, "sought", broken)


@pytest.mark.usefixtures("fault")
def test_a_batch_survives_a_fault(play, capsys, tmp_path) -> None:
    assert "1 + 1" in play("p 1 + 1", "p 2 + 2", "expect 1 < 2", keep_going=True)
    assert play.status == FAILED
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "this is a fault of tx-trace, not yours (ZeroDivisionError: of a kind that nobody thought of)" in told[0]
    kept = tmp_path / "state" / "tx-trace" / "fault.txt"
    assert f"with {kept}, which says how it came about" in told[0]
    assert "'p 2 + 2'" in kept.read_text()
    assert "with more lines" in kept.read_text()


@pytest.mark.usefixtures("fault")
def test_the_shell_survives_a_fault(session: Session, capsys) -> None:
    with presenter_of("text")(sys.stdout, Look(100)) as presenter:
        Shell(session, presenter).obey("p 1 + 1")
        Shell(session, presenter).obey("expect 1 < 2")
    out, err = capsys.readouterr()
    assert "this is a fault of tx-trace" in err
    assert "holds" in out


@pytest.mark.usefixtures("fault")
def test_a_fault_is_told_where_no_file_can_be_written(play, capsys, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    play("p 1 + 1")
    assert "please report it to its authors\n" in capsys.readouterr().err


def test_a_fault_is_seen_where_it_is_looked_for(session: Session, monkeypatch) -> None:
    monkeypatch.setattr(look, "sought", broken)
    with presenter_of("text")(io.StringIO(), Look(100)) as presenter, pytest.raises(ZeroDivisionError):
        execute("p 1 + 1", session, presenter)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("no"), UNUSABLE, "tx-trace: no\n"),
        (MemoryError(), UNUSABLE, "tx-trace: there is not enough memory for that\n"),
        (PermissionError(13, "Permission denied", "x"), UNUSABLE, "tx-trace: x: Permission denied\n"),
        (OSError(9, "Bad file descriptor", 7), UNUSABLE, "tx-trace: 7: Bad file descriptor\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_every_way_to_end_has_its_status(error, status, message, capsys) -> None:
    def fail() -> int:
        raise error

    assert guarded(fail) == status
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_asks_a_batch_to_end_leaves_nothing_half_written(number: int, tmp_path: Path) -> None:
    lines = ["-e", f'p 1 > "{tmp_path}/first"', *["-e", "run", "-e", "c"] * 2000]
    command = [sys.executable, "-m", "commands", *SMALL, "--batch", "-o", str(tmp_path / "output"), *lines]
    heard = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT, preexec_fn=heard) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "first").exists() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        _output, errors = process.communicate()
    assert (process.returncode, errors) == (128 + number, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


def test_a_signal_that_is_ignored_stays_so() -> None:
    script = (
        "import signal; from commands.interrupts import answered; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with answered(): print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("line", ["source /dev/zero", "source /dev/urandom"])
def test_what_has_no_end_is_not_read_to_it(play, capsys, line) -> None:
    play(line)
    assert "is longer than" in capsys.readouterr().err


def test_a_line_without_end_is_not_read_to_it(process) -> None:
    assert process("--batch", "/dev/zero").returncode == UNUSABLE
    done = process("--batch", "-", stdin="p" * 2_000_000)
    assert (done.returncode, done.stderr) == (
        UNUSABLE,
        "tx-trace: standard input: a line is longer than 1048576 characters\n",
    )


LONG = {
    "brackets": "why " + "(" * 40_000,
    "selectors": "why logits" + "[" * 40_000,
    "blanks before a file": "p logits" + " " * 80_000 + "> x y",
    "blanks before a program": "p logits " + " " * 80_000 + "| ",
    "blanks": "why" + " " * 80_000 + "x",
    "quotes": "why " + '"' * 40_000,
    "files": "p x" + " >" * 40_000,
    "an ablation's selectors": "ablate dec.0" + "[" * 40_000,
    "segments": "break " + "**." * 40_000,
}


@pytest.mark.parametrize("line", LONG.values(), ids=LONG)
def test_what_is_long_is_refused_in_the_time_of_its_length(session: Session, line: str, capsys) -> None:
    start = time.process_time()
    with presenter_of("jsonl")(io.StringIO(), Look(100)) as presenter:
        assert Batch(session, presenter).play(given([line])) == FAILED
    assert time.process_time() - start < 2
    assert len(capsys.readouterr().err) < 5200


def test_numbers_have_an_end(objects, capsys) -> None:
    digits, zeros = "9" * 5000, "0" * 20
    for line in (f"goto @{digits}", f"step {digits}", f"delete {digits}", f"break dec.0.cross.weights[{digits}]"):
        [failed] = objects(line)
        assert failed["kind"] == "error"
    [failed] = objects(f"why choice -d {zeros}1100000")
    assert "-d takes a whole number from 1 to 20" in json.dumps(failed)
    assert objects("step", f"step {zeros}2", "where")[-1]
    assert capsys.readouterr().err.count("\n") == 5
