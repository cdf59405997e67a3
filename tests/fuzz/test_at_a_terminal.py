"""A shell on a real terminal: Ctrl-C at any moment leaves a prompt that works, and what asks it to end ends it well."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("pyte")
pexpect = pytest.importorskip("pexpect")

from tests.commands.terminal import Terminal  # noqa: E402

ENTER, CONTROL_C = "\r", "\x03"
SEED, MOMENTS = 1, int(os.environ.get("TX_TRACE_MOMENTS", "8"))
LINES = (
    *(
        "c",
        "rc",
        "run 他昨天去了北京",
        "t 3",
        "top 2000",
        "verify",
        "lens",
        "info tensors **",
        "set max-tokens 30",
        "next",
    ),
    *("why dec.1.ffn.norm[0, 3] -d 8", "p dec.*.cross.weights", "ablate dec.0.cross.h0", "undo", "history", "help all"),
    *('sweep ablate over "dec.*.cross.h*" measure logprob(5)', "backward logits[-1, 5]", "p @*:probs", "flow"),
    "set max-tokens 30",
)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    folders = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    (tmp_path / "config" / "tx-trace").mkdir(parents=True)
    (tmp_path / "config" / "tx-trace" / "config").write_text("pager = off\n")
    shell = Terminal(100, 40, **folders, HOME=str(tmp_path))
    shell.wait(lambda lines: any(line.startswith("(tx)") for line in lines), 60)
    yield shell
    shell.close()


def answers(terminal: Terminal, number: int) -> bool:
    """Whether the prompt works out a sum; a line that was typed before it may stand there yet."""
    for _time in range(3):
        terminal.type(f"{CONTROL_C}p {number} + 1{ENTER}")
        try:
            terminal.wait(lambda lines: any(line.endswith(f"{number} + 1 = {number + 1}") for line in lines), 20)
        except AssertionError:
            continue
        return True
    return False


def test_the_prompt_works_after_an_interrupt_at_any_moment(terminal: Terminal) -> None:
    chance = Random(SEED)
    for moment in range(MOMENTS):
        line = chance.choice(LINES)
        terminal.type(line + ENTER)
        time.sleep(chance.choice((0.0, 0.01, 0.1, 0.5)) * chance.random())
        terminal.type(CONTROL_C)
        assert answers(terminal, 10_000 + moment), "\n".join([f"after {line}:", *terminal.lines])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_asks_a_shell_to_end_keeps_the_session(terminal: Terminal, number: int, tmp_path: Path) -> None:
    terminal.type(f"t{ENTER}")
    terminal.wait(lambda lines: any(line.startswith("token  1") for line in lines), 60)
    terminal.send(number)
    assert terminal.status() == 128 + number
    assert "Traceback" not in "\n".join(terminal.lines)
    assert json.loads((tmp_path / "state" / "tx-trace" / "session.json").read_text())["cursor"][0] == 1
    assert (tmp_path / "state" / "tx-trace" / "history").read_text() == "t\n"
