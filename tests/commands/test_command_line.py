"""The command line: options, statuses, and what goes where."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands.main import language, with_batch_value

SCRIPT = "run 我爱你\nstep 2\n\n# a comment\ntoken\np dec.0.cross.weights[h0]\ncontinue\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--batch"], ["--batch="]),
        (["--batch", "-t", "x"], ["--batch=", "-t", "x"]),
        (["--batch", "-"], ["--batch", "-"]),
        (["--batch", "FILE", "-e", "s"], ["--batch", "FILE", "-e", "s"]),
        (["-t", "x", "--batch"], ["-t", "x", "--batch="]),
        ([], []),
    ],
)
def test_batch_may_stand_with_or_without_a_file(given, expected):
    assert with_batch_value(given) == expected


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang=zh"], {}, "zh"),
    ],
)
def test_the_language_is_the_options_or_the_locales(arguments, environ, expected):
    assert language(arguments, environ) == expected


def test_a_piped_script_is_a_transcript(tx):
    done = tx(stdin=SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    echoed = [line for line in done.stdout.splitlines() if line.startswith("(tx) ")]
    assert echoed == [f"(tx) {line}" for line in SCRIPT.splitlines() if line]
    assert "the end of the run: </s>" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_same_script_gives_the_same_bytes_however_it_comes(tx, process, tmp_path):
    file = tmp_path / "script.txt"
    file.write_text(SCRIPT, encoding="utf-8")
    lines = [argument for line in SCRIPT.splitlines() for argument in ("-e", line)]
    outputs = [
        tx(stdin=SCRIPT).stdout,
        tx("--batch", "-", stdin=SCRIPT).stdout,
        process("--batch", str(file), LC_ALL="C", LANG="C").stdout,
        tx("--batch", *lines).stdout,
    ]
    assert len(set(outputs)) == 1


def test_jsonl_parses_line_by_line(tx):
    done = tx("--batch", "--format", "jsonl", stdin=SCRIPT)
    assert {json.loads(line)["kind"] for line in done.stdout.splitlines()} == {
        "result",
        "stop",
        "op",
        "token",
        "tensor",
    }


def test_output_goes_to_a_file_whole(tx, tmp_path):
    file = tmp_path / "out.txt"
    assert tx("-o", str(file), stdin=SCRIPT).stdout == ""
    assert file.read_text(encoding="utf-8") == tx(stdin=SCRIPT).stdout
    assert list(tmp_path.iterdir()) == [file]


def test_the_file_and_line_of_a_failure_are_named(tx, tmp_path):
    file = tmp_path / "script.txt"
    file.write_text("step\n" * 6 + "bogus\nstep\n", encoding="utf-8")
    done = tx("--batch", str(file))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{file}:7: bogus is no command")
    assert done.stdout.count("(tx) ") == 7
    going = tx("--batch", str(file), "--keep-going")
    assert (going.returncode, going.stdout.count("(tx) ")) == (1, 8)


def test_only_a_line_that_is_no_command_is_taken_for_a_text(tx):
    hint = "a text to translate goes after run"
    assert hint in tx("--batch", "-e", "我爱你").stderr
    asked = tx("--batch", "-e", "help 我爱你").stderr
    assert "我爱你 is no command" in asked
    assert hint not in asked


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "message"),
    [
        (["--batch", "-e", "expect 1 < 2"], "", 0, ""),
        (["--batch", "-e", "expect 1 > 2"], "", 3, "1 > 2 does not hold"),
        (["--batch", "-e", "expect 1 > 2", "-e", "x y", "--keep-going"], "", 1, "does not hold"),
        (["--batch", "-e", "x y", "-e", "expect 1 > 2", "--keep-going"], "", 1, "does not hold"),
        (["--batch", "-e", "expect 1 > 2", "-e", "s", "--keep-going"], "", 3, "does not hold"),
        (["--batch", "-e", "expect 1 > 2", "-e", "x y"], "", 3, "does not hold"),
        (["--batch", "-e", "x y", "-e", "expect 1 > 2"], "", 1, "x is no command"),
        ([], "我爱你\n", 1, "on the command line after -t"),
        ([], "p weights[h0\n", 1, "column"),
        (["-t", "", "--batch", "-e", "s"], "", 2, "the text is empty"),
        (["-t", " ", "--batch", "-e", "s"], "", 0, ""),
        (["-t", "我" * 10_000, "--batch", "-e", "s"], "", 2, "10000 characters"),
        (["-t", "a[b]\x07😀", "--batch", "-e", "s"], "", 0, "does not know"),
        (["-t", "\udcff", "--batch", "-e", "s"], "", 2, "is not UTF-8"),
        (["-m", "zh-en-tinny", "--batch", "-e", "s"], "", 2, "did you mean zh-en-tiny"),
        (["--ids", "-t", "5 x", "--batch", "-e", "s"], "", 2, "is no list of token ids"),
        (["--ids", "-t", "99999", "--batch", "-e", "s"], "", 2, "out of range"),
        (["--temperature", "2", "--batch", "-e", "s"], "", 2, "belongs to strategy sample"),
        (["--batch", "/nowhere/script"], "", 2, "can't be read"),
        (["--batch", "-e", "s", "-o", "/nowhere/out"], "", 2, "can't be written"),
        (["--batch", "-e", "s > /nowhere/out"], "", 1, "can't be written"),
        (["--batch", "-e", "s", "--format", "docx"], "", 2, "format docx is not available"),
        (["--width", "x"], "", 2, "--width"),
        (["--nonsense"], "", 2, "--nonsense"),
    ],
)
def test_statuses_and_sentences(tx, arguments, stdin, status, message):
    done = tx(*arguments, stdin=stdin)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_printed_of_a_text_is_never_an_instruction(tx):
    done = tx("-t", "\x1b[31m[b] :smile:", "--batch", "-e", "tokens", "--color", "always")
    assert "\x1b[31m" not in done.stdout + done.stderr
    assert "[b]" not in done.stderr


def test_the_bytes_of_a_script_must_be_utf8(tx, tmp_path):
    file = tmp_path / "script.txt"
    file.write_bytes(b"step\n\xff\n")
    done = tx("--batch", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not UTF-8" in done.stderr


def test_a_broken_pipe_ends_silently():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "commands", "-m", "zh-en-tiny", "--batch", *["-e", "run", "-e", "c"] * 200]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


INTERRUPTING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from commands.entry import main
main()
"""
"""The program, with Ctrl-C at the moment when a module is imported."""


@pytest.mark.parametrize("name", ["commands.main", "numpy", "tracer.i18n", "commands.subcommands.models"])
def test_an_interrupt_of_the_imports_ends_with_the_same_status(name):
    command = [sys.executable, "-c", INTERRUPTING.format(name=name), "models"]
    done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_an_interrupt_ends_with_its_status():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "commands", "-m", "zh-en-tiny", "--batch", *["-e", "run", "-e", "c"] * 2000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        for _line in range(50):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate()
    assert (process.returncode, errors) == (130, b"")


def test_teacher_forcing_is_one_pass(tx):
    done = tx("--target", "i love you", "--batch", "-e", "token", "-e", "p loss", "-e", "token")
    assert done.returncode == 0
    assert "@1:loss" in done.stdout
    assert "the end of the run: the given output is read" in done.stdout


def test_beam_search_and_sampling_are_repeatable(tx):
    for options in (["--strategy", "beam", "--beams", "2"], ["--strategy", "sample", "--seed", "7"]):
        first, second = (tx(*options, "--batch", "-e", "c") for _ in range(2))
        assert (first.returncode, first.stdout) == (0, second.stdout)


def test_models_are_listed_and_described(tx):
    listed = tx("models").stdout
    assert "zh-en-tiny" in listed
    card = tx("models", "zh-en-tiny")
    assert (card.returncode, card.stdout[:1]) == (0, "#")
    assert tx("models", "zh-en-tin").returncode == 2


def test_the_version(tx):
    assert tx("--version").stdout.startswith("tx-trace ")


UNREAD = "note: standard input was not read: --batch runs what -e or its FILE says; --batch - reads it too\n"


@pytest.mark.parametrize("piped", [True, False], ids=["pipe", "file"])
@pytest.mark.parametrize("script", [["-e", "s"], ["FILE"]], ids=["-e", "FILE"])
def test_what_is_piped_in_beside_a_script_is_not_passed_over_in_silence(process, tmp_path, script, piped):
    file, script_file = tmp_path / "piped", tmp_path / "script"
    file.write_text("bogus\n")
    script_file.write_text("s\n")
    arguments = ["--batch", *(str(script_file) if word == "FILE" else word for word in script)]
    if piped:
        done = process(*arguments, stdin="bogus\n")
    else:
        with file.open() as stream:
            done = process(*arguments, stream=stream)
    assert (done.returncode, done.stderr) == (0, UNREAD)
    assert "bogus" not in done.stdout


@pytest.mark.parametrize("arguments", [["--batch", "-", "-e", "s"], ["-e", "s"], ["--batch"], []])
def test_a_script_that_is_piped_in_runs_after_the_commands(process, arguments):
    done = process(*arguments, stdin="p 1 + 1\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1 + 1 = 2\n")


def test_nothing_is_said_where_nothing_was_piped_in(process, tmp_path):
    (tmp_path / "list").write_text("one\ntwo\n")
    assert process("--batch", "-e", "s").stderr == ""
    with (tmp_path / "list").open() as stream:
        os.lseek(stream.fileno(), 4, os.SEEK_SET)
        assert process("--batch", "-e", "s", stream=stream).stderr == ""
